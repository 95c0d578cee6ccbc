/** A timeline as the summary file keeps it: few blocks, near times in one class, counts as a short text. */
import type { Distribution } from '../timeline/distribution.js';
import {
  poolFigures,
  timeMetrics,
  type Block,
  type LabelTimeline,
  type Timeline,
} from '../timeline/timeline.js';

/** Blocks that are kept; a longer timeline's are put together. */
const keptBlocks = 48;
/** Times below are exact; above, classes are at most 1/128 wide, so that a time is at most 0.4 % off. */
const exactBelow = 256;

/** The JSON form. Times of blocks count from `start`. */
export interface TimelineData {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly blockMilliseconds: number;
  readonly labels: readonly {
    readonly label: string;
    readonly transaction: boolean;
    readonly blocks: readonly BlockData[];
  }[];
}

/** A block: its number, first start and last end after the timeline's start in ms, bytes, errors (assertion, response, transport). */
interface BlockData {
  readonly at: number;
  readonly span: readonly number[];
  readonly bytes: number;
  readonly errors: readonly number[];
  /** Distributions: response_time, latency, connect_time, response_time of failed samples. */
  readonly times: readonly string[];
}

/** Makes the JSON form. */
export function toTimelineData(timeline: Timeline): TimelineData {
  const { start, end, blockMilliseconds, labels } = coarsened(timeline);
  return {
    start,
    end,
    blockMilliseconds,
    labels: labels.map(({ label, transaction, blocks }) => ({
      label,
      transaction,
      blocks: blocks.map(block => ({
        at: block.at,
        span: [block.firstStart - start, block.lastEnd - start],
        bytes: block.bytes,
        errors: [block.errors.assertion, block.errors.response, block.errors.transport],
        times: [...timeMetrics.map(metric => block.times[metric]), block.failedTimes].map(encode),
      })),
    })),
  };
}

/** The opposite of {@link toTimelineData}; undefined when the data is no timeline. */
export function fromTimelineData(data: unknown): Timeline | undefined {
  if (!isTimelineData(data)) return undefined;
  const { start, end, blockMilliseconds } = data;
  const labels = data.labels.map(({ label, transaction, blocks }): LabelTimeline => ({
    label,
    transaction,
    blocks: blocks.map(({ at, span, bytes, errors, times }): Block => {
      const [response, latency, connect, failed] = times.map(decode);
      const none: Distribution = { values: [], counts: [] };
      return {
        at,
        firstStart: start + (span[0] ?? 0),
        lastEnd: start + (span[1] ?? 0),
        bytes,
        errors: { assertion: errors[0] ?? 0, response: errors[1] ?? 0, transport: errors[2] ?? 0 },
        times: { response_time: response ?? none, latency: latency ?? none, connect_time: connect ?? none },
        failedTimes: failed ?? none,
      };
    }),
  }));
  return { start, end, blockMilliseconds, labels };
}

function isTimelineData(data: unknown): data is TimelineData {
  if (!isRecord(data)) return false;
  const { start, end, blockMilliseconds, labels } = data;
  return isNumbers([start, end, blockMilliseconds], 3) && Array.isArray(labels) && labels.every(isLabelData);
}

function isLabelData(data: unknown): boolean {
  if (!isRecord(data) || typeof data['label'] !== 'string' || typeof data['transaction'] !== 'boolean')
    return false;
  return Array.isArray(data['blocks']) && data['blocks'].every(isBlockData);
}

function isBlockData(data: unknown): boolean {
  if (!isRecord(data)) return false;
  const { at, span, bytes, errors, times } = data;
  if (!Number.isInteger(at) || Number(at) < 0 || Number(at) >= keptBlocks) return false;
  return (
    isNumbers([bytes], 1) &&
    isNumbers(span, 2) &&
    isNumbers(errors, 3) &&
    Array.isArray(times) &&
    times.length === 4 &&
    times.every(text => typeof text === 'string')
  );
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null;
}

function isNumbers(data: unknown, length: number): boolean {
  return Array.isArray(data) && data.length === length && data.every(each => Number.isFinite(each));
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

/** A block with its times in the classes of the file. */
export function inClasses(block: Block): Block {
  return {
    ...block,
    times: {
      response_time: classed(block.times.response_time),
      latency: classed(block.times.latency),
      connect_time: classed(block.times.connect_time),
    },
    failedTimes: classed(block.failedTimes),
  };
}

function classed(distribution: Distribution): Distribution {
  const classes = classesOf(distribution);
  return { values: classes.map(([number]) => timeOf(number)), counts: classes.map(([, count]) => count) };
}

/** Class numbers, ascending, and their counts. */
function classesOf({ values, counts }: Distribution): [number, number][] {
  const classes: [number, number][] = [];
  for (const [index, value] of values.entries()) {
    const number = classOf(value);
    const last = classes.at(-1);
    if (last?.[0] === number) last[1] += counts[index] ?? 0;
    else classes.push([number, counts[index] ?? 0]);
  }
  return classes;
}

function classOf(milliseconds: number): number {
  let octave = 0;
  let rest = Math.round(milliseconds);
  while (rest >= exactBelow) {
    rest = Math.floor(rest / 2);
    octave += 1;
  }
  return octave * (exactBelow / 2) + rest;
}

/** The middle of a class, which is of the same class again. */
function timeOf(number: number): number {
  if (number < exactBelow) return number;
  const octave = Math.floor(number / (exactBelow / 2)) - 1;
  const rest = number - octave * (exactBelow / 2);
  return rest * 2 ** octave + 2 ** (octave - 1);
}

/** Steps from class to class and counts, as numbers of seven bits a byte, in base 64. */
function encode(distribution: Distribution): string {
  const bytes: number[] = [];
  let last = 0;
  for (const [number, count] of classesOf(distribution)) {
    pushNumber(bytes, number - last);
    pushNumber(bytes, count);
    last = number;
  }
  return Buffer.from(bytes).toString('base64');
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function decode(text: string): Distribution {
  const numbers: number[] = [];
  let value = 0;
  let unit = 1;
  for (const byte of Buffer.from(text, 'base64')) {
    value += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    unit = 1;
  }
  const values: number[] = [];
  const counts: number[] = [];
  let number = 0;
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    number += numbers[index] ?? 0;
    values.push(timeOf(number));
    counts.push(numbers[index + 1] ?? 0);
  }
  return { values, counts };
}
