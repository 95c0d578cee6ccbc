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
  readonly times: Readonly<Record<TimeMetric, Distribution>>;
  /** Response times of the samples that failed; they are among `times`, too. */
  readonly failedTimes: Distribution;
}

/** The samples that began in one block. */
export interface Block extends Figures {
  /** Which block it is, counted from the timeline's start. */
  readonly at: number;
}

/** One label's blocks, ascending; those without a sample are left out. */
export interface LabelTimeline {
  readonly label: string;
  /** A transaction controller's own samples, which repeat what its samplers have counted. */
  readonly transaction: boolean;
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
  const pooled = (metric: TimeMetric) => pool(all.map(({ times }) => times[metric]));
  return {
    firstStart: all.reduce((least, { firstStart }) => Math.min(least, firstStart), Infinity),
    lastEnd: all.reduce((most, { lastEnd }) => Math.max(most, lastEnd), -Infinity),
    errors: {
      assertion: sum(({ errors }) => errors.assertion),
      response: sum(({ errors }) => errors.response),
      transport: sum(({ errors }) => errors.transport),
    },
    bytes: sum(({ bytes }) => bytes),
    times: {
      response_time: pooled('response_time'),
      latency: pooled('latency'),
      connect_time: pooled('connect_time'),
    },
    failedTimes: pool(all.map(({ failedTimes }) => failedTimes)),
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
  return [...byBlock].sort(([a], [b]) => a - b).map(([at, blocks]) => ({ at, ...poolFigures(blocks) }));
}
