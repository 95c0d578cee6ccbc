/** A timeline as the summary file keeps it: few blocks, near times in one class, and of each block the shape of its distributions. */
import { pool, type Distribution } from '../timeline/distribution.js';
import {
  poolFigures,
  samplesOf,
  timeMetrics,
  type Block,
  type LabelTimeline,
  type Timeline,
} from '../timeline/timeline.js';
import { binEnds, inBins, spreadBlocks, sumOf } from './blockShapes.js';
import { classed, classLimit, classOf, timeOf } from './classes.js';
import { columnReader, columnWriter, type ColumnReader, type ColumnWriter } from './columns.js';

/** Blocks that are kept; a longer timeline's are put together. */
const keptBlocks = 48;

/** The JSON form. */
export interface TimelineData {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly blockMilliseconds: number;
  readonly labels: readonly { readonly label: string; readonly transaction: boolean }[];
  /** What was seen of the labels: columns of numbers. */
  readonly packed: string;
}

const columns = [
  'blocks',
  'spans',
  'samples',
  'errors',
  'bytes',
  'totals',
  'classes',
  'counts',
  'bins',
] as const;
type Column = (typeof columns)[number];
const kinds = ['assertion', 'response', 'transport'] as const;

/** Makes the JSON form. */
export function toTimelineData(timeline: Timeline): TimelineData {
  const { start, end, blockMilliseconds, labels } = coarsened(timeline);
  const writer = columnWriter(columns);
  for (const { blocks } of labels) writeLabel(blocks, start, writer);
  return {
    start,
    end,
    blockMilliseconds,
    labels: labels.map(({ label, transaction }) => ({ label, transaction })),
    packed: writer.text(),
  };
}

/**
 * The opposite of {@link toTimelineData}; undefined when the data is no timeline. All figures of a label as a whole come back as they were, times
 * in their classes; so do each block's samples, errors, bytes, and its counts at the percentiles that are asked for most. Between those a
 * block's times are spread as the label's are.
 */
