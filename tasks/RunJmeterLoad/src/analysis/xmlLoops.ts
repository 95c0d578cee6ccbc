/** Takes ordinary samples of XML apart: those that passed, stand whole in memory and hold nothing unusual. */
import { batchSize, inRow, rowKind, rowWords, startOf, type SampleSink } from './sampleSink.js';
import { endOfContent, endOfSampleName, endsName } from './xmlContent.js';

/** Bytes of text at a time; a tag that is longer is no sample. */
export const textSize = 512 * 1024;

/** Loops over a text, which fill the columns of a sink. */
export interface XmlLoops {
  /** The text, with room behind it for bytes that every loop ends at. */
  readonly text: Buffer;
  /** For each row where its label and its thread begin and end in the text. */
  readonly names: Int32Array;
  /**
   * Takes samples, the first of which begins at `at` or after white space, into the rows until the batch is full.
   * @returns where the first begins that was not taken, or where something else does
   */
  take(at: number, fill: number): number;
  /** How many rows `take` filled. */
  rows(): number;
}

const space = 32;
const doubleQuote = 34;
const ampersand = 38;
const singleQuote = 39;
const slash = 47;
const zero = 48;
const lessThan = 60;
const equals = 61;
const greaterThan = 62;
const capitalN = 78;
const smallH = 104;
const digitsAtOnce = 9;
const transactionMessage = Buffer.from('Number of samples in transaction : ');

/** The word true, its bytes as one number. */
const wordTrue = Buffer.from('true').readInt32LE();

/** Bytes that every loop ends at: they stand behind what is filled. */
const stops = Buffer.from(`"'<>`.repeat(4));
/** Room for them. */
const stopSize = 64;

