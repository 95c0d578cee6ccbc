/** Reads JMeter's CSV as bytes: a block of text at a time, its columns as a whole, and strings only for what failed. */
import { batchSize, layOut, blockBytes, progressOf, textSize, type Block } from './block.js';
import {
  failureOf,
  samplesInTransaction,
  wholeNumber,
  type Collection,
  type Failure,
  type SampleNumbers,
} from './collection.js';
import { isHeader, unquote, widest, type Column, type CsvLayout } from './csvColumns.js';
import { endOfField, plainKernel, type Kernel } from './kernel.js';
import { fieldLimit, isTrue, nameEntries, type NameEntries } from './names.js';

/** Bytes taken at a time: a block of them and its columns stay in a processor's cache. */
const readSize = 128 * 1024;
const numeric = ['timeStamp', 'elapsed', 'Latency', 'Connect', 'bytes', 'sentBytes', 'allThreads'] as const;
const numberNames = ['start', 'elapsed', 'latency', 'connect', 'bytes', 'sentBytes', 'threads'] as const;
const capitalN = 78;
const quote = 34;

/** Takes a file's bytes. */
export interface RecordReader {
  /** Room for bytes, at least one; they are taken by `filled`. */
  room(): Uint8Array;
  /** Takes so many bytes that were put into `room()`. */
  filled(count: number): void;
  /** Whether what came so far ends in the middle of a record. */
  open(): boolean;
}

/** Makes a reader of records of this layout. */
export function createCsvReader(layout: CsvLayout, collection: Collection): RecordReader {
  const block = layOut(new ArrayBuffer(blockBytes));
  return readerOver(block, plainKernel(block), layout, collection);
}

