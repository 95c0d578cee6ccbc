/** Reads JMeter's XML as bytes: finds tags and the texts that are asked for. */
import type { Collection } from './collection.js';
import type { RecordReader } from './csvReader.js';
import { decodeEntities } from './entities.js';
import { fieldLimit } from './names.js';
import type { SampleSink } from './sampleSink.js';
import { createXmlSamples } from './xmlSamples.js';
import { textSize, type XmlLoops } from './xmlLoops.js';
import { createXmlScanner } from './xmlScanner.js';

const readSize = 128 * 1024;
const lessThan = 60;
const greaterThan = 62;
const slash = 47;
const space = 32;
const doubleQuote = 34;
const singleQuote = 39;
const exclamation = 33;
const question = 63;

/** Markup that is no tag, by what it begins with and what closes it. */
const others = [
  { opens: '<!--', closes: '-->' },
  { opens: '<![CDATA[', closes: ']]>' },
  { opens: '<?', closes: '?>' },
] as const;
const longestOpening = '<![CDATA['.length;
/** An entity is no longer than this. */
const longestEntity = 12;
/** Quotes kept of a tag: twice as many as attributes. */
const markLimit = 256;

/** A whole tag, good until the next one. Its attributes' values stand between each two of `marks`, places counted from the tag's beginning. */
export interface XmlTag {
  /** One of `known`, empty for any other. */
  name: string;
  closing: boolean;
  /** Whether it closes itself. */
  empty: boolean;
  readonly buffer: Buffer;
  at: number;
  /** Where its last byte is. */
  end: number;
  readonly marks: Int32Array;
  /** How many marks there are; none of a tag that was too long to be kept. */
  markCount: number;
  /** Whether it was too long to be kept. */
  cut: boolean;
}

/** Elements that are looked at. */
const known = [
  'testResults',
  'httpSample',
  'sample',
  'assertionResult',
  'failure',
  'error',
  'failureMessage',
  'java.net.URL',
].map(name => ({ name, bytes: Buffer.from(name) }));

/**
 * Makes a reader of XML.
 * @param loops fill the columns of the sink
 * @param sink counts the samples; what is none goes to the collection
 */
