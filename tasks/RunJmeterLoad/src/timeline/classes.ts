/** Counts of times in classes: exact for short ones, as wide as a given part of a long one; small enough to keep for every block of a test. */
import { nothing, type Distribution } from './distribution.js';

/**
 * How fine classes are: times below two to the power of this are a class each, above an octave has half as many classes. With 8
 * the middle of a class is within 0.4 % of the times in it, with 10 within 0.1 %.
 */
export type ClassBits = number;

/** Classes in a page of counts; as in kernel/layout.ts. */
const pageClasses = 64;

/** The class of a time. */
export function classOf(milliseconds: number, bits: ClassBits): number {
  let octave = 0;
  let rest = Math.round(milliseconds);
  while (rest >= 2 ** bits) {
    rest = Math.floor(rest / 2);
    octave += 1;
  }
  return octave * 2 ** (bits - 1) + rest;
}

/** The middle of a class, which is of the same class again. */
export function timeOf(number: number, bits: ClassBits): number {
  if (number < 2 ** bits) return number;
  const octave = Math.floor(number / 2 ** (bits - 1)) - 1;
  const rest = number - octave * 2 ** (bits - 1);
  return rest * 2 ** octave + 2 ** (octave - 1);
}

/** Counts by class, packed away when there are many. */
export class ClassCounts {
  private pages: (Uint32Array | undefined)[] = [];
  private packed: Uint8Array | undefined;

  constructor(
    private readonly bits: ClassBits,
    private readonly grown: () => void,
  ) {}

  /** @param milliseconds a whole number of 0 or more */
  add(milliseconds: number): void {
    this.addCount(classOf(milliseconds, this.bits), 1);
  }

  /** Adds counts of the 64 classes from `64 * page` on. */
  addPage(page: number, counts: Uint32Array): void {
    const ours = this.pageOf(page);
    for (let at = 0; at < pageClasses; at += 1) ours[at] = (ours[at] ?? 0) + (counts[at] ?? 0);
  }

  addAll(other: ClassCounts): void {
    for (const [page, counts] of other.pages.entries()) if (counts !== undefined) this.addPage(page, counts);
    if (other.packed === undefined) return;
    eachPacked(other.packed, (number, count) => {
      this.addCount(number, count);
    });
  }

  /** Makes it as small as it can be; it can be added to all the same. */
  pack(): void {
    if (this.pages.length === 0) return;
    if (this.packed !== undefined)
      eachPacked(this.packed, (number, count) => {
        this.addCount(number, count);
      });
    this.packed = packed(pairsOf(this.pages));
    this.pages = [];
  }

  distribution(): Distribution {
    this.pack();
    return this.packed === undefined ? nothing : unpack(this.packed, this.bits);
  }

  private addCount(number: number, count: number): void {
    const page = this.pageOf(Math.floor(number / pageClasses));
    page[number % pageClasses] = (page[number % pageClasses] ?? 0) + count;
  }

  private pageOf(page: number): Uint32Array {
    const known = this.pages[page];
    if (known !== undefined) return known;
    while (this.pages.length <= page) this.pages.push(undefined);
    this.grown();
    return (this.pages[page] = new Uint32Array(pageClasses));
  }
}

function pairsOf(pages: readonly (Uint32Array | undefined)[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (const [page, counts] of pages.entries()) {
    if (counts === undefined) continue;
    for (let at = 0; at < pageClasses; at += 1) {
      const count = counts[at] ?? 0;
      if (count > 0) pairs.push([page * pageClasses + at, count]);
    }
  }
  return pairs;
}

/** Steps from class to class and counts, as numbers of seven bits a byte. @param pairs class numbers, ascending, and counts */
export function packed(pairs: Iterable<readonly [number, number]>): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const [number, count] of pairs) {
    pushNumber(bytes, number - last);
    pushNumber(bytes, count);
    last = number;
  }
  return Uint8Array.from(bytes);
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** The opposite of {@link packed}: the middles of the classes, and counts. */
export function unpack(bytes: Uint8Array, bits: ClassBits): Distribution {
  const values: number[] = [];
  const counts: number[] = [];
  eachPacked(bytes, (number, count) => {
    values.push(timeOf(number, bits));
    counts.push(count);
  });
  return { values, counts };
}

function eachPacked(bytes: Uint8Array, take: (number: number, count: number) => void): void {
  let number = 0;
  let step: number | undefined;
  let value = 0;
  let unit = 1;
  for (const byte of bytes) {
    value += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    if (step === undefined) step = value;
    else {
      number += step;
      take(number, value);
      step = undefined;
    }
    value = 0;
    unit = 1;
  }
}