export function fromTimelineData(data: unknown): Timeline | undefined {
  if (!isTimelineData(data)) return undefined;
  const { start, end, blockMilliseconds } = data;
  const reader = columnReader(columns, data.packed);
  if (reader === undefined) return undefined;
  try {
    const labels = data.labels.map(({ label, transaction }): LabelTimeline => {
      const blocks = readLabel(start, blockMilliseconds, reader);
      return { label, transaction, whole: poolFigures(blocks), blocks };
    });
    return { start, end, blockMilliseconds, labels };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isTimelineData(data: unknown): data is TimelineData {
  if (typeof data !== 'object' || data === null) return false;
  const { start, end, blockMilliseconds, labels, packed } = data as Partial<Record<string, unknown>>;
  return (
    [start, end, blockMilliseconds].every(each => Number.isFinite(each)) &&
    typeof packed === 'string' &&
    Array.isArray(labels) &&
    labels.every(
      (each: unknown) =>
        typeof each === 'object' &&
        each !== null &&
        'label' in each &&
        typeof each.label === 'string' &&
        'transaction' in each &&
        typeof each.transaction === 'boolean',
    )
  );
}

function writeLabel(blocks: readonly Block[], start: number, to: ColumnWriter<Column>): void {
  const { firstStart, lastEnd } = poolFigures(blocks);
  to.put('blocks', blocks.length);
  let before = -1;
  for (const { at } of blocks) {
    to.put('blocks', at - before - 1);
    before = at;
  }
  to.put('spans', firstStart - start);
  to.put('spans', lastEnd - firstStart);
  for (const block of blocks) to.put('samples', samplesOf(block));
  for (const kind of kinds) for (const { errors } of blocks) to.put('errors', errors[kind]);
  for (const { bytes } of blocks) to.put('bytes', bytes);
  const samples = blocks.map(samplesOf);
  for (const metric of timeMetrics) {
    const distributions = blocks.map(({ times }) => times[metric]);
    writeDistributions(distributions, samples, to);
  }
  const failed = blocks.map(({ errors }) => errorsOf(errors));
  writeDistributions(
    blocks.map(({ failedTimes }) => failedTimes),
    failed,
    to,
  );
}

function readLabel(start: number, blockMilliseconds: number, from: ColumnReader<Column>): Block[] {
  const length = from.take('blocks');
  if (length > keptBlocks) throw new RangeError('too many blocks');
  const take = <Value>(next: () => Value) => Array.from({ length }, next);
  let last = -1;
  const places = take(() => (last += from.take('blocks') + 1));
  if (last >= keptBlocks) throw new RangeError('a block beyond the last');
  const firstStart = start + from.take('spans');
  const lastEnd = firstStart + from.take('spans');
  const samples = take(() => from.take('samples'));
  const [assertion, response, transport] = kinds.map(() => take(() => from.take('errors')));
  const errors = samples.map((_, index) => ({
    assertion: assertion?.[index] ?? 0,
    response: response?.[index] ?? 0,
    transport: transport?.[index] ?? 0,
  }));
  const bytes = take(() => from.take('bytes'));
  const [responseTimes, latencies, connects] = timeMetrics.map(() => readDistributions(samples, from));
  const failedTimes = readDistributions(errors.map(errorsOf), from);
  const none: Distribution = { values: [], counts: [] };
  return places.map((at, index) => ({
    at,
    // Of single blocks only the first start and the last end are of interest.
    firstStart: index === 0 ? firstStart : Math.max(firstStart, start + at * blockMilliseconds),
    lastEnd: index === length - 1 ? lastEnd : Math.min(lastEnd, start + (at + 1) * blockMilliseconds),
    errors: errors[index] ?? { assertion: 0, response: 0, transport: 0 },
    bytes: bytes[index] ?? 0,
    threads: 0,
    times: {
      response_time: responseTimes?.[index] ?? none,
      latency: latencies?.[index] ?? none,
      connect_time: connects?.[index] ?? none,
    },
    failedTimes: failedTimes[index] ?? none,
  }));
}

/** @param expected how many values each block's distribution is likely to have */
function writeDistributions(
  exact: readonly Distribution[],
  expected: readonly number[],
  to: ColumnWriter<Column>,
): void {
  const distributions = exact.map(classed);
  const whole = pool(distributions);
  to.put('classes', whole.values.length);
  let last = 0;
  for (const value of whole.values) {
    const number = classOf(value);
    to.put('classes', number - last);
    last = number;
  }
  for (const count of whole.counts) to.put('counts', count);
  if (whole.values.length === 0) return;
  const totals = distributions.map(({ counts }) => sumOf(counts));
  for (const [block, total] of totals.entries()) to.putSigned('totals', total - (expected[block] ?? 0));
  const ends = binEnds(whole.counts);
  const bins = inBins(whole.counts, ends);
  const place = new Map(whole.values.map((value, index) => [value, index]));
  const rows = distributions.map(({ values, counts }) => {
    const row = whole.values.map(() => 0);
    for (const [index, value] of values.entries()) row[place.get(value) ?? 0] = counts[index] ?? 0;
    return inBins(row, ends);
  });
  // The last block has what the others leave.
  for (const [bin, all] of bins.entries())
    for (const [block, row] of rows.slice(0, -1).entries())
      to.putSigned('bins', (row[bin] ?? 0) - shareOf(all, totals[block] ?? 0, sumOf(bins)));
}

function readDistributions(expected: readonly number[], from: ColumnReader<Column>): Distribution[] {
  const length = from.take('classes');
  if (length > classLimit) throw new RangeError('too many classes');
  let last = 0;
  const values = Array.from({ length }, () => timeOf((last += from.take('classes'))));
  if (last >= classLimit) throw new RangeError('a class beyond the last');
  const counts = values.map(() => from.take('counts'));
  if (length === 0) return expected.map(() => ({ values: [], counts: [] }));
  const totals = expected.map(count => count + from.takeSigned('totals'));
  const ends = binEnds(counts);
  const bins = inBins(counts, ends);
  const rows: number[][] = totals.map(() => []);
  for (const all of bins) {
    let left = all;
    for (const [block, row] of rows.slice(0, -1).entries()) {
      const count = shareOf(all, totals[block] ?? 0, sumOf(bins)) + from.takeSigned('bins');
      row.push(count);
      left -= count;
    }
    rows.at(-1)?.push(left);
  }
  if (rows.some((row, block) => sumOf(row) !== totals[block] || row.some(count => count < 0)))
    throw new RangeError('counts that do not add up');
  return spreadBlocks(counts, ends, rows).map(row => ({
    values: values.filter((_, at) => (row[at] ?? 0) > 0),
    counts: row.filter(count => count > 0),
  }));
}

/** How many of a bin's samples a block has when all blocks are alike. */
function shareOf(bin: number, total: number, all: number): number {
  return Math.round((bin * total) / all);
}

function errorsOf({ assertion, response, transport }: Block['errors']): number {
  return assertion + response + transport;
}

/** The same timeline with at most {@link keptBlocks} blocks a label. */
function coarsened(timeline: Timeline): Timeline {
  const last = Math.max(0, ...timeline.labels.map(({ blocks }) => blocks.at(-1)?.at ?? 0));
  const joined = Math.ceil((last + 1) / keptBlocks);
  if (joined === 1) return timeline;
  return {
    ...timeline,
    blockMilliseconds: timeline.blockMilliseconds * joined,
    labels: timeline.labels.map(each => ({ ...each, blocks: joinBlocks(each.blocks, joined) })),
  };
}

function joinBlocks(blocks: readonly Block[], joined: number): Block[] {
  const groups = new Map<number, Block[]>();
  for (const block of blocks) {
    const at = Math.floor(block.at / joined);
    groups.set(at, [...(groups.get(at) ?? []), block]);
  }
  return [...groups].map(([at, group]) => ({ at, ...poolFigures(group) }));
}
