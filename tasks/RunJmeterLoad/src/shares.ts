/** A load test whose parts run on several agents of a matrix job: the share of each, and their results as one. */
import type { Agent } from '../../../shared/agent/agent.js';
import { UserError } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import { merge } from './analysis/statistics.js';
import { readResults } from './files.js';
import type { JtlAnalysis } from './analysis/statistics.js';
import type { TimelineCollector } from './timeline/collectTimeline.js';

/** How many of all threads the agent at this position (from 1) of so many runs; the first ones take what is left over. */
export function shareOf(threads: number, position: number, agents: number): number {
  return Math.floor(threads / agents) + (position <= threads % agents ? 1 : 0);
}

/**
 * The threads that this job of the matrix runs.
 * @throws UserError when the job is no part of a matrix, or there are fewer threads than jobs
 */
export function shareOfThreads(threads: number, agent: Agent): number {
  const [position, agents] = ['System.JobPositionInPhase', 'System.TotalJobsInPhase'].map(name =>
    Number(agent.variable(name) ?? Number.NaN),
  );
  if (position === undefined || agents === undefined || !(position >= 1 && position <= agents))
    throw new UserError(
      "'divideThreads' is on, but this job is not one of several: give the job a 'strategy' with 'matrix' or 'parallel', or turn it off.",
    );
  const share = shareOf(threads, position, agents);
  if (share === 0)
    throw new UserError(
      `'threads' is ${threads}, fewer than the ${agents} jobs that share them ('divideThreads').`,
    );
  agent.info(`This is job ${position} of ${agents}: it runs ${plural(share, 'thread')} of ${threads}.`);
  return share;
}

/** The results of several parts. */
export interface Shares {
  /** As if they stood in one file. */
  readonly analysis: JtlAnalysis;
  /** What is wrong with which of them. */
  readonly faults: readonly string[];
}

/**
 * Analyses the results of several parts as one. What is wrong with one of them does not hide the others.
 * @param pattern of the results files, one a line
 * @param timeline collects the course of all of them
 * @throws UserError when there is none
 */
export async function readShares(
  pattern: string,
  warmUpSeconds: number,
  timeline: TimelineCollector,
  agent: Agent,
): Promise<Shares> {
  const files = agent.findFiles(pattern, agent.workingDirectory);
  if (files.length === 0)
    throw new UserError(
      `'mergeResults' (${pattern.trim()}) finds no file below ${agent.workingDirectory}. Download the results of the jobs before this step.`,
    );
  const parts: JtlAnalysis[] = [];
  const faults: string[] = [];
  const known = new Map<string, string>();
  for (const file of files) {
    const { analysis: part, fault } = await readResults(
      file,
      { seconds: warmUpSeconds, testStart: undefined },
      timeline,
    );
    if (fault !== undefined) {
      faults.push(`${file} cannot be read: ${fault}`);
      continue;
    }
    const samples = part.overall.times.count;
    agent.info(`${file}: ${plural(samples, 'sample')}${part.cut ? ', cut in the middle of a record' : ''}`);
    parts.push(part);
    if (samples + part.warmUp === 0) faults.push(`${file} holds no sample.`);
    const same = known.get(traitsOf(part));
    if (same !== undefined && samples > 0)
      faults.push(
        `${same} and ${file} hold the same samples, which are counted twice: have 'mergeResults' find each share once.`,
      );
    known.set(traitsOf(part), file);
  }
  return { analysis: merge(...parts), faults };
}

/** What two machines never have in common to the millisecond and the byte. */
function traitsOf({ labels, warmUp }: JtlAnalysis): string {
  const traits = labels.map(({ label, times, errors, bytes, sentBytes, firstStart, lastEnd }) => {
    return { label, count: times.count, mean: times.mean, errors, bytes, sentBytes, firstStart, lastEnd };
  });
  return JSON.stringify({ warmUp, traits });
}
