/** Reads JMeter's CSV as bytes: a block of text at a time, its columns as a whole, and strings only for what is not ordinary. */
import type { Collection, Failure, LabelEntry, SampleNumbers } from './collection.js';
import { isHeader, unquote, widest, type Column, type CsvLayout } from './csvColumns.js';
import { endOfField, progressOf, textSize, type CsvScanner } from './csvScanner.js';
import { fieldLimit, isFalse } from './names.js';
import { failureOf, samplesInTransaction, wholeNumber } from './sampleFields.js';
import { batchSize, emptyNumbers, inRow, readRow, rowKind, rowWords, type SampleSink } from './sampleSink.js';
import type { ThreadEntry } from './threads.js';

/** Bytes taken at a time: a block of them and its columns stay in a processor's cache. */
const readSize = 128 * 1024;
const quote = 34;
const capitalN = 78;

/** Takes a file's bytes. */
export interface RecordReader {
  /** Room for bytes, at least one; they are taken by `filled`. */
  room(): Uint8Array;
  /** Takes so many bytes that were put into `room()`. */
  filled(count: number): void;
  /** Whether what came so far ends in the middle of a record. */
  open(): boolean;
}

/** Takes the bytes of CSV. */
export interface CsvReader extends RecordReader {
  /** How many records came, a header among them. */
  records(): number;
}

