/** The stretch of time that the kernel counts in blocks. */
import type { Collection } from './collection.js';
import type { Kernel } from './kernel.js';

/** A half of the window lies before the sample that it is moved for: as many blocks as a test is kept in, where they are not asked for. */
const partBefore = 1 / 2;

/** Times in milliseconds. */
export interface Window {
  /** Since the epoch: where its first block begins. */
  readonly start: number;
  /** The length of a block, 0 for none. */
  readonly block: number;
  readonly bits: number;
}

export const nowhere: Window = { start: 0, block: 0, bits: 8 };

export function windowAround(start: number, { at }: Kernel, { timeline }: Collection): Window {
  if (timeline === undefined) return nowhere;
  const { origin = start, blockMilliseconds: block, classBits: bits } = timeline.grid();
  const number = Math.floor((start - origin) / block) - at.blockLimit * partBefore;
  return { start: origin + number * block, block, bits };
}
