/** The numbers of a load test as its summary file, outputs and tables give them. */
import { toTimelineData, type TimelineData } from './baseline/timelineFile.js';
import type { JtlAnalysis, LabelStatistics } from './analysis/statistics.js';
import type { Timeline } from './timeline/timeline.js';

/** The name of the summary's file, and the version of its form: a change that an older reader cannot read makes a new one. */
export const summaryName = 'load-summary.json';
export const summaryVersion = 3;

/** One line of the summary. Times are milliseconds, null when there is no sample. */
export interface SummaryLine {
  readonly label: string;
  readonly transaction: boolean;
  readonly samples: number;
  readonly errors: { readonly assertion: number; readonly response: number; readonly transport: number };
  /** Errors of every kind in percent of the samples. */
  readonly errorPercent: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** Samples a second, between the first start and the last end. */
  readonly throughput: number;
  readonly bytes: number;
  /** The first message of the kind that failed most; empty when nothing failed. */
  readonly firstError: string;
}

/** A whole load test. */
export interface LoadSummary {
  readonly version: typeof summaryVersion;
  readonly testPlan: string;
  /** SHA-256 of the plan's text, hexadecimal. */
  readonly planDigest: string;
  /** Start of the first sample, ISO 8601; null when there is none. */
  readonly startTime: string | null;
  readonly seconds: number;
  readonly warmUpSamples: number;
  readonly overall: SummaryLine;
  readonly labels: readonly SummaryLine[];
  /** The test in blocks of time, by which a later run is compared with this one; null when there is no sample. */
  readonly timeline: TimelineData | null;
}

/** Makes the summary of an analysis. */
export function summarise(
  analysis: JtlAnalysis,
  testPlan: string,
  planDigest: string,
  timeline: Timeline | undefined,
): LoadSummary {
  const { overall } = analysis;
  const any = overall.times.count > 0;
  return {
    version: summaryVersion,
    testPlan,
    planDigest,
    startTime: any ? new Date(overall.firstStart).toISOString() : null,
    seconds: any ? (overall.lastEnd - overall.firstStart) / 1000 : 0,
    warmUpSamples: analysis.warmUp,
    overall: lineOf(overall),
    labels: analysis.labels.map(lineOf),
    timeline: timeline === undefined ? null : toTimelineData(timeline),
  };
}

/** The summary as JSON: a line for each label, figures of eight digits, the timeline in one line. */
export function summaryText({ overall, labels, timeline, ...run }: LoadSummary): string {
  const line = (value: unknown) =>
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'number' && !Number.isInteger(part) ? Number(part.toPrecision(8)) : part,
    );
  return [
    JSON.stringify(run, undefined, 2).replace(/\n}$/, ','),
    `  "overall": ${line(overall)},`,
    '  "labels": [',
    labels.map(label => `    ${line(label)}`).join(',\n'),
    '  ],',
    `  "timeline": ${JSON.stringify(timeline)}`,
    '}',
    '',
  ].join('\n');
}

function lineOf(statistics: LabelStatistics): SummaryLine {
  const { times, errors, messages } = statistics;
  const failed = errors.assertion + errors.response + errors.transport;
  // A single sample of no length still happened within a millisecond.
  const milliseconds = Math.max(1, statistics.lastEnd - statistics.firstStart);
  const kinds = (['assertion', 'response', 'transport'] as const).toSorted((a, b) => errors[b] - errors[a]);
  return {
    label: statistics.label,
    transaction: statistics.transaction,
    samples: times.count,
    errors,
    errorPercent: times.count === 0 ? 0 : (failed / times.count) * 100,
    mean: times.mean ?? null,
    min: times.minimum ?? null,
    p50: times.percentile(50) ?? null,
    p90: times.percentile(90) ?? null,
    p95: times.percentile(95) ?? null,
    p99: times.percentile(99) ?? null,
    max: times.maximum ?? null,
    throughput: times.count === 0 ? 0 : (times.count / milliseconds) * 1000,
    bytes: statistics.bytes,
    firstError: failed === 0 ? '' : (messages.find(({ kind }) => kind === kinds[0])?.text ?? ''),
  };
}
