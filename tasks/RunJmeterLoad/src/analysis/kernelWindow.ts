/** The stretch of time that the kernel counts second by second and in blocks. */
import type { Collection } from './collection.js';
import type { Kernel } from './kernel.js';

/** How much of the window lies before the sample that it is moved for. */
const partBefore = 3 / 8;

/** Times in milliseconds. */
export interface Window {
  /** Since the epoch. */
  readonly start: number;
  readonly length: number;
  /** How long before it its first block begins. */
  readonly lead: number;
  /** The length of a block, 0 for none. */
  readonly block: number;
  readonly bits: number;
}

export const nowhere: Window = { start: 0, length: 0, lead: 0, block: 0, bits: 8 };

export function windowAround(start: number, { at }: Kernel, { timeline }: Collection): Window {
  const grid = timeline?.grid();
  const block = grid?.blockMilliseconds ?? 0;
  const bits = grid?.classBits ?? nowhere.bits;
  const longest = at.bucketLimit * at.bucketMilliseconds;
  const length = block === 0 ? longest : Math.min(longest, at.blockLimit * block);
  const first = Math.floor((start - length * partBefore) / at.bucketMilliseconds) * at.bucketMilliseconds;
  if (block === 0) return { start: first, length, lead: 0, block, bits };
  const origin = grid?.origin ?? first;
  const lead = first - origin - Math.floor((first - origin) / block) * block;
  return { start: first, length: Math.min(longest, at.blockLimit * block - lead), lead, block, bits };
}
