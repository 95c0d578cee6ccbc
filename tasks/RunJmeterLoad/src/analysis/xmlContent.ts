/** Skips what stands in a sample: other samples, texts, headers, assertions that passed. */

const space = 32;
const exclamation = 33;
const doubleQuote = 34;
const singleQuote = 39;
const slash = 47;
const lessThan = 60;
const greaterThan = 62;
const question = 63;
/** A text that is longer is searched by the machine's own means, which take a while to begin. */
const shortText = 64;

/** A text of four bytes or more that is known, as numbers of four bytes each; the last ones may overlap. */
interface Known {
  readonly words: readonly number[];
  readonly length: number;
}

function known(text: string): Known {
  const bytes = Buffer.from(text);
  const words = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, index) =>
    bytes.readInt32LE(Math.min(index * 4, bytes.length - 4)),
  );
  return { words, length: bytes.length };
}

const httpSample = known('<httpSample');
const sample = known('<sample');
const url = known('<java.net.URL>');
const endOfHttpSample = known('</httpSample');
const endOfSample = known('</sample');
const endOfUrl = known('</java.net.URL>');
const root = known('<testResults');
const endOfRoot = known('</testResults');

function stands({ words, length }: Known, view: DataView, at: number): boolean {
  for (let index = 0; index < words.length; index += 1)
    if (view.getInt32(at + Math.min(index * 4, length - 4), true) !== words[index]) return false;
  return true;
}

/** Where the name of a sample's tag that begins at `at` ends, 0 for any other tag. */
export function endOfSampleName(buffer: Buffer, view: DataView, at: number, closing: boolean): number {
  const [http, other] = closing ? [endOfHttpSample, endOfSample] : [httpSample, sample];
  const end = stands(http, view, at) ? at + http.length : stands(other, view, at) ? at + other.length : 0;
  return end > 0 && endsName(buffer[end] ?? 0) ? end : 0;
}

/**
 * Where the sample ends whose content begins at `from`.
 * @param withoutUrl whether a URL in it is unusual
 * @returns -1 when it is not whole or has something unusual in it
 */
export function endOfContent(
  buffer: Buffer,
  view: DataView,
  from: number,
  fill: number,
  withoutUrl: boolean,
): number {
  let depth = 1;
  let place = from;
  while (place < fill) {
    const limit = place + shortText;
    while (buffer[place] !== lessThan && place < limit) place += 1;
    if (buffer[place] !== lessThan) {
      place = buffer.indexOf(lessThan, place);
      if (place < 0) return -1;
    }
    const next = buffer[place + 1] ?? 0;
    if (stands(url, view, place)) {
      if (withoutUrl) return -1;
      place += url.length;
    } else if (stands(endOfUrl, view, place)) place += endOfUrl.length;
    else if (next === slash) {
      const end = endOfSampleName(buffer, view, place, true);
      if (end > 0) {
        depth -= 1;
        if (depth === 0) return buffer[end] === greaterThan ? end + 1 : -1;
      } else if (stands(endOfRoot, view, place)) return -1;
      place = endOfTag(buffer, place + 1);
    } else {
      if (next === exclamation || next === question || stands(root, view, place)) return -1;
      const end = endOfSampleName(buffer, view, place, false);
      place = endOfTag(buffer, place + 1);
      if (end > 0 && buffer[place - 2] !== slash) depth += 1;
    }
  }
  return -1;
}

/** Where the tag ends that `from` is in; the caller looks whether that is in what is filled. */
function endOfTag(buffer: Buffer, from: number): number {
  let place = from;
  for (;;) {
    const byte = buffer[place] ?? greaterThan;
    place += 1;
    if (byte === greaterThan) return place;
    if (byte === doubleQuote || byte === singleQuote) {
      while ((buffer[place] ?? byte) !== byte) place += 1;
      place += 1;
    }
  }
}

/** Whether a byte behind a tag's name ends it. */
export function endsName(byte: number): boolean {
  return byte <= space || byte === slash || byte === greaterThan;
}
