/** Takes ordinary samples of XML apart. Its twin in TypeScript is xmlLoops.ts, which says what is ordinary. */
import {
  batch,
  batchSize,
  ends,
  labelNames,
  rowActive,
  rowBytes,
  rowConnect,
  rowElapsed,
  rowKind,
  rowLabel,
  rowLatency,
  rowMoment,
  rowSentBytes,
  rowSize,
  rowStart,
  rowThread,
  text,
  threadNames,
} from './layout';
import { find, same, transactionMessage, messageLength, wholeNumber } from './fields';

/** For each row where its label and its thread begin and end in the text, i32; XML does not need the ends of fields. */
export const xmlNames: i32 = ends;

const space: u8 = 32;
const exclamation: u8 = 33;
const doubleQuote: u8 = 34;
const ampersand: u8 = 38;
const singleQuote: u8 = 39;
const slash: u8 = 47;
const lessThan: u8 = 60;
const equals: u8 = 61;
const greaterThan: u8 = 62;
const question: u8 = 63;
const capitalN: u8 = 78;
const smallH: u8 = 104;
const wordTrue: u32 = 0x65757274;
/** Bytes that every loop ends at: `"'<>`. */
const stops: u64 = 0x3e3c27223e3c2722;

/** Of `rowKind`. */
const sample: i32 = 0;
const transaction: i32 = 1;
const emptyTransaction: i32 = 2;
const byHand: i32 = 3;

let rows: i32 = 0;

/** How many rows `takeXml` filled. */
export function xmlRows(): i32 {
  return rows;
}

/**
 * Takes samples of `text[from, fill)` into the rows of the batch, until it is full.
 * @returns where the first begins that was not taken, or where something else does
 */
export function takeXml(from: i32, fill: i32): i32 {
  const end: usize = text + fill;
  store<u64>(end, stops);
  store<u64>(end, stops, 8);
  let place: usize = text + from;
  rows = 0;
  while (rows < batchSize) {
    while (load<u8>(place) <= space && place < end) place += 1;
    if (place >= end || load<u8>(place) !== lessThan) break;
    const next = sampleAt(place, end, rows);
    if (next === 0) break;
    place = next;
    rows += 1;
  }
  return i32(place - text);
}

/** @returns where the sample ends, 0 when it is not ordinary or not whole */
function sampleAt(at: usize, end: usize, row: i32): usize {
  let place = endOfSampleName(at);
  if (place === 0 || load<u8>(place) > space) return 0;
  const request = load<u8>(at + 1) === smallH;
  let start: i64 = -1;
  let time: i64 = -1;
  let early: i64 = 0;
  let connected: i64 = 0;
  let received: i64 = 0;
  let sent: i64 = 0;
  let busy: i64 = 0;
  let passed = false;
  let label: usize = 0;
  let labelEnd: usize = 0;
  let thread: usize = text;
  let threadEnd: usize = text;
  let message: usize = 0;
  let messageEnd: usize = 0;
  while (true) {
    let byte = load<u8>(place);
    while (byte <= space) {
      place += 1;
      byte = load<u8>(place);
    }
    if (byte === greaterThan || byte === slash) break;
    const name = place;
    const word = load<u32>(name);
    let code: u32 = 0;
    if (u8(word >> 8) === equals) {
      code = word & 0xff;
      place += 2;
    } else if (u8(word >> 16) === equals) {
      code = word & 0xffff;
      place += 3;
    } else if (u8(word >> 24) === equals) {
      code = word & 0xffffff;
      place += 4;
    } else {
      while (isNameByte(load<u8>(place))) place += 1;
      if (load<u8>(place) !== equals) return 0;
      place += 1;
    }
    const quote = load<u8>(place);
    if (quote !== doubleQuote && quote !== singleQuote) return 0;
    const from = place + 1;
    const to = endOfValue(from, quote);
    place = to + 1;
    if (!endsName(load<u8>(place))) return 0;
    switch (code) {
      case 0x7374: // ts
        start = wholeNumber(from, to, 15);
        break;
      case 0x74: // t
        time = wholeNumber(from, to, 9);
        break;
      case 0x746c: // lt
        early = wholeNumber(from, to, 9);
        break;
      case 0x7463: // ct
        connected = wholeNumber(from, to, 9);
        break;
      case 0x7962: // by
        received = wholeNumber(from, to, 9);
        break;
      case 0x796273: // sby
        sent = wholeNumber(from, to, 9);
        break;
      case 0x616e: // na
        busy = wholeNumber(from, to, 9);
        break;
      case 0x73: // s
        if (to - from !== 4 || (load<u32>(from) | 0x20202020) !== wordTrue) return 0;
        passed = true;
        break;
      case 0x626c: // lb
        label = from;
        labelEnd = to;
        break;
      case 0x6e74: // tn
        thread = from;
        threadEnd = to;
        break;
      case 0x6d72: // rm
        message = from;
        messageEnd = to;
        break;
      default:
        for (let at = name; load<u8>(at) !== equals; at += 1) if (!isNameByte(load<u8>(at))) return 0;
    }
  }
  if (!passed || label === 0 || (start | time | early | connected | received | sent | busy) < 0) return 0;
  const kind: i32 =
    request || message === 0 || load<u8>(message) !== capitalN ? sample : kindOf(message, messageEnd);
  if (kind === byHand) return 0;
  if (load<u8>(place) === slash) {
    if (load<u8>(place + 1) !== greaterThan) return 0;
    place += 2;
  } else {
    place = endOfContent(place + 1, end, kind !== sample);
    if (place === 0) return 0;
  }
  if (place > end) return 0;

  const record: usize = batch + row * rowSize;
  store<i64>(record, start, rowMoment);
  store<f64>(record, f64(start), rowStart);
  store<i32>(record, i32(time), rowElapsed);
  store<i32>(record, i32(early), rowLatency);
  store<i32>(record, i32(connected), rowConnect);
  store<i32>(record, i32(received), rowBytes);
  store<i32>(record, i32(sent), rowSentBytes);
  store<i32>(record, i32(busy), rowActive);
  store<i32>(record, kind, rowKind);
  store<i32>(record, find(labelNames, label, labelEnd), rowLabel);
  store<i32>(record, find(threadNames, thread, threadEnd), rowThread);
  const names = xmlNames + (row << 4);
  store<i32>(names, i32(label - text));
  store<i32>(names, i32(labelEnd - text), 4);
  store<i32>(names, i32(thread - text), 8);
  store<i32>(names, i32(threadEnd - text), 12);
  return place;
}