/** The loops in plain TypeScript, for machines without SIMD in WebAssembly; the measure of those in kernel/xml.ts. */
export function plainXmlLoops({ rows: samples, labels, threads }: SampleSink): XmlLoops {
  const buffer = Buffer.alloc(textSize + stopSize);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const names = new Int32Array(batchSize * 4);
  let rows = 0;

  /** Takes the sample whose tag begins at `at`. @returns where it ends, -1 when it is not ordinary or not whole */
  function sampleAt(at: number, fill: number): number {
    let place = endOfSampleName(buffer, view, at, false);
    if (place === 0) return -1;
    const request = buffer[at + 1] === smallH;
    if ((buffer[place] ?? 0) > space) return -1;

    let startValue = -1;
    let elapsedValue = -1;
    let latencyValue = 0;
    let connectValue = 0;
    let bytesValue = 0;
    let sentValue = 0;
    let activeValue = 0;
    let passed = false;
    let labelFrom = -1;
    let labelTo = -1;
    let threadFrom = 0;
    let threadTo = 0;
    let message = -1;
    for (;;) {
      let byte = buffer[place] ?? 0;
      while (byte <= space) byte = buffer[++place] ?? greaterThan;
      if (byte === greaterThan || byte === slash) break;
      let code = 0;
      while (byte !== equals) {
        if (byte <= space || byte === greaterThan || byte === doubleQuote || byte === singleQuote) return -1;
        code = code < 0 || code > 0xffff ? -1 : (code << 8) | byte;
        byte = buffer[++place] ?? 0;
      }
      const quote = buffer[++place] ?? 0;
      if (quote !== doubleQuote && quote !== singleQuote) return -1;
      const from = ++place;
      let value = 0;
      let digit = (buffer[place] ?? 0) - zero;
      while (digit >= 0 && digit <= 9 && place - from < digitsAtOnce) {
        value = (value * 10 + digit) | 0;
        digit = (buffer[++place] ?? 0) - zero;
      }
      // A start has more digits than fit at once.
      let rest = 0;
      let unit = 1;
      while (digit >= 0 && digit <= 9 && place - from < digitsAtOnce + 6) {
        rest = (rest * 10 + digit) | 0;
        unit = (unit * 10) | 0;
        digit = (buffer[++place] ?? 0) - zero;
      }
      const isNumber = place > from && buffer[place] === quote;
      while (buffer[place] !== quote) place += 1;
      const to = place;
      place += 1;
      if (!endsName(buffer[place] ?? 0)) return -1;
      // The bytes of the name as one number.
      switch (code) {
        case 0x7473: // ts
          if (!isNumber) return -1;
          startValue = value * unit + rest;
          break;
        case 0x74: // t
          if (!isNumber || unit > 1) return -1;
          elapsedValue = value;
          break;
        case 0x6c74: // lt
          if (!isNumber || unit > 1) return -1;
          latencyValue = value;
          break;
        case 0x6374: // ct
          if (!isNumber || unit > 1) return -1;
          connectValue = value;
          break;
        case 0x6279: // by
          if (!isNumber || unit > 1) return -1;
          bytesValue = value;
          break;
        case 0x736279: // sby
          if (!isNumber || unit > 1) return -1;
          sentValue = value;
          break;
        case 0x6e61: // na
          if (!isNumber || unit > 1) return -1;
          activeValue = value;
          break;
        case 0x73: // s
          passed = to - from === 4 && (view.getInt32(from, true) | 0x20202020) === wordTrue;
          if (!passed) return -1;
          break;
        case 0x6c62: // lb
          labelFrom = from;
          labelTo = to;
          break;
        case 0x746e: // tn
          threadFrom = from;
          threadTo = to;
          break;
        case 0x726d: // rm
          message = from;
          break;
      }
    }
    if (!passed || startValue < 0 || elapsedValue < 0 || labelFrom < 0) return -1;
    const kind: number =
      request || message < 0 || buffer[message] !== capitalN ? rowKind.sample : kindOf(message);
    if (kind === rowKind.byHand) return -1;
    if (buffer[place] === slash) {
      if (buffer[place + 1] !== greaterThan) return -1;
      place += 2;
    } else {
      place = endOfContent(buffer, view, place + 1, fill, kind !== rowKind.sample);
      if (place < 0) return -1;
    }
    if (place > fill) return -1;

    const row = rows;
    const first = row * rowWords;
    samples.starts[startOf(row)] = startValue;
    samples.numbers[first + inRow.elapsed] = elapsedValue;
    samples.numbers[first + inRow.latency] = latencyValue;
    samples.numbers[first + inRow.connect] = connectValue;
    samples.numbers[first + inRow.bytes] = bytesValue;
    samples.numbers[first + inRow.sentBytes] = sentValue;
    samples.numbers[first + inRow.active] = activeValue;
    samples.numbers[first + inRow.kind] = kind;
    samples.numbers[first + inRow.label] = labels.numberOf(buffer, labelFrom, labelTo);
    samples.numbers[first + inRow.thread] = threads.numberOf(buffer, threadFrom, threadTo);
    names[row * 4] = labelFrom;
    names[row * 4 + 1] = labelTo;
    names[row * 4 + 2] = threadFrom;
    names[row * 4 + 3] = threadTo;
    rows += 1;
    return place;
  }

  /** What a sample is whose message begins at `from` as a transaction controller's does; by hand when it takes more to tell. */
  function kindOf(from: number): number {
    let at = 0;
    while (at < transactionMessage.length && buffer[from + at] === transactionMessage[at]) at += 1;
    if (at < transactionMessage.length)
      return buffer[from + at] === ampersand ? rowKind.byHand : rowKind.sample;
    let some = false;
    let place = from + at;
    let digit = (buffer[place] ?? 0) - zero;
    if (!(digit >= 0 && digit <= 9)) return rowKind.byHand;
    while (digit >= 0 && digit <= 9) {
      some ||= digit > 0;
      digit = (buffer[++place] ?? 0) - zero;
    }
    if (buffer[place] === ampersand) return rowKind.byHand;
    return some ? rowKind.transaction : rowKind.emptyTransaction;
  }

  return {
    text: buffer,
    names,
    take(at, fill) {
      buffer.set(stops, fill);
      let place = at;
      for (rows = 0; rows < batchSize && place < fill;) {
        while ((buffer[place] ?? 0) <= space && place < fill) place += 1;
        if (buffer[place] !== lessThan) return place;
        const end = sampleAt(place, fill);
        if (end < 0) return place;
        place = end;
      }
      return place;
    },
    rows: () => rows,
  };
}
