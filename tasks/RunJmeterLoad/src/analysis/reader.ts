/** Reads results in CSV or XML, piece by piece: tells by the first bytes which they are. */
import { UserError } from '../../../../shared/core/errors.js';
import type { Analyser } from './analyse.js';
import { Collection } from './collection.js';
import { layoutOf, noLayout, type CsvLayout } from './csvColumns.js';
import type { CsvReader, RecordReader } from './csvReader.js';
import { csvReader, xmlReader } from './engine.js';
import { bundledKernel } from './kernel.js';
import type { Ahead, RangeCounts } from './ranges/rangeCounts.js';
import type { AnalysisOptions } from './statistics.js';

const longestHeader = 64 * 1024;
const lineFeed = 10;
const lessThan = '<';
/** The name of the element that XML begins with: a page of a server that took the file's place is well-formed, too. */
const firstElement = /^(?:\s|<\?[^>]*\?>|<!--[^]*?-->|<!DOCTYPE html[^>]*>)*<(?![?!])([^\s>/]+)[\s>/]/i;

/** Reads one file, of which others may read ranges. */
export interface JtlReader extends Analyser {
  /** What readers of later ranges go by; undefined while that is not known, and always where records cannot be found in the middle of a file. */
  ahead(): Ahead | undefined;
  /**
   * Adds what another found in the bytes that follow.
   * @returns whether it could be; else those bytes are to be pushed
   */
  add(range: RangeCounts): boolean;
}

/** Makes a reader of one file. @param module what counts fast; undefined for plain TypeScript */
export function createJtlReader(options: AnalysisOptions, module = bundledKernel()): JtlReader {
  const collection = new Collection(options);
  let head = Buffer.alloc(0);
  const firstRoom = Buffer.alloc(longestHeader);
  let records: RecordReader | undefined;
  /** When it is CSV: the layout of records in the middle of it, and what reads them. */
  let csv: { readonly layout: CsvLayout; reader: CsvReader } | undefined;
  /** Whether the range that was added last ends in the middle of a record. */
  let openRange = false;

  /** Looks at the beginning, as soon as there is enough of it. @param last whether nothing more comes */
  function begin(last: boolean): void {
    const text = head.toString('utf8').replace(/^\ufeff/, '');
    if (text.trimStart().startsWith(lessThan)) {
      const root = firstElement.exec(text)?.[1];
      if (root === undefined && !last && head.length <= longestHeader) return;
      if (root !== undefined && root !== 'testResults') throw new UserError(noLayout(text));
      records = xmlReader(collection, module);
      feed(records, head);
    } else {
      const end = head.indexOf(lineFeed);
      if (end < 0 && (last || head.length > longestHeader)) throw new UserError(noLayout(text));
      if (end < 0) return;
      const layout = layoutOf(text.slice(0, text.indexOf('\n')).replace(/\r$/, ''));
      csv = { layout: { ...layout, header: false }, reader: csvReader(layout, collection, module) };
      records = csv.reader;
      const mark = head.length - Buffer.byteLength(text);
      feed(records, head.subarray(layout.header ? end + 1 : mark));
    }
    head = Buffer.alloc(0);
  }

  return {
    push(bytes) {
      if (records !== undefined) {
        feed(records, bytes);
        return;
      }
      head = Buffer.concat([head, bytes]);
      begin(false);
    },
    room: () => records?.room() ?? firstRoom,
    filled(count) {
      if (records !== undefined) records.filled(count);
      else this.push(firstRoom.subarray(0, count));
    },
    snapshot: () => collection.snapshot(),
    ahead() {
      const assumptions = collection.ahead();
      return csv && assumptions && { ...assumptions, layout: csv.layout };
    },
    add(range) {
      if (csv === undefined || csv.reader.open() || !collection.add(range, csv.reader.records()))
        return false;
      openRange = range.open;
      // What follows is read by one that knows what the threads did meanwhile.
      csv.reader = csvReader(csv.layout, collection, module);
      records = csv.reader;
      return true;
    },
    end() {
      if (records === undefined) {
        if (head.length === 0) throw new UserError('The results file is empty: JMeter took no sample.');
        begin(true);
      }
      return collection.result(openRange || records?.open() === true);
    },
  };
}

function feed(records: RecordReader, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const room = records.room();
    const part = bytes.subarray(at, at + room.length);
    room.set(part);
    records.filled(part.length);
    at += part.length;
  }
}
