/** Reads records of CSV whose fields are found into the rows of a batch. Its twin in TypeScript is csvScanner.ts. */
import {
  batch,
  digitMasks,
  ends,
  failureTexts,
  labelNames,
  rowCode,
  rowFailure,
  rowFields,
  rowKind,
  rowLabel,
  rowMessage,
  rowMoment,
  rowSentBytes,
  rowSize,
  rowStart,
  rowThread,
  rows,
  text,
  threadNames,
  trimmed,
  widest,
} from './layout';
import { find, messageLength, same, transactionMessage } from './fields';

const quote: u8 = 34;
const carriageReturn: u8 = 13;

/** The layout's columns, -1 for one that the file does not have. */
let width: i32 = 0;
let startAt: i32 = -1;
let elapsedAt: i32 = -1;
let labelAt: i32 = -1;
let successAt: i32 = -1;
let codeAt: i32 = -1;
let failureAt: i32 = -1;
let messageAt: i32 = -1;
let threadAt: i32 = -1;
let bytesAt: i32 = -1;
let sentAt: i32 = -1;
let activeAt: i32 = -1;
let urlAt: i32 = -1;
let latencyAt: i32 = -1;
let connectAt: i32 = -1;

/** How many fields a record has. */
export function fieldCount(): i32 {
  return width;
}

/** Says which column is where. */
export function columns(
  all: i32,
  timeStamp: i32,
  elapsed: i32,
  label: i32,
  success: i32,
  responseCode: i32,
  responseMessage: i32,
  failureMessage: i32,
  threadName: i32,
  bytes: i32,
  sentBytes: i32,
  allThreads: i32,
  url: i32,
  latency: i32,
  connect: i32,
): void {
  width = all;
  startAt = timeStamp;
  elapsedAt = elapsed;
  labelAt = label;
  successAt = success;
  codeAt = responseCode;
  messageAt = responseMessage;
  failureAt = failureMessage;
  threadAt = threadName;
  bytesAt = bytes;
  sentAt = sentBytes;
  activeAt = allThreads;
  urlAt = url;
  latencyAt = latency;
  connectAt = connect;
  store<i32>(offsets, offset(startAt));
  store<i32>(offsets, offset(elapsedAt), 4);
  store<i32>(offsets, numberOffset(latencyAt), 8);
  store<i32>(offsets, numberOffset(connectAt), 12);
  store<i32>(offsets, numberOffset(bytesAt), 16);
  store<i32>(offsets, numberOffset(sentAt), 20);
  store<i32>(offsets, numberOffset(activeAt), 24);
  store<i32>(offsets, offset(successAt), 28);
  store<i32>(offsets, offset(labelAt), 32);
  store<i32>(offsets, offset(threadAt), 36);
  store<i32>(offsets, offset(messageAt), 40);
  v128.store(presentColumns, i32x4(-1, there(latency), there(connect), there(bytes)));
  v128.store(presentColumns, i32x4(there(sentBytes), there(allThreads), 0, 0), 16);
}

function there(column: i32): i32 {
  return column < 0 ? 0 : -1;
}

/** Of `rowKind`. */
const sample: i32 = 0;
const transaction: i32 = 1;
const emptyTransaction: i32 = 2;
const byHand: i32 = 3;
/** Added to the first three. */
const failed: i32 = 4;

/**
 * Reads `count` records from the one with this number on into the rows of the batch: first all numbers, with no step that depends on
 * what they are, then names, so that a wrong guess of the processor costs little.
 */
export function parse(first: i32, count: i32): void {
  let base = first === 0 ? 0 : load<i32>(rows + ((first - 1) << 2));
  const present = v128.load(presentColumns);
  const presentToo = v128.load(presentColumns, 16);
  const startColumn = load<i32>(offsets, 0);
  const elapsedColumn = load<i32>(offsets, 4);
  const latencyColumn = load<i32>(offsets, 8);
  const connectColumn = load<i32>(offsets, 12);
  const bytesColumn = load<i32>(offsets, 16);
  const sentColumn = load<i32>(offsets, 20);
  const activeColumn = load<i32>(offsets, 24);
  const successColumn = load<i32>(offsets, 28);
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

/** What stands in memory and not here, so that it stays in registers: a compiler makes constants anew where they are used. */
const offsets: usize = memory.data(48, 16);
const constants: usize = memory.data(96, 16);
v128.store(constants, i8x16.splat(48));
v128.store(constants, i16x8.splat(0xff), 16);
v128.store(constants, i16x8.splat(10), 32);
v128.store(constants, i16x8(100, 1, 100, 1, 100, 1, 100, 1), 48);
v128.store(constants, i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1), 64);
v128.store(constants, i8x16.splat(118), 80);

