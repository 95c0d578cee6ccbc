/** Collects a timeline of samples as they come, in bounded memory. */
import type { SampleNumbers } from '../analysis/collection.js';
import { Histogram } from '../analysis/histogram.js';
import type { ErrorKind, LabelStatistics } from '../analysis/statistics.js';
import { BlockTimes } from './blockTimes.js';
import type { ClassBits } from './classes.js';
import { distributionOf } from './distribution.js';
import {
  lazyFigures,
  timeMetrics,
  type Block,
  type Figures,
  type Timeline,
  type TimeMetric,
} from './timeline.js';

/** Takes samples in any order, of one file or several. */
export interface TimelineCollector {
  /**
   * The course of a label.
   * @param statistics what is counted of all its samples, to be counted along: the timeline's figures of the whole test are made of it
   */
  line(statistics: LabelStatistics): TimelineLine;
  /** Tells of samples to come, the first and the last of which began then: blocks are made as long as that takes before, not with each. */
  reach(firstStart: number, lastStart: number): void;
  /** How blocks lie now, for those who count in blocks of their own. They become longer, each then holding whole ones of those before. */
  grid(): Grid;
  /** What was collected so far, to be looked at before more is; undefined when there is no sample. */
  timeline(): Timeline | undefined;
}

/** Takes the samples of one label. */
export interface TimelineLine {
  add(sample: SampleNumbers, kind: ErrorKind | undefined): void;
  /** Adds samples that passed, block by block. */
  addBlocks(blocks: readonly CountedBlock[]): void;
}

/** Samples that passed and began in one block of the grid, as it is or was. */
export interface CountedBlock {
  /** Where the block begins, milliseconds since the epoch. */
  readonly start: number;
  readonly firstStart: number;
  readonly lastEnd: number;
  readonly bytes: number;
  /** Adds their times of a kind to counts by class. */
  readonly fill: (metric: TimeMetric, counts: Uint32Array) => number;
}

/** Blocks begin at `origin` and whole lengths before and after it. */
export interface Grid {
  /** Milliseconds since the epoch; undefined before the first sample. */
  readonly origin: number | undefined;
  readonly blockMilliseconds: number;
  readonly classBits: ClassBits;
}

/** A short test has blocks of a second. */
const shortestBlock = 1000;
/** When a test has more blocks than this, two become one. */
const blockLimit = 48;
/** Where windows of time are judged, times in them are within 0.1 %; to compare whole runs 0.4 % will do. */
const windowBits = 10;
const courseBits = 8;

/** The kinds of times of a block. */
const kindOf = { response_time: 0, latency: 1, connect_time: 2 } as const;
const failedTimes = 3;

interface Collected {
  firstStart: number;
  lastEnd: number;
  readonly errors: Record<ErrorKind, number>;
  bytes: number;
}

interface CollectedLabel {
  readonly label: string;
  readonly transaction: boolean;
  readonly all: LabelStatistics[];
  readonly failedTimes: Histogram;
  blocks: Map<number, Collected>;
  /** The times of the blocks. */
  readonly times: BlockTimes;
}

/**
 * @param stepMilliseconds the length of a block, when windows of time are asked for; else blocks are as long as it takes to keep at
 * most 48, and at least 24 once a test is longer than that many seconds
 */
