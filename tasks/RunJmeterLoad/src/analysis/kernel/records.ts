/** Reads records of CSV whose fields are found into the rows of a batch. Its twin in TypeScript is csvScanner.ts. */
import {
  atActive,
  atBytes,
  atConnect,
  atElapsed,
  atLatency,
  atSentBytes,
  atStart,
  atSuccess,
  endOf,
  fieldCount,
  offsets,
  presentNumbers,
  startOf,
} from './columns';
import {
  batch,
  digitMasks,
  ends,
  rowFields,
  rowKind,
  rowMoment,
  rowSentBytes,
  rowSize,
  rowStart,
  rows,
  text,
  trimmed,
  widest,
} from './layout';
import { byHand, failed, readTexts, sample } from './texts';

const carriageReturn: u8 = 13;
const wordTrue: u32 = 0x65757274;
const wordFals: u32 = 0x736c6166;
const smallE: u8 = 101;

// By length, the bytes of a number's last eight that are its own.
for (let length = 1; length <= 8; length += 1)
  store<u64>(digitMasks + (length << 3), u64(-1) << (64 - 8 * length));

/** What stands in memory and not here, so that it stays in registers: a compiler makes constants anew where they are used. */
const constants: usize = memory.data(96, 16);
v128.store(constants, i8x16.splat(48));
v128.store(constants, i16x8.splat(0xff), 16);
v128.store(constants, i16x8.splat(10), 32);
v128.store(constants, i16x8(100, 1, 100, 1, 100, 1, 100, 1), 48);
v128.store(constants, i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1), 64);
v128.store(constants, i8x16.splat(118), 80);

/**
 * Reads `count` records from the one with this number on into the rows of the batch: first all numbers, with no step that depends on
 * what they are, then names, so that a wrong guess of the processor costs little.
 */
