/** Collects a timeline of samples as they come, in bounded memory. */
import type { SampleNumbers } from '../analysis/collection.js';
import { Histogram, type HistogramData } from '../analysis/histogram.js';
import type { ErrorKind, LabelStatistics } from '../analysis/statistics.js';
import { BlockTimes, timeKinds } from './blockTimes.js';
import type { ClassBits } from './classes.js';
import {
  addBlock,
  closed,
  emptyBlock,
  failedTimes,
  kindOf,
  wholeOf,
  type Collected,
  type CollectedLabel,
} from './collected.js';
import type { Timeline } from './timeline.js';

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
  /** What was collected, as data for `add` of a collector with the same grid or one that it had before. */
  data(): TimelineData;
  /** Adds what was collected elsewhere of the same labels. */
  add(data: TimelineData): void;
  /** What was collected so far, to be looked at before more is; undefined when there is no sample. */
  timeline(): Timeline | undefined;
}

/** Takes the samples of one label. */
export interface TimelineLine {
  add(sample: SampleNumbers, kind: ErrorKind | undefined): void;
  /** Times of failed samples, for those who count by themselves. */
  readonly failedTimes: Histogram;
  /** Counts the failure of a sample that is among blocks to be added. @param start milliseconds since the epoch */
  addFailure(start: number, kind: ErrorKind): void;
  /** Adds samples, block by block. @param each calls `add` for each block, maybe with one object for all */
  addBlocks(each: (add: (block: CountedBlock) => void) => void): void;
}

/** Samples that began in one block of the grid, as it is or was. */
export interface CountedBlock {
  /** Where the block begins, milliseconds since the epoch. */
  readonly start: number;
  readonly firstStart: number;
  readonly lastEnd: number;
  readonly bytes: number;
  readonly threads: number;
  /** Their times, those of the failed ones last (`kindOf`): each kind is written from one end to the next, as BlockTimes does. */
  readonly written: Uint8Array;
  readonly ends: readonly number[];
}

/** Blocks begin at `origin` and whole lengths before and after it. */
export interface Grid {
  /** Milliseconds since the epoch; undefined before the first sample. */
  readonly origin: number | undefined;
  readonly blockMilliseconds: number;
  readonly classBits: ClassBits;
  /** Whether blocks stay as long as they are. */
  readonly fixed: boolean;
}

/** What a collector has, as data. */
export interface TimelineData {
  /** Starts of the first and the last sample and the latest end, milliseconds since the epoch; infinite when there is none. */
  readonly first: number;
  readonly last: number;
  readonly end: number;
  readonly blockMilliseconds: number;
  readonly labels: readonly LabelData[];
}

interface LabelData {
  readonly label: string;
  readonly transaction: boolean;
  readonly failedTimes: HistogramData;
  readonly blocks: readonly (readonly [at: number, collected: Collected])[];
  readonly times: Uint8Array;
}

/** A short test has blocks of a second. */
const shortestBlock = 1000;
/** When a test has more blocks than this, two become one. */
const blockLimit = 48;
/** Where windows of time are judged, times in them are within 0.1 %; to compare whole runs 0.4 % will do. */
const windowBits = 10;
const courseBits = 8;

/**
 * @param stepMilliseconds the length of a block, when windows of time are asked for; else blocks are as long as it takes to keep at
 * most 48, and at least 24 once a test is longer than that many seconds
 */
export function collectTimeline(stepMilliseconds: number | undefined): TimelineCollector {
  const fixed = stepMilliseconds !== undefined;
  return collectInGrid({
    origin: undefined,
    blockMilliseconds: stepMilliseconds ?? shortestBlock,
    classBits: fixed ? windowBits : courseBits,
    fixed,
  });
}

