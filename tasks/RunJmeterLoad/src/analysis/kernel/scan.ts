/** Takes CSV apart: where fields end, then the columns of a batch of records. Its twin in TypeScript is csvScanner.ts. */
import {
  active,
  bases,
  bytes,
  connect,
  elapsed,
  ends,
  kinds,
  labelBytes,
  labelNames,
  labelSlots,
  labels,
  latency,
  progress,
  rows,
  sentBytes,
  starts,
  text,
  threadBytes,
  threadNames,
  threadSlots,
  threads,
} from './layout';
import { find, messageLength, number, same, transactionMessage, wholeNumber } from './fields';

/** Where in a field the text before is: at its beginning, outside quotes, inside, or just behind a quote that may close it. */
const begin: i32 = 0;
const plain: i32 = 1;
const quoted: i32 = 2;
const afterQuote: i32 = 3;

const quote: u8 = 34;
const lineFeed: u8 = 10;
const carriageReturn: u8 = 13;

let endCount: i32 = 0;
let rowCount: i32 = 0;

/** Finds the ends of fields and records in `text[from, to)` and appends them to `ends` and `rows`. */
export function index(from: i32, to: i32, separator: u8): void {
  endCount = load<i32>(progress);
  rowCount = load<i32>(progress + 4);
  let state = load<i32>(progress + 8);
  const separators = i8x16.splat(separator);
  const lineFeeds = i8x16.splat(lineFeed);
  const quotes = i8x16.splat(quote);
  let at = from;
  for (; at + 64 <= to; at += 64) {
    const place = text + at;
    const a = v128.load(place);
    const b = v128.load(place, 16);
    const c = v128.load(place, 32);
    const d = v128.load(place, 48);
    const line = bits(a, b, c, d, lineFeeds);
    let found = line | bits(a, b, c, d, separators);
    const quoteBits = bits(a, b, c, d, quotes);
    if (quoteBits === 0) {
      if (state === quoted) continue;
      state = i32(found >> 63) ^ 1;
      append(found, line, at);
      continue;
    }
    // Bit by bit, whether an odd number of quotes stand before or here.
    let inside = quoteBits ^ (quoteBits << 1);
    inside ^= inside << 2;
    inside ^= inside << 4;
    inside ^= inside << 8;
    inside ^= inside << 16;
    inside ^= inside << 32;
    if (state === quoted) inside = ~inside;
    // A quote opens a field at its beginning, or goes on with one behind the quote that closed it. Anywhere else it is a character
    // like any other, and what comes is not told by counting quotes.
    const opens = quoteBits & inside;
    const may = ((found | quoteBits) << 1) | u64(state === begin || state === afterQuote);
    if ((opens & ~may) !== 0) {
      state = indexSlowly(at, at + 64, separator, state);
      continue;
    }
    found &= ~inside;
    const last = u64(1) << 63;
    state = inside & last ? quoted : quoteBits & last ? afterQuote : found & last ? begin : plain;
    append(found, line & found, at);
  }
  state = indexSlowly(at, to, separator, state);
  store<i32>(progress, endCount);
  store<i32>(progress + 4, rowCount);
  store<i32>(progress + 8, state);
}

/** A bit for each of 64 bytes that is the one looked for. */
function bits(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  const low = u32(i8x16.bitmask(i8x16.eq(a, byte))) | (u32(i8x16.bitmask(i8x16.eq(b, byte))) << 16);
  const high = u32(i8x16.bitmask(i8x16.eq(c, byte))) | (u32(i8x16.bitmask(i8x16.eq(d, byte))) << 16);
  return u64(low) | (u64(high) << 32);
}

function append(found: u64, line: u64, at: i32): void {
  let place = ends + (endCount << 2) + 4;
  for (let rest = found; rest !== 0; rest &= rest - 1) {
    store<i32>(place, at + i32(ctz(rest)));
    place += 4;
  }
  // Each line end's number among the ends; most stretches have one or none.
  store<i32>(rows + (rowCount << 2), endCount + i32(popcnt(found & (line ^ (line - 1)))));
  rowCount += i32(line !== 0);
  for (let more = line & (line - 1); more !== 0; more &= more - 1) {
    store<i32>(rows + (rowCount << 2), endCount + i32(popcnt(found & (more ^ (more - 1)))));
    rowCount += 1;
  }
  endCount += i32(popcnt(found));
}

/** The same byte by byte. @returns the state behind the last one */
function indexSlowly(from: i32, to: i32, separator: u8, before: i32): i32 {
  let state = before;
  for (let at = from; at < to; at += 1) {
    const byte = load<u8>(text + at);
    if (state === quoted) {
      if (byte === quote) state = afterQuote;
    } else if (byte === separator || byte === lineFeed) {
      endCount += 1;
      store<i32>(ends + (endCount << 2), at);
      if (byte === lineFeed) {
        store<i32>(rows + (rowCount << 2), endCount);
        rowCount += 1;
      }
      state = begin;
    } else {
      state = byte === quote && state !== plain ? quoted : plain;
    }
  }
  return state;
}

/** The layout's columns, -1 for one that the file does not have. */
let width: i32 = 0;
let startAt: i32 = -1;
let elapsedAt: i32 = -1;
let labelAt: i32 = -1;
let successAt: i32 = -1;
let messageAt: i32 = -1;
let threadAt: i32 = -1;
let bytesAt: i32 = -1;
let sentAt: i32 = -1;
let activeAt: i32 = -1;
let urlAt: i32 = -1;
let latencyAt: i32 = -1;
let connectAt: i32 = -1;

