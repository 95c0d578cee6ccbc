/** Takes ordinary samples of XML in batches and leaves the rest to a reader that knows everything. */
import type { SampleNumbers } from './collection.js';
import { batchSize, rowKind, type SampleSink } from './sampleSink.js';
import type { XmlLoops } from './xmlLoops.js';

/** Takes what is ordinary. */
export interface XmlScanner {
  /**
   * Takes samples, the first of which begins at `at` or after white space.
   * @returns where the first begins that is not ordinary, or where something else does
   */
  take(at: number, fill: number): number;
  /** How many samples were taken. */
  count(): number;
}

/** Makes a scanner. @param sink the one whose columns the loops fill */
export function createXmlScanner({ text, names, ...loops }: XmlLoops, sink: SampleSink): XmlScanner {
  const { columns, labels, threads } = sink;
  const { starts, elapsed, latency, connect, bytes, sentBytes, active, kinds } = columns;
  let count = 0;
  const numbers: SampleNumbers = {
    start: 0,
    elapsed: 0,
    latency: 0,
    connect: 0,
    bytes: 0,
    sentBytes: 0,
    threads: 0,
  };
  function byHand(row: number): void {
    numbers.start = starts[row] ?? 0;
    numbers.elapsed = elapsed[row] ?? 0;
    numbers.latency = latency[row] ?? 0;
    numbers.connect = connect[row] ?? 0;
    numbers.bytes = bytes[row] ?? 0;
    numbers.sentBytes = sentBytes[row] ?? 0;
    numbers.threads = active[row] ?? 0;
    const kind = kinds[row];
    sink.takeOne(
      labels.of(text, names[row * 4] ?? 0, names[row * 4 + 1] ?? 0),
      threads.of(text, names[row * 4 + 2] ?? 0, names[row * 4 + 3] ?? 0),
      numbers,
      undefined,
      kind === rowKind.sample ? undefined : kind === rowKind.transaction ? 1 : 0,
    );
  }

  return {
    take(at, fill) {
      let place = at;
      for (;;) {
        place = loops.take(place, fill);
        const rows = loops.rows();
        if (rows > 0) sink.take(rows, byHand);
        count += rows;
        if (rows < batchSize) return place;
      }
    },
    count: () => count,
  };
}
