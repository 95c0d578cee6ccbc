/** What failed in the rows of a batch: texts that came before are known by their numbers. */
import type { Failure } from './collection.js';
import { unquote } from './csvColumns.js';
import { fieldLimit, nameEntries, nameLimit, type NameEntries } from './names.js';
import { failureOf } from './sampleFields.js';
import { inRow, rowWords, type SinkMemory } from './sampleSink.js';

/** Failures of rows. */
export interface RowFailures {
  /** Texts of failures, as they stand in the results. */
  readonly texts: NameEntries<string>;
  /** The failure of a row, one object for all that are the same; undefined when one of its texts has no number. */
  of(row: number): Failure | undefined;
}

/** So many failures are known by the numbers of their texts. */
const knownLimit = 10_000;

export function rowFailures({ rows, failures }: SinkMemory): RowFailures {
  const texts = nameEntries(failures, text => text, undefined, fieldLimit);
  const known = new Map<number, Failure>();
  return {
    texts,
    of(row) {
      const at = row * rowWords;
      const code = rows.numbers[at + inRow.code] ?? -1;
      const message = rows.numbers[at + inRow.message] ?? -1;
      const failureMessage = rows.numbers[at + inRow.failure] ?? -1;
      if (code < 0 || message < 0 || failureMessage < 0) return undefined;
      const key = (code * nameLimit + message) * nameLimit + failureMessage;
      let failure = known.get(key);
      if (failure === undefined) {
        if (known.size >= knownLimit) known.clear();
        const text = (number: number) => unquote(texts.known[number] ?? '');
        known.set(key, (failure = failureOf(text(code), text(message), text(failureMessage))));
      }
      return failure;
    },
  };
}
