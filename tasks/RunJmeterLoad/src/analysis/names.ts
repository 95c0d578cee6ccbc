/** Names and words as bytes, so that those which came before are found without making texts of them. */

/** Names found by an open hash table. */
export interface NameCache {
  /** 0 is free, otherwise a name's number plus 1. */
  readonly slots: Int32Array;
  /** For each name: its hash, where in `bytes` it begins, its length. */
  readonly names: Int32Array;
  readonly bytes: Uint8Array;
}

/** An empty cache. */
export function emptyCache(): NameCache {
  return {
    slots: new Int32Array(nameLimit * 2),
    names: new Int32Array(nameLimit * 3),
    bytes: new Uint8Array(nameBytes),
  };
}

/** How many names a cache holds, and their bytes together; as in kernel/layout.ts. */
export const nameLimit = 8192;
export const nameBytes = 512 * 1024;
/** Of a field that is longer only this much is sure to be kept, so that no field can fill the memory. */
export const fieldLimit = 2048;
/** Names that have as many characters in common are one. */
const nameLength = 500;

/** What belongs to the names of a cache. */
export interface NameEntries<Entry> {
  /** By the name's number. */
  readonly known: readonly Entry[];
  /** The entry of the name in `text[from, to)`. */
  of(text: Buffer, from: number, to: number): Entry;
  /** The number of the name in `text[from, to)`, -1 when there is no room for it. A name written in two ways has one number. */
  numberOf(text: Buffer, from: number, to: number): number;
  numberOfEntry(entry: Entry): number;
}

/**
 * Makes entries by name.
 * @param make makes the entry of a name, or finds it when the name is written in another way; a name for which there is no more
 * room is asked for again each time
 * @param numbered told of each entry that gets a number
 */
export function nameEntries<Entry>(
  cache: NameCache,
  make: (name: string) => Entry,
  numbered: (entry: Entry, number: number) => void = () => undefined,
): NameEntries<Entry> {
  const known: Entry[] = [];
  const numbers = new Map<Entry, number>();
  const entryOf = (text: Buffer, from: number, to: number) => {
    const entry = make(text.toString('utf8', from, Math.min(to, from + fieldLimit)).slice(0, nameLength));
    const fits = !numbers.has(entry) && to - from <= fieldLimit;
    if (fits && addName(cache, known.length, text.subarray(from, to))) {
      numbers.set(entry, known.length);
      numbered(entry, known.length);
      known.push(entry);
    }
    return entry;
  };
  return {
    known,
    of: (text, from, to) => known[findName(cache, text, from, to - from)] ?? entryOf(text, from, to),
    numberOfEntry: entry => numbers.get(entry) ?? -1,
    numberOf(text, from, to) {
      const found = findName(cache, text, from, to - from);
      return found >= 0 ? found : (numbers.get(entryOf(text, from, to)) ?? -1);
    },
  };
}

/** @returns the number of the name in `text[start, start + length)`, -1 when it is not in the cache */
export function findName(
  { slots, names, bytes }: NameCache,
  text: Uint8Array,
  start: number,
  length: number,
): number {
  const mask = slots.length - 1;
  const hash = hashOf(text, start, length);
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const id = (slots[slot] ?? 0) - 1;
    if (id < 0) return -1;
    if (names[id * 3] !== hash || names[id * 3 + 2] !== length) continue;
    const name = names[id * 3 + 1] ?? 0;
    let same = 0;
    while (same < length && text[start + same] === bytes[name + same]) same += 1;
    if (same === length) return id;
  }
}

/** Puts a name with the number `count` into a cache. @returns whether there was room */
function addName({ slots, names, bytes }: NameCache, count: number, name: Uint8Array): boolean {
  const at = count === 0 ? 0 : (names[count * 3 - 2] ?? 0) + (names[count * 3 - 1] ?? 0);
  if (count >= nameLimit || at + name.length > bytes.length) return false;
  const hash = hashOf(name, 0, name.length);
  bytes.set(name, at);
  names.set([hash, at, name.length], count * 3);
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = count + 1;
  return true;
}

/** A hash of bytes, that of kernel/fields.ts: 32 at a time, four each in turn in four sums. */
function hashOf(text: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let hash = 0;
  for (let lane = 0; lane < 4; lane += 1) {
    let sum = length;
    for (let at = start + 4 * lane; at < end + 4 * lane; at += 32) {
      sum = Math.imul(sum ^ wordAt(text, at, end), -1640531535);
      sum = Math.imul(sum ^ wordAt(text, at + 16, end), -2048144789);
    }
    hash = (hash + Math.imul(sum, weights[lane] ?? 1)) | 0;
  }
  const product = Math.imul(hash ^ (hash >>> 15), -2048144777);
  return product ^ (product >>> 16);
}

const weights = [1, -1028477379, 668265263, 374761393];

/** Four bytes, zeros from `end` on. */
function wordAt(text: Uint8Array, at: number, end: number): number {
  let word = at < end ? (text[at] ?? 0) : 0;
  if (at + 1 < end) word |= (text[at + 1] ?? 0) << 8;
  if (at + 2 < end) word |= (text[at + 2] ?? 0) << 16;
  if (at + 3 < end) word |= (text[at + 3] ?? 0) << 24;
  return word;
}

/** Whether this is the word true, in any case. */
export function isTrue(text: Uint8Array, from: number, to: number): boolean {
  return (
    to - from === 4 &&
    lowerCase(text[from]) === 116 &&
    lowerCase(text[from + 1]) === 114 &&
    lowerCase(text[from + 2]) === 117 &&
    lowerCase(text[from + 3]) === 101
  );
}

/** Whether this is the word false, in any case. */
export function isFalse(text: Uint8Array, from: number, to: number): boolean {
  return (
    to - from === 5 &&
    lowerCase(text[from]) === 102 &&
    lowerCase(text[from + 1]) === 97 &&
    lowerCase(text[from + 2]) === 108 &&
    lowerCase(text[from + 3]) === 115 &&
    lowerCase(text[from + 4]) === 101
  );
}

function lowerCase(byte = 0): number {
  return byte | 32;
}
