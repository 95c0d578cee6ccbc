/** Counts the samples of a batch in lines, pages, buckets and blocks of the arena. Its twin is Collection.take. */
import {
  arena,
  arenaEnd,
  batch,
  blockBytes,
  blockFirst,
  blockLast,
  blockPages,
  blockThreads,
  bucketElapsed,
  bucketLongest,
  bucketMilliseconds,
  bucketSamples,
  bucketSize,
  bucketThreads,
  decided,
  exactLimit,
  failureCount,
  failuresTaken,
  latest,
  lineBlocks,
  lineBytes,
  lineConnect,
  lineElapsed,
  lineFirst,
  lineLast,
  lineLatency,
  lineSeries,
  lineSize,
  lines,
  nameLimit,
  pageBuckets,
  pageClasses,
  pageCounts,
  rowActive,
  rowBytes,
  rowCode,
  rowConnect,
  rowElapsed,
  rowFailure,
  rowKind,
  rowLabel,
  rowLatency,
  rowMessage,
  rowMoment,
  rowSize,
  rowStart,
  rowThread,
} from './layout';

/** Why `take` stopped at a row. */
const rowByHand: i32 = 0;
const arenaFull: i32 = 1;
const outsideWindow: i32 = 2;

/** The most that a sample takes of the arena. */
const sampleLimit: i32 = 16 * 1024;

let next: i32 = arena;
let stoppedBy: i32 = rowByHand;
let warmUpEnd: i64 = i64.MIN_VALUE;
let warmUpSamples: i32 = 0;
let assumed: f64 = -1;
/** Buckets count from here, milliseconds since the epoch, a multiple of a second. */
let windowStart: i64 = 0;
/** How long the window is that buckets and blocks are kept of, milliseconds. */
let windowLength: u64 = 0;
/** How long before the window its first block begins, and how long blocks are; 0 for none. */
let blockLead: u32 = 0;
let blockLength: u32 = 0;
/** Times below two to the power of this are a class each. */
let classBits: u32 = 8;
/** The classes of one kind of times: bytes of their pages' places. */
let classTable: i32 = 0;

/** Empties the arena, and says what it is filled with next; lines must be made anew. */
export function reset(start: f64, length: u32, lead: u32, block: u32, precision: u32, classes: i32): void {
  memory.fill(arena, 0, next - arena);
  memory.fill(lines, 0, nameLimit * 8);
  next = arena;
  windowStart = i64(start);
  windowLength = length;
  blockLead = lead;
  blockLength = block;
  classBits = precision;
  classTable = ((classes + pageClasses - 1) / pageClasses) << 2;
}

/** Samples that began before this, milliseconds since the epoch, are not counted. */
export function warmUp(end: f64): void {
  // A moment is whole: before the end is before the next whole one.
  warmUpEnd = i64(Math.ceil(end));
}

/** Says what `latest` of a thread is before its first sample: see Threads. */
export function assume(start: f64): void {
  assumed = start;
}

/** How many samples were left out since the last time this was asked. */
export function leftOut(): i32 {
  const count = warmUpSamples;
  warmUpSamples = 0;
  return count;
}

/** Makes a line of a label. @returns its place, 0 when the arena is full */
export function makeLine(label: i32, transaction: i32): i32 {
  if (next + lineSize + sampleLimit > arenaEnd) return 0;
  const line = allocate(lineSize);
  store<f64>(line, Infinity, lineFirst);
  store<f64>(line, -Infinity, lineLast);
  store<i32>(lines + (((label << 1) | transaction) << 2), line);
  return line;
}

/** Why `take` stopped. */
export function reason(): i32 {
  return stoppedBy;
}

