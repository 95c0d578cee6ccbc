/** Finds where fields and records of CSV end. Its twin in TypeScript is csvScanner.ts. */
import { fieldCount } from './columns';
import { ends, progress, rows, text } from './layout';

/** Where in a field the text before is: at its beginning, outside quotes, inside, or just behind a quote that may close it. */
const begin: i32 = 0;
const plain: i32 = 1;
const quoted: i32 = 2;
const afterQuote: i32 = 3;

const quote: u8 = 34;
const lineFeed: u8 = 10;

/** The separator, line feed and quote, sixteen times each. */
const marks: usize = memory.data(48, 16);
v128.store(marks, i8x16.splat(lineFeed), 16);
v128.store(marks, i8x16.splat(quote), 32);

let endCount: i32 = 0;
let rowCount: i32 = 0;

/** Finds the ends of fields and records in `text[from, to)` and appends them to `ends` and `rows`. */
export function index(from: i32, to: i32, separator: u8): void {
  let found = load<i32>(progress);
  rowCount = load<i32>(progress + 4);
  let state = load<i32>(progress + 8);
  // Of memory, so that they stay in registers: a compiler makes constants anew where they are used.
  v128.store(marks, i8x16.splat(separator));
  const separators = v128.load(marks);
  const lineFeeds = v128.load(marks, 16);
  const quotes = v128.load(marks, 32);
  let at = from;
  while (at + 64 <= to) {
    // Line ends are counted in bytes, which are full after so many stretches.
    const pause = min(to - 63, at + 63 * 64);
    let lineEnds = i8x16.splat(0);
    for (; at < pause; at += 64) {
      const a = v128.load(at, text);
      const b = v128.load(at, text + 16);
      const c = v128.load(at, text + 32);
      const d = v128.load(at, text + 48);
      const lineA = i8x16.eq(a, lineFeeds);
      const lineB = i8x16.eq(b, lineFeeds);
      const lineC = i8x16.eq(c, lineFeeds);
      const lineD = i8x16.eq(d, lineFeeds);
      let marked = bits(
        v128.or(lineA, i8x16.eq(a, separators)),
        v128.or(lineB, i8x16.eq(b, separators)),
        v128.or(lineC, i8x16.eq(c, separators)),
        v128.or(lineD, i8x16.eq(d, separators)),
      );
      const quoteA = i8x16.eq(a, quotes);
      const quoteB = i8x16.eq(b, quotes);
      const quoteC = i8x16.eq(c, quotes);
      const quoteD = i8x16.eq(d, quotes);
      if (v128.any_true(v128.or(v128.or(quoteA, quoteB), v128.or(quoteC, quoteD)))) {
        const quoteBits = bits(quoteA, quoteB, quoteC, quoteD);
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
        const may = ((marked | quoteBits) << 1) | u64(state === begin || state === afterQuote);
        if ((opens & ~may) !== 0) {
          endCount = found;
          state = indexSlowly(at, at + 64, separator, state);
          found = endCount;
          continue;
        }
        marked &= ~inside;
        const last = u64(1) << 63;
        state = inside & last ? quoted : quoteBits & last ? afterQuote : marked & last ? begin : plain;
        rowCount += i32(popcnt(bits(lineA, lineB, lineC, lineD) & marked));
      } else {
        if (state === quoted) continue;
        state = i32(marked >> 63) ^ 1;
        lineEnds = i8x16.sub(i8x16.sub(lineEnds, i8x16.add(lineA, lineB)), i8x16.add(lineC, lineD));
      }
      append(marked, at, found << 2);
      found += i32(popcnt(marked));
    }
    rowCount += sumOf(lineEnds);
  }
  endCount = found;
  state = indexSlowly(at, to, separator, state);
  findRows();
  store<i32>(progress, endCount);
  store<i32>(progress + 4, rowCount);
  store<i32>(progress + 8, state);
}

/** The sum of 16 bytes. */
function sumOf(bytes: v128): i32 {
  const pairs = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
  return (
    i32x4.extract_lane(pairs, 0) +
    i32x4.extract_lane(pairs, 1) +
    i32x4.extract_lane(pairs, 2) +
    i32x4.extract_lane(pairs, 3)
  );
}

/** Finds the line ends among the ends. When each record has all its fields there are as many where they are expected as were counted. */
function findRows(): void {
  for (let row = 0; row < rowCount; row += 1) {
    const last = (row + 1) * fieldCount();
    if (last > endCount || load<u8>(load<i32>(last << 2, ends), text) !== lineFeed) {
      findUnevenRows();
      return;
    }
    store<i32>(row << 2, last, rows);
  }
}

function findUnevenRows(): void {
  let row = 0;
  for (let end = 1; end <= endCount; end += 1) {
    if (load<u8>(load<i32>(end << 2, ends), text) !== lineFeed) continue;
    store<i32>(row << 2, end, rows);
    row += 1;
  }
}

/** A bit for each of 64 bytes that is not zero. */
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = u32(i8x16.bitmask(a)) | (u32(i8x16.bitmask(b)) << 16);
  const high = u32(i8x16.bitmask(c)) | (u32(i8x16.bitmask(d)) << 16);
  return u64(low) | (u64(high) << 32);
}

/** Most stretches have up to twelve ends; what is written beyond the last is written again with the next. */
function append(marked: u64, at: i32, place: i32): void {
  let rest = marked;
  store<i32>(place, at + i32(ctz(rest)), ends + 4);
  rest &= rest - 1;
  store<i32>(place, at + i32(ctz(rest)), ends + 8);
  rest &= rest - 1;
  store<i32>(place, at + i32(ctz(rest)), ends + 12);
  rest &= rest - 1;
  if (rest !== 0) {
    store<i32>(place, at + i32(ctz(rest)), ends + 16);
    rest &= rest - 1;
    store<i32>(place, at + i32(ctz(rest)), ends + 20);
    rest &= rest - 1;
    store<i32>(place, at + i32(ctz(rest)), ends + 24);
    rest &= rest - 1;
    store<i32>(place, at + i32(ctz(rest)), ends + 28);
    rest &= rest - 1;
    if (rest !== 0) {
      store<i32>(place, at + i32(ctz(rest)), ends + 32);
      rest &= rest - 1;
      store<i32>(place, at + i32(ctz(rest)), ends + 36);
      rest &= rest - 1;
      store<i32>(place, at + i32(ctz(rest)), ends + 40);
      rest &= rest - 1;
      store<i32>(place, at + i32(ctz(rest)), ends + 44);
      rest &= rest - 1;
      store<i32>(place, at + i32(ctz(rest)), ends + 48);
      rest &= rest - 1;
      for (let more = place + 52; rest !== 0; rest &= rest - 1) {
        store<i32>(more, at + i32(ctz(rest)), ends);
        more += 4;
      }
    }
  }
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
      rowCount += i32(byte === lineFeed);
      state = begin;
    } else {
      state = byte === quote && state !== plain ? quoted : plain;
    }
  }
  return state;
}
