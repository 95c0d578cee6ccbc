/** Takes CSV apart: where fields end, then the columns of a batch of records. Its twin in TypeScript is csvScanner.ts. */
import {
  active,
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
  nameLimit,
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
  let count = endCount;
  for (let rest = found; rest !== 0; rest &= rest - 1) {
    count += 1;
    store<i32>(ends + (count << 2), at + i32(ctz(rest)));
  }
  for (let rest = line; rest !== 0; rest &= rest - 1) {
    // The ends up to this line end.
    const before = i32(popcnt(found & (rest ^ (rest - 1))));
    store<i32>(rows + (rowCount << 2), endCount + before);
    rowCount += 1;
  }
  endCount = count;
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

/** Reads `count` records from the one with this number on into the columns of the batch. */
export function parse(first: i32, count: i32): void {
  let base = first === 0 ? 0 : load<i32>(rows + ((first - 1) << 2));
  for (let row = 0; row < count; row += 1) {
    const last = load<i32>(rows + ((first + row) << 2));
    store<u8>(kinds + row, last - base === width ? parseRow(row, base) : byHand);
    base = last;
  }
}

/** @returns its kind */
function parseRow(row: i32, base: i32): u8 {
  const fields = ends + (base << 2);
  const at = row << 2;
  const start = wholeNumber(from(fields, startAt), to(fields, startAt), 15);
  const time = wholeNumber(from(fields, elapsedAt), to(fields, elapsedAt), 9);
  const early = optional(fields, latencyAt);
  const connected = optional(fields, connectAt);
  const received = optional(fields, bytesAt);
  const sent = optional(fields, sentAt);
  const busy = optional(fields, activeAt);
  store<f64>(starts + (row << 3), f64(start));
  store<i32>(elapsed + at, i32(time));
  store<i32>(latency + at, i32(early));
  store<i32>(connect + at, i32(connected));
  store<i32>(bytes + at, i32(received));
  store<i32>(sentBytes + at, i32(sent));
  store<i32>(active + at, i32(busy));
  store<i32>(
    labels + at,
    find(labelSlots, labelNames, labelBytes, from(fields, labelAt), to(fields, labelAt)),
  );
  // Without a column of threads, all samples are those of one without a name.
  const thread: usize = threadAt < 0 ? text : from(fields, threadAt);
  store<i32>(
    threads + at,
    find(threadSlots, threadNames, threadBytes, thread, threadAt < 0 ? thread : to(fields, threadAt)),
  );
  if ((start | time | early | connected | received | sent | busy) < 0) return byHand;
  const success = from(fields, successAt);
  if (to(fields, successAt) - success !== 4 || (load<u32>(success) | 0x20202020) !== wordTrue) return byHand;
  if (messageAt < 0) return sample;
  const message = from(fields, messageAt);
  const opening = load<u8>(message) === quote ? 1 : 0;
  return load<u8>(message + opening) === capitalN
    ? kindOf(fields, message + opening, to(fields, messageAt))
    : sample;
}

const wordTrue: u32 = 0x65757274;
const wordNull: u32 = 0x6c6c756e;
const capitalN: u8 = 78;

/** What a transaction controller writes: "Number of samples in transaction : ". */
export const transactionMessage: usize = memory.data<u8>([
  78, 117, 109, 98, 101, 114, 32, 111, 102, 32, 115, 97, 109, 112, 108, 101, 115, 32, 105, 110, 32, 116, 114,
  97, 110, 115, 97, 99, 116, 105, 111, 110, 32, 58, 32,
]);
export const messageLength: usize = 35;

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

/** The number in a column that a file need not have. */
function optional(fields: usize, column: i32): i64 {
  return column < 0 ? 0 : wholeNumber(from(fields, column), to(fields, column), 9);
}

/** A whole number of 1 to so many digits, -1 for all else. */
export function wholeNumber(start: usize, end: usize, longest: i32): i64 {
  const length = i32(end - start);
  if (length === 0 || length > longest) return -1;
  if (length <= 8) return digits(load<u64>(start), length);
  const high = digits(load<u64>(start), length - 8);
  const low = digits(load<u64>(end - 8), 8);
  return (high | low) < 0 ? -1 : high * 100000000 + low;
}

/** The number that the first 1 to 8 bytes of a word are the digits of, -1 when one is none. */
function digits(word: u64, length: i32): i64 {
  const values = (word ^ 0x3030303030303030) << (u64(8 - length) << 3);
  if ((((values + 0x7676767676767676) | values) & 0x8080808080808080) !== 0) return -1;
  const pairs = (values * 10 + (values >> 8)) & 0x00ff00ff00ff00ff;
  const fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
  return i64((fours * 10000 + (fours >> 32)) & 0xffffffff);
}

/** The number of a name in a cache, -1 when it is not there. */
export function find(slots: usize, names: usize, kept: usize, start: usize, end: usize): i32 {
  const length = i32(end - start);
  const hash = hashOf(start, length);
  let slot = hash;
  while (true) {
    slot &= nameLimit * 2 - 1;
    const number = load<i32>(slots + (slot << 2)) - 1;
    if (number < 0) return -1;
    const name = names + number * 12;
    if (
      load<i32>(name) === hash &&
      load<i32>(name, 8) === length &&
      same(start, kept + load<i32>(name, 4), length)
    )
      return number;
    slot += 1;
  }
}

export function same(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(a + at) !== load<u64>(b + at)) return false;
  if (at === length) return true;
  // Of the last words only the bytes that are left.
  const rest = u64(8 - (length - at)) << 3;
  return (load<u64>(a + at) ^ load<u64>(b + at)) << rest === 0;
}

/** The hash of names.ts: four bytes at a time, at the end those left. */
function hashOf(start: usize, length: i32): i32 {
  let hash = length;
  let at = start;
  const end = start + length;
  for (; at + 4 <= end; at += 4) hash = mix(hash ^ load<i32>(at));
  if (at < end) hash = mix(hash ^ (load<i32>(at) & ((1 << (i32(end - at) << 3)) - 1)));
  return hash;
}

function mix(hash: i32): i32 {
  const product = hash * -1640531535;
  return product ^ i32(u32(product) >> 15);
}
