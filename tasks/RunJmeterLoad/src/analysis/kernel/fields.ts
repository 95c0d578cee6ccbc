/** What stands in fields: numbers, names, the words that JMeter writes. */
import { cacheBytes, entryLength, entryNumber, entryPlace, slotBits } from './layout';

/** What a transaction controller writes: "Number of samples in transaction : ". */
export const transactionMessage: usize = memory.data<u8>([
  78, 117, 109, 98, 101, 114, 32, 111, 102, 32, 115, 97, 109, 112, 108, 101, 115, 32, 105, 110, 32, 116, 114,
  97, 110, 115, 97, 99, 116, 105, 111, 110, 32, 58, 32,
]);
export const messageLength: usize = 35;

/** A whole number of 1 to so many digits, -1 for all else. */
export function wholeNumber(start: usize, end: usize, longest: i32): i64 {
  const length = i32(end - start);
  if (length === 0 || length > longest) return -1;
  if (length <= 8) return number(load<u64>(start), length);
  const high = number(load<u64>(start), length - 8);
  const low = number(load<u64>(end - 8), 8);
  return (high | low) < 0 ? -1 : high * 100000000 + low;
}

/** The number that the first 1 to 8 bytes of a word are the digits of, -1 when one is none. */
export function number(word: u64, length: i32): i64 {
  const values = (word ^ 0x3030303030303030) << (u64(8 - length) << 3);
  if ((((values + 0x7676767676767676) | values) & 0x8080808080808080) !== 0) return -1;
  const pairs = (values * 10 + (values >> 8)) & 0x00ff00ff00ff00ff;
  const fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
  return i64((fours * 10000 + (fours >> 32)) & 0xffffffff);
}

/** The number of a name in a cache, -1 when it is not there. */
export function find(names: usize, start: usize, end: usize): i32 {
  const length = i32(end - start);
  const mask: usize = firstMasks + 32 - min(length, 32);
  const first = v128.and(v128.load(start), v128.load(mask));
  const second = v128.and(v128.load(start, 16), v128.load(mask, 16));
  const hash = length <= 32 ? finish(sum(first, second), length) : hashOf(start, length);
  let slot = u32(hash) >> (32 - slotBits);
  while (true) {
    const place = load<i32>(names + (slot << 2));
    if (place === 0) return -1;
    const entry = names + place;
    const differs = v128.or(v128.xor(first, v128.load(entry)), v128.xor(second, v128.load(entry, 16)));
    if (!v128.any_true(differs) && load<i32>(entry, entryLength) === length) {
      const rest = names + cacheBytes + load<i32>(entry, entryPlace) + 32;
      if (length <= 32 || same(start + 32, rest, length - 32)) return load<i32>(entry, entryNumber);
    }
    slot = (slot + 1) & ((1 << slotBits) - 1);
  }
}

/** 32 bytes of ones, then 32 of zeros: what is read of it `length` bytes before the zeros keeps so many bytes. */
const firstMasks: usize = memory.data<u64>([-1, -1, -1, -1, 0, 0, 0, 0, 0, 0]);

export function same(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(a + at) !== load<u64>(b + at)) return false;
  if (at === length) return true;
  // Of the last words only the bytes that are left.
  const rest = u64(8 - (length - at)) << 3;
  return (load<u64>(a + at) ^ load<u64>(b + at)) << rest === 0;
}

/** The hash of names.ts, of a name that is longer than 32 bytes. */
function hashOf(start: usize, length: i32): i32 {
  let sums = i32x4.splat(0);
  for (let at = 0; at < length; at += 32) {
    const mask: usize = firstMasks + 32 - min(length - at, 32);
    const first = v128.and(v128.load(start + at), v128.load(mask));
    const second = v128.and(v128.load(start + at, 16), v128.load(mask, 16));
    sums = i32x4.add(i32x4.mul(sums, i32x4.splat(31)), sum(first, second));
  }
  return finish(sums, length);
}

const weights: usize = memory.data<i16>(
  [
    31153, -25621, 18371, 29389, -12743, 21577, -30241, 15467, -17609, 27701, 9811, -23011, 32491, -14387,
    20063, -28547,
  ],
  16,
);

/** The 16-bit words of 32 bytes, each weighed with a number of its own. */
function sum(first: v128, second: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(first, v128.load(weights)),
    i32x4.dot_i16x8_s(second, v128.load(weights, 16)),
  );
}

/** Four sums as one number, whose upper bits are the best. */
function finish(sums: v128, length: i32): i32 {
  const all = i64x2.extract_lane(sums, 0) ^ i64x2.extract_lane(sums, 1);
  return (i32(all) + i32(all >> 32) + length) * -1640531535;
}
