/** Takes CSV apart: where fields and records end, and the rows of a batch of records. */
import { unquote, type Column, type CsvLayout } from './csvColumns.js';
import { findName, isFalse, isTrue } from './names.js';
import { samplesInTransaction } from './sampleFields.js';
import { inRow, rowKind, rowWords, startOf, type SinkMemory } from './sampleSink.js';

/** Bytes of text at a time; a record that is longer loses the middle of its long fields. */
export const textSize = 512 * 1024;

/** What is taken apart. */
export interface CsvText {
  readonly bytes: Buffer;
  /** Where fields end: the places of separators and line ends outside quotes. The first is -1, the end before the first field. */
  readonly ends: Int32Array;
  /** For each record, the number of its line end among `ends`. */
  readonly rows: Int32Array;
  /** What `index` goes on from: see `progressOf`. */
  readonly progress: Int32Array;
}

/** The places in `CsvText.progress`: ends, records, and where in a field the text is. */
export const progressOf = { ends: 0, rows: 1, state: 2 } as const;

/** Loops over text and columns. */
export interface CsvScanner {
  readonly text: CsvText;
  /**
   * Finds the ends of fields and records in `text[from, to)` and appends them to `ends` and `rows`. Quotes as in RFC 4180: a
   * field that begins with a quote goes to its closing one and may hold separators, line ends and doubled quotes; a quote in a
   * field that does not begin with one is an ordinary character.
   */
  index(from: number, to: number): void;
  /** Reads records from the one with this number in the text on into the first rows of the sink's columns. */
  parse(first: number, count: number): void;
}

/** Where in a field the text before is: at its beginning, outside quotes, inside, or just behind a quote that may close it. */
const state = { begin: 0, plain: 1, quoted: 2, afterQuote: 3 } as const;
const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;
const capitalN = 78;
const longestStart = 15;
/** Numbers that fit their column for sure. */
const longestNumber = 8;

