/** Takes ordinary samples of XML in batches and leaves the rest to a reader that knows everything. */
import {
  batchSize,
  emptyNumbers,
  inRow,
  inTransactionOf,
  readRow,
  rowKind,
  rowWords,
  type SampleSink,
} from './sampleSink.js';
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
  const { rows, labels, threads } = sink;
  let count = 0;
  const numbers = emptyNumbers();
  function byHand(row: number): void {
    readRow(rows, row, numbers);
    const kind = rows.numbers[row * rowWords + inRow.kind] ?? rowKind.byHand;
    sink.takeOne(
      labels.of(text, names[row * 4] ?? 0, names[row * 4 + 1] ?? 0),
      threads.of(text, names[row * 4 + 2] ?? 0, names[row * 4 + 3] ?? 0),
      numbers,
      undefined,
      inTransactionOf(kind),
    );
  }

  return {
    take(at, fill) {
      let place = at;
      for (;;) {
        place = loops.take(place, fill);
        const filled = loops.rows();
        if (filled > 0) sink.take(filled, byHand);
        count += filled;
        if (filled < batchSize) return place;
      }
    },
    count: () => count,
  };
}