/** Makes a reader of records of this layout. @param collection is told of records that are no samples */
export function createCsvReader(
  layout: CsvLayout,
  sink: SampleSink,
  scanner: CsvScanner,
  collection: Collection,
): CsvReader {
  const { text } = scanner;
  const { bytes, ends, rows, progress } = text;
  const { columns, width } = layout;
  let fill = 0;
  /** Records before those of the block, and before the batch's first one in the block. */
  let records = layout.header ? 1 : 0;
  let first = 0;

  const numbersOfRow = emptyNumbers();

  const raw = (base: number, column: number) => {
    const from = (ends[base + column] ?? 0) + 1;
    return bytes.toString('utf8', from, Math.min(endOfField(text, base + column), from + fieldLimit));
  };
  const field = (base: number, column: Column) => {
    const at = columns[column];
    return at < 0 ? undefined : unquote(raw(base, at));
  };

  function takeRows(): void {
    const count = progress[progressOf.rows] ?? 0;
    for (first = 0; first < count; first += batchSize) {
      const batch = Math.min(batchSize, count - first);
      scanner.parse(first, batch);
      sink.take(batch, takeRow);
    }
    records += count;
    discard(count === 0 ? 0 : (rows[count - 1] ?? 0));
  }

  /** Takes a record that is not ordinary. */
  function takeRow(row: number): void {
    const number = first + row;
    const base = number === 0 ? 0 : (rows[number - 1] ?? 0);
    const last = rows[number] ?? 0;
    if (last - base === width) {
      if (!takeSample(row, base)) reject(number, base, last);
    } else {
      const empty = last - base === 1 && endOfField(text, base) === (ends[base] ?? 0) + 1;
      if (!empty) reject(number, base, last);
    }
  }

  /** @returns whether the record is a sample, or a header */
  function takeSample(row: number, base: number): boolean {
    const numbers = numbersOf(row, base);
    const success = successOf(base);
    if (numbers === undefined || success === undefined) return isHeader(fieldsOf(base), layout);
    let failure: Failure | undefined;
    if (!success)
      failure = failureOf(
        learn(base, 'responseCode'),
        learn(base, 'responseMessage'),
        learn(base, 'failureMessage'),
      );
    sink.takeOne(
      labelOf(row, base),
      threadOf(row, base),
      numbers,
      failure,
      mayBeTransaction(base) ? inTransaction(base) : undefined,
    );
    return true;
  }

  /** @returns undefined without a start and a time */
  function numbersOf(row: number, base: number): SampleNumbers | undefined {
    const known = sink.rows.numbers[row * rowWords + inRow.kind] !== rowKind.byHand;
    if (known) return readRow(sink.rows, row, numbersOfRow);
    const number = (column: Column) => wholeNumber(field(base, column));
    const start = number('timeStamp');
    const elapsed = number('elapsed');
    if (start === undefined || elapsed === undefined) return undefined;
    return {
      start,
      elapsed,
      latency: number('Latency') ?? 0,
      connect: number('Connect') ?? 0,
      bytes: number('bytes') ?? 0,
      sentBytes: number('sentBytes') ?? 0,
      threads: number('allThreads') ?? 0,
    };
  }

  /** A text of a failed sample, which has a number from now on. */
  function learn(base: number, column: Column): string {
    const [from, to] = columns[column] < 0 ? [0, 0] : place(base, columns[column]);
    return unquote(sink.failures.texts.of(bytes, from, to));
  }

  /** `true` or `false` in any case, undefined for all else. */
  function successOf(base: number): boolean | undefined {
    if (isFalse(bytes, ...place(base, columns.success))) return false;
    const text = field(base, 'success')?.toLowerCase();
    return text === 'true' ? true : text === 'false' ? false : undefined;
  }

  function labelOf(row: number, base: number): LabelEntry {
    return (
      sink.labels.known[sink.rows.numbers[row * rowWords + inRow.label] ?? -1] ??
      sink.labels.of(bytes, ...place(base, columns.label))
    );
  }

  function threadOf(row: number, base: number): ThreadEntry {
    const known = sink.threads.known[sink.rows.numbers[row * rowWords + inRow.thread] ?? -1];
    if (known !== undefined) return known;
    return columns.threadName < 0
      ? sink.threads.of(bytes, 0, 0)
      : sink.threads.of(bytes, ...place(base, columns.threadName));
  }

  function place(base: number, column: number): [from: number, to: number] {
    return [(ends[base + column] ?? 0) + 1, endOfField(text, base + column)];
  }

  /** Whether the response message begins as a transaction controller's does: cheap, and true of little else. */
  function mayBeTransaction(base: number): boolean {
    if (columns.responseMessage < 0) return false;
    const [from] = place(base, columns.responseMessage);
    return bytes[bytes[from] === quote ? from + 1 : from] === capitalN;
  }

  function inTransaction(base: number): number | undefined {
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    if ((field(base, 'URL') ?? 'null') !== 'null') return undefined;
    return samplesInTransaction(field(base, 'responseMessage') ?? '');
  }

  function fieldsOf(base: number): string[] {
    return Array.from({ length: width }, (_, column) => unquote(raw(base, column)));
  }

  /** @param number which record of the block it is */
  function reject(number: number, base: number, last: number): void {
    const from = (ends[base] ?? 0) + 1;
    const shown = bytes.toString('utf8', from, Math.min(from + 400, endOfField(text, last - 1)));
    collection.reject(
      records + number + 1,
      last - base === width
        ? 'without a start and a time in milliseconds, and true or false'
        : `of the header's ${width} fields it has ${last - base}`,
      shown,
    );
  }

  /** Takes out the text before the end number `base`; what stays is the beginning of a record. */
  function discard(base: number): void {
    const from = (ends[base] ?? 0) + 1;
    let endCount = (progress[progressOf.ends] ?? 0) - base;
    if (base > 0) {
      bytes.copyWithin(0, from, fill);
      fill -= from;
      for (let at = 1; at <= endCount; at += 1) ends[at] = (ends[base + at] ?? 0) - from;
      progress[progressOf.rows] = 0;
    }
    if (endCount > widest) {
      // More fields than any layout has: this record is none, whatever else it holds.
      endCount = widest + 1;
      fill = (ends[endCount] ?? 0) + 1;
    }
    progress[progressOf.ends] = endCount;
    if (textSize - fill < readSize / 2) shorten(endCount);
  }

  /** Cuts all fields of the record that fills the block, so that there is room again. */
  function shorten(endCount: number): void {
    let from = 0;
    let to = 0;
    for (let at = 1; at <= endCount + 1; at += 1) {
      const end = at > endCount ? fill : (ends[at] ?? 0) + 1;
      const closing = at > endCount ? 0 : 1;
      const length = Math.min(end - from - closing, fieldLimit);
      bytes.copyWithin(to, from, from + length);
      to += length;
      if (closing === 1) {
        bytes[to] = bytes[end - 1] ?? 0;
        ends[at] = to;
        to += 1;
      }
      from = end;
    }
    fill = to;
  }

  return {
    room: () => bytes.subarray(fill, fill + readSize),
    filled(count) {
      scanner.index(fill, fill + count);
      fill += count;
      takeRows();
    },
    open: () => fill > 0,
    records: () => records,
  };
}