export function collectTimeline(stepMilliseconds: number | undefined): TimelineCollector {
  const labels = new Map<string, CollectedLabel>();
  const classBits = stepMilliseconds === undefined ? courseBits : windowBits;
  let blockMilliseconds = stepMilliseconds ?? shortestBlock;
  /** Blocks are counted from here; a sample that began earlier has a negative number. */
  let origin: number | undefined;
  let first = Infinity;
  let last = -Infinity;
  let end = -Infinity;

  const emptyBlock = (): Collected => ({
    firstStart: Infinity,
    lastEnd: -Infinity,
    errors: { assertion: 0, response: 0, transport: 0 },
    bytes: 0,
  });
  const blockOf = (start: number) => Math.floor((start - (origin ?? start)) / blockMilliseconds);
  const double = () => {
    blockMilliseconds *= 2;
    for (const each of labels.values()) {
      const halves = each.blocks;
      each.times.double();
      each.blocks = new Map();
      for (const [at, collected] of halves) {
        const whole = each.blocks.get(Math.floor(at / 2));
        if (whole === undefined) each.blocks.set(Math.floor(at / 2), collected);
        else merge(whole, collected);
      }
    }
  };

  function reach(firstStart: number, lastStart: number): void {
    origin ??= firstStart;
    first = Math.min(first, firstStart);
    last = Math.max(last, lastStart);
    if (stepMilliseconds === undefined) while (blockOf(last) - blockOf(first) >= blockLimit) double();
  }

  /** The block of samples of a label, the first of which began at `from` and the last at `to`. */
  function place(own: CollectedLabel, from: number, to: number, lastEnd: number): [number, Collected] {
    reach(from, to);
    end = Math.max(end, lastEnd);
    const at = blockOf(from);
    let block = own.blocks.get(at);
    if (block === undefined) own.blocks.set(at, (block = emptyBlock()));
    block.firstStart = Math.min(block.firstStart, from);
    block.lastEnd = Math.max(block.lastEnd, lastEnd);
    return [at, block];
  }

  function lineOf(own: CollectedLabel): TimelineLine {
    return {
      add({ start, elapsed, latency, connect, bytes }, kind) {
        const [at, block] = place(own, start, start, start + elapsed);
        own.times.add(at, kindOf.response_time, elapsed);
        // JMeter writes 0 where no byte came, and where a connection was there already.
        if (latency > 0) own.times.add(at, kindOf.latency, latency);
        if (connect > 0) own.times.add(at, kindOf.connect_time, connect);
        block.bytes += bytes;
        if (kind === undefined) return;
        block.errors[kind] += 1;
        own.times.add(at, failedTimes, elapsed);
        own.failedTimes.add(elapsed);
      },
      addBlocks(blocks) {
        own.times.addBlocks(put => {
          for (const { start, firstStart, lastEnd, bytes, fill } of blocks) {
            const [at, block] = place(own, firstStart, Math.max(start, firstStart), lastEnd);
            block.bytes += bytes;
            for (const metric of timeMetrics) put(at, kindOf[metric], counts => fill(metric, counts));
          }
        });
      },
    };
  }

  return {
    line(statistics) {
      const { label, transaction } = statistics;
      const key = `${transaction} ${label}`;
      let own = labels.get(key);
      if (own === undefined) {
        own = {
          label,
          transaction,
          all: [],
          failedTimes: new Histogram(),
          blocks: new Map(),
          times: new BlockTimes(classBits),
        };
        labels.set(key, own);
      }
      own.all.push(statistics);
      return lineOf(own);
    },
    reach,
    grid: () => ({ origin, blockMilliseconds, classBits }),
    timeline() {
      if (origin === undefined) return undefined;
      const zero = blockOf(first);
      return {
        start: origin + zero * blockMilliseconds,
        end,
        blockMilliseconds,
        labels: [...labels.values()].map(
          ({ label, transaction, all, failedTimes: failed, blocks, times }) => ({
            label,
            transaction,
            whole: wholeOf(all, failed),
            blocks: [...blocks].sort(([a], [b]) => a - b).map(([at, each]) => closed(at, zero, each, times)),
          }),
        ),
      };
    },
  };
}

function merge(into: Collected, from: Collected): void {
  for (const kind of ['assertion', 'response', 'transport'] as const) into.errors[kind] += from.errors[kind];
  into.bytes += from.bytes;
  into.firstStart = Math.min(into.firstStart, from.firstStart);
  into.lastEnd = Math.max(into.lastEnd, from.lastEnd);
}

/** @param zero the number of the test's first block */
function closed(at: number, zero: number, collected: Collected, times: BlockTimes): Block {
  const { firstStart, lastEnd, errors, bytes } = collected;
  const figures = lazyFigures(
    { firstStart, lastEnd, errors: { ...errors }, bytes },
    metric => times.distribution(at, kindOf[metric]),
    () => times.distribution(at, failedTimes),
  );
  return Object.assign(figures, { at: at - zero });
}

const kept = { response_time: 'times', latency: 'latency', connect_time: 'connect' } as const;

/** A label's figures of the whole test, with every millisecond. */
function wholeOf(all: readonly LabelStatistics[], failed: Histogram): Figures {
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
    },
    metric => {
      const sole = new Histogram();
      for (const line of all) sole.addAll(line[kept[metric]]);
      return distributionOf(new Map(sole.entries()));
    },
    () => distributionOf(new Map(failed.entries())),
  );
}
