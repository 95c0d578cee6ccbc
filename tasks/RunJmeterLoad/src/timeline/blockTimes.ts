/** Distributions of a label's times in blocks of a test, as bytes: small enough to keep them for every block. */
import { classOf, timeOf, type ClassBits } from './classes.js';
import { nothing, type Distribution } from './distribution.js';

/** Distributions that were written together, one behind the other. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** How often blocks had been doubled then. */
  readonly doubled: number;
}

/** Kinds of times of a block: those of `timeMetrics`, then those of the samples that failed. */
export const timeKinds = 4;
/** Samples that are added one by one are written so many at a time. */
const waitingLimit = 1024;
/** So many chunks become one. */
const chunkLimit = 8;

/** The blocks of one label. */
export class BlockTimes {
  private chunks: Chunk[] = [];
  private doubled = 0;
  /** Classes of single samples by block and kind. */
  private waiting = new Map<number, number[]>();
  private waitingCount = 0;
  /** What stands where when there is one chunk. */
  private places: Map<number, readonly [from: number, to: number]> | undefined;

  constructor(private readonly bits: ClassBits) {}

  /** @param at the number of the block @param milliseconds a whole number of 0 or more */
  add(at: number, kind: number, milliseconds: number): void {
    const key = at * timeKinds + kind;
    const known = this.waiting.get(key);
    if (known === undefined) this.waiting.set(key, [classOf(milliseconds, this.bits)]);
    else known.push(classOf(milliseconds, this.bits));
    this.waitingCount += 1;
    if (this.waitingCount >= waitingLimit) this.writeWaiting();
  }

  /**
   * Adds the times of whole blocks.
   * @param each calls `put` for every block and kind that has some, with where in bytes they are written as they are here, without a key
   */
  addBlocks(
    each: (put: (at: number, kind: number, bytes: Uint8Array, from: number, to: number) => void) => void,
  ): void {
    let end = 0;
    each((at, kind, bytes, from, to) => {
      end = copyEntry(at * timeKinds + kind, bytes, from, to, end);
    });
    this.keep(written.slice(0, end), this.doubled);
  }

  /** Makes one block of two, of an even number and the next. */
  double(): void {
    this.writeWaiting();
    this.doubled += 1;
    this.places = undefined;
  }

  /** All that there is, as bytes. */
  toData(): Uint8Array {
    this.writeWaiting();
    if (this.places === undefined) this.compact();
    return this.chunks[0]?.bytes ?? nothingWritten;
  }

  /** Adds what `toData` gave. @param doubled how often blocks have been doubled since they were as long as those in it */
  addData(bytes: Uint8Array, doubled: number): void {
    this.keep(bytes, this.doubled - doubled);
  }

  distribution(at: number, kind: number): Distribution {
    this.writeWaiting();
    this.places ??= this.find();
    const place = this.places.get(at * timeKinds + kind);
    if (place === undefined) return nothing;
    const values: number[] = [];
    const counts: number[] = [];
    unpack(this.chunks[0]?.bytes ?? nothingWritten, ...place, (number, count) => {
      values.push(timeOf(number, this.bits));
      counts.push(count);
    });
    return { values, counts };
  }

  private writeWaiting(): void {
    if (this.waitingCount === 0) return;
    let end = 0;
    for (const [key, classes] of this.waiting) {
      let last = 0;
      for (const number of classes) {
        open[number] = (open[number] ?? 0) + 1;
        if (number >= last) last = number + 1;
      }
      end = writeEntry(key, last, end);
    }
    this.waiting = new Map();
    this.waitingCount = 0;
    this.keep(written.slice(0, end), this.doubled);
  }

  private keep(bytes: Uint8Array, doubled: number): void {
    if (bytes.length === 0) return;
    this.chunks.push({ bytes, doubled });
    this.places = undefined;
    if (this.chunks.length >= chunkLimit) this.compact();
  }

