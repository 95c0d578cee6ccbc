/** Reads a range of a results file by itself, for another who knows what stands before it. */
import { collectInGrid } from '../../timeline/collectTimeline.js';
import { Collection } from '../collection.js';
import { csvReader } from '../engine.js';
import type { KernelModule } from '../kernel.js';
import type { Ahead, RangeCounts } from './rangeCounts.js';

/** Reads bytes of a file from a place on. @returns how many, 0 at its end */
export type ReadAt = (into: Uint8Array, position: number) => number;

/** A range of a file: from the begin of a record, as far as its reader can know. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** @returns undefined when it has to be read by one who knows what stands before, or is not all there */
export function readRange(
  readAt: ReadAt,
  { from, to }: Range,
  { layout, warmUp, labelLimit, latest, grid }: Ahead,
  module: KernelModule | undefined,
): RangeCounts | undefined {
  const timeline = grid && collectInGrid(grid);
  const collection = new Collection({ warmUp, labelLimit, ...(timeline && { timeline }) }, { latest });
  const records = csvReader(layout, collection, module);
  for (let at = from; at < to;) {
    const count = readAt(records.room().subarray(0, to - at), at);
    if (count === 0 || collection.overfull) return undefined;
    records.filled(count);
    at += count;
  }
  const open = records.open();
  return collection.overfull ? undefined : collection.counts(records.records(), open);
}
