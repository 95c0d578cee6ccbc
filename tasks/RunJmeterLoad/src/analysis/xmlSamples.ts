/** Makes samples of the tags of JMeter's XML. */
import type { Collection, LabelEntry, SampleNumbers } from './collection.js';
import { decodeEntities } from './entities.js';
import { fieldLimit, isTrue } from './names.js';
import { knownFailures, samplesInTransaction } from './sampleFields.js';
import type { SampleSink } from './sampleSink.js';
import type { XmlTag } from './xmlReader.js';
import type { XmlScanner } from './xmlScanner.js';

/** Takes tags in their order. */
export interface XmlSamples {
  /**
   * @param text what stands before the tag since the one before, undefined when it was not asked for
   * @returns whether the text after it is asked for
   */
  take(tag: XmlTag, text: string | undefined): boolean;
  /** Whether no sample is open. */
  idle(): boolean;
  /** Whether nothing is open and the file's root is closed. */
  complete(): boolean;
}

const space = 32;
const equals = 61;
const capitalN = 78;
const longestNumber = 15;
const longestAttribute = 3;

/** Names of attributes as numbers, one byte of it a character. */
const nameCode = (name: string) => Buffer.from(name).readUIntBE(0, name.length);
const numeric = new Map<number, keyof SampleNumbers>([
  [nameCode('ts'), 'start'],
  [nameCode('t'), 'elapsed'],
  [nameCode('lt'), 'latency'],
  [nameCode('ct'), 'connect'],
  [nameCode('by'), 'bytes'],
  [nameCode('sby'), 'sentBytes'],
  [nameCode('na'), 'threads'],
]);
const codes = {
  s: nameCode('s'),
  lb: nameCode('lb'),
  tn: nameCode('tn'),
  rc: nameCode('rc'),
  rm: nameCode('rm'),
};

/**
 * Makes a taker. Samples within samples are parts of them and not counted: a page's images, a parent sample's samplers.
 * @param scanner takes other samples of the same file
 */
export function createXmlSamples(sink: SampleSink, collection: Collection, scanner: XmlScanner): XmlSamples {
  const { labels, threads } = sink;
  const failureOf = knownFailures();
  const numbers: SampleNumbers = {
    start: -1,
    elapsed: -1,
    latency: 0,
    connect: 0,
    bytes: 0,
    sentBytes: 0,
    threads: 0,
  };
  let begun = 0;
  // Of the sample that is open:
  let number = 0;
  let label: LabelEntry | undefined;
  let thread = collection.threadEntry('');
  let success = '';
  let responseCode = '';
  let responseMessage = '';
  let failureMessage = '';
  let request = false;
  /** Whether the assertion that is open failed. */
  let failing = false;
  let shown = '';

  let depth = 0;
  let inRoot = false;

  function begin(tag: XmlTag): void {
    begun += 1;
    number = scanner.count() + begun;
    numbers.start = numbers.elapsed = -1;
    numbers.latency = numbers.connect = numbers.bytes = numbers.sentBytes = numbers.threads = 0;
    label = undefined;
    thread = collection.threadEntry('');
    success = responseCode = responseMessage = failureMessage = shown = '';
    request = tag.name === 'httpSample';
    failing = false;
    let code = -1;
    let message = -1;
    for (let mark = 0; mark + 1 < tag.markCount; mark += 2) {
      const name = nameBefore(tag, mark);
      const field = numeric.get(name);
      if (field !== undefined) numbers[field] = wholeNumber(tag, mark) ?? numbers[field];
      else if (name === codes.s)
        success = isTrue(tag.buffer, from(tag, mark), to(tag, mark))
          ? 'true'
          : value(tag, mark).toLowerCase();
      else if (name === codes.lb) label = labels.of(tag.buffer, from(tag, mark), to(tag, mark));
      else if (name === codes.tn) thread = threads.of(tag.buffer, from(tag, mark), to(tag, mark));
      else if (name === codes.rc) code = mark;
      else if (name === codes.rm) message = mark;
    }
    const mayBeTransaction = !request && message >= 0 && tag.buffer[from(tag, message)] === capitalN;
    if (message >= 0 && (success !== 'true' || mayBeTransaction)) responseMessage = value(tag, message);
    if (code >= 0 && success !== 'true') responseCode = value(tag, code);
    if (tag.cut) shown = 'a tag of more than 384 KiB';
    else if (!isWhole())
      shown = tag.buffer.toString('utf8', tag.at, Math.min(tag.end + 1, tag.at + 400)).split('\n')[0] ?? '';
  }

  function isWhole(): boolean {
    const known = success === 'true' || success === 'false';
    return numbers.start >= 0 && numbers.elapsed >= 0 && label !== undefined && known;
  }

  function end(): void {
    if (label === undefined || !isWhole()) {
      collection.reject(
        number,
        'without a start and a time in milliseconds, a label, and true or false',
        shown,
      );
      return;
    }
    sink.takeOne(
      label,
      thread,
      numbers,
      success === 'true' ? undefined : failureOf(responseCode, responseMessage, failureMessage),
      request ? undefined : samplesInTransaction(responseMessage),
    );
  }

  /** What stands in an element of the sample that is open. */
  function note(name: string, text: string): void {
    if (name === 'failure' || name === 'error') failing ||= text.trim() === 'true';
    else if (name === 'failureMessage' && failing && failureMessage === '') failureMessage = text;
    else if (name === 'java.net.URL' && text.trim() !== '') request = true;
  }

  return {
    take(tag, text) {
      const { name, closing, empty } = tag;
      if (name === 'testResults') {
        // A run that was killed, and another that appended to its file.
        if (depth > 0) collection.reject(number, 'not closed', shown);
        depth = 0;
        inRoot = !closing && !empty;
        return false;
      }
      if (name === 'httpSample' || name === 'sample') {
        if (!closing) {
          depth += 1;
          if (depth === 1) begin(tag);
        }
        if ((closing || empty) && depth > 0) {
          depth -= 1;
          if (depth === 0) end();
        }
        return false;
      }
      if (depth !== 1) return false;
      if (name === 'assertionResult') failing = false;
      if (closing && text !== undefined) note(name, text);
      return !closing && !empty && (name === 'java.net.URL' ? !request : asked.has(name));
    },
    idle: () => depth === 0,
    complete: () => depth === 0 && !inRoot,
  };
}

/** Elements of a sample whose text tells something. */
const asked = new Set(['failure', 'error', 'failureMessage']);

function from({ at, marks }: XmlTag, mark: number): number {
  return at + (marks[mark] ?? 0) + 1;
}

function to({ at, marks }: XmlTag, mark: number): number {
  return at + (marks[mark + 1] ?? 0);
}

function value(tag: XmlTag, mark: number): string {
  const start = from(tag, mark);
  return decodeEntities(tag.buffer.toString('utf8', start, Math.min(to(tag, mark), start + fieldLimit)));
}

/** The name of the attribute whose value begins at this mark, 0 when it is a longer one. */
function nameBefore(tag: XmlTag, mark: number): number {
  const { buffer } = tag;
  let place = from(tag, mark) - 2;
  if (buffer[place] !== equals) return 0;
  let code = 0;
  for (let length = 0; length <= longestAttribute; length += 1) {
    place -= 1;
    const byte = buffer[place] ?? 0;
    if (byte <= space) return code;
    code |= byte << (8 * length);
  }
  return 0;
}

function wholeNumber(tag: XmlTag, mark: number): number | undefined {
  const start = from(tag, mark);
  const end = to(tag, mark);
  if (end === start || end - start > longestNumber) return undefined;
  let number = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (tag.buffer[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}