  /** Makes one chunk of all. No objects are made of what stands in them: there are hundreds for every label. */
  private compact(): void {
    const { chunks, doubled } = this;
    /** By key where it is written. */
    const places = new Map<number, Place[]>();
    for (const chunk of chunks)
      eachEntry(chunk, doubled, (key, from, to) => {
        const known = places.get(key);
        const place = { bytes: chunk.bytes, from, to };
        if (known === undefined) places.set(key, [place]);
        else known.push(place);
      });
    let end = 0;
    for (const [key, where] of places) {
      const [first] = where;
      end =
        first !== undefined && where.length === 1
          ? copyEntry(key, first.bytes, first.from, first.to, end)
          : writeEntry(key, openAll(where), end);
    }
    this.chunks = end === 0 ? [] : [{ bytes: written.slice(0, end), doubled }];
  }

  /** What stands where in the one chunk there is then. */
  private find(): NonNullable<typeof this.places> {
    this.compact();
    const places: NonNullable<typeof this.places> = new Map();
    for (const chunk of this.chunks)
      eachEntry(chunk, this.doubled, (key, from, to) => {
        places.set(key, [from, to]);
      });
    return places;
  }
}

/** Where a distribution is written. */
interface Place {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Opens the sum of some distributions. @returns a class beyond its last */
function openAll(where: readonly Place[]): number {
  let last = 0;
  for (const { bytes, from, to } of where)
    unpack(bytes, from, to, (number, count) => {
      open[number] = (open[number] ?? 0) + count;
      if (number >= last) last = number + 1;
    });
  return last;
}

const nothingWritten = new Uint8Array(0);

/** Counts of one distribution at a time while it is written: all zeros in between. As long as the finest classes take. */
const open = new Uint32Array(classOf(Number.MAX_SAFE_INTEGER, 10) + 1);
/** Where it is written; numbers have seven bits a byte. */
let written = new Uint8Array(64 * 1024);
/** No number takes more. */
const longestNumber = 8;

/** Writes what is open up to a class, and leaves zeros: the key, how many bytes follow, steps from class to class and counts. @returns the place behind it */
function writeEntry(key: number, last: number, place: number): number {
  if (last === 0) return place;
  const from = place + 2 * longestNumber;
  let at = from;
  let before = 0;
  for (let number = 0; number < last; number += 1) {
    const count = open[number] ?? 0;
    if (count === 0) continue;
    open[number] = 0;
    at = push(number - before, at);
    at = push(count, at);
    before = number;
  }
  const to = writeHead(key, at - from, place);
  written.copyWithin(to, from, at);
  return to + at - from;
}

/** Writes what is written already. @returns the place behind it */
function copyEntry(key: number, bytes: Uint8Array, from: number, to: number, place: number): number {
  if (to === from) return place;
  const at = writeHead(key, to - from, place);
  makeRoom(at + to - from);
  written.set(bytes.subarray(from, to), at);
  return at + to - from;
}

function writeHead(key: number, length: number, place: number): number {
  // Keys of blocks before the first are negative.
  return push(length, push(key < 0 ? -2 * key - 1 : 2 * key, place));
}

function makeRoom(size: number): void {
  if (size <= written.length) return;
  const wider = new Uint8Array(Math.max(size, written.length * 2));
  wider.set(written);
  written = wider;
}

function push(value: number, place: number): number {
  makeRoom(place + longestNumber);
  let at = place;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) written[at++] = (rest % 128) + 128;
  written[at++] = rest;
  return at;
}

/** Finds the distributions of a chunk, by the blocks there are after so many doublings, and where in it they are. */
function eachEntry(
  { bytes, doubled }: Chunk,
  now: number,
  take: (key: number, from: number, to: number) => void,
): void {
  const blocks = 2 ** (now - doubled);
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const signed = next(reader);
    const length = next(reader);
    const key = signed % 2 === 1 ? -(signed + 1) / 2 : signed / 2;
    const block = Math.floor(Math.floor(key / timeKinds) / blocks);
    const kind = key - Math.floor(key / timeKinds) * timeKinds;
    take(block * timeKinds + kind, reader.at, reader.at + length);
    reader.at += length;
  }
}

function unpack(
  bytes: Uint8Array,
  from: number,
  to: number,
  take: (number: number, count: number) => void,
): void {
  const reader = { bytes, at: from };
  let number = 0;
  while (reader.at < to) {
    number += next(reader);
    take(number, next(reader));
  }
}

function next(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value += (byte % 128) * unit;
    if (byte < 128) return value;
  }
}
