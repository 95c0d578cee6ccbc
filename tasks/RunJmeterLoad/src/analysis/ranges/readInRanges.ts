/** Reads a results file in ranges, several at once, and finds what is found by reading it from its begin to its end. */
import type { JtlReader } from '../reader.js';
import type { Ahead, RangeCounts } from './rangeCounts.js';
import type { Range } from './readRange.js';

/** Reads a range elsewhere. @returns undefined when that did not work */
export type ReadElsewhere = (range: Range, ahead: Ahead) => Promise<RangeCounts | undefined>;

/**
 * Reads the first range here while the others are read elsewhere, and adds these in their order. What was read on a wrong assumption
 * is read again here: it began in the middle of a record, or what stands before it makes a difference.
 * @param readHere has the reader take a range
 */
export async function readInRanges(
  reader: JtlReader,
  ahead: Ahead,
  [first, ...others]: readonly Range[],
  readHere: (range: Range) => Promise<unknown>,
  readElsewhere: ReadElsewhere,
): Promise<void> {
  const found = others.map(range => ({ range, counts: readElsewhere(range, ahead) }));
  if (first !== undefined) await readHere(first);
  for (const { range, counts } of found) {
    const known = await counts;
    // Where a range ends in the middle of a record the next does not begin with one. Both are read here, one after the other.
    const whole = known?.open === false || range === others.at(-1);
    if (known === undefined || !whole || !reader.add(known)) await readHere(range);
  }
}
