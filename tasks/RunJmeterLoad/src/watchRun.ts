/** Follows a run of JMeter while it goes on: tells how it goes, and ends one that is lost, silent or hung. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Agent, RunningTool } from '../../../shared/agent/agent.js';
import { plural } from '../../../shared/core/text.js';
import { follow } from './analysis/analyse.js';
import {
  errorCount,
  since,
  type ErrorKind,
  type JtlAnalysis,
  type LabelStatistics,
} from './analysis/statistics.js';
import { criterionText, type Criterion } from './criteria/criterion.js';
import { judgeCriteria } from './criteria/judgeCriteria.js';
import { endJmeter } from './endJmeter.js';
import { collectTimeline } from './timeline/collectTimeline.js';
import type { Timeline } from './timeline/timeline.js';
import { formatPercent } from './verdict.js';

const reportEvery = 10_000;
const lookEvery = 1000;

/** What is watched for. */
export interface Watch {
  /** A run that one of these holds for is ended. */
  readonly abortWhen: readonly Criterion[];
  /** The kinds of errors that count unless a criterion names one. */
  readonly countedErrors: readonly ErrorKind[];
  /** A run without a sample or a line for so long is ended; 0 lets it be. */
  readonly silenceSeconds: number;
  /** How long the run is to last, where that is known. */
  readonly durationSeconds: number | undefined;
}

/** The run that is watched. */
export interface WatchedRun {
  readonly tool: RunningTool;
  readonly jtl: string;
  /** When JMeter last said something, milliseconds since the epoch. */
  readonly lastLine: () => number;
  /** Where JMeter listens for the word to end, undefined while it does not. */
  readonly port: () => number | undefined;
  /** Asked at every look: why the run cannot end well any more, undefined while it can. */
  readonly trouble: () => Promise<string | undefined>;
}

/** Watches a run to its end. @returns why it was ended, undefined when it ended by itself or was cancelled */
export async function watchRun(run: WatchedRun, watch: Watch, agent: Agent): Promise<string | undefined> {
  const ended = run.tool.ended.then(
    () => true,
    () => true,
  );
  const course = collectTimeline(undefined);
  const follower = follow(run.jtl, { timeline: course });
  const started = Date.now();
  let lastSample = started;
  let reported = started;
  let earlier = follower.snapshot();
  for (;;) {
    const over = await Promise.race([ended, pause(lookEvery, false, { ref: false })]);
    if (over || agent.signal.aborted) break;
    // Results that cannot be read are told of when the run is over.
    const bytes = await follower.poll().catch(() => 0);
    const now = Date.now();
    if (bytes > 0) lastSample = now;
    const silent = silenceOf(now - Math.max(lastSample, run.lastLine()), watch.silenceSeconds);
    const trouble = silent ?? (await run.trouble());
    if (trouble !== undefined) return await endBecause(trouble, run, agent);
    if (now - reported < reportEvery) continue;
    const later = follower.snapshot();
    const line = progressLine(later, since(later, earlier), now - reported);
    agent.info(line);
    agent.progress(percentDone(now - started, watch.durationSeconds), line);
    earlier = later;
    reported = now;
    const why = lostBy(watch, course.timeline());
    if (why !== undefined) return await endBecause(why, run, agent);
  }
  await ended;
  return undefined;
}

async function endBecause(why: string, { tool, port }: WatchedRun, agent: Agent): Promise<string> {
  agent.info(`Ending the run: ${why}`);
  await endJmeter(tool, port());
  return why;
}

/** Why a run of this silence is ended. */
export function silenceOf(milliseconds: number, limitSeconds: number): string | undefined {
  if (limitSeconds === 0 || milliseconds < limitSeconds * 1000) return undefined;
  return `nothing came from JMeter for ${limitSeconds} s, neither a sample nor a line (input 'silenceSeconds'). It hangs, or the site holds every request: look at the plan's timeouts and at jmeter.log.`;
}

/** Which criterion a run is lost by. */
export function lostBy(
  { abortWhen, countedErrors }: Watch,
  timeline: Timeline | undefined,
): string | undefined {
  if (timeline === undefined) return undefined;
  const compare = () => ({ value: undefined, passed: false, detail: '' });
  const held = judgeCriteria(abortWhen, timeline, { countedErrors, compare }).find(({ passed }) => passed);
  return held === undefined ? undefined : `${held.text} (input 'abortWhen'): ${held.detail}.`;
}

/** How a run goes: all of it, then what is new. */
export function progressLine(all: JtlAnalysis, recent: JtlAnalysis, milliseconds: number): string {
  if (all.overall.times.count === 0) return 'So far no sample.';
  const rate = ((recent.overall.times.count * 1000) / milliseconds).toFixed(1);
  return `So far ${plural(all.overall.times.count, 'sample')}, ${figures(all.overall)}; in the last ${Math.round(milliseconds / 1000)} s ${rate} a second, ${figures(recent.overall)}.`;
}

function figures(line: LabelStatistics): string {
  const { times } = line;
  if (times.count === 0) return 'none';
  const [p50 = 0, p95 = 0, p99 = 0] = [50, 95, 99].map(percent => times.percentile(percent));
  return `${formatPercent((errorCount(line) * 100) / times.count)} errors, p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`;
}

function percentDone(milliseconds: number, durationSeconds: number | undefined): number {
  if (durationSeconds === undefined) return 0;
  return Math.min(99, Math.floor(milliseconds / 10 / durationSeconds));
}

/** The problems of criteria that are to end a run. */
export function abortProblems(criteria: readonly Criterion[]): string[] {
  return criteria.flatMap(criterion => {
    const text = criterionText(criterion);
    if (!('value' in criterion.limit))
      return [
        `'abortWhen': ${text} compares with a baseline, which is done when the run is over: use 'criteria'.`,
      ];
    if (criterion.window !== undefined)
      return [
        `'abortWhen': ${text} has a window of time; a run is ended by all its samples so far: leave 'over' out.`,
      ];
    return [];
  });
}
