/** Names and words as bytes, so that those which came before are found without making texts of them. */

/** Names found by an open hash table: see kernel/layout.ts. */
export interface NameCache {
  /** 0 is free, otherwise where in the cache's memory a name's entry is. */
  readonly slots: Int32Array;
  /** For each name its first 32 bytes with zeros behind them, its length, its number, its hash, and where in `bytes` it begins. */
  readonly entries: Int32Array;
  /** The same memory. */
  readonly heads: Uint8Array;
  readonly bytes: Uint8Array;
}

/** An empty cache. */
export function emptyCache(): NameCache {
  return cacheIn(new ArrayBuffer(cacheBytes + nameBytes), 0);
}

/** The cache that lies in memory from a place on. */
export function cacheIn(buffer: ArrayBuffer, place: number): NameCache {
  const entries = place + slotCount * 4;
  return {
    slots: new Int32Array(buffer, place, slotCount),
    entries: new Int32Array(buffer, entries, nameLimit * entryWords),
    heads: new Uint8Array(buffer, entries, nameLimit * entryWords * 4),
    bytes: new Uint8Array(buffer, place + cacheBytes, nameBytes),
  };
}

/** How many names a cache holds, and their bytes together; as in kernel/layout.ts. */
export const nameLimit = 8192;
const nameBytes = 512 * 1024;
const slotBits = 14;
const slotCount = 1 << slotBits;
const entryWords = 12;
/** Bytes of a name in its entry. */
const headSize = 32;
/** Where in an entry its length, its number behind that, its hash and its place are. */
const lengthAt = 8;
const hashAt = 10;
const placeAt = 11;
const cacheBytes = slotCount * 4 + nameLimit * entryWords * 4;
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
  longest = nameLength,
): NameEntries<Entry> {
  const known: Entry[] = [];
  const numbers = new Map<Entry, number>();
  const entryOf = (text: Buffer, from: number, to: number) => {
    const entry = make(text.toString('utf8', from, Math.min(to, from + fieldLimit)).slice(0, longest));
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
  { slots, entries, heads, bytes }: NameCache,
  text: Uint8Array,
  start: number,
  length: number,
): number {
  const hash = hashOf(text, start, length);
  for (let slot = firstSlot(hash); ; slot = (slot + 1) & (slotCount - 1)) {
    const place = slots[slot] ?? 0;
    if (place === 0) return -1;
    const entry = place / 4 - slotCount;
    if (entries[entry + hashAt] !== hash || entries[entry + lengthAt] !== length) continue;
    const [name, from] = length <= headSize ? [heads, entry * 4] : [bytes, entries[entry + placeAt] ?? 0];
    let same = 0;
    while (same < length && text[start + same] === name[from + same]) same += 1;
    if (same === length) return entry / entryWords;
  }
}

/** Puts a name with the number `count` into a cache. @returns whether there was room */
function addName({ slots, entries, heads, bytes }: NameCache, count: number, name: Uint8Array): boolean {
  const entry = count * entryWords;
  const before = count === 0 ? undefined : entry - entryWords;
  const place =
    before === undefined ? 0 : (entries[before + placeAt] ?? 0) + (entries[before + lengthAt] ?? 0);
  if (count >= nameLimit || place + name.length > bytes.length) return false;
  const hash = hashOf(name, 0, name.length);
  heads.set(name.subarray(0, headSize), entry * 4);
  bytes.set(name, place);
  entries.set([name.length, count, hash, place], entry + lengthAt);
  let slot = firstSlot(hash);
  while (slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
  slots[slot] = (slotCount + entry) * 4;
  return true;
}

/** A hash of bytes, that of kernel/fields.ts: 32 at a time, each two weighed with a number of their own. */
function hashOf(text: Uint8Array, start: number, length: number): number {
  const end = start + length;
  const sums = [0, 0, 0, 0] as [number, number, number, number];
  for (let lane = 0; lane < 4; lane += 1) {
    let sum = 0;
    for (let at = start + 4 * lane; at < end + 4 * lane; at += 32)
      sum = (Math.imul(sum, 31) + weighed(text, at, end, lane) + weighed(text, at + 16, end, lane + 4)) | 0;
    sums[lane] = sum;
  }
  const hash = (sums[0] ^ sums[2]) + (sums[1] ^ sums[3]) + length;
  return Math.imul(hash, -1640531535);
}

/** Where to look first: a hash's upper bits are its best. */
function firstSlot(hash: number): number {
  return hash >>> (32 - slotBits);
}

const weights = [
  31153, -25621, 18371, 29389, -12743, 21577, -30241, 15467, -17609, 27701, 9811, -23011, 32491, -14387,
  20063, -28547,
];

/** Two words of 16 bits, weighed. */
function weighed(text: Uint8Array, at: number, end: number, lane: number): number {
  return (
    (wordAt(text, at, end) * (weights[2 * lane] ?? 0) +
      wordAt(text, at + 2, end) * (weights[2 * lane + 1] ?? 0)) |
    0
  );
}

/** A word of two bytes, zeros from `end` on. */
function wordAt(text: Uint8Array, at: number, end: number): number {
  const low = at < end ? (text[at] ?? 0) : 0;
  const high = at + 1 < end ? (text[at + 1] ?? 0) : 0;
  return ((low | (high << 8)) << 16) >> 16;
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
