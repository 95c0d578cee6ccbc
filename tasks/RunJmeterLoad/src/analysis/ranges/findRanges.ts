/** Where ranges of a results file begin that may be read apart. */
import type { CsvLayout } from '../csvColumns.js';
import type { Range, ReadAt } from './readRange.js';

/** How far the begin of a record is looked for; beyond it two ranges are left as one. */
const searched = 64 * 1024;
/** So much of a large file is read in the time that a thread takes to start: the first range is longer by it. */
const headStart = 32 * 1024 * 1024;
const lineFeed = 10;

/**
 * Parts a file into ranges of much the same length. Each begins behind a line end, and with what looks like a start in milliseconds
 * where JMeter writes that first; whether it is the begin of a record only who reads the range before can say.
 */
export function findRanges(
  readAt: ReadAt,
  { from, to }: Range,
  count: number,
  layout: CsvLayout,
): readonly Range[] {
  const window = Buffer.alloc(Math.min(searched, Math.floor((to - from) / count)));
  const begins = [from];
  const lead = from + (to - from > 8 * headStart ? headStart : 0);
  for (let number = 1; number < count; number += 1) {
    const near = lead + Math.floor(((to - lead) / count) * number);
    const begin = recordIn(window.subarray(0, readAt(window, near)), layout);
    if (begin !== undefined) begins.push(near + begin);
  }
  return begins.map((begin, index) => ({ from: begin, to: begins[index + 1] ?? to }));
}

/** Where the first record begins behind a line end. */
function recordIn(text: Buffer, { separator, columns }: CsvLayout): number | undefined {
  const looksRight = (at: number) => {
    if (columns.timeStamp !== 0) return at < text.length;
    const [digits = ''] = /^\d*/.exec(text.toString('latin1', at, at + 16)) ?? [];
    return digits.length >= 10 && digits.length <= 15 && text[at + digits.length] === separator;
  };
  for (let end = text.indexOf(lineFeed); end >= 0; end = text.indexOf(lineFeed, end + 1))
    if (looksRight(end + 1)) return end + 1;
  return undefined;
}
