/** Follows a run of JMeter while it goes on: tells how it goes, and ends one that is lost, silent or hung. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Agent, RunningTool } from '../../../shared/agent/agent.js';
import { plural } from '../../../shared/core/text.js';
import { createAnalyser, follow, type Follower } from './analysis/analyse.js';
import {
  errorCount,
  since,
  type ErrorKind,
  type JtlAnalysis,
  type LabelStatistics,
} from './analysis/statistics.js';
import { criterionText, type Criterion } from './criteria/criterion.js';
import { judgeCriteria } from './criteria/judgeCriteria.js';
import { endJmeter, type EnginesToStop } from './endJmeter.js';
import { collectTimeline, type TimelineCollector } from './timeline/collectTimeline.js';
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
  /** Samples that began within so many seconds of the test's start are not counted. */
  readonly warmUpSeconds: number;
  /** Of the blocks that the course of the run is collected in, as its criteria need them. */
  readonly stepMilliseconds: number | undefined;
}

/** The run that is watched. */
export interface WatchedRun {
  readonly tool: RunningTool;
  readonly jtl: string;
  /** When the test started, milliseconds since the epoch; undefined while JMeter has not said so. */
  readonly testStart: () => number | undefined;
  /** When JMeter last said something, milliseconds since the epoch. */
  readonly lastLine: () => number;
  /** Where JMeter listens for the word to end, undefined while it does not. */
  readonly port: () => number | undefined;
  /** That run the test in its place. */
  readonly engines?: EnginesToStop | undefined;
  /** Asked at every look: why the run cannot end well any more, undefined while it can. */
  readonly trouble: () => Promise<string | undefined>;
}

/** What was seen of a run. */
export interface Seen {
  readonly analysis: JtlAnalysis;
  readonly timeline: Timeline | undefined;
}

/** How watching a run ended. */
export interface Watched {
  /** Why the run was ended, undefined when it ended by itself or was cancelled. */
  readonly endedBecause: string | undefined;
  /**
   * All of the run's results, of which only the last are still to be read.
   * @returns undefined when they could not be followed
   */
  readonly seen: () => Promise<Seen | undefined>;
}

/** Watches a run to its end. */
export async function watchRun(run: WatchedRun, watch: Watch, agent: Agent): Promise<Watched> {
  const course = collectTimeline(watch.stepMilliseconds);
  const results = followResults(run, watch, course);
  const endedBecause = await watchResults(run, watch, course, results, agent);
  return { endedBecause, seen: () => allSeen(results, course) };
}

/** Follows the results from the moment they are there: then JMeter has said when the test started. */
function followResults(
  { jtl, testStart }: WatchedRun,
  { warmUpSeconds }: Watch,
  timeline: TimelineCollector,
) {
  let follower: Follower | undefined;
  let failed = false;
  return {
    /** Takes what is new. @returns how many bytes */
    async poll(): Promise<number> {
      if (failed || !existsSync(jtl)) return 0;
      follower ??= follow(jtl, { warmUp: { seconds: warmUpSeconds, testStart: testStart() }, timeline });
      try {
        return await follower.poll();
      } catch {
        // Results that cannot be read are told of when the run is over.
        failed = true;
        return 0;
      }
    },
    snapshot: () => follower?.snapshot() ?? createAnalyser().snapshot(),
    end: () => (failed ? undefined : follower?.end()),
  };
}

async function allSeen(
  results: ReturnType<typeof followResults>,
  course: TimelineCollector,
): Promise<Seen | undefined> {
  await results.poll();
  const analysis = results.end();
  return analysis === undefined ? undefined : { analysis, timeline: course.timeline() };
}

async function watchResults(
  run: WatchedRun,
  watch: Watch,
  course: TimelineCollector,
  results: ReturnType<typeof followResults>,
  agent: Agent,
): Promise<string | undefined> {
  const ended = run.tool.ended.then(
    () => true,
    () => true,
  );
  const started = Date.now();
  let lastSample = started;
  let reported = started;
  let earlier = results.snapshot();
  for (;;) {
    const over = await Promise.race([ended, pause(lookEvery, false, { ref: false })]);
    if (over || agent.signal.aborted) break;
    const bytes = await results.poll();
    const now = Date.now();
    if (bytes > 0) lastSample = now;
    const silent = silenceOf(now - Math.max(lastSample, run.lastLine()), watch.silenceSeconds);
    const trouble = silent ?? (await run.trouble());
    if (trouble !== undefined) return await endBecause(trouble, run, agent);
    if (now - reported < reportEvery) continue;
    const later = results.snapshot();
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

async function endBecause(why: string, { tool, port, engines }: WatchedRun, agent: Agent): Promise<string> {
  agent.info(`Ending the run: ${why}`);
  await endJmeter(tool, port(), engines);
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
  if (all.overall.times.count === 0)
    return all.warmUp === 0 ? 'So far no sample.' : `So far ${plural(all.warmUp, 'sample')} of warm-up.`;
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