/** Counts the rows of the batch from `first` on. @returns `count`, or the row that it cannot count */
export function take(first: i32, count: i32): i32 {
  // The block of the sample before, which most samples share.
  let low: u32 = 0;
  let number: i32 = -1;
  for (let row = first; row < count; row += 1) {
    const record: usize = batch + row * rowSize;
    const state = load<i32>(record, rowKind);
    const label = load<i32>(record, rowLabel);
    const thread = load<i32>(record, rowThread);
    const kind = state & 3;
    if (kind === 3 || (label | thread) < 0) return stop(row, rowByHand);
    if (state !== kind && textsOf(record) < 0) return stop(row, rowByHand);
    const moment = load<i64>(record, rowMoment);
    const start = load<f64>(record, rowStart);
    const own = latest + (thread << 3);
    const transaction = kind === 0 ? 0 : i32(kind === 2 || repeats(own, start));
    if (moment < warmUpEnd) {
      if (kind === 0) store<f64>(own, start);
      warmUpSamples += 1 - transaction;
      continue;
    }
    const line = load<i32>(((label << 1) | transaction) << 2, lines);
    if (line === 0) return stop(row, rowByHand);
    const time = load<i32>(record, rowElapsed);
    const early = load<i32>(record, rowLatency);
    const connected = load<i32>(record, rowConnect);
    if ((time | early | connected) >= exactLimit) return stop(row, rowByHand);
    const since = u64(moment - windowStart);
    if (since >= windowLength) return stop(row, outsideWindow);
    if (next > arenaEnd - sampleLimit) return stop(row, arenaFull);
    if (kind === 0) store<f64>(own, start);

    if (state !== kind) keepFailure(row, line);
    countTime(line + lineElapsed, time);
    if (early > 0) countTime(line + lineLatency, early);
    if (connected > 0) countTime(line + lineConnect, connected);
    // Bytes received and sent stand side by side, in a row and in a line.
    const transferred = f64x2.convert_low_i32x4_s(v128.load64_zero(record, rowBytes));
    v128.store(line, f64x2.add(v128.load(line, lineBytes), transferred), lineBytes);
    const end = start + f64(time);
    if (start < load<f64>(line, lineFirst)) store<f64>(line, start, lineFirst);
    if (end > load<f64>(line, lineLast)) store<f64>(line, end, lineLast);
    const place = u32(since);
    countBucket(line, place / bucketMilliseconds, time, load<i32>(record, rowActive));

    if (blockLength === 0) continue;
    const from = place + blockLead;
    if (number < 0 || from - low >= blockLength) {
      number = i32(from / blockLength);
      low = number * blockLength;
    }
    const block = blockOf(line, number);
    store<f64>(block, load<f64>(block, blockBytes) + f64x2.extract_lane(transferred, 0), blockBytes);
    if (start < load<f64>(block, blockFirst)) store<f64>(block, start, blockFirst);
    if (end > load<f64>(block, blockLast)) store<f64>(block, end, blockLast);
    const busy = load<i32>(record, rowActive);
    if (busy > load<i32>(block, blockThreads)) store<i32>(block, busy, blockThreads);
    const classes = block + blockPages;
    countClass(classes, time);
    if (early > 0) countClass(classes + classTable, early);
    if (connected > 0) countClass(classes + 2 * classTable, connected);
  }
  return count;
}

/** Whether a transaction repeats samples of the thread whose `latest` this is: see Threads. */
function repeats(own: i32, start: f64): bool {
  const known = load<f64>(own);
  if (known === assumed) {
    const place = own + (decided - latest);
    const most = load<f64>(place);
    store<f64>(place, known >= start ? max(most, start) : min(most, start));
  }
  return known >= start;
}

/** Negative when one of a failed sample's texts has no number. */
function textsOf(record: usize): i32 {
  return load<i32>(record, rowCode) | load<i32>(record, rowMessage) | load<i32>(record, rowFailure);
}

/** Notes a failed sample: TypeScript counts what is only of failures. */
function keepFailure(row: i32, line: i32): void {
  const count = load<i32>(failureCount);
  store<i32>(failuresTaken + (count << 3), row);
  store<i32>(failuresTaken + (count << 3), line, 4);
  store<i32>(failureCount, count + 1);
}

function stop(row: i32, why: i32): i32 {
  stoppedBy = why;
  return row;
}

function countTime(pages: i32, time: i32): void {
  const place = pages + ((time >> 8) << 2);
  let page = load<i32>(place);
  if (page === 0) {
    page = allocate(pageCounts * 4);
    store<i32>(place, page);
  }
  const count = page + ((time & 255) << 2);
  store<u32>(count, load<u32>(count) + 1);
}

function countBucket(line: i32, number: u32, time: i32, busy: i32): void {
  const place = line + lineSeries + i32((number / pageBuckets) << 2);
  let page = load<i32>(place);
  if (page === 0) {
    page = allocate(pageBuckets * bucketSize);
    store<i32>(place, page);
  }
  const bucket = page + i32(number % pageBuckets) * bucketSize;
  store<f64>(bucket, load<f64>(bucket, bucketElapsed) + f64(time), bucketElapsed);
  store<i32>(bucket, load<i32>(bucket, bucketSamples) + 1, bucketSamples);
  if (time > load<i32>(bucket, bucketLongest)) store<i32>(bucket, time, bucketLongest);
  if (busy > load<i32>(bucket, bucketThreads)) store<i32>(bucket, busy, bucketThreads);
}

function blockOf(line: i32, number: i32): i32 {
  const place = line + lineBlocks + (number << 2);
  const known = load<i32>(place);
  if (known !== 0) return known;
  const made = allocate(blockPages + 3 * classTable);
  store<f64>(made, Infinity, blockFirst);
  store<f64>(made, -Infinity, blockLast);
  store<i32>(place, made);
  return made;
}

function countClass(pages: i32, time: i32): void {
  // An octave has half as many classes as there are times below the first.
  const octave = u32(max(0, i32(32 - classBits) - i32(clz(time))));
  const number = (octave << (classBits - 1)) + (u32(time) >> octave);
  const place = pages + i32((number / pageClasses) << 2);
  let page = load<i32>(place);
  if (page === 0) {
    page = allocate(pageClasses * 4);
    store<i32>(place, page);
  }
  const count = page + i32((number % pageClasses) << 2);
  store<u32>(count, load<u32>(count) + 1);
}

function allocate(size: i32): i32 {
  const place = next;
  next += (size + 7) & ~7;
  return place;
}
