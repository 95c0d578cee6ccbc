/** How much chance alone moves a measure of one run: the run's blocks of time drawn anew, neighbours together. */
import { isTime, type Measure } from '../criteria/criterion.js';
import type { ErrorKind } from '../analysis/statistics.js';
import { countAtMost, countOf, rankOf, type Distribution } from '../timeline/distribution.js';
import { samplesOf, type Block } from '../timeline/timeline.js';

/** The spread of a measure. */
export interface Spread {
  /** Standard error, in the measure's own unit. */
  readonly error: number;
  /** How many independent parts the run had, at least one. */
  readonly parts: number;
}

const draws = 400;

/**
 * The standard error of a measure by the circular block bootstrap (Politis and Romano, 1992). Samples of a load test depend on those before
 * them: a queue, a garbage collection, a neighbour on the machine last for seconds. Drawn one by one they seem to tell much more than
 * they do. So blocks are drawn, alone and in stretches of neighbours up to a fifth of the run, and the largest error is taken.
 * The draws are the same in each call.
 * @param blocks of the whole run, the first and last of which may be cut short by its beginning and end
 * @returns undefined when the run has too few blocks to tell
 */
export function spreadOf(
  measure: Measure,
  blocks: readonly Block[],
  blockMilliseconds: number,
  counted: readonly ErrorKind[],
): Spread | undefined {
  const length = (blocks.at(-1)?.at ?? 0) + 1;
  const whole = measure.of === 'throughput' ? length - 2 : length;
  if (blocks.length < fewestBlocks || whole < fewestBlocks) return undefined;
  const statistic = statisticOf(measure, blocks, whole, blockMilliseconds / 1000, counted);
  const random = createRandom();
  let found: Spread = { error: 0, parts: whole };
  for (const stretch of [1, Math.cbrt(whole), Math.sqrt(whole), whole / 5].map(Math.round)) {
    const error = deviation(
      Array.from({ length: draws }, () => statistic(drawBlocks(whole, stretch, random))).filter(
        Number.isFinite,
      ),
    );
    if (error > found.error) found = { error, parts: whole / stretch };
  }
  return found;
}

/** With fewer blocks nothing can be said about chance. */
export const fewestBlocks = 8;

/** How often each block is drawn: stretches of neighbours, the first after the last, until there are as many as the run has. */
function drawBlocks(length: number, stretch: number, random: () => number): Uint16Array {
  const times = new Uint16Array(length);
  for (let drawn = 0; drawn < length;) {
    const first = Math.floor(random() * length);
    for (let step = 0; step < stretch && drawn < length; step += 1, drawn += 1) {
      const at = (first + step) % length;
      times[at] = (times[at] ?? 0) + 1;
    }
  }
  return times;
}

type Statistic = (times: Uint16Array) => number;

function statisticOf(
  measure: Measure,
  blocks: readonly Block[],
  length: number,
  blockSeconds: number,
  counted: readonly ErrorKind[],
): Statistic {
  const ratio = (of: (block: Block) => number, to: (block: Block) => number) => {
    const above = perBlock(blocks, length, of);
    const below = perBlock(blocks, length, to);
    return (times: Uint16Array) => sumOf(above, times) / sumOf(below, times);
  };
  if (isTime(measure)) {
    const { aggregate } = measure;
    const distribution = (block: Block) => block.times[measure.of];
    const mean = ratio(
      block => powerSum(distribution(block), 1),
      block => countOf(distribution(block)),
    );
    if (aggregate === 'avg') return mean;
    if (aggregate === 'stddev') {
      const square = ratio(
        block => powerSum(distribution(block), 2),
        block => countOf(distribution(block)),
      );
      return times => Math.sqrt(Math.max(0, square(times) - mean(times) ** 2));
    }
    return percentileStatistic(
      blocks,
      length,
      distribution,
      typeof aggregate === 'string' ? 50 : aggregate.percentile,
    );
  }
  switch (measure.of) {
    case 'throughput': {
      const samples = perBlock(blocks, length + 2, samplesOf).subarray(1, -1);
      return times => sumOf(samples, times) / (length * blockSeconds);
    }
    case 'avg_bytes':
      return ratio(({ bytes }) => bytes, samplesOf);
    case 'apdex': {
      const within = (block: Block, limit: number) =>
        countAtMost(block.times.response_time, limit) - countAtMost(block.failedTimes, limit);
      return ratio(
        block => (within(block, measure.satisfied) + within(block, measure.tolerated)) / 2,
        samplesOf,
      );
    }
    case 'error_rate': {
      const kinds = measure.kind === undefined ? counted : [measure.kind];
      return ratio(({ errors }) => 100 * kinds.reduce((sum, kind) => sum + errors[kind], 0), samplesOf);
    }
    default:
      throw new TypeError(`${measure.of} is not compared with an earlier run`);
  }
}

function perBlock(blocks: readonly Block[], length: number, of: (block: Block) => number): Float64Array {
  const values = new Float64Array(length);
  for (const block of blocks) if (block.at < length) values[block.at] = of(block);
  return values;
}

function sumOf(values: Float64Array, times: Uint16Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += (values[at] ?? 0) * (times[at] ?? 0);
  return sum;
}

function powerSum({ values, counts }: Distribution, power: number): number {
  return values.reduce((sum, value, index) => sum + value ** power * (counts[index] ?? 0), 0);
}

/** Each block's counts are summed up once over all values, so that a draw finds its percentile by halving. */
function percentileStatistic(
  blocks: readonly Block[],
  length: number,
  distributionOf: (block: Block) => Distribution,
  percent: number,
): Statistic {
  const values = [...new Set(blocks.flatMap(block => distributionOf(block).values))].sort((a, b) => a - b);
  const place = new Map(values.map((value, index) => [value, index]));
  const upTo = Array.from({ length }, () => new Float64Array(values.length));
  for (const block of blocks) {
    const row = upTo[block.at];
    if (row === undefined) continue;
    const distribution = distributionOf(block);
    for (const [index, value] of distribution.values.entries())
      row[place.get(value) ?? 0] = distribution.counts[index] ?? 0;
    for (let at = 1; at < row.length; at += 1) row[at] = (row[at] ?? 0) + (row[at - 1] ?? 0);
  }
  const countTo = (index: number, times: Uint16Array) => {
    let sum = 0;
    for (let at = 0; at < length; at += 1) sum += (upTo[at]?.[index] ?? 0) * (times[at] ?? 0);
    return sum;
  };
  return times => {
    const all = countTo(values.length - 1, times);
    if (all === 0) return Number.NaN;
    const rank = rankOf(percent, all);
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (countTo(middle, times) >= rank) high = middle;
      else low = middle + 1;
    }
    return values[low] ?? Number.NaN;
  };
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Numbers from 0 to 1, always the same row (mulberry32): the same two runs get the same verdict. */
export function createRandom(seed = 20_000): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
