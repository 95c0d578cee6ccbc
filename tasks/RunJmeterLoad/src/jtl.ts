/** Reads JMeter's results (JTL as CSV) in one pass: counts, errors by kind and exact percentiles, per label and over all. */
import { UserError } from '../../../shared/core/errors.js';
import { createCsvReader } from './csvRecords.js';
import { createResponseTimes, type ResponseTimes } from './responseTimes.js';

/**
 * What failed in a sample: an assertion on a good answer, the answer itself (HTTP status of 400 or more), or there was none
 * (connection refused, timed out, reset, or a sampler that broke).
 */
export type ErrorKind = 'assertion' | 'response' | 'transport';

/** What was seen of one label. */
export interface LabelStatistics {
  readonly label: string;
  /** A transaction controller's own samples repeat what its samplers have counted already: shown, never added up. */
  readonly transaction: boolean;
  readonly times: ResponseTimes;
  readonly errors: Record<ErrorKind, number>;
  /** The first message of each kind. */
  readonly messages: Partial<Record<ErrorKind, string>>;
  bytes: number;
  /** Start of the first sample and end of the last, milliseconds since the epoch. */
  firstStart: number;
  lastEnd: number;
}

/** What a results file holds. */
export interface JtlAnalysis {
  /** All samples that count, as one label. */
  readonly overall: LabelStatistics;
  /** By label, in the order of their first samples. */
  readonly labels: readonly LabelStatistics[];
  /** Samples left out because they began before the end of the warm-up. */
  readonly warmUp: number;
  /** Records that are no samples, and what is wrong with the first. */
  readonly malformed: number;
  readonly firstMalformed: string | undefined;
  /** Whether the file ends in the middle of a record, which is not counted. */
  readonly cut: boolean;
  /** Samples that are only in `overall`, because there are more labels than a person can read. */
  readonly unlisted: number;
}

/** Reads a results file in pieces. */
export interface JtlReader {
  push(text: string): void;
  /** @throws UserError when there was no header that names the columns needed */
  end(): JtlAnalysis;
}

/** More labels than this are a plan that makes a label of each request; each takes memory. */
export const labelLimit = 2000;
const longestHeader = 64 * 1024;
const transactionMessage = 'Number of samples in transaction : ';

const needed = ['timeStamp', 'elapsed', 'label', 'success'] as const;
const useful = ['responseCode', 'responseMessage', 'failureMessage', 'threadName', 'bytes', 'URL'] as const;
type Column = (typeof needed)[number] | (typeof useful)[number];

/** Samples that began within so many seconds of the test's start are left out. */
export interface WarmUp {
  readonly seconds: number;
  /** When the test started, milliseconds since the epoch; undefined takes the start of the first sample in the file. */
  readonly testStart: number | undefined;
}

/** Makes a reader for one file. */
export function createJtlReader(warmUp: WarmUp): JtlReader {
  let head = '';
  let records: ReturnType<typeof createCsvReader> | undefined;
  const collection = createCollection(warmUp);
  return {
    push(text) {
      if (records === undefined) {
        head += text;
        const end = head.search(/\r?\n/);
        if (end < 0) {
          if (head.length > longestHeader) throw new UserError(headerMissing(head));
          return;
        }
        const header = readHeader(head.slice(0, end).replace(/^\ufeff/, ''));
        records = createCsvReader(header.delimiter, fields => {
          collection.take(fields, header);
        });
        text = head.slice(head.indexOf('\n') + 1);
        head = '';
      }
      records.push(text);
    },
    end() {
      if (records === undefined) {
        throw new UserError(
          head === '' ? 'The results file is empty: JMeter took no sample.' : headerMissing(head),
        );
      }
      return collection.result(records.end());
    },
  };
}

interface Header {
  readonly delimiter: string;
  readonly width: number;
  /** Where each column is, -1 where the file has none. */
  readonly columns: Readonly<Record<Column, number>>;
}

