/** Counts the samples of a batch in lines and pages of the arena. Its twin is Collection.take. */
import {
  blockLength,
  blocksFull,
  close,
  countClass,
  earlierBlock,
  empty,
  use,
  windowLength,
  windowStart,
} from './blocks';
import {
  arena,
  arenaEnd,
  batch,
  blockBytes,
  blockFirst,
  blockLast,
  blockThreads,
  decided,
  exactLimit,
  failureCount,
  failuresTaken,
  latest,
  lineBlock,
  lineBytes,
  lineConnect,
  lineElapsed,
  lineFailed,
  lineFirst,
  lineLast,
  lineLatency,
  lineSent,
  lineSize,
  lineThreads,
  lines,
  nameLimit,
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
  settled,
} from './layout';

/** Why `take` stopped at a row. */
const rowByHand: i32 = 0;
const arenaFull: i32 = 1;
const outsideWindow: i32 = 2;
const noRoomForBlocks: i32 = 3;

/** The most that a sample takes of the arena. */
const sampleLimit: i32 = 4 * pageCounts * 4;

let next: i32 = arena;
let stoppedBy: i32 = rowByHand;
let warmUpEnd: i64 = i64.MIN_VALUE;
let warmUpSamples: i32 = 0;
let assumed: f64 = -1;

/** Empties the arena: lines must be made anew. */
export function reset(): void {
  memory.fill(arena, 0, next - arena);
  if (blockLength !== 0) memory.fill(arena + settled, 0, next - arena);
  memory.fill(lines, 0, nameLimit * 8);
  next = arena;
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
  empty(line);
  store<i32>(lines + (((label << 1) | transaction) << 2), line);
  return line;
}

/** Why `take` stopped. */
export function reason(): i32 {
  return stoppedBy;
}

/** Counts the rows of the batch from `first` on. @returns `count`, or the row that it cannot count */
export function take(first: i32, count: i32): i32 {
  const stretch = blockLength;
  // The block of the sample before, which most samples share.
  let low: u64 = 0;
  let number: i32 = 0;
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
    if (next > arenaEnd - sampleLimit) return stop(row, arenaFull);
    const end = start + f64(time);
    if (stretch !== 0) {
      const since = u64(moment - windowStart);
      if (since >= windowLength) return stop(row, outsideWindow);
      if (since - low >= stretch) {
        number = i32(since / stretch);
        low = u64(number) * stretch;
      }
      const current = load<i32>(line, lineBlock);
      if (number !== current) {
        if (blocksFull()) return stop(row, noRoomForBlocks);
        use(number);
        if (number < current) {
          if (kind === 0) store<f64>(own, start);
          if (state !== kind) keepFailure(row, line);
          countEarlier(record, line, number, start, end, state !== kind);
          continue;
        }
        if (current >= 0) close(line);
        store<i32>(line, number, lineBlock);
      }
      const busy = load<i32>(record, rowActive);
      if (busy > load<i32>(line, lineThreads)) store<i32>(line, busy, lineThreads);
      if (state !== kind) countTime(line + lineFailed, time);
    }
    if (kind === 0) store<f64>(own, start);
    if (state !== kind) keepFailure(row, line);
    countTime(line + lineElapsed, time);
    if (early > 0) countTime(line + lineLatency, early);
    if (connected > 0) countTime(line + lineConnect, connected);
    // Bytes received and sent stand side by side, in a row and in a line.
    const transferred = f64x2.convert_low_i32x4_s(v128.load64_zero(record, rowBytes));
    v128.store(line, f64x2.add(v128.load(line, lineBytes), transferred), lineBytes);
    if (start < load<f64>(line, lineFirst)) store<f64>(line, start, lineFirst);
    if (end > load<f64>(line, lineLast)) store<f64>(line, end, lineLast);
  }
  return count;
}

/** Counts a sample of a block before the current one: in pages of all times, and in that block. */
function countEarlier(record: usize, line: i32, number: i32, start: f64, end: f64, failed: bool): void {
  const block = earlierBlock(line, number);
  const time = load<i32>(record, rowElapsed);
  const early = load<i32>(record, rowLatency);
  const connected = load<i32>(record, rowConnect);
  const transferred = f64x2.convert_low_i32x4_s(v128.load64_zero(record, rowBytes));
  store<f64>(block, load<f64>(block, blockBytes) + f64x2.extract_lane(transferred, 0), blockBytes);
  store<f64>(line, load<f64>(line, lineSent) + f64x2.extract_lane(transferred, 1), lineSent);
  if (start < load<f64>(block, blockFirst)) store<f64>(block, start, blockFirst);
  if (end > load<f64>(block, blockLast)) store<f64>(block, end, blockLast);
  const busy = load<i32>(record, rowActive);
  if (busy > load<i32>(block, blockThreads)) store<i32>(block, busy, blockThreads);
  countInAll(line + lineElapsed, time);
  countClass(block, 0, time);
  if (early > 0) {
    countInAll(line + lineLatency, early);
    countClass(block, 1, early);
  }
  if (connected > 0) {
    countInAll(line + lineConnect, connected);
    countClass(block, 2, connected);
  }
  if (failed) {
    countInAll(line + lineFailed, time);
    countClass(block, 3, time);
  }
}

function countInAll(pages: i32, time: i32): void {
  const count = pageOf(pages, time) + settled + ((time & 255) << 2);
  store<u32>(count, load<u32>(count) + 1);
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
  const count = pageOf(pages, time) + ((time & 255) << 2);
  store<u32>(count, load<u32>(count) + 1);
}

/** The page of a time's count, made when it is not there. */
function pageOf(pages: i32, time: i32): i32 {
  const place = pages + ((time >> 8) << 2);
  let page = load<i32>(place);
  if (page === 0) {
    page = allocate(pageCounts * 4);
    store<i32>(place, page);
  }
  return page;
}

function allocate(size: i32): i32 {
  const made = next;
  next += (size + 7) & ~7;
  return made;
}
