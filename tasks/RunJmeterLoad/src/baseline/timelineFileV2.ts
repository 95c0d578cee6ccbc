/** Reads a timeline as summary files of version 2 keep it: each block with all its classes. */
import type { Distribution } from '../timeline/distribution.js';
import { poolFigures, type Block, type LabelTimeline, type Timeline } from '../timeline/timeline.js';
import { timeOf } from './classes.js';

/** Blocks that were kept. */
const keptBlocks = 48;

/** The JSON form. Times of blocks count from `start`. */
interface TimelineData {
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

/** Reads it; undefined when the data is no timeline. */
export function fromTimelineV2(data: unknown): Timeline | undefined {
  if (!isTimelineData(data)) return undefined;
  const { start, end, blockMilliseconds } = data;
  const labels = data.labels.map(({ label, transaction, blocks: all }): LabelTimeline => {
    const blocks = all.map(({ at, span, bytes, errors, times }): Block => {
      const [response, latency, connect, failed] = times.map(decode);
      const none: Distribution = { values: [], counts: [] };
      return {
        at,
        firstStart: start + (span[0] ?? 0),
        lastEnd: start + (span[1] ?? 0),
        bytes,
        threads: 0,
        errors: { assertion: errors[0] ?? 0, response: errors[1] ?? 0, transport: errors[2] ?? 0 },
        times: { response_time: response ?? none, latency: latency ?? none, connect_time: connect ?? none },
        failedTimes: failed ?? none,
      };
    });
    return { label, transaction, whole: poolFigures(blocks), blocks };
  });
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