export function parse(first: i32, count: i32): void {
  const width = fieldCount();
  let base = first === 0 ? 0 : load<i32>(rows + ((first - 1) << 2));
  const present = v128.load(presentNumbers);
  const presentToo = v128.load(presentNumbers, 16);
  const startColumn = load<i32>(offsets, atStart);
  const elapsedColumn = load<i32>(offsets, atElapsed);
  const latencyColumn = load<i32>(offsets, atLatency);
  const connectColumn = load<i32>(offsets, atConnect);
  const bytesColumn = load<i32>(offsets, atBytes);
  const sentColumn = load<i32>(offsets, atSentBytes);
  const activeColumn = load<i32>(offsets, atActive);
  const successColumn = load<i32>(offsets, atSuccess);
  const zero = v128.load(constants);
  const lowBytes = v128.load(constants, 16);
  const tens = v128.load(constants, 32);
  const hundreds = v128.load(constants, 48);
  const tenThousands = v128.load(constants, 64);
  const toSign = v128.load(constants, 80);
  for (let row = 0; row < count; row += 1) {
    const last = load<i32>(rows + ((first + row) << 2));
    const record = batch + row * rowSize;
    let fields = ends + (base << 2);
    const whole = last - base === width;
    base = last;
    if (!whole) {
      store<i32>(record, byHand, rowKind);
      continue;
    }
    if (load<u8>(load<i32>(last << 2, ends), text - 1) === carriageReturn) fields = trim(fields, row);
    store<i32>(record, fields, rowFields);
    // In two parts: what is made of the first needs no room when the second begins.
    const elapsedEnd = endOf(fields, elapsedColumn);
    const latencyEnd = endOf(fields, latencyColumn);
    const connectEnd = endOf(fields, connectColumn);
    const bytesEnd = endOf(fields, bytesColumn);
    const elapsedLength = elapsedEnd - startOf(fields, elapsedColumn);
    const latencyLength = latencyEnd - startOf(fields, latencyColumn);
    const connectLength = connectEnd - startOf(fields, connectColumn);
    const bytesLength = bytesEnd - startOf(fields, bytesColumn);
    const a = digits(lastBytes(elapsedEnd, latencyEnd), elapsedLength, latencyLength, zero);
    const b = digits(lastBytes(connectEnd, bytesEnd), connectLength, bytesLength, zero);
    v128.store(record, v128.and(numbers(a, b, lowBytes, tens, hundreds, tenThousands), present));
    const wrong = (elapsedLength - 1) | (latencyLength - 1) | (connectLength - 1) | (bytesLength - 1);
    // What is above nine has the highest bit with this added.
    if (((wrong & ~7) | i8x16.bitmask(i8x16.add_sat_u(i8x16.max_u(a, b), toSign))) !== 0) {
      store<i32>(record, byHand, rowKind);
      continue;
    }
    const sentEnd = endOf(fields, sentColumn);
    const activeEnd = endOf(fields, activeColumn);
    const startEnd = endOf(fields, startColumn);
    const sentLength = sentEnd - startOf(fields, sentColumn);
    const activeLength = activeEnd - startOf(fields, activeColumn);
    const startLength = startEnd - startOf(fields, startColumn) - 8;
    const c = digits(lastBytes(sentEnd, activeEnd), sentLength, activeLength, zero);
    const lastSixteen = v128.load64_lane(startEnd, v128.load64_zero(startEnd, text - 16), 1, text - 8);
    const d = digits(lastSixteen, startLength, 8, zero);
    const second = numbers(c, d, lowBytes, tens, hundreds, tenThousands);
    v128.store(record, v128.and(second, presentToo), rowSentBytes);
    const start = i64x2.extract_lane(second, 1);
    const moment = i64(u32(start)) * 100000000 + (start >> 32);
    store<i64>(record, moment, rowMoment);
    store<f64>(record, f64(moment), rowStart);
    const wrongToo = (sentLength - 1) | (activeLength - 1) | startLength;
    if (((wrongToo & ~7) | i8x16.bitmask(i8x16.add_sat_u(i8x16.max_u(c, d), toSign))) !== 0) {
      store<i32>(record, byHand, rowKind);
      continue;
    }
    const success = startOf(fields, successColumn);
    const successLength = endOf(fields, successColumn) - success;
    const word = load<u32>(success, text) | 0x20202020;
    let kind = sample;
    if (((successLength ^ 4) | (word ^ wordTrue)) !== 0) {
      const isFalse =
        successLength === 5 && word === wordFals && (load<u8>(success, text + 4) | 0x20) === smallE;
      kind = isFalse ? failed : byHand;
    }
    store<i32>(record, kind, rowKind);
  }
  readTexts(count);
}

/** The last eight bytes of two fields. */
function lastBytes(firstEnd: i32, secondEnd: i32): v128 {
  return v128.load64_lane(secondEnd, v128.load64_zero(firstEnd, text - 8), 1, text - 8);
}

/** The digits of two numbers in their last eight bytes, zeros before them. */
function digits(bytes: v128, firstLength: i32, secondLength: i32, zero: v128): v128 {
  const mask = v128.load64_lane(
    (secondLength & 15) << 3,
    v128.load64_zero((firstLength & 15) << 3, digitMasks),
    1,
    digitMasks,
  );
  return v128.and(i8x16.sub(bytes, zero), mask);
}

/** Four numbers of eight digits each. */
function numbers(a: v128, b: v128, lowBytes: v128, tens: v128, hundreds: v128, tenThousands: v128): v128 {
  const fours = i16x8.narrow_i32x4_s(
    fourDigits(a, lowBytes, tens, hundreds),
    fourDigits(b, lowBytes, tens, hundreds),
  );
  return i32x4.dot_i16x8_s(fours, tenThousands);
}

/** Sixteen digits as numbers of four. */
function fourDigits(digits: v128, lowBytes: v128, tens: v128, hundreds: v128): v128 {
  const twos = i16x8.add(i16x8.mul(v128.and(digits, lowBytes), tens), i16x8.shr_u(digits, 8));
  return i32x4.dot_i16x8_s(twos, hundreds);
}

/** The ends of a record's fields, its line end being two bytes. */
function trim(fields: i32, row: i32): i32 {
  const copy = trimmed + row * ((widest + 1) << 2);
  const size = fieldCount() << 2;
  memory.copy(copy, fields, size + 4);
  const last = copy + size;
  store<i32>(last, load<i32>(last) - 1);
  return copy;
}
