/** Reads results in CSV, piece by piece. */
import { StringDecoder } from 'node:string_decoder';
import { UserError } from '../../../../shared/core/errors.js';
import { createCsvReader } from '../csvRecords.js';
import { Collection, failureOf, samplesInTransaction, wholeNumber } from './collection.js';
import type { Analyser } from './analyse.js';
import type { AnalysisOptions } from './statistics.js';

const needed = ['timeStamp', 'elapsed', 'label', 'success'] as const;

export function createJtlReader(options: AnalysisOptions): Analyser {
  const collection = new Collection(options);
  const decoder = new StringDecoder('utf8');
  let head = '';
  let number = 0;
  let columns: string[] | undefined;
  let records: ReturnType<typeof createCsvReader> | undefined;
  const numbers = { start: 0, elapsed: 0, latency: 0, connect: 0, bytes: 0, sentBytes: 0, threads: 0 };
  const take = (fields: string[]) => {
    number += 1;
    if (columns === undefined) {
      columns = fields;
      const missing = needed.filter(column => !fields.includes(column));
      if (missing.length > 0)
        throw new UserError(
          `The results file does not begin with a header line that names ${missing.join(', ')}.`,
        );
      return;
    }
    const field = (name: string) => fields[columns?.indexOf(name) ?? -1];
    const start = wholeNumber(field('timeStamp'));
    const elapsed = wholeNumber(field('elapsed'));
    const success = field('success')?.toLowerCase();
    if (fields.length !== columns.length || start === undefined || elapsed === undefined) {
      if (field('timeStamp') !== 'timeStamp') collection.reject(number, 'not a sample', fields.join(','));
      return;
    }
    numbers.start = start;
    numbers.elapsed = elapsed;
    numbers.latency = wholeNumber(field('Latency')) ?? 0;
    numbers.connect = wholeNumber(field('Connect')) ?? 0;
    numbers.bytes = wholeNumber(field('bytes')) ?? 0;
    numbers.sentBytes = wholeNumber(field('sentBytes')) ?? 0;
    numbers.threads = wholeNumber(field('allThreads')) ?? 0;
    const message = field('responseMessage') ?? '';
    collection.take(
      collection.labelEntry(field('label') ?? ''),
      collection.threadEntry(field('threadName') ?? ''),
      numbers,
      success === 'true'
        ? undefined
        : failureOf(field('responseCode') ?? '', message, field('failureMessage') ?? ''),
      (field('URL') ?? 'null') === 'null' ? samplesInTransaction(message) : undefined,
    );
  };
  return {
    push(bytes) {
      const text = decoder.write(Buffer.from(bytes));
      if (records === undefined) {
        head += text;
        if (!head.includes('\n')) return;
        records = createCsvReader(/[^\w"]/.exec(head)?.[0] ?? ',', take);
        records.push(head);
      } else records.push(text);
    },
    snapshot: () => collection.snapshot(),
    end: () => {
      if (records === undefined) throw new UserError('The results file is empty: JMeter took no sample.');
      return collection.result(records.end());
    },
  };
}