export function createXmlReader(loops: XmlLoops, sink: SampleSink, collection: Collection): RecordReader {
  const buffer = loops.text;
  const scanner = createXmlScanner(loops, sink);
  const samples = createXmlSamples(sink, collection, scanner);
  const marks = new Int32Array(markLimit);
  const tag: XmlTag = {
    name: '',
    closing: false,
    empty: false,
    buffer,
    at: 0,
    end: 0,
    marks,
    markCount: 0,
    cut: false,
  };
  let fill = 0;
  /** How far the tag that is open was looked through from its beginning, and within which quote that ends. */
  let scanned = 0;
  let within = 0;
  /** The name of a tag too long to be kept, whose end is looked for. */
  let skimmed: string | undefined;
  /** What closes the comment, CDATA section or instruction that is open. */
  let closes: string | undefined;
  /** The text of the element that is open, undefined when nobody asks for it. */
  let text: string | undefined;

  /** Takes the markup and the text in the buffer. @returns how many bytes are done with */
  function take(): number {
    let at = 0;
    while (at < fill) {
      if (closes !== undefined) {
        const end = buffer.subarray(0, fill).indexOf(closes, at);
        // All but what may be the beginning of its close.
        const stop = end < 0 ? Math.max(at, fill - closes.length + 1) : end;
        if (closes === ']]>') keepText(at, stop, false);
        if (end < 0) return stop;
        at = end + closes.length;
        closes = undefined;
        continue;
      }
      if (skimmed === undefined) {
        if (samples.idle() && text === undefined && scanned === 0) {
          at = scanner.take(at, fill);
          if (at === fill) return at;
        }
        const next = buffer[at] === lessThan ? at : nextTag(at);
        const stop = text === undefined || next < fill ? next : wholeText(at);
        keepText(at, stop, true);
        if (stop < next || next === fill) return stop;
        at = next;
        const other = otherMarkup(at);
        if (other === 'unsure') return at;
        if (other !== undefined) {
          closes = other.closes;
          at += other.opens.length;
          continue;
        }
      }
      const end = endOfTag(at);
      if (end < 0) {
        if (skimmed === undefined && fill - at < textSize - readSize) return at;
        if (skimmed === undefined) {
          skimmed = nameOf(buffer, at, fill);
          tag.closing = buffer[at + 1] === slash;
        }
        scanned = 0;
        return fill;
      }
      takeTag(at, end);
      at = end + 1;
    }
    return at;
  }

  function nextTag(at: number): number {
    const found = buffer.indexOf(lessThan, at);
    return found < 0 || found > fill ? fill : found;
  }

  /** Where text ends that goes on: before an entity or a character of several bytes that may be cut. */
  function wholeText(at: number): number {
    const ampersand = buffer.lastIndexOf('&', fill - 1);
    if (ampersand >= at && fill - ampersand < longestEntity) return ampersand;
    let last = fill - 1;
    while (last > at && last > fill - 4 && ((buffer[last] ?? 0) & 0xc0) === 0x80) last -= 1;
    return (buffer[last] ?? 0) >= 0xc0 ? last : fill;
  }

  function otherMarkup(at: number): (typeof others)[number] | 'unsure' | undefined {
    if (fill - at < 2) return 'unsure';
    if (buffer[at + 1] !== exclamation && buffer[at + 1] !== question) return undefined;
    const begin = buffer.toString('latin1', at, Math.min(fill, at + longestOpening));
    const other = others.find(({ opens }) => begin.startsWith(opens));
    return other ?? (others.some(({ opens }) => opens.startsWith(begin)) ? 'unsure' : undefined);
  }

  /** Where the tag that begins at `at` closes, -1 when it does not yet. What was looked through is not looked through again. */
  function endOfTag(at: number): number {
    for (let place = at + scanned; place < fill; place += 1) {
      const byte = buffer[place] ?? 0;
      if (within === 0 ? byte === doubleQuote || byte === singleQuote : byte === within) {
        within = within === 0 ? byte : 0;
        if (tag.markCount < markLimit) marks[tag.markCount++] = place - at;
      } else if (byte === greaterThan && within === 0) return place;
    }
    scanned = fill - at;
    return -1;
  }

  function keepText(from: number, to: number, entities: boolean): void {
    if (text === undefined || from >= to || text.length >= fieldLimit) return;
    const raw = buffer.toString('utf8', from, Math.min(to, from + fieldLimit));
    text += entities ? decodeEntities(raw) : raw;
  }

  function takeTag(at: number, end: number): void {
    tag.cut = skimmed !== undefined;
    tag.name = skimmed ?? nameOf(buffer, at, end);
    if (tag.cut) tag.markCount = 0;
    else tag.closing = buffer[at + 1] === slash;
    tag.empty = buffer[end - 1] === slash;
    tag.at = at;
    tag.end = end;
    text = samples.take(tag, text) ? '' : undefined;
    skimmed = undefined;
    scanned = 0;
    tag.markCount = 0;
  }

  return {
    room: () => buffer.subarray(fill, fill + readSize),
    filled(count) {
      fill += count;
      const done = take();
      buffer.copyWithin(0, done, fill);
      fill -= done;
    },
    open: () => fill > 0 || !samples.complete(),
  };
}

/** The name of a tag when it is one of `known`. */
function nameOf(buffer: Buffer, at: number, end: number): string {
  const from = buffer[at + 1] === slash ? at + 2 : at + 1;
  let to = from;
  while (to < end && (buffer[to] ?? 0) > space && buffer[to] !== slash) to += 1;
  for (const { name, bytes } of known) {
    if (bytes.length !== to - from) continue;
    let same = 0;
    while (same < bytes.length && bytes[same] === buffer[from + same]) same += 1;
    if (same === bytes.length) return name;
  }
  return '';
}
