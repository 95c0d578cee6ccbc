/** Takes samples side by side, a column for each of their numbers: what the readers of CSV and XML hand over. */
import {
  type Collection,
  type Failure,
  type LabelEntry,
  type SampleNumbers,
  type ThreadEntry,
} from './collection.js';
import { emptyCache, nameEntries, type NameCache, type NameEntries } from './names.js';

/** Samples handed over at a time: their columns stay in a processor's nearest cache. */
export const batchSize = 512;

/** What a row is. */
export const rowKind = {
  /** A sample that passed. */
  sample: 0,
  /** A transaction controller's that passed and had samples. */
  transaction: 1,
  /** A transaction controller's that passed and had none. */
  emptyTransaction: 2,
  /** What the reader takes by itself: a failure, numbers that do not fit their column, anything that is no sample. */
  byHand: 3,
} as const;

/** A batch: each row of the columns is a sample. They are the same memory for the life of a sink. */
export interface SampleColumns {
  /** Milliseconds since the epoch. */
  readonly starts: Float64Array;
  /** Milliseconds. */
  readonly elapsed: Int32Array;
  readonly latency: Int32Array;
  readonly connect: Int32Array;
  readonly bytes: Int32Array;
  readonly sentBytes: Int32Array;
  /** Threads that were active, over all groups. */
  readonly active: Int32Array;
  /** Numbers of names in `labels` and `threads` of the sink, -1 for one that has none. */
  readonly labels: Int32Array;
  readonly threads: Int32Array;
  /** Of `rowKind`. */
  readonly kinds: Uint8Array;
}

/** Counts samples in the order in which they are given. */
export interface SampleSink {
  readonly columns: SampleColumns;
  readonly labels: NameEntries<LabelEntry>;
  readonly threads: NameEntries<ThreadEntry>;
  /**
   * Counts the first rows of the columns.
   * @param byHand called in its turn for each row that the sink cannot count: one of that kind, of a name without a number, the first
   * of a label. It takes the sample with `takeOne`, or rejects it. Columns stay as they are meanwhile.
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
  const { columns } = memory;
  const labels = nameEntries(memory.labels, name => collection.labelEntry(decode(name)));
  const threads = nameEntries(memory.threads, name => collection.threadEntry(decode(name)));
  const numbers: SampleNumbers = {
    start: 0,
    elapsed: 0,
    latency: 0,
    connect: 0,
    bytes: 0,
    sentBytes: 0,
    threads: 0,
  };
  return {
    columns,
    labels,
    threads,
    take(count, byHand) {
      for (let row = 0; row < count; row += 1) {
        const kind = columns.kinds[row] ?? rowKind.byHand;
        const label = labels.known[columns.labels[row] ?? -1];
        const thread = threads.known[columns.threads[row] ?? -1];
        if (kind === rowKind.byHand || label === undefined || thread === undefined) {
          byHand(row);
          continue;
        }
        numbers.start = columns.starts[row] ?? 0;
        numbers.elapsed = columns.elapsed[row] ?? 0;
        numbers.latency = columns.latency[row] ?? 0;
        numbers.connect = columns.connect[row] ?? 0;
        numbers.bytes = columns.bytes[row] ?? 0;
        numbers.sentBytes = columns.sentBytes[row] ?? 0;
        numbers.threads = columns.active[row] ?? 0;
        const inTransaction = kind === rowKind.sample ? undefined : kind === rowKind.transaction ? 1 : 0;
        collection.take(label, thread, numbers, undefined, inTransaction);
      }
    },
    takeOne(label, thread, one, failure, inTransaction) {
      collection.take(label, thread, one, failure, inTransaction);
    },
  };
}

/** What a sink works in. */
export interface SinkMemory {
  readonly columns: SampleColumns;
  readonly labels: NameCache;
  readonly threads: NameCache;
}

/** Memory of its own. */
export function plainMemory(): SinkMemory {
  const integers = () => new Int32Array(batchSize);
  return {
    columns: {
      starts: new Float64Array(batchSize),
      elapsed: integers(),
      latency: integers(),
      connect: integers(),
      bytes: integers(),
      sentBytes: integers(),
      active: integers(),
      labels: integers(),
      threads: integers(),
      kinds: new Uint8Array(batchSize),
    },
    labels: emptyCache(),
    threads: emptyCache(),
  };
}