/** Ones for the columns that the file has, in the order of a row. */
const presentColumns: usize = memory.data(32, 16);
// By length, the bytes of a number's last eight that are its own.
for (let length = 1; length <= 8; length += 1)
  store<u64>(digitMasks + (length << 3), u64(-1) << (64 - 8 * length));

/** Where a column's field stands among those of a record; of a column that there is not, any. */
function offset(column: i32): i32 {
  return max(column, 0) << 2;
}

/** The same of a column of numbers, of which there is at least one. */
function numberOffset(column: i32): i32 {
  return (column < 0 ? elapsedAt : column) << 2;
}

/** Where a record's field begins and ends in the text. */
function startOf(fields: usize, column: i32): i32 {
  return load<i32>(fields + column) + 1;
}
function endOf(fields: usize, column: i32): i32 {
  return load<i32>(fields + column, 4);
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
  memory.copy(copy, fields, (width + 1) << 2);
  const last = copy + (width << 2);
  store<i32>(last, load<i32>(last) - 1);
  return copy;
}

/** Looks up names, and tells what is a transaction. Without a column of threads all records have the name without a letter. */
function readTexts(count: i32): void {
  const labelColumn = load<i32>(offsets, 32);
  const threadColumn = load<i32>(offsets, 36);
  const messageColumn = load<i32>(offsets, 40);
  const threadless = threadAt < 0;
  for (let row = 0; row < count; row += 1) {
    const record: usize = batch + row * rowSize;
    if (load<i32>(record, rowKind) === byHand) {
      store<i32>(record, -1, rowLabel);
      store<i32>(record, -1, rowThread);
      continue;
    }
    const fields: usize = load<i32>(record, rowFields);
    const label: usize = text + startOf(fields, labelColumn);
    const thread: usize = text + startOf(fields, threadColumn);
    const threadEnd: usize = threadless ? thread : text + endOf(fields, threadColumn);
    store<i32>(record, find(labelNames, label, text + endOf(fields, labelColumn)), rowLabel);
    store<i32>(record, find(threadNames, thread, threadEnd), rowThread);
    if (load<i32>(record, rowKind) === failed) {
      store<i32>(record, textNumber(fields, codeAt), rowCode);
      store<i32>(record, textNumber(fields, messageAt), rowMessage);
      store<i32>(record, textNumber(fields, failureAt), rowFailure);
    }
    if (messageAt < 0) continue;
    const message: usize = text + startOf(fields, messageColumn);
    const opening = load<u8>(message) === quote ? 1 : 0;
    if (load<u8>(message + opening) === capitalN) {
      const kind = kindOf(fields, message + opening, text + endOf(fields, messageColumn));
      store<i32>(record, kind === byHand ? byHand : kind | load<i32>(record, rowKind), rowKind);
    }
  }
}

/** The number of a text of a failed sample, of the text without a letter when the file does not have the column. */
function textNumber(fields: usize, column: i32): i32 {
  if (column < 0) return find(failureTexts, text, text);
  return find(failureTexts, text + startOf(fields, column << 2), text + endOf(fields, column << 2));
}

const wordTrue: u32 = 0x65757274;
const wordFals: u32 = 0x736c6166;
const smallE: u8 = 101;
const wordNull: u32 = 0x6c6c756e;
const capitalN: u8 = 78;

/** The kind of a record whose message, from its first letter, may be a transaction controller's. */
function kindOf(fields: usize, message: usize, messageEnd: usize): i32 {
  if (urlAt >= 0) {
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    const url: usize = text + startOf(fields, urlAt << 2);
    if (load<u8>(url) === quote) return byHand;
    if (i32(text + endOf(fields, urlAt << 2) - url) !== 4 || load<u32>(url) !== wordNull) return sample;
  }
  if (messageEnd <= message + messageLength || !same(message, transactionMessage, messageLength))
    return sample;
  const count = message + messageLength;
  const digit = load<u8>(count) - 48;
  if (digit > 9) return byHand;
  if (digit > 0) return transaction;
  return count + 1 < messageEnd && u8(load<u8>(count + 1) - 48) <= 9 ? byHand : emptyTransaction;
}
