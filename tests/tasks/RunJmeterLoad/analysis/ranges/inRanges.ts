import assert from 'node:assert/strict';
import type { KernelModule } from '../../../../../tasks/RunJmeterLoad/src/analysis/kernel.js';
import { readInRanges } from '../../../../../tasks/RunJmeterLoad/src/analysis/ranges/readInRanges.js';
import { readRange, type ReadAt } from '../../../../../tasks/RunJmeterLoad/src/analysis/ranges/readRange.js';
import { createJtlReader } from '../../../../../tasks/RunJmeterLoad/src/analysis/reader.js';
import type { AnalysisOptions } from '../../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { collectTimeline } from '../../../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { kernel } from '../bothWays.js';

interface Reading {
  readonly step?: number | undefined;
  readonly options?: AnalysisOptions;
  readonly module?: KernelModule | undefined;
  /** How many bytes are read at least before others begin. */
  readonly head?: number;
}

/** What is found in a text, and how many ranges of it were taken as they were read apart. */
export async function read(
  text: string,
  begins: readonly number[],
  { step, options, module, head = 400 }: Reading,
) {
  const bytes = Buffer.from(text);
  const readAt: ReadAt = (into, position) => bytes.copy(into, 0, position, position + into.length);
  const timeline = collectTimeline(step);
  const reader = createJtlReader({ ...options, timeline }, module);
  let at = 0;
  const here = (end: number) => {
    for (; at < end; at = end) reader.push(bytes.subarray(at, end));
  };
  let ranges = 0;
  const add = reader.add.bind(reader);
  reader.add = range => {
    const added = add(range);
    if (added) ranges += 1;
    return added;
  };
  while ((at < head || reader.ahead() === undefined) && at < bytes.length) here(at + 1);
  const ahead = reader.ahead();
  const places = [at, ...begins.filter(place => place > at && place < bytes.length), bytes.length];
  if (ahead !== undefined)
    await readInRanges(
      reader,
      ahead,
      places.slice(1).map((to, index) => ({ from: places[index] ?? 0, to })),
      range => {
        at = range.from;
        here(range.to);
        return Promise.resolve();
      },
      range => Promise.resolve(readRange(readAt, range, ahead, module)),
    );
  return { analysis: reader.end(), timeline: JSON.stringify(timeline.timeline()), ranges };
}

/** Holds that a text gives the same in these ranges as in one. @returns how many were taken as they were read apart */
export async function assertSame(
  text: string,
  begins: readonly number[],
  reading: Reading = {},
): Promise<number> {
  const { ranges: none, ...whole } = await read(text, [], { ...reading, module: undefined });
  assert.equal(none, 0);
  let most = 0;
  for (const module of [undefined, kernel]) {
    const { ranges, ...parted } = await read(text, begins, { ...reading, module });
    assert.deepEqual(parted, whole);
    most = ranges;
  }
  return most;
}

export const header =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,bytes,allThreads,Latency';
const line = (fields: readonly (number | string | boolean)[]) => `${fields.join(',')}\n`;
export const sample = (start: number, label = 'a', thread = 'T 1-1') =>
  line([start, 10, label, 200, 'OK', thread, true, '', 100, 5, 7]);
export const transaction = (start: number, thread = 'T 1-1') =>
  line([start, 30, 'Visit', 200, '"Number of samples in transaction : 2, x"', thread, true, '', 0, 5, 7]);
export const failed = (start: number, message: string) =>
  line([start, 10, 'a', 200, 'OK', 'T 1-1', false, message, 100, 5, 7]);
export const time = 1_700_000_000_000;

/** The places behind so many lines of a text. */
export function behind(text: string, ...lines: readonly number[]): number[] {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
  return lines.map(count => ends[count - 1] ?? 0);
}