/** Says which column is where. */
export function columns(
  all: i32,
  timeStamp: i32,
  elapsed: i32,
  label: i32,
  success: i32,
  responseMessage: i32,
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
  messageAt = responseMessage;
  threadAt = threadName;
  bytesAt = bytes;
  sentAt = sentBytes;
  activeAt = allThreads;
  urlAt = url;
  latencyAt = latency;
  connectAt = connect;
}

/** Of `rowKind`. */
const sample: u8 = 0;
const transaction: u8 = 1;
const emptyTransaction: u8 = 2;
const byHand: u8 = 3;

/**
 * Reads `count` records from the one with this number on into the columns of the batch. Column by column: a processor looks ahead
 * over many short steps, but not over many long ones.
 */
export function parse(first: i32, count: i32): void {
  let base = first === 0 ? 0 : load<i32>(rows + ((first - 1) << 2));
  for (let row = 0; row < count; row += 1) {
    const last = load<i32>(rows + ((first + row) << 2));
    store<i32>(bases + (row << 2), ends + (base << 2));
    store<u8>(kinds + row, last - base === width ? sample : byHand);
    base = last;
  }
  readStarts(count);
  readNumbers(elapsedAt, elapsed, count);
  readNumbers(latencyAt, latency, count);
  readNumbers(connectAt, connect, count);
  readNumbers(bytesAt, bytes, count);
  readNumbers(sentAt, sentBytes, count);
  readNumbers(activeAt, active, count);
  lookUp(labelAt, labels, labelSlots, labelNames, labelBytes, count);
  lookUp(threadAt, threads, threadSlots, threadNames, threadBytes, count);
  readKinds(count);
}

function readStarts(count: i32): void {
  for (let row = 0; row < count; row += 1) {
    const fields: usize = load<i32>(bases + (row << 2));
    const value = wholeNumber(from(fields, startAt), to(fields, startAt), 15);
    store<f64>(starts + (row << 3), f64(value));
    if (value < 0) store<u8>(kinds + row, byHand);
  }
}

/** Reads a column of numbers of up to eight digits. */
function readNumbers(column: i32, into: i32, count: i32): void {
  if (column < 0) {
    memory.fill(into, 0, count << 2);
    return;
  }
  for (let row = 0; row < count; row += 1) {
    const fields: usize = load<i32>(bases + (row << 2));
    const start = from(fields, column);
    const length = i32(to(fields, column) - start);
    const value = u32(length - 1) < 8 ? i32(number(load<u64>(start), length)) : -1;
    store<i32>(into + (row << 2), value);
    if (value < 0) store<u8>(kinds + row, byHand);
  }
}

/** Looks up a column of names. Where there is none, all records have the name without a letter. */
function lookUp(column: i32, into: i32, slots: usize, names: usize, kept: usize, count: i32): void {
  if (column < 0) {
    const nameless = find(slots, names, kept, text, text);
    for (let row = 0; row < count; row += 1) store<i32>(into + (row << 2), nameless);
    return;
  }
  for (let row = 0; row < count; row += 1) {
    if (load<u8>(kinds + row) === byHand) {
      store<i32>(into + (row << 2), -1);
      continue;
    }
    const fields: usize = load<i32>(bases + (row << 2));
    store<i32>(into + (row << 2), find(slots, names, kept, from(fields, column), to(fields, column)));
  }
}

/** Tells what passed and what is a transaction. */
function readKinds(count: i32): void {
  for (let row = 0; row < count; row += 1) {
    if (load<u8>(kinds + row) === byHand) continue;
    const fields: usize = load<i32>(bases + (row << 2));
    const success = from(fields, successAt);
    if (to(fields, successAt) - success !== 4 || (load<u32>(success) | 0x20202020) !== wordTrue) {
      store<u8>(kinds + row, byHand);
      continue;
    }
    if (messageAt < 0) continue;
    const message = from(fields, messageAt);
    const opening = load<u8>(message) === quote ? 1 : 0;
    if (load<u8>(message + opening) === capitalN)
      store<u8>(kinds + row, kindOf(fields, message + opening, to(fields, messageAt)));
  }
}

const wordTrue: u32 = 0x65757274;
const wordNull: u32 = 0x6c6c756e;
const capitalN: u8 = 78;

/** The kind of a record whose message, from its first letter, may be a transaction controller's. */
function kindOf(fields: usize, message: usize, end: usize): u8 {
  if (urlAt >= 0) {
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    const url = from(fields, urlAt);
    if (load<u8>(url) === quote) return byHand;
    if (to(fields, urlAt) - url !== 4 || load<u32>(url) !== wordNull) return sample;
  }
  if (end <= message + messageLength || !same(message, transactionMessage, messageLength)) return sample;
  const count = message + messageLength;
  const digit = load<u8>(count) - 48;
  if (digit > 9) return byHand;
  if (digit > 0) return transaction;
  return count + 1 < end && u8(load<u8>(count + 1) - 48) <= 9 ? byHand : emptyTransaction;
}

function from(fields: usize, column: i32): usize {
  return text + load<i32>(fields + (column << 2)) + 1;
}

/** Where a field ends, a carriage return before the line end left out. */
function to(fields: usize, column: i32): usize {
  const end: usize = text + load<i32>(fields + (column << 2), 4);
  if (column !== width - 1) return end;
  return end > from(fields, column) && load<u8>(end - 1) === carriageReturn ? end - 1 : end;
}