function isNameByte(byte: u8): bool {
  return (
    byte > space && byte !== equals && byte !== greaterThan && byte !== doubleQuote && byte !== singleQuote
  );
}

function endsName(byte: u8): bool {
  return byte <= space || byte === slash || byte === greaterThan;
}

/** Where the next quote of this kind stands. */
function endOfValue(from: usize, quote: u8): usize {
  const quotes = u64(quote) * 0x0101010101010101;
  let place = from;
  while (true) {
    // A byte that is the quote becomes zero; the lowest zero byte is the first whose highest bit is set by this.
    const word = load<u64>(place) ^ quotes;
    const found = (word - 0x0101010101010101) & ~word & 0x8080808080808080;
    if (found !== 0) return place + usize(ctz(found) >> 3);
    place += 8;
  }
}

/** The kind of a sample whose message may be a transaction controller's. */
function kindOf(message: usize, end: usize): i32 {
  let at: usize = 0;
  while (at < messageLength && load<u8>(message + at) === load<u8>(transactionMessage + at)) at += 1;
  if (at < messageLength) return load<u8>(message + at) === ampersand ? byHand : sample;
  let place = message + messageLength;
  let some = false;
  let digit = u8(load<u8>(place) - 48);
  if (digit > 9) return byHand;
  while (digit <= 9) {
    if (digit > 0) some = true;
    place += 1;
    digit = u8(load<u8>(place) - 48);
  }
  if (place < end && load<u8>(place) === ampersand) return byHand;
  return some ? transaction : emptyTransaction;
}

const httpSample: usize = memory.data<u8>([60, 104, 116, 116, 112, 83, 97, 109, 112, 108, 101]);
const endOfHttpSample: usize = memory.data<u8>([60, 47, 104, 116, 116, 112, 83, 97, 109, 112, 108, 101]);
const otherSample: usize = memory.data<u8>([60, 115, 97, 109, 112, 108, 101]);
const endOfOtherSample: usize = memory.data<u8>([60, 47, 115, 97, 109, 112, 108, 101]);
const url: usize = memory.data<u8>([60, 106, 97, 118, 97, 46, 110, 101, 116, 46, 85, 82, 76, 62]);
const endOfUrl: usize = memory.data<u8>([60, 47, 106, 97, 118, 97, 46, 110, 101, 116, 46, 85, 82, 76, 62]);
const root: usize = memory.data<u8>([60, 116, 101, 115, 116, 82, 101, 115, 117, 108, 116, 115]);
const endOfRoot: usize = memory.data<u8>([60, 47, 116, 101, 115, 116, 82, 101, 115, 117, 108, 116, 115]);

function endOfSampleName(at: usize): usize {
  const end: usize = same(at, httpSample, 11) ? at + 11 : same(at, otherSample, 7) ? at + 7 : 0;
  return end > 0 && endsName(load<u8>(end)) ? end : 0;
}

function endOfClosingName(at: usize): usize {
  const end: usize = same(at, endOfHttpSample, 12) ? at + 12 : same(at, endOfOtherSample, 8) ? at + 8 : 0;
  return end > 0 && endsName(load<u8>(end)) ? end : 0;
}

/** Where the sample ends whose content begins at `from`, 0 when it is not whole or has something unusual in it. */
function endOfContent(from: usize, end: usize, withoutUrl: bool): usize {
  let depth = 1;
  let place = from;
  while (place < end) {
    place = nextTag(place);
    const next = load<u8>(place, 1);
    if (same(place, url, 14)) {
      if (withoutUrl) return 0;
      place += 14;
    } else if (same(place, endOfUrl, 15)) place += 15;
    else if (next === slash) {
      const name = endOfClosingName(place);
      if (name > 0) {
        depth -= 1;
        if (depth === 0) return load<u8>(name) === greaterThan ? name + 1 : 0;
      } else if (same(place, endOfRoot, 13)) return 0;
      place = endOfTag(place + 1);
    } else {
      if (next === exclamation || next === question || same(place, root, 12)) return 0;
      const name = endOfSampleName(place);
      place = endOfTag(place + 1);
      if (name > 0 && load<u8>(place - 2) !== slash) depth += 1;
    }
  }
  return 0;
}

function nextTag(from: usize): usize {
  const tags = i8x16.splat(lessThan);
  let place = from;
  while (true) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(place), tags));
    if (found !== 0) return place + usize(ctz(found));
    place += 16;
  }
}

function endOfTag(from: usize): usize {
  let place = from;
  while (true) {
    const byte = load<u8>(place);
    place += 1;
    if (byte === greaterThan) return place;
    if (byte === doubleQuote || byte === singleQuote) place = endOfValue(place, byte) + 1;
  }
}
