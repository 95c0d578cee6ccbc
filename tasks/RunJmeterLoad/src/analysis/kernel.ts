/** The three inner loops over CSV: find where fields end, read a column of numbers, look up a column of names. */
import { progressOf, type Block } from './block.js';
import { findName, type NameCache } from './names.js';

/** Loops over one block. */
export interface Kernel {
  /**
   * Finds the ends of fields and records in `text[from, to)` and appends them to `ends` and `rows`. Quotes as in RFC 4180: a
   * field that begins with a quote goes to its closing one and may hold separators, line ends and doubled quotes; a quote in a
   * field that does not begin with one is an ordinary character.
   */
  index(from: number, to: number, separator: number): void;
  /** Reads a column of the first `count` records of the batch into `numbers[into]`: whole numbers of 1 to 15 digits, -1 for all else. */
  numbers(column: number, count: number, into: number): void;
  /** Looks up the bytes of a column of the first `count` records of the batch in a cache, -1 for what is not in it. */
  lookUp(cache: NameCache, column: number, count: number, ids: Int32Array): void;
}

/** Where in a field the text before is: at its beginning, outside quotes, inside, or just behind a quote that may close it. */
export const state = { begin: 0, plain: 1, quoted: 2, afterQuote: 3 } as const;
const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;
const longestNumber = 15;

/** The loops in plain TypeScript, for machines without SIMD in WebAssembly; the measure of the fast ones. */
export function plainKernel(block: Block): Kernel {
  const { text, ends, rows, bases, progress } = block;
  return {
    index(from, to, separator) {
      let endCount = progress[progressOf.ends] ?? 0;
      let rowCount = progress[progressOf.rows] ?? 0;
      let now: number = progress[progressOf.state] ?? 0;
      // Most bytes are letters and digits, which stand above the usual separators: one look is enough for them.
      const highest = Math.max(separator, lineFeed);
      let at = from;
      while (at < to) {
        if (now === state.quoted) {
          while (at < to && text[at] !== quote) at += 1;
          if (at < to) now = state.afterQuote;
          at += 1;
          continue;
        }
        const byte = text[at];
        if (byte === separator || byte === lineFeed) {
          ends[++endCount] = at;
          if (byte === lineFeed) rows[rowCount++] = endCount;
          now = state.begin;
        } else if (byte === quote && now !== state.plain) {
          now = state.quoted;
        } else {
          now = state.plain;
          for (at += 1; at < to; at += 1) {
            const next = text[at] ?? 0;
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

    numbers(column, count, into) {
      const values = block.numbers[into] ?? new Float64Array();
      for (let row = 0; row < count; row += 1) {
        const before = (bases[row] ?? 0) + column;
        const start = (ends[before] ?? 0) + 1;
        const end = endOfField(block, before);
        let value = end === start || end - start > longestNumber ? -1 : 0;
        for (let at = start; at < end && value >= 0; at += 1) {
          const digit = (text[at] ?? 0) - 48;
          value = digit >= 0 && digit <= 9 ? value * 10 + digit : -1;
        }
        values[row] = value;
      }
    },

    lookUp(cache, column, count, ids) {
      for (let row = 0; row < count; row += 1) {
        const before = (bases[row] ?? 0) + column;
        const start = (ends[before] ?? 0) + 1;
        const length = endOfField(block, before) - start;
        ids[row] = findName(cache, text, start, length);
      }
    },
  };
}

/** Where a field ends, a carriage return before the line end left out. @param before the number of the end before the field */
export function endOfField({ text, ends }: Block, before: number): number {
  const end = ends[before + 1] ?? 0;
  return text[end] === lineFeed && end > (ends[before] ?? 0) + 1 && text[end - 1] === carriageReturn
    ? end - 1
    : end;
}