/** Column names are words, so the first other character is the delimiter, whichever `jmeter.save.saveservice.default_delimiter` says. */
function readHeader(line: string): Header {
  const delimiter = /[^\w"]/.exec(line)?.[0] ?? ',';
  let names: string[] = [];
  createCsvReader(delimiter, fields => (names = fields)).push(`${line}\n`);
  if (needed.some(column => !names.includes(column))) throw new UserError(headerMissing(line));
  const columns = Object.fromEntries([...needed, ...useful].map(column => [column, names.indexOf(column)]));
  return { delimiter, width: names.length, columns: columns as Record<Column, number> };
}

function headerMissing(line: string): string {
  return `The results file does not begin with a header line that names the columns ${needed.join(', ')}, but with: ${line.slice(0, 200)}`;
}

function createCollection({ seconds, testStart }: WarmUp) {
  const overall = emptyStatistics('All samples', false);
  const labels: LabelStatistics[] = [];
  const ofSamples = new Map<string, LabelStatistics>();
  const ofTransactions = new Map<string, LabelStatistics>();
  /** Per thread, the start of its latest sample that is no transaction. */
  const latestOfThread = new Map<string, number>();
  let started = testStart;
  let warmUp = 0;
  let malformed = 0;
  let unlisted = 0;
  let number = 1;
  let firstMalformed: string | undefined;

  function statisticsOf(label: string, transaction: boolean): LabelStatistics | undefined {
    const group = transaction ? ofTransactions : ofSamples;
    const known = group.get(label);
    if (known !== undefined || labels.length >= labelLimit) return known;
    const made = emptyStatistics(detached(label), transaction);
    group.set(made.label, made);
    labels.push(made);
    return made;
  }

  return {
    take(fields: readonly string[], header: Header) {
      number += 1;
      const sample = readSample(fields, header);
      if (sample === undefined) {
        if (isHeader(fields, header)) return;
        malformed += 1;
        firstMalformed ??= `record ${number} (of the header's ${header.width} fields it has ${fields.length}): ${fields.join(header.delimiter).slice(0, 200)}`;
        return;
      }
      const { start, thread, inTransaction } = sample;
      // Samples inside a transaction come before it in its thread and begin within it. When none did, the controller was told to
      // generate a parent sample, and the transaction is the sample: with sub-results off JMeter writes nothing else of its samplers.
      const transaction =
        inTransaction !== undefined && (inTransaction === 0 || (latestOfThread.get(thread) ?? -1) >= start);
      if (inTransaction === undefined)
        latestOfThread.set(latestOfThread.has(thread) ? thread : detached(thread), start);
      started ??= start;
      if (seconds > 0 && start < started + seconds * 1000) {
        if (!transaction) warmUp += 1;
        return;
      }
      if (!transaction) count(overall, sample);
      const own = statisticsOf(sample.label, transaction);
      if (own !== undefined) count(own, sample);
      else if (!transaction) unlisted += 1;
    },
    result: (cut: boolean): JtlAnalysis => ({
      overall,
      labels,
      warmUp,
      malformed,
      firstMalformed,
      cut,
      unlisted,
    }),
  };
}

interface Sample {
  readonly start: number;
  readonly elapsed: number;
  readonly label: string;
  readonly thread: string;
  readonly bytes: number;
  /** What failed, undefined when nothing did. */
  readonly kind: ErrorKind | undefined;
  readonly message: string;
  /** How many samples a transaction controller's sample stands for, undefined when it is an ordinary sample. */
  readonly inTransaction: number | undefined;
}

/** A record as a sample, undefined when it is none. */
function readSample(fields: readonly string[], { width, columns }: Header): Sample | undefined {
  const start = wholeNumber(fields[columns.timeStamp]);
  const elapsed = wholeNumber(fields[columns.elapsed]);
  const success = fields[columns.success]?.toLowerCase();
  if (fields.length !== width || start === undefined || elapsed === undefined) return undefined;
  if (success !== 'true' && success !== 'false') return undefined;
  const responseMessage = fields[columns.responseMessage] ?? '';
  const failed = success === 'false';
  const responseCode = failed ? (fields[columns.responseCode] ?? '') : '';
  const failureMessage = failed ? (fields[columns.failureMessage] ?? '') : '';
  return {
    start,
    elapsed,
    label: fields[columns.label] ?? '',
    thread: fields[columns.threadName] ?? '',
    bytes: wholeNumber(fields[columns.bytes]) ?? 0,
    kind: failed ? kindOf(responseCode, failureMessage) : undefined,
    message: failureMessage === '' ? `${responseCode} ${responseMessage}`.trim() : failureMessage,
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    inTransaction:
      (fields[columns.URL] ?? 'null') === 'null' ? samplesInTransaction(responseMessage) : undefined,
  };
}

/** JMeter writes its header again when it appends to a file. */
function isHeader(fields: readonly string[], { columns }: Header): boolean {
  return needed.every(column => fields[columns[column]] === column);
}

function emptyStatistics(label: string, transaction: boolean): LabelStatistics {
  return {
    label,
    transaction,
    times: createResponseTimes(),
    errors: { assertion: 0, response: 0, transport: 0 },
    messages: {},
    bytes: 0,
    firstStart: Infinity,
    lastEnd: -Infinity,
  };
}

function count(statistics: LabelStatistics, sample: Sample): void {
  statistics.times.add(sample.elapsed);
  statistics.bytes += sample.bytes;
  statistics.firstStart = Math.min(statistics.firstStart, sample.start);
  statistics.lastEnd = Math.max(statistics.lastEnd, sample.start + sample.elapsed);
  if (sample.kind === undefined) return;
  statistics.errors[sample.kind] += 1;
  statistics.messages[sample.kind] ??= detached(sample.message);
}

/** The kind of a failed sample. Where there was no answer JMeter writes `Non HTTP response code: …`, and runs the assertions all the same. */
export function kindOf(responseCode: string, failureMessage: string): ErrorKind {
  if (/^\d+$/.test(responseCode)) return Number(responseCode) >= 400 ? 'response' : 'assertion';
  return failureMessage === '' || responseCode.startsWith('Non HTTP response') ? 'transport' : 'assertion';
}

/** Reads the message that a transaction controller gives its own samples. */
function samplesInTransaction(responseMessage: string): number | undefined {
  if (!responseMessage.startsWith(transactionMessage)) return undefined;
  return Number.parseInt(responseMessage.slice(transactionMessage.length), 10);
}

/** A copy for keeping: a piece cut out of a text holds on to the whole of it, here a megabyte of the file. */
function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
