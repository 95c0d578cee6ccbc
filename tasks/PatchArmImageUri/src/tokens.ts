/** Tokens such as `@@NAME@@`: where they stand in a text, and what is written in their place. */
import { UserError } from '../../../shared/core/errors.js';
import type { StringRange, Syntax } from './syntax.js';

/** How tokens look. */
export interface TokenPattern {
  readonly regex: RegExp;
  /** The token of that name, as it stands in a file. */
  show(name: string): string;
}

/** One token in a text. */
export interface TokenPlace {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** The string that it stands in, where its value must be escaped. */
  readonly string: StringRange | undefined;
}

/**
 * Reads a pattern: any text with the word NAME in it, such as `@@NAME@@`, `#{NAME}#` or `__NAME__`.
 * @throws UserError when it holds NAME not exactly once, or nothing else
 */
export function parseTokenPattern(pattern: string): TokenPattern {
  const parts = pattern.split('NAME');
  const [prefix = '', suffix = ''] = parts;
  if (parts.length !== 2 || prefix === '') {
    throw new UserError(
      `Input 'tokenPattern' must be the word NAME with something before it, such as @@NAME@@ or #{NAME}#, not '${pattern}'.`,
    );
  }
  const name = suffix === '' ? String.raw`([A-Za-z0-9_.-]+)` : String.raw`([A-Za-z0-9_.-]+?)`;
  return {
    regex: new RegExp(escapeRegex(prefix) + name + escapeRegex(suffix), 'g'),
    show: token => `${prefix}${token}${suffix}`,
  };
}

/**
 * Every token of a text. Where its language is known those in comments are none: a comment may speak of a token.
 * @param syntax undefined for a text of no known language
 */
export function findTokens(text: string, pattern: TokenPattern, syntax: Syntax | undefined): TokenPlace[] {
  const { strings, comments } = syntax?.ranges(text) ?? { strings: [], comments: [] };
  const places: TokenPlace[] = [];
  for (const match of text.matchAll(pattern.regex)) {
    const offset = match.index;
    if (around(comments, offset, ([start, end]) => [start, end]) !== undefined) continue;
    places.push({
      name: match[1] ?? '',
      offset,
      length: match[0].length,
      string: around(strings, offset, ({ start, end }) => [start, end]),
    });
  }
  return places;
}

/**
 * The text with every token that stands outside of strings replaced by digits of the same length: it can be parsed, and every
 * offset in it is an offset in the text.
 */
export function shadowTokens(text: string, places: readonly TokenPlace[]): string {
  let shadow = '';
  let at = 0;
  for (const { offset, length, string } of places) {
    if (string !== undefined) continue;
    shadow += text.slice(at, offset) + '1'.repeat(length);
    at = offset + length;
  }
  return shadow + text.slice(at);
}

/** The range, of those in order, that an offset lies in. */
function around<T>(
  ranges: readonly T[],
  offset: number,
  limits: (range: T) => readonly [start: number, end: number],
): T | undefined {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return undefined;
    const [start, end] = limits(range);
    if (offset < start) high = middle - 1;
    else if (offset >= end) low = middle + 1;
    else return range;
  }
  return undefined;
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
