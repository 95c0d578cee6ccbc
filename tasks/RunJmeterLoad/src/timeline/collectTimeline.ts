/** Collects a timeline of samples as they come, in bounded memory. */
import type { ErrorKind, ObservedSample } from '../analysis/statistics.js';
import { Histogram } from '../analysis/histogram.js';
import { distributionOf } from './distribution.js';
import { timeMetrics, type Block, type Timeline, type TimeMetric } from './timeline.js';

/** Takes samples in any order. */
export interface TimelineCollector {
  add(sample: ObservedSample): void;
  /** What was collected so far; undefined when there is no sample. */
  timeline(): Timeline | undefined;
}

/** A short test has blocks of a second. */
const shortestBlock = 1000;
/** When a test has more blocks than this, two become one. */
const blockLimit = 48;
interface Collected {
  firstStart: number;
  lastEnd: number;
  readonly errors: Record<ErrorKind, number>;
  bytes: number;
  readonly times: Record<TimeMetric, Histogram>;
  readonly failedTimes: Histogram;
}

interface CollectedLabel {
  readonly label: string;
  readonly transaction: boolean;
  blocks: Map<number, Collected>;
}

/**
 * @param stepMilliseconds the length of a block, when windows of time are asked for; else blocks are as long as it takes to keep at
 * most 48, and at least 24 once a test is longer than that many seconds
 * @param labelLimit labels beyond so many are left out; the caller tells of them
 */
export function collectTimeline(stepMilliseconds: number | undefined, labelLimit: number): TimelineCollector {
  const labels: CollectedLabel[] = [];
  const ofSamples = new Map<string, CollectedLabel>();
  const ofTransactions = new Map<string, CollectedLabel>();
  let blockMilliseconds = stepMilliseconds ?? shortestBlock;
  /** Blocks are counted from here; a sample that began earlier has a negative number. */
  let origin: number | undefined;
  let first = Infinity;
  let last = -Infinity;
  let end = -Infinity;

  const blockOf = (start: number) => Math.floor((start - (origin ?? start)) / blockMilliseconds);
  const double = () => {
    blockMilliseconds *= 2;
    for (const each of labels) {
      const halves = each.blocks;
      each.blocks = new Map();
      for (const [at, collected] of halves) {
        const whole = each.blocks.get(Math.floor(at / 2));
        if (whole === undefined) each.blocks.set(Math.floor(at / 2), collected);
        else merge(whole, collected);
      }
    }
  };

  return {
    add(sample) {
      const { start, elapsed } = sample;
      origin ??= start;
      first = Math.min(first, start);
      last = Math.max(last, start);
      end = Math.max(end, start + elapsed);
      if (stepMilliseconds === undefined) while (blockOf(last) - blockOf(first) >= blockLimit) double();
      const group = sample.transaction ? ofTransactions : ofSamples;
      let own = group.get(sample.label);
      if (own === undefined) {
        if (labels.length >= labelLimit) return;
        own = { label: sample.label, transaction: sample.transaction, blocks: new Map() };
        group.set(sample.label, own);
        labels.push(own);
      }
      const at = blockOf(start);
      let block = own.blocks.get(at);
      if (block === undefined) own.blocks.set(at, (block = emptyBlock()));
      count(block, sample);
    },
    timeline() {
      if (origin === undefined) return undefined;
      const zero = blockOf(first);
      return {
        start: origin + zero * blockMilliseconds,
        end,
        blockMilliseconds,
        labels: labels.map(({ label, transaction, blocks }) => ({
          label,
          transaction,
          blocks: [...blocks].sort(([a], [b]) => a - b).map(([at, each]) => closed(at - zero, each)),
        })),
      };
    },
  };
}

function emptyBlock(): Collected {
  return {
    firstStart: Infinity,
    lastEnd: -Infinity,
    errors: { assertion: 0, response: 0, transport: 0 },
    bytes: 0,
    times: { response_time: new Histogram(), latency: new Histogram(), connect_time: new Histogram() },
    failedTimes: new Histogram(),
  };
}

function count(block: Collected, sample: ObservedSample): void {
  block.firstStart = Math.min(block.firstStart, sample.start);
  block.lastEnd = Math.max(block.lastEnd, sample.start + sample.elapsed);
  block.times.response_time.add(sample.elapsed);
  // JMeter writes 0 where no byte came, and where a connection was there already.
  if (sample.latency > 0) block.times.latency.add(sample.latency);
  if (sample.connect > 0) block.times.connect_time.add(sample.connect);
  block.bytes += sample.bytes;
  if (sample.kind === undefined) return;
  block.errors[sample.kind] += 1;
  block.failedTimes.add(sample.elapsed);
}

function merge(into: Collected, from: Collected): void {
  for (const metric of timeMetrics) into.times[metric].addAll(from.times[metric]);
  into.failedTimes.addAll(from.failedTimes);
  for (const kind of ['assertion', 'response', 'transport'] as const) into.errors[kind] += from.errors[kind];
  into.bytes += from.bytes;
  into.firstStart = Math.min(into.firstStart, from.firstStart);
  into.lastEnd = Math.max(into.lastEnd, from.lastEnd);
}

function closed(at: number, { firstStart, lastEnd, errors, bytes, times, failedTimes }: Collected): Block {
  return {
    at,
    firstStart,
    lastEnd,
    errors: { ...errors },
    bytes,
    times: {
      response_time: distributionOf(new Map(times.response_time.entries())),
      latency: distributionOf(new Map(times.latency.entries())),
      connect_time: distributionOf(new Map(times.connect_time.entries())),
    },
    failedTimes: distributionOf(new Map(failedTimes.entries())),
  };
}
