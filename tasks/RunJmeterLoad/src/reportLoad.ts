/** What the release report says of a load test: its labels beside those of the run before, its course, its verdicts. */
import { relative } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { LoadBody } from '../../../shared/report/bodies.js';
import { topMessages, type JtlAnalysis } from './analysis/statistics.js';
import type { Baseline } from './baseline/readBaseline.js';
import type { LoadSummary, SummaryLine } from './loadSummary.js';
import { percentileOf } from './timeline/distribution.js';
import { poolFigures, poolLabels, samplesOf, type Figures, type Timeline } from './timeline/timeline.js';
import type { LoadVerdict } from './verdict.js';

/** What there is to tell. */
export interface LoadFindings {
  readonly plan: string;
  readonly summary: LoadSummary;
  readonly analysis: JtlAnalysis;
  readonly verdict: LoadVerdict;
  readonly timeline: Timeline | undefined;
  readonly baseline: Baseline | undefined;
  readonly notes: readonly string[];
}

/** A chart has no more points than that. */
const mostBuckets = 300;
const noCourse: LoadBody['course'] = {
  bucketSeconds: 1,
  start: [],
  throughput: [],
  errors: [],
  p50: [],
  p95: [],
  p99: [],
};

/** Tells that this plan is run, as long as there is no sample of it. */
export function reportPlan(plan: string, agent: Agent): void {
  const body = {
    plan: relative(agent.workingDirectory, plan),
    labels: [],
    omitted: 0,
    course: noCourse,
    criteria: [],
    errors: [],
    notes: [],
  };
  agent.report(() => ({ task: 'RunJmeterLoad', body }));
}

/** Tells what was found. */
export function reportLoad(findings: LoadFindings, agent: Agent): void {
  agent.report(() => ({ task: 'RunJmeterLoad', body: bodyOf(findings, agent.workingDirectory) }));
}

function bodyOf(findings: LoadFindings, directory: string): LoadBody {
  const { plan, summary, analysis, verdict, timeline, baseline, notes } = findings;
  const before = baseline === undefined ? undefined : figuresBefore(baseline.timeline);
  const { overall, labels } = summary;
  return {
    plan: relative(directory, plan),
    labels: [
      lineOf(overall, before?.overall),
      ...culpritsFirst(labels, verdict).map(line => lineOf(line, before?.of(line))),
    ],
    omitted: 0,
    course: timeline === undefined ? noCourse : courseOf(timeline),
    criteria: [
      ...verdict.outcomes.map(({ rule, fault }) => ({
        text: rule,
        passed: fault === undefined,
        detail: fault ?? '',
      })),
      ...verdict.criteria.map(({ text, label, passed, detail }) => ({
        text,
        passed,
        detail,
        ...(label === undefined ? {} : { label }),
      })),
    ],
    errors: topMessages(analysis.overall).map(({ kind, text, count }) => ({ kind, text, count })),
    notes: [...notes],
  };
}

/** Labels that a failed criterion names, then those with errors where errors are why it failed, then all others: a report may not hold all. */
function culpritsFirst(
  labels: readonly SummaryLine[],
  { criteria, tooManyErrors }: LoadVerdict,
): readonly SummaryLine[] {
  const failed = new Set(criteria.filter(({ passed }) => !passed).map(({ label }) => label));
  const rank = ({ label, errorPercent }: SummaryLine) => {
    if (failed.has(label)) return 0;
    return tooManyErrors && errorPercent > 0 ? 1 : 2;
  };
  return labels
    .map(line => ({ line, rank: rank(line) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ line }) => line);
}

function lineOf(line: SummaryLine, before: LoadBody['labels'][number]['before']): LoadBody['labels'][number] {
  const { label, transaction, samples, errorPercent, throughput } = line;
  return {
    label,
    transaction,
    samples,
    errorPercent: rounded(errorPercent, 4),
    mean: time(line.mean),
    p50: time(line.p50),
    p90: time(line.p90),
    p95: time(line.p95),
    p99: time(line.p99),
    max: time(line.max),
    throughput: rounded(throughput, 3),
    ...(before === undefined ? {} : { before }),
  };
}

/** The same lines of an earlier run. */
function figuresBefore({ labels, start, end }: Timeline) {
  const figures = (of: Figures) => {
    const samples = samplesOf(of);
    const { assertion, response, transport } = of.errors;
    const seconds = Math.max(1, Math.min(end, of.lastEnd) - Math.max(start, of.firstStart)) / 1000;
    return {
      p95: time(percentileOf(of.times.response_time, 95) ?? null),
      errorPercent: samples === 0 ? 0 : rounded(((assertion + response + transport) * 100) / samples, 4),
      throughput: rounded(samples / seconds, 3),
    };
  };
  const key = (label: string, transaction: boolean) => JSON.stringify([label, transaction]);
  const known = new Map(labels.map(line => [key(line.label, line.transaction), line]));
  return {
    overall: figures(poolFigures(poolLabels(labels.filter(({ transaction }) => !transaction)))),
    of: ({ label, transaction }: SummaryLine) => {
      const line = known.get(key(label, transaction));
      return line === undefined ? undefined : figures(poolFigures(line.blocks));
    },
  };
}

function courseOf({ labels, blockMilliseconds }: Timeline): LoadBody['course'] {
  const blocks = poolLabels(labels.filter(({ transaction }) => !transaction));
  const length = (blocks.at(-1)?.at ?? -1) + 1;
  const inBucket = Math.max(1, Math.ceil(length / mostBuckets));
  const seconds = (inBucket * blockMilliseconds) / 1000;
  const buckets = Array.from({ length: Math.ceil(length / inBucket) }, (): Figures[] => []);
  for (const block of blocks) buckets[Math.floor(block.at / inBucket)]?.push(block);
  const pooled = buckets.map(poolFigures);
  const percentile = (percent: number) =>
    pooled.map(({ times }) => time(percentileOf(times.response_time, percent) ?? null));
  const threads = pooled.map(figures => (figures.threads === 0 ? null : figures.threads));
  return {
    bucketSeconds: seconds,
    start: pooled.map((_, index) => rounded(index * seconds, 3)),
    throughput: pooled.map(figures => rounded(samplesOf(figures) / seconds, 2)),
    errors: pooled.map(({ errors }) =>
      rounded((errors.assertion + errors.response + errors.transport) / seconds, 2),
    ),
    p50: percentile(50),
    p95: percentile(95),
    p99: percentile(99),
    ...(threads.every(most => most === null) ? {} : { threads }),
  };
}

function time(milliseconds: number | null): number | null {
  return milliseconds === null ? null : rounded(milliseconds, 1);
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