/** The loops in plain TypeScript, for machines without SIMD in WebAssembly; the measure of those in kernel/scan.ts and kernel/records.ts. */
export function plainScanner(
  layout: CsvLayout,
  { rows: to, labels, threads, failures }: SinkMemory,
): CsvScanner {
  const { separator, width, columns } = layout;
  const text: CsvText = {
    bytes: Buffer.alloc(textSize),
    ends: new Int32Array(textSize + 2).fill(-1, 0, 1),
    rows: new Int32Array(textSize + 1),
    progress: new Int32Array(4),
  };
  const { bytes, ends, rows, progress } = text;

  /** A column of whole numbers of so many digits, -1 for all else, 0 where the file does not have the column. */
  function number(base: number, column: Column, longest = longestNumber): number {
    if (columns[column] < 0) return 0;
    const before = base + columns[column];
    const start = (ends[before] ?? 0) + 1;
    const end = endOfField(text, before);
    let value = end === start || end - start > longest ? -1 : 0;
    for (let at = start; at < end && value >= 0; at += 1) {
      const digit = (bytes[at] ?? 0) - 48;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : -1;
    }
    return value;
  }

  function parseRow(row: number, base: number): number {
    const start = number(base, 'timeStamp', longestStart);
    const numbers = [
      number(base, 'elapsed'),
      number(base, 'Latency'),
      number(base, 'Connect'),
      number(base, 'bytes'),
      number(base, 'sentBytes'),
      number(base, 'allThreads'),
    ] as const;
    const at = row * rowWords;
    to.starts[startOf(row)] = start;
    to.numbers.set(numbers, at);
    to.numbers[at + inRow.label] = to.numbers[at + inRow.thread] = -1;
    if (start < 0 || numbers.some(value => value < 0)) return rowKind.byHand;
    const [label, labelEnd] = place(base, 'label');
    to.numbers[at + inRow.label] = findName(labels, bytes, label, labelEnd - label);
    // Without a column of threads, all samples are those of one without a name.
    const [thread, threadEnd] = columns.threadName < 0 ? [0, 0] : place(base, 'threadName');
    to.numbers[at + inRow.thread] = findName(threads, bytes, thread, threadEnd - thread);
    const success = place(base, 'success');
    if (isTrue(bytes, ...success)) return kindOf(base);
    const kind = isFalse(bytes, ...success) ? kindOf(base) : rowKind.byHand;
    if (kind === rowKind.byHand) return kind;
    to.numbers[at + inRow.code] = textNumber(base, 'responseCode');
    to.numbers[at + inRow.message] = textNumber(base, 'responseMessage');
    to.numbers[at + inRow.failure] = textNumber(base, 'failureMessage');
    return kind + rowKind.failed;
  }

  /** The number of a text of a failed sample, of the text without a letter when the file does not have the column. */
  function textNumber(base: number, column: Column): number {
    const [from, end] = columns[column] < 0 ? [0, 0] : place(base, column);
    return findName(failures, bytes, from, end - from);
  }

  /** The kind of a record that passed. */
  function kindOf(base: number): number {
    if (columns.responseMessage < 0) return rowKind.sample;
    const [from, end] = place(base, 'responseMessage');
    if (bytes[bytes[from] === quote ? from + 1 : from] !== capitalN) return rowKind.sample;
    if (columns.URL >= 0) {
      // A request has a URL: a site cannot hide one by answering with a transaction's message.
      const url = bytes.toString('latin1', ...place(base, 'URL'));
      if (url.startsWith('"')) return rowKind.byHand;
      if (url !== 'null') return rowKind.sample;
    }
    const count = samplesInTransaction(unquote(bytes.toString('latin1', from, end)));
    if (count === undefined) return rowKind.sample;
    return count > 0 ? rowKind.transaction : count === 0 ? rowKind.emptyTransaction : rowKind.byHand;
  }

  function place(base: number, column: Column): [from: number, to: number] {
    const before = base + columns[column];
    return [(ends[before] ?? 0) + 1, endOfField(text, before)];
  }

  return {
    text,
    index(from, to) {
      let endCount = progress[progressOf.ends] ?? 0;
      let rowCount = progress[progressOf.rows] ?? 0;
      let now: number = progress[progressOf.state] ?? 0;
      // Most bytes are letters and digits, which stand above the usual separators: one look is enough for them.
      const highest = Math.max(separator, lineFeed);
      let at = from;
      while (at < to) {
        if (now === state.quoted) {
          while (at < to && bytes[at] !== quote) at += 1;
          if (at < to) now = state.afterQuote;
          at += 1;
          continue;
        }
        const byte = bytes[at];
        if (byte === separator || byte === lineFeed) {
          ends[++endCount] = at;
          if (byte === lineFeed) rows[rowCount++] = endCount;
          now = state.begin;
        } else if (byte === quote && now !== state.plain) {
          now = state.quoted;
        } else {
          now = state.plain;
          for (at += 1; at < to; at += 1) {
            const next = bytes[at] ?? 0;
            if (next <= highest && (next === separator || next === lineFeed)) break;
          }
          continue;
        }
        at += 1;
      }
      progress[progressOf.ends] = endCount;
      progress[progressOf.rows] = rowCount;
      progress[progressOf.state] = now;
    },

    parse(first, count) {
      let base = first === 0 ? 0 : (rows[first - 1] ?? 0);
      for (let row = 0; row < count; row += 1) {
        const last = rows[first + row] ?? 0;
        to.numbers[row * rowWords + inRow.kind] =
          last - base === width ? parseRow(row, base) : rowKind.byHand;
        base = last;
      }
    },
  };
}

/** Where a field ends, a carriage return before the line end left out. @param before the number of the end before the field */
export function endOfField({ bytes, ends }: CsvText, before: number): number {
  const end = ends[before + 1] ?? 0;
  return bytes[end] === lineFeed && end > (ends[before] ?? 0) + 1 && bytes[end - 1] === carriageReturn
    ? end - 1
    : end;
}
