/** Keeps the blocks of a timeline: of each line the current one in its pages, those that are closed in few bytes. */
import {
  blockBytes,
  blockFirst,
  blockLast,
  blockLengths,
  blockLimit,
  blockPages,
  blockThreads,
  blockWritten,
  blocks,
  blocksEnd,
  lineBlock,
  lineBytes,
  lineClosed,
  lineEarlier,
  lineElapsed,
  lineFirst,
  lineLast,
  lineThreads,
  pageClasses,
  pageCounts,
  settled,
  timePages,
} from './layout';
import { begin, classOf, end, put, setPrecision } from './pack';

/** Elapsed times, latencies, times to connect, elapsed times of failed samples. */
const kinds: i32 = 4;

/** Blocks count from here, milliseconds since the epoch. */
export let windowStart: i64 = 0;
/** How long the window is that blocks are kept of, and how long they are, milliseconds; 0 where there are none. */
export let windowLength: u64 = 0;
export let blockLength: u64 = 0;
/** The classes of one kind of times: bytes of their pages' places. */
let classTable: i32 = 0;
/** Where the next block is made, and behind where there may be no room for it. */
let next: usize = blocks;
let full: usize = blocksEnd;
/** What `next` was before the last block of a line was closed for good. */
let before: usize = blocks;
/** The first and the last block of the window that samples began in. */
let lowest: i32 = blockLimit;
let highest: i32 = -1;

/**
 * Says where the window lies, and empties the blocks. All lines are to be settled before.
 * @param block the length of a block, 0 for none @param classes how many classes times below the exact limit have
 */
export function place(start: f64, block: f64, precision: u32, classes: i32): void {
  next = blocks;
  lowest = blockLimit;
  highest = -1;
  windowStart = i64(start);
  blockLength = u64(block);
  windowLength = blockLength * blockLimit;
  setPrecision(precision);
  const pages = (classes + pageClasses - 1) / pageClasses;
  classTable = pages << 2;
  // A class is at most two bytes' step and five bytes' count.
  const most = max(blockWritten + kinds * 7 * classes, blockPages + kinds * pages * (4 + pageClasses * 4));
  // The block to be made, one that is closed to be taken, and one that is written for that.
  full = blocksEnd - 3 * (most + 8);
}

/** Whether there is no room for another block. */
export function blocksFull(): bool {
  return next > full;
}

/** The number of the first block that samples began in, above that of the last when there is none. */
export function firstBlock(): i32 {
  return lowest;
}
export function lastBlock(): i32 {
  return highest;
}

/** Takes note of a block that a line has samples in. */
export function use(number: i32): void {
  lowest = min(lowest, number);
  highest = max(highest, number);
}

/** Closes a line's current block, for `settle` to take its room again. */
export function finish(line: i32): void {
  before = next;
  if (load<i32>(line, lineBlock) >= 0) close(line);
}

/** Writes down a block that is not, behind all others and only to be read before the next. @returns its place */
export function written(block: usize): i32 {
  memory.copy(next, block, blockLengths);
  let at = next + blockWritten;
  for (let kind = 0; kind < kinds; kind += 1) {
    const first = at;
    begin(first);
    for (let page = 0; page < classTable; page += 4) {
      const counts = load<i32>(block + blockPages + kind * classTable + page);
      if (counts === 0) continue;
      for (let each = 0; each < pageClasses; each += 1) {
        const count = load<u32>(counts + (each << 2));
        if (count !== 0) put((page >> 2) * pageClasses + each, count);
      }
    }
    at = end();
    store<i32>(next + blockLengths + (kind << 2), i32(at - first));
  }
  return i32(next);
}

/** Leaves a line without blocks, which somebody has taken: what stays is the counts of all its times, and the bytes sent. */
export function settle(line: i32): void {
  memory.fill(line + lineClosed, 0, blockLimit * 8);
  next = before;
}

/** Writes down a line's current block and leaves it empty: its counts are added to those of all times. */
export function close(line: i32): void {
  const block = next;
  store<i32>(line + lineClosed + (load<i32>(line, lineBlock) << 2), i32(block));
  store<f64>(block, load<f64>(line, lineFirst), blockFirst);
  store<f64>(block, load<f64>(line, lineLast), blockLast);
  store<f64>(block, load<f64>(line, lineBytes), blockBytes);
  store<i32>(block, load<i32>(line, lineThreads), blockThreads);
  empty(line);
  let at = block + blockWritten;
  for (let kind = 0; kind < kinds; kind += 1) {
    const first = at;
    at = fold(line + lineElapsed + kind * timePages * 4, first);
    store<i32>(block + blockLengths + (kind << 2), i32(at - first));
  }
  next = (at + 7) & ~7;
}

/** Nothing of a current block, and none that is current. */
export function empty(line: i32): void {
  store<f64>(line, Infinity, lineFirst);
  store<f64>(line, -Infinity, lineLast);
  store<f64>(line, 0, lineBytes);
  store<i32>(line, 0, lineThreads);
  store<i32>(line, -1, lineBlock);
}

/** A line's block of samples that came when it was closed, made when it is not there. */
export function earlierBlock(line: i32, number: i32): i32 {
  const place = line + lineEarlier + (number << 2);
  const known = load<i32>(place);
  if (known !== 0) return known;
  const made = allocate(blockPages + kinds * classTable);
  store<f64>(made, Infinity, blockFirst);
  store<f64>(made, -Infinity, blockLast);
  store<i32>(place, made);
  return made;
}

/** Counts a time of such a block. @param kind 0 to 3 */
export function countClass(block: i32, kind: i32, time: i32): void {
  const number = classOf(time);
  const place = block + blockPages + kind * classTable + ((number / pageClasses) << 2);
  let page = load<i32>(place);
  if (page === 0) {
    page = allocate(pageClasses * 4);
    store<i32>(place, page);
  }
  const count = page + ((number % pageClasses) << 2);
  store<u32>(count, load<u32>(count) + 1);
}

/** Adds the counts of a current block's times to those of all, and writes them down. @returns the place behind what is written */
function fold(pages: i32, written: usize): usize {
  begin(written);
  for (let page = 0; page < timePages; page += 4) {
    if (!v128.any_true(v128.load(pages + (page << 2)))) continue;
    for (let each = page; each < page + 4; each += 1) {
      const counts = load<i32>(pages + (each << 2));
      if (counts !== 0) foldPage(counts, each * pageCounts);
    }
  }
  return end();
}

/** @param first the page's first time */
function foldPage(page: i32, first: i32): void {
  for (let at = 0; at < pageCounts; at += 16) {
    const counts: usize = page + (at << 2);
    const a = v128.load(counts);
    const b = v128.load(counts, 16);
    const c = v128.load(counts, 32);
    const d = v128.load(counts, 48);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const all = counts + settled;
    v128.store(all, i32x4.add(v128.load(all), a));
    v128.store(all, i32x4.add(v128.load(all, 16), b), 16);
    v128.store(all, i32x4.add(v128.load(all, 32), c), 32);
    v128.store(all, i32x4.add(v128.load(all, 48), d), 48);
    for (let each = 0; each < 16; each += 1) {
      const count = load<u32>(counts + (each << 2));
      if (count !== 0) put(classOf(first + at + each), count);
    }
    memory.fill(counts, 0, 64);
  }
}

/** Room of zeros. */
function allocate(size: i32): i32 {
  const made = next;
  next += (size + 7) & ~7;
  memory.fill(made, 0, next - made);
  return i32(made);
}
