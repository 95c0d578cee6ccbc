/** What a timeline collects of one label, and the figures that are made of it. */
import { Histogram } from '../analysis/histogram.js';
import type { ErrorKind, LabelStatistics } from '../analysis/statistics.js';
import type { BlockTimes } from './blockTimes.js';
import { distributionOf } from './distribution.js';
import { lazyFigures, type Block, type Figures } from './timeline.js';

/** The kinds of times of a block. */
export const kindOf = { response_time: 0, latency: 1, connect_time: 2 } as const;
export const failedTimes = 3;

/** What is known of a block beside its times. */
export interface Collected {
  firstStart: number;
  lastEnd: number;
  readonly errors: Record<ErrorKind, number>;
  bytes: number;
  /** The most that were active. */
  threads: number;
}

/** One label, or its transactions. */
export interface CollectedLabel {
  readonly label: string;
  readonly transaction: boolean;
  readonly all: LabelStatistics[];
  readonly failedTimes: Histogram;
  blocks: Map<number, Collected>;
  /** The times of the blocks. */
  readonly times: BlockTimes;
}

export function emptyBlock(): Collected {
  return {
    firstStart: Infinity,
    lastEnd: -Infinity,
    errors: { assertion: 0, response: 0, transport: 0 },
    bytes: 0,
    threads: 0,
  };
}

/** Adds what was seen in a block, or in one that is a part of it now. */
export function addBlock(blocks: Map<number, Collected>, at: number, from: Collected): void {
  const into = blocks.get(at);
  if (into === undefined) {
    blocks.set(at, from);
    return;
  }
  for (const kind of ['assertion', 'response', 'transport'] as const) into.errors[kind] += from.errors[kind];
  into.bytes += from.bytes;
  into.threads = Math.max(into.threads, from.threads);
  into.firstStart = Math.min(into.firstStart, from.firstStart);
  into.lastEnd = Math.max(into.lastEnd, from.lastEnd);
}

/** @param zero the number of the test's first block */
export function closed(at: number, zero: number, collected: Collected, times: BlockTimes): Block {
  const { firstStart, lastEnd, errors, bytes, threads } = collected;
  const figures = lazyFigures(
    { firstStart, lastEnd, errors: { ...errors }, bytes, threads },
    metric => times.distribution(at, kindOf[metric]),
    () => times.distribution(at, failedTimes),
  );
  return Object.assign(figures, { at: at - zero });
}

const kept = { response_time: 'times', latency: 'latency', connect_time: 'connect' } as const;

/** A label's figures of the whole test, with every millisecond. */
export function wholeOf({ all, failedTimes: failed, blocks }: CollectedLabel): Figures {
  const sum = (of: (line: LabelStatistics) => number) => all.reduce((total, line) => total + of(line), 0);
  return lazyFigures(
    {
      firstStart: Math.min(...all.map(({ firstStart }) => firstStart)),
      lastEnd: Math.max(...all.map(({ lastEnd }) => lastEnd)),
      errors: {
        assertion: sum(({ errors }) => errors.assertion),
        response: sum(({ errors }) => errors.response),
        transport: sum(({ errors }) => errors.transport),
      },
      bytes: sum(({ bytes }) => bytes),
      threads: [...blocks.values()].reduce((most, { threads }) => Math.max(most, threads), 0),
    },
    metric => {
      const sole = new Histogram();
      for (const line of all) sole.addAll(line[kept[metric]]);
      return distributionOf(new Map(sole.entries()));
    },
    () => distributionOf(new Map(failed.entries())),
  );
}
