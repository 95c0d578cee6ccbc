/** What stands in fields: numbers, names, the words that JMeter writes. */
import { nameLimit } from './layout';

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
export function find(slots: usize, names: usize, kept: usize, start: usize, end: usize): i32 {
  const length = i32(end - start);
  const beginning = firstBytes(start, length);
  const rest = secondBytes(start, length);
  const hash = length <= 32 ? finish(sum(i32x4.splat(length), beginning, rest)) : hashOf(start, length);
  let slot = hash;
  while (true) {
    slot &= nameLimit * 2 - 1;
    const number = load<i32>(slots + (slot << 2)) - 1;
    if (number < 0) return -1;
    const name = names + number * 12;
    if (load<i32>(name) === hash && load<i32>(name, 8) === length) {
      const known = kept + load<i32>(name, 4);
      const other = v128.or(
        v128.xor(beginning, firstBytes(known, length)),
        v128.xor(rest, secondBytes(known, length)),
      );
      if (!v128.any_true(other) && (length <= 32 || same(start + 32, known + 32, length - 32))) return number;
    }
    slot += 1;
  }
}

/** The first 16 bytes of a text, zeros behind its end; then the 16 after those. */
function firstBytes(start: usize, length: i32): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(start), i8x16.lt_u(places, i8x16.splat(i8(min(length, 32)))));
}

function secondBytes(start: usize, length: i32): v128 {
  const places = i8x16(16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  return v128.and(v128.load(start, 16), i8x16.lt_u(places, i8x16.splat(i8(min(length, 32)))));
}

export function same(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(a + at) !== load<u64>(b + at)) return false;
  if (at === length) return true;
  // Of the last words only the bytes that are left.
  const rest = u64(8 - (length - at)) << 3;
  return (load<u64>(a + at) ^ load<u64>(b + at)) << rest === 0;
}

/** The hash of names.ts: 32 bytes at a time, in four sums. */
function hashOf(start: usize, length: i32): i32 {
  let sums = i32x4.splat(length);
  for (let at = 0; at < length; at += 32) {
    const left = length - at;
    sums = sum(sums, firstBytes(start + at, left), secondBytes(start + at, left));
  }
  return finish(sums);
}

function sum(sums: v128, beginning: v128, rest: v128): v128 {
  const half = i32x4.mul(v128.xor(sums, beginning), i32x4.splat(-1640531535));
  return i32x4.mul(v128.xor(half, rest), i32x4.splat(-2048144789));
}

/** Four sums as one number. */
function finish(sums: v128): i32 {
  const weighed = i32x4.mul(sums, i32x4(1, -1028477379, 668265263, 374761393));
  const halves = i32x4.add(weighed, i64x2.shuffle(weighed, weighed, 1, 0));
  const hash = i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1);
  const product = (hash ^ i32(u32(hash) >> 15)) * -2048144777;
  return product ^ i32(u32(product) >> 16);
}
