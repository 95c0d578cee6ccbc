/** Bicep's words, strings and comments: https://github.com/Azure/bicep/blob/main/docs/grammar.md, as far as parameters and images go. */
import type { StringRange } from './syntax.js';

/** A word of a Bicep text. */
export interface BicepToken {
  readonly kind: 'string' | 'word' | 'number' | 'symbol' | 'newline';
  readonly text: string;
  readonly offset: number;
  readonly end: number;
  /** What a string says; undefined when an expression is built into it. */
  readonly value?: string | undefined;
}

/** A Bicep text in words. */
export interface BicepText {
  readonly tokens: readonly BicepToken[];
  readonly strings: readonly StringRange[];
  readonly comments: readonly (readonly [start: number, end: number])[];
}

/** What is wrong with a text, and where. */
export interface TextProblem {
  readonly problem: string;
  readonly offset: number;
}

const symbols = /\?\?|\.\?|=>|==|=~|!=|!~|<=|>=|&&|\|\||::|[^\s\w]/y;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  $: '$',
};

/** Nobody builds expressions deeper into strings, and a hostile text must not exhaust the stack. */
const deepest = 50;

/** Takes a text apart. */
export function readBicep(text: string): BicepText | TextProblem {
  const tokens: BicepToken[] = [];
  const strings: StringRange[] = [];
  const comments: [number, number][] = [];
  let at = 0;
  let problem: TextProblem | undefined;
  readCode(0);
  return problem ?? { tokens, strings, comments };

  function fail(what: string, offset: number): void {
    problem ??= { problem: what, offset };
    at = text.length;
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  }

  function add(kind: BicepToken['kind'], length: number): void {
    tokens.push({ kind, text: text.slice(at, at + length), offset: at, end: at + length });
    at += length;
  }

  /** @param depth how many strings the code stands in; inside of one it ends with the brace that closes it */
  function readCode(depth: number): void {
    let braces = 0;
    while (at < text.length) {
      const blank = match(/[^\S\r\n]+/y);
      const newline = match(/\r\n|\n|\r/y);
      const comment = match(/\/\/[^\r\n]*|\/\*[^]*?\*\/|#[a-z-]+[^\r\n]*/y);
      const quote = match(/\$*'''|'/y);
      const word = match(/[A-Za-z_]\w*/y);
      const number = match(/\d+/y);
      if (blank !== undefined) at += blank.length;
      else if (newline !== undefined) add('newline', newline.length);
      else if (comment !== undefined) {
        comments.push([at, at + comment.length]);
        at += comment.length;
      } else if (text.startsWith('/*', at)) fail('a comment is not closed', at);
      else if (quote === "'") readString(depth);
      else if (quote !== undefined) readRawString(quote.length - 3, depth);
      else if (word !== undefined) add('word', word.length);
      else if (number !== undefined) add('number', number.length);
      else {
        const symbol = match(symbols) ?? text.charAt(at);
        if (symbol === '{') braces += 1;
        if (symbol === '}' && depth > 0 && braces === 0) return;
        if (symbol === '}') braces -= 1;
        add('symbol', symbol.length);
      }
    }
    if (depth > 0) fail('an expression in a string is not closed', text.length);
  }

  function readString(depth: number): void {
    const offset = at;
    const index = tokens.length;
    let start = (at += 1);
    let value: string | undefined = '';
    while (at < text.length) {
      const char = text.charAt(at);
      if (char === "'") {
        strings.push({ start, end: at, isRaw: false });
        at += 1;
        keep(index, offset, value);
        return;
      }
      if (char === '\n' || char === '\r') break;
      if (char === '\\') {
        const unicode = match(/\\u\{([0-9a-fA-F]{1,6})\}/y);
        const code = unicode === undefined ? -1 : parseInt(unicode.slice(3, -1), 16);
        const simple = escapes[text.charAt(at + 1)];
        if (unicode === undefined ? simple === undefined : code > 0x10ffff) {
          fail(`'${text.slice(at, at + 2)}' is no escape of Bicep's`, at);
          return;
        }
        if (value !== undefined) value += unicode === undefined ? (simple ?? '') : String.fromCodePoint(code);
        at += unicode?.length ?? 2;
      } else if (text.startsWith('${', at)) {
        at += 2;
        strings.push({ start, end: at, isRaw: false });
        value = undefined;
        if (!readInner(depth)) return;
        start = at;
      } else {
        if (value !== undefined) value += char;
        at += 1;
      }
    }
    if (problem === undefined) fail('a string is not closed', offset);
  }

  /** @param dollars how many `$` make a brace begin an expression; none: nothing does */
  function readRawString(dollars: number, depth: number): void {
    const offset = at;
    const index = tokens.length;
    const opening = dollars === 0 ? undefined : `${'$'.repeat(dollars)}{`;
    let start = (at += dollars + 3);
    let isPlain = true;
    while (at < text.length) {
      if (text.startsWith("'''", at)) {
        // Quotes before the last three belong to the text.
        while (text.startsWith("'''", at + 1)) at += 1;
        strings.push({ start, end: at, isRaw: true });
        const content = text.slice(offset + dollars + 3, at).replace(/^\r?\n/, '');
        at += 3;
        keep(index, offset, isPlain ? content : undefined);
        return;
      }
      if (opening !== undefined && text.startsWith(opening, at)) {
        at += opening.length;
        strings.push({ start, end: at, isRaw: true });
        isPlain = false;
        if (!readInner(depth)) return;
        start = at;
      } else at += 1;
    }
    if (problem === undefined) fail('a string is not closed', offset);
  }

  function readInner(depth: number): boolean {
    if (depth >= deepest) fail('expressions are nested too deep', at);
    else readCode(depth + 1);
    at += 1;
    return problem === undefined;
  }

  /** A string is one token, whatever is built into it. */
  function keep(index: number, offset: number, value: string | undefined): void {
    tokens.splice(index, tokens.length - index, {
      kind: 'string',
      text: text.slice(offset, at),
      offset,
      end: at,
      value,
    });
  }
}

/** A text as the inside of a Bicep string in single quotes. */
export function escapeBicep(value: string): string {
  return value
    .replace(/[\\']/g, String.raw`\$&`)
    .replace(/\$(?=\{|$)/g, String.raw`\$`)
    .replace(/\n/g, String.raw`\n`)
    .replace(/\r/g, String.raw`\r`)
    .replace(/\t/g, String.raw`\t`)
    .replace(/[\x00-\x1f\x7f\u0085\u2028\u2029]/g, control => `\\u{${control.charCodeAt(0).toString(16)}}`);
}

/** A text as a Bicep string. */
export function quoteBicep(value: string): string {
  return `'${escapeBicep(value)}'`;
}
