/** Counts of times in classes: exact for short ones, as wide as a given part of a long one; small enough to keep for every block of a test. */
import { nothing, type Distribution } from './distribution.js';

/**
 * How fine classes are: times below two to the power of this are a class each, above an octave has half as many classes. With 8
 * the middle of a class is within 0.4 % of the times in it, with 10 within 0.1 %.
 */
export type ClassBits = number;

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

/** Samples that are counted one by one are packed so many at a time. */
const pendingLimit = 256;

/** Counts by class, packed as steps from class to class and counts, in numbers of seven bits a byte. */
export class ClassCounts {
  private packed = new Uint8Array();
  /** Classes of samples that are not packed yet. */
  private pending: number[] = [];

  constructor(private readonly bits: ClassBits) {}

  /** @param milliseconds a whole number of 0 or more */
  add(milliseconds: number): void {
    this.pending.push(classOf(milliseconds, this.bits));
    if (this.pending.length >= pendingLimit) this.pack();
  }

  /** Adds many. @param put adds them to counts by class @returns a class beyond the last of them */
  addMany(put: (counts: Uint32Array) => number): void {
    this.pack(put);
  }

  addAll(other: ClassCounts): void {
    other.pack();
    this.pack(counts => unpackTo(counts, other.packed));
  }

  distribution(): Distribution {
    this.pack();
    const values: number[] = [];
    const counts: number[] = [];
    eachPacked(this.packed, (number, count) => {
      values.push(timeOf(number, this.bits));
      counts.push(count);
    });
    return values.length === 0 ? nothing : { values, counts };
  }

  private pack(put: (counts: Uint32Array) => number = () => 0): void {
    let end = Math.max(put(open), unpackTo(open, this.packed));
    for (const number of this.pending) {
      open[number] = (open[number] ?? 0) + 1;
      if (number >= end) end = number + 1;
    }
    this.packed = takePacked(end);
    this.pending = [];
  }
}

/** Counts of one distribution at a time while it is added to: all zeros in between. As long as the finest classes take. */
const open = new Uint32Array(classOf(Number.MAX_SAFE_INTEGER, 10) + 1);
/** Where they are packed: no number takes more than five bytes. */
const scratch = new Uint8Array(open.length * 10);

function unpackTo(counts: Uint32Array, bytes: Uint8Array): number {
  let end = 0;
  eachPacked(bytes, (number, count) => {
    counts[number] = (counts[number] ?? 0) + count;
    end = number + 1;
  });
  return end;
}

/** Packs what is open up to a class, and leaves zeros. */
function takePacked(end: number): Uint8Array<ArrayBuffer> {
  let length = 0;
  let last = 0;
  for (let number = 0; number < end; number += 1) {
    const count = open[number] ?? 0;
    if (count === 0) continue;
    open[number] = 0;
    length = push(number - last, length);
    length = push(count, length);
    last = number;
  }
  return scratch.slice(0, length);
}

/** @returns the place behind the number */
function push(value: number, place: number): number {
  let at = place;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) scratch[at++] = (rest % 128) + 128;
  scratch[at++] = rest;
  return at;
}

function eachPacked(bytes: Uint8Array, take: (number: number, count: number) => void): void {
  let number = 0;
  let distance: number | undefined;
  let value = 0;
  let unit = 1;
  for (const byte of bytes) {
    value += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    if (distance === undefined) distance = value;
    else {
      number += distance;
      take(number, value);
      distance = undefined;
    }
    value = 0;
    unit = 1;
  }
}
