/** Which column of JMeter's CSV is where. */
import { UserError } from '../../../../shared/core/errors.js';
import { singleLine } from '../../../../shared/core/text.js';

const needed = ['timeStamp', 'elapsed', 'label', 'success'] as const;
const useful = [
  'responseCode',
  'responseMessage',
  'failureMessage',
  'threadName',
  'bytes',
  'sentBytes',
  'allThreads',
  'URL',
  'Latency',
  'Connect',
] as const;
export type Column = (typeof needed)[number] | (typeof useful)[number];

/** How the records of a file are made. */
export interface CsvLayout {
  /** One byte. */
  readonly separator: number;
  readonly width: number;
  /** Where each column is, -1 where the file has none. */
  readonly columns: Readonly<Record<Column, number>>;
  /** Whether the first line is a header and no sample. */
  readonly header: boolean;
}

/** A file of more columns is none of JMeter's, whose names come to some thirty and the variables that a plan saves. */
export const widest = 200;

/** What JMeter writes without a header, by the number of columns: 2.13, 3.0, 3.1 to 4, 5 (its own defaults, `SampleSaveConfiguration`). */
const front = 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success';
const layouts = [
  `${front},bytes,grpThreads,allThreads,Latency`,
  `${front},failureMessage,bytes,grpThreads,allThreads,Latency,IdleTime,Connect`,
  `${front},failureMessage,bytes,sentBytes,grpThreads,allThreads,Latency,IdleTime,Connect`,
  `${front},failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect`,
].map(line => line.split(','));

/**
 * Reads the first line. Column names are words and times are digits, so the first other character is the separator, whichever
 * `jmeter.save.saveservice.default_delimiter` says.
 * @throws UserError when it is neither a header with the columns that are needed nor a sample as JMeter writes it
 */
export function layoutOf(line: string): CsvLayout {
  const separator = /[^\w"]/.exec(line)?.[0] ?? ',';
  if (separator.charCodeAt(0) > 127)
    throw new UserError(
      `The results file separates its columns by '${separator}'. Use one of ASCII in jmeter.save.saveservice.default_delimiter.`,
    );
  const fields = splitLine(line, separator);
  const header = !/^\d{10,15}$/.test(fields[0] ?? '');
  const names = header ? fields : layouts.find(({ length }) => length === fields.length);
  const missing = needed.filter(column => names?.includes(column) !== true);
  if (names === undefined || missing.length > 0 || names.length > widest) throw new UserError(noLayout(line));
  const at = (column: Column) => names.indexOf(column);
  const columns = Object.fromEntries([...needed, ...useful].map(column => [column, at(column)]));
  return {
    separator: separator.charCodeAt(0),
    width: names.length,
    columns: columns as Record<Column, number>,
    header,
  };
}

/** Whether these fields are the header again, as JMeter writes it when it appends to a file. */
export function isHeader(fields: readonly string[], { columns }: CsvLayout): boolean {
  return needed.every(column => fields[columns[column]] === column);
}

/** What to say of a file that begins with this line. */
export function noLayout(line: string): string {
  return `The results file does not begin with a header line that names the columns ${needed.join(', ')}, nor with a sample as JMeter writes it by default, nor with its XML, but with: ${singleLine(line, 200)}`;
}

/** The text of a field as it stands in a record. */
export function unquote(field: string): string {
  if (!field.startsWith('"')) return field;
  let text = '';
  let at = 1;
  for (;;) {
    const end = field.indexOf('"', at);
    if (end < 0) return text + field.slice(at);
    text += field.slice(at, end);
    // What follows a closing quote belongs to the field, too.
    if (field[end + 1] !== '"') return text + field.slice(end + 1);
    text += '"';
    at = end + 2;
  }
}

function splitLine(line: string, separator: string): string[] {
  const fields: string[] = [];
  let from = 0;
  for (;;) {
    let at = from;
    if (line[at] === '"') {
      const closing = /^"(?:[^"]|"")*"?/.exec(line.slice(at))?.[0] ?? '"';
      at += closing.length;
    }
    const end = line.indexOf(separator, at);
    fields.push(unquote(line.slice(from, end < 0 ? undefined : end)));
    if (end < 0) return fields;
    from = end + 1;
  }
}