/** A collector whose blocks lie like those of another: what it has can be added there. */
export function collectInGrid({ classBits, fixed, ...grid }: Grid): TimelineCollector {
  const labels = new Map<string, CollectedLabel>();
  let { blockMilliseconds } = grid;
  /** Blocks are counted from here; a sample that began earlier has a negative number. */
  let { origin } = grid;
  let first = Infinity;
  let last = -Infinity;
  let end = -Infinity;

  const blockOf = (start: number) => Math.floor((start - (origin ?? start)) / blockMilliseconds);
  const double = () => {
    blockMilliseconds *= 2;
    for (const each of labels.values()) {
      const halves = each.blocks;
      each.times.double();
      each.blocks = new Map();
      for (const [at, collected] of halves) addBlock(each.blocks, Math.floor(at / 2), collected);
    }
  };

  function reach(firstStart: number, lastStart: number): void {
    origin ??= firstStart;
    first = Math.min(first, firstStart);
    last = Math.max(last, lastStart);
    if (!fixed) while (blockOf(last) - blockOf(first) >= blockLimit) double();
  }

  function ownOf({ label, transaction }: Pick<CollectedLabel, 'label' | 'transaction'>): CollectedLabel {
    const key = `${transaction} ${label}`;
    let own = labels.get(key);
    if (own === undefined) {
      const times = new BlockTimes(classBits);
      own = { label, transaction, all: [], failedTimes: new Histogram(), blocks: new Map(), times };
      labels.set(key, own);
    }
    return own;
  }

  function openBlock({ blocks }: CollectedLabel, at: number): Collected {
    let block = blocks.get(at);
    if (block === undefined) blocks.set(at, (block = emptyBlock()));
    return block;
  }

  /** The block of samples of a label, the first of which began at `from` and the last at `to`. */
  function place(own: CollectedLabel, from: number, to: number, lastEnd: number): [number, Collected] {
    reach(from, to);
    end = Math.max(end, lastEnd);
    const at = blockOf(from);
    const block = openBlock(own, at);
    block.firstStart = Math.min(block.firstStart, from);
    block.lastEnd = Math.max(block.lastEnd, lastEnd);
    return [at, block];
  }

  function lineOf(own: CollectedLabel): TimelineLine {
    return {
      add({ start, elapsed, latency, connect, bytes, threads }, kind) {
        const [at, block] = place(own, start, start, start + elapsed);
        own.times.add(at, kindOf.response_time, elapsed);
        // JMeter writes 0 where no byte came, and where a connection was there already.
        if (latency > 0) own.times.add(at, kindOf.latency, latency);
        if (connect > 0) own.times.add(at, kindOf.connect_time, connect);
        block.bytes += bytes;
        block.threads = Math.max(block.threads, threads);
        if (kind === undefined) return;
        block.errors[kind] += 1;
        own.times.add(at, failedTimes, elapsed);
        own.failedTimes.add(elapsed);
      },
      failedTimes: own.failedTimes,
      addFailure(start, kind) {
        openBlock(own, blockOf(start)).errors[kind] += 1;
      },
      addBlocks(each) {
        own.times.addBlocks(put => {
          each(({ start, firstStart, lastEnd, bytes, threads, written, ends }) => {
            const [at, block] = place(own, firstStart, Math.max(start, firstStart), lastEnd);
            block.bytes += bytes;
            block.threads = Math.max(block.threads, threads);
            for (let kind = 0; kind < timeKinds; kind += 1)
              put(at, kind, written, ends[kind] ?? 0, ends[kind + 1] ?? 0);
          });
        });
      },
    };
  }

  return {
    line(statistics) {
      const own = ownOf(statistics);
      own.all.push(statistics);
      return lineOf(own);
    },
    reach,
    grid: () => ({ origin, blockMilliseconds, classBits, fixed }),
    data: () => ({
      first,
      last,
      end,
      blockMilliseconds,
      labels: [...labels.values()].map(({ label, transaction, failedTimes, blocks, times }) => ({
        label,
        transaction,
        failedTimes: failedTimes.toData(),
        blocks: [...blocks],
        times: times.toData(),
      })),
    }),
    add(data) {
      if (data.labels.length === 0) return;
      reach(data.first, data.last);
      end = Math.max(end, data.end);
      const longer = blockMilliseconds / data.blockMilliseconds;
      for (const from of data.labels) {
        const own = ownOf(from);
        own.failedTimes.addData(from.failedTimes);
        own.times.addData(from.times, Math.log2(longer));
        for (const [at, collected] of from.blocks) addBlock(own.blocks, Math.floor(at / longer), collected);
      }
    },
    timeline() {
      if (origin === undefined) return undefined;
      const zero = blockOf(first);
      return {
        start: origin + zero * blockMilliseconds,
        end,
        blockMilliseconds,
        labels: [...labels.values()].map(own => ({
          label: own.label,
          transaction: own.transaction,
          whole: wholeOf(own),
          blocks: [...own.blocks]
            .sort(([a], [b]) => a - b)
            .map(([at, each]) => closed(at, zero, each, own.times)),
        })),
      };
    },
  };
}