function readerOver(block: Block, kernel: Kernel, layout: CsvLayout, collection: Collection): RecordReader {
  const { text, ends, rows, bases, progress } = block;
  const { columns, width } = layout;
  const buffer = Buffer.from(block.memory, text.byteOffset, text.length);
  const [starts, times, latencies, connects, received, sent, active] = block.numbers;
  const numbers: SampleNumbers = {
    start: 0,
    elapsed: 0,
    latency: 0,
    connect: 0,
    bytes: 0,
    sentBytes: 0,
    threads: 0,
  };
  let fill = 0;
  /** Records before those of the block. */
  let records = layout.header ? 1 : 0;

  const raw = (base: number, column: number) => {
    const from = (ends[base + column] ?? 0) + 1;
    return buffer.toString('utf8', from, Math.min(endOfField(block, base + column), from + fieldLimit));
  };
  const field = (base: number, column: Column) => {
    const at = columns[column];
    return at < 0 ? undefined : unquote(raw(base, at));
  };
  const labels = nameEntries(block.labels, name => collection.labelEntry(unquote(name)));
  const threads = nameEntries(block.threads, name => collection.threadEntry(unquote(name)));
  const noThread = collection.threadEntry('');

  function takeRows(): void {
    const count = progress[progressOf.rows] ?? 0;
    let batch = 0;
    let base = 0;
    for (let row = 0; row < count; row += 1) {
      const last = rows[row] ?? 0;
      if (last - base === width) {
        bases[batch] = base;
        batch += 1;
        if (batch === batchSize) batch = takeBatch(batch, records + row + 2 - batch);
      } else {
        batch = takeBatch(batch, records + row + 1 - batch);
        const empty = last - base === 1 && endOfField(block, base) === (ends[base] ?? 0) + 1;
        if (!empty) reject(records + row + 1, base, last);
      }
      base = last;
    }
    takeBatch(batch, records + count + 1 - batch);
    records += count;
    discard(base);
  }

  /** @param first the first record's number in the file @returns how many are left to take: none */
  function takeBatch(count: number, first: number): 0 {
    if (count === 0) return 0;
    for (const [into, column] of numeric.entries()) {
      if (columns[column] >= 0) kernel.numbers(columns[column], count, into);
    }
    kernel.lookUp(block.labels, columns.label, count, block.labelIds);
    if (columns.threadName >= 0) kernel.lookUp(block.threads, columns.threadName, count, block.threadIds);
    for (let row = 0; row < count; row += 1) {
      const base = bases[row] ?? 0;
      if (!takeRow(row, base)) reject(first + row, base, base + width);
    }
    return 0;
  }

  /** @returns whether the record is a sample, or a header */
  function takeRow(row: number, base: number): boolean {
    numbers.start = starts?.[row] ?? -1;
    numbers.elapsed = times?.[row] ?? -1;
    numbers.latency = latencies?.[row] ?? 0;
    numbers.connect = connects?.[row] ?? 0;
    numbers.bytes = received?.[row] ?? 0;
    numbers.sentBytes = sent?.[row] ?? 0;
    numbers.threads = active?.[row] ?? 0;
    const passed = isTrue(
      text,
      (ends[base + columns.success] ?? 0) + 1,
      endOfField(block, base + columns.success),
    );
    let failure: Failure | undefined;
    if (!passed || hasMissing(numbers)) {
      const success = field(base, 'success')?.toLowerCase();
      for (const [at, name] of numberNames.entries())
        if (numbers[name] < 0)
          numbers[name] = wholeNumber(field(base, numeric[at] ?? 'elapsed')) ?? (at < 2 ? -1 : 0);
      if (numbers.start < 0 || numbers.elapsed < 0 || (success !== 'true' && success !== 'false'))
        return isHeader(fieldsOf(base), layout);
      if (success === 'false')
        failure = failureOf(
          field(base, 'responseCode') ?? '',
          field(base, 'responseMessage') ?? '',
          field(base, 'failureMessage') ?? '',
        );
    }
    const label = named(labels, block.labelIds, row, base, columns.label);
    const thread =
      columns.threadName < 0 ? noThread : named(threads, block.threadIds, row, base, columns.threadName);
    collection.take(
      label,
      thread,
      numbers,
      failure,
      mayBeTransaction(base) ? inTransaction(base) : undefined,
    );
    return true;
  }

  function named<Entry>(
    entries: NameEntries<Entry>,
    ids: Int32Array,
    row: number,
    base: number,
    column: number,
  ): Entry {
    const known = entries.known[ids[row] ?? -1];
    if (known !== undefined) return known;
    return entries.of(buffer, (ends[base + column] ?? 0) + 1, endOfField(block, base + column));
  }

  /** Whether the response message begins as a transaction controller's does: cheap, and true of little else. */
  function mayBeTransaction(base: number): boolean {
    if (columns.responseMessage < 0) return false;
    const start = (ends[base + columns.responseMessage] ?? 0) + 1;
    return text[text[start] === quote ? start + 1 : start] === capitalN;
  }

  function inTransaction(base: number): number | undefined {
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    if ((field(base, 'URL') ?? 'null') !== 'null') return undefined;
    return samplesInTransaction(field(base, 'responseMessage') ?? '');
  }

  function fieldsOf(base: number): string[] {
    return Array.from({ length: width }, (_, column) => unquote(raw(base, column)));
  }

  function reject(number: number, base: number, last: number): void {
    const from = (ends[base] ?? 0) + 1;
    const shown = buffer.toString('utf8', from, Math.min(from + 400, endOfField(block, last - 1)));
    collection.reject(
      number,
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
      text.copyWithin(0, from, fill);
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
      text.copyWithin(to, from, from + length);
      to += length;
      if (closing === 1) {
        text[to] = text[end - 1] ?? 0;
        ends[at] = to;
        to += 1;
      }
      from = end;
    }
    fill = to;
  }

  return {
    room: () => text.subarray(fill, fill + readSize),
    filled(count) {
      kernel.index(fill, fill + count, layout.separator);
      fill += count;
      takeRows();
    },
    open: () => fill > 0,
  };
}

function hasMissing(numbers: SampleNumbers): boolean {
  return (
    numbers.start < 0 ||
    numbers.elapsed < 0 ||
    numbers.latency < 0 ||
    numbers.connect < 0 ||
    numbers.bytes < 0 ||
    numbers.sentBytes < 0 ||
    numbers.threads < 0
  );
}
