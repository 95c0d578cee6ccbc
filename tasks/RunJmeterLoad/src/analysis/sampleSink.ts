/** Takes samples many at a time, a row of numbers for each: what the readers of CSV and XML hand over. */
import { type Collection, type Failure, type LabelEntry, type SampleNumbers } from './collection.js';
import { emptyCache, nameEntries, type NameCache, type NameEntries } from './names.js';
import { rowFailures, type RowFailures } from './rowFailures.js';
import type { ThreadEntry } from './threads.js';

/** Samples handed over at a time: their rows stay in a processor's nearest cache. */
export const batchSize = 256;

/** What a row is. */
export const rowKind = {
  /** A sample that passed. */
  sample: 0,
  /** A transaction controller's that passed and had samples. */
  transaction: 1,
  /** A transaction controller's that passed and had none. */
  emptyTransaction: 2,
  /** What the reader takes by itself: numbers that do not fit their column, anything that is no sample. */
  byHand: 3,
  /** Added to the kind of a sample or a transaction that failed. */
  failed: 4,
} as const;

/**
 * A batch of samples, a row of 64 bytes for each: see `inRow`, `startOf`. It is the same memory for the life of a sink, that of
 * kernel/layout.ts where there is a kernel.
 */
export interface SampleRows {
  readonly numbers: Int32Array;
  readonly starts: Float64Array;
}

/** Whole numbers of a row: its first is at `row * rowWords` of `numbers`. Times in milliseconds. */
export const rowWords = 16;
export const inRow = {
  elapsed: 0,
  latency: 1,
  connect: 2,
  bytes: 3,
  sentBytes: 4,
  /** Threads that were active, over all groups. */
  active: 5,
  /** Numbers of names in `labels` and `threads` of the sink, -1 for one that has none. */
  label: 10,
  thread: 11,
  /** Of `rowKind`. */
  kind: 12,
  /** Numbers of texts in `failures` of the sink: response code, response message and failure message of a failed sample. */
  code: 14,
  message: 15,
  failure: 13,
} as const;

/** Where in `starts` a row's start is, milliseconds since the epoch. */
export function startOf(row: number): number {
  return row * (rowWords / 2) + 4;
}

/** The numbers of a row. */
export function readRow({ numbers, starts }: SampleRows, row: number, into: SampleNumbers): SampleNumbers {
  const at = row * rowWords;
  into.start = starts[startOf(row)] ?? 0;
  into.elapsed = numbers[at + inRow.elapsed] ?? 0;
  into.latency = numbers[at + inRow.latency] ?? 0;
  into.connect = numbers[at + inRow.connect] ?? 0;
  into.bytes = numbers[at + inRow.bytes] ?? 0;
  into.sentBytes = numbers[at + inRow.sentBytes] ?? 0;
  into.threads = numbers[at + inRow.active] ?? 0;
  return into;
}

export function emptyNumbers(): SampleNumbers {
  return { start: 0, elapsed: 0, latency: 0, connect: 0, bytes: 0, sentBytes: 0, threads: 0 };
}

/** Counts samples in the order in which they are given. */
export interface SampleSink {
  readonly rows: SampleRows;
  readonly labels: NameEntries<LabelEntry>;
  readonly threads: NameEntries<ThreadEntry>;
  readonly failures: RowFailures;
  /**
   * Counts the first of the rows.
   * @param byHand called in its turn for each row that the sink cannot count: one of that kind, of a name without a number, the first
   * of a label. It takes the sample with `takeOne`, or rejects it. Rows stay as they are meanwhile.
   */
  take(count: number, byHand: (row: number) => void): void;
  /** Counts one sample: see `Collection.take`. */
  takeOne(
    label: LabelEntry,
    thread: ThreadEntry,
    numbers: SampleNumbers,
    failure: Failure | undefined,
    inTransaction: number | undefined,
  ): void;
}

/** The sink in plain TypeScript, for machines without SIMD in WebAssembly; the measure of the fast one. */
export function plainSink(
  collection: Collection,
  decode: (name: string) => string,
  memory = plainMemory(),
): SampleSink {
  const { rows } = memory;
  const { numbers } = rows;
  const labels = nameEntries(memory.labels, name => collection.labelEntry(decode(name)));
  const threads = nameEntries(memory.threads, name => collection.threadEntry(decode(name)));
  const failures = rowFailures(memory);
  const one = emptyNumbers();
  return {
    rows,
    labels,
    threads,
    failures,
    take(count, byHand) {
      for (let row = 0; row < count; row += 1) {
        const at = row * rowWords;
        const kind = numbers[at + inRow.kind] ?? rowKind.byHand;
        const label = labels.known[numbers[at + inRow.label] ?? -1];
        const thread = threads.known[numbers[at + inRow.thread] ?? -1];
        const failure = kind >= rowKind.failed ? failures.of(row) : undefined;
        const ready = kind < rowKind.byHand || failure !== undefined;
        if (ready && label !== undefined && thread !== undefined)
          collection.take(label, thread, readRow(rows, row, one), failure, inTransactionOf(kind));
        else byHand(row);
      }
    },
    takeOne(label, thread, sample, failure, inTransaction) {
      collection.take(label, thread, sample, failure, inTransaction);
    },
  };
}

/** How many samples a row of this kind stands for, as `Collection.take` wants it. */
export function inTransactionOf(kind: number): number | undefined {
  const passed = kind % rowKind.failed;
  return passed === rowKind.sample ? undefined : passed === rowKind.transaction ? 1 : 0;
}

/** What a sink works in. */
export interface SinkMemory {
  readonly rows: SampleRows;
  readonly labels: NameCache;
  readonly threads: NameCache;
  readonly failures: NameCache;
}

/** The rows that lie in memory from a place on. */
export function rowsIn(buffer: ArrayBuffer, place: number): SampleRows {
  return {
    numbers: new Int32Array(buffer, place, batchSize * rowWords),
    starts: new Float64Array(buffer, place, (batchSize * rowWords) / 2),
  };
}

/** Memory of its own. */
export function plainMemory(): SinkMemory {
  return {
    rows: rowsIn(new ArrayBuffer(batchSize * rowWords * 4), 0),
    labels: emptyCache(),
    threads: emptyCache(),
    failures: emptyCache(),
  };
}
