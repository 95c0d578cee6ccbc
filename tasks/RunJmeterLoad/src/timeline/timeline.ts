/** A load test in blocks of time, per label: what criteria, windows and the comparison with an earlier run are made of. */
import type { ErrorKind } from '../analysis/statistics.js';
import { countOf, pool, type Distribution } from './distribution.js';

/**
 * The times that are kept of each sample: the whole, until the first byte (of the samples that got one), until the connection
 * stood (of the samples that made one).
 */
export const timeMetrics = ['response_time', 'latency', 'connect_time'] as const;
export type TimeMetric = (typeof timeMetrics)[number];

/** What was seen of some samples: those of one label or several, in a stretch of time. */
export interface Figures {
  /** Start of the first sample and end of the last, milliseconds since the epoch; Infinity and -Infinity when there is none. */
  readonly firstStart: number;
  readonly lastEnd: number;
  readonly errors: Readonly<Record<ErrorKind, number>>;
  readonly bytes: number;
  /** The most threads that were active at once, over all groups of one JMeter; 0 when that is not known. */
  readonly threads: number;
  readonly times: Readonly<Record<TimeMetric, Distribution>>;
  /** Response times of the samples that failed; they are among `times`, too. */
  readonly failedTimes: Distribution;
}

/** The samples that began in one block. */
export interface Block extends Figures {
  /** Which block it is, counted from the timeline's start. */
  readonly at: number;
}

/** One label's course. */
export interface LabelTimeline {
  readonly label: string;
  /** A transaction controller's own samples, which repeat what its samplers have counted. */
  readonly transaction: boolean;
  /** Figures of the whole test; here times are as exact as they were counted. */
  readonly whole: Figures;
  /** Ascending; blocks without a sample are left out. Times in them are in classes (classes.ts). */
  readonly blocks: readonly Block[];
}

/** A test in blocks. */
export interface Timeline {
  /** Where the first block begins, milliseconds since the epoch. */
  readonly start: number;
  /** End of the last sample. */
  readonly end: number;
  readonly blockMilliseconds: number;
  readonly labels: readonly LabelTimeline[];
}

/** Several figures as one. */
export function poolFigures(all: readonly Figures[]): Figures {
  const sum = (of: (figures: Figures) => number) => all.reduce((total, each) => total + of(each), 0);
  return lazyFigures(
    {
      firstStart: all.reduce((least, { firstStart }) => Math.min(least, firstStart), Infinity),
      lastEnd: all.reduce((most, { lastEnd }) => Math.max(most, lastEnd), -Infinity),
      errors: {
        assertion: sum(({ errors }) => errors.assertion),
        response: sum(({ errors }) => errors.response),
        transport: sum(({ errors }) => errors.transport),
      },
      bytes: sum(({ bytes }) => bytes),
      threads: all.reduce((most, { threads }) => Math.max(most, threads), 0),
    },
    metric => pool(all.map(({ times }) => times[metric])),
    () => pool(all.map(({ failedTimes }) => failedTimes)),
  );
}

/** Figures whose distributions are made when they are asked for: most are not, and all of a long test at once would fill the memory. */
export function lazyFigures(
  known: Omit<Figures, 'times' | 'failedTimes'>,
  timesOf: (metric: TimeMetric) => Distribution,
  failedTimesOf: () => Distribution,
): Figures {
  return {
    ...known,
    times: {
      get response_time() {
        return timesOf('response_time');
      },
      get latency() {
        return timesOf('latency');
      },
      get connect_time() {
        return timesOf('connect_time');
      },
    },
    get failedTimes() {
      return failedTimesOf();
    },
  };
}

/** How many samples figures are of. */
export function samplesOf({ times }: Figures): number {
  return countOf(times.response_time);
}

/** The blocks of several labels as one label's. */
export function poolLabels(labels: readonly LabelTimeline[]): readonly Block[] {
  const [first, ...rest] = labels;
  if (first !== undefined && rest.length === 0) return first.blocks;
  const byBlock = new Map<number, Block[]>();
  for (const { blocks } of labels)
    for (const block of blocks) byBlock.set(block.at, [...(byBlock.get(block.at) ?? []), block]);
  return [...byBlock]
    .sort(([a], [b]) => a - b)
    .map(([at, blocks]) => Object.assign(poolFigures(blocks), { at }));
}
