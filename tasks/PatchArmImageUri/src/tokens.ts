/** Tokens such as `@@NAME@@`: where they stand in a text, and what is written in their place. */
import { UserError } from '../../../shared/core/errors.js';
import { createScanner } from './jsonText.js';

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
  /** Inside a JSON string, where its value must be escaped. */
  readonly inString: boolean;
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

/** Every token of a text. In JSON those in comments are none: a comment may speak of a token. */
export function findTokens(text: string, pattern: TokenPattern, isJson: boolean): TokenPlace[] {
  const { strings, comments } = isJson ? jsonRanges(text) : { strings: [], comments: [] };
  const places: TokenPlace[] = [];
  for (const match of text.matchAll(pattern.regex)) {
    const offset = match.index;
    if (isWithin(comments, offset)) continue;
    places.push({
      name: match[1] ?? '',
      offset,
      length: match[0].length,
      inString: isWithin(strings, offset),
    });
  }
  return places;
}

/** What is written in a token's place. */
export function tokenText(value: string, place: TokenPlace): string {
  return place.inString ? JSON.stringify(value).slice(1, -1) : value;
}

/**
 * The text with every token that stands outside of strings replaced by digits of the same length: it can be parsed as JSON, and every
 * offset in it is an offset in the text.
 */
export function shadowTokens(text: string, places: readonly TokenPlace[]): string {
  let shadow = '';
  let at = 0;
  for (const { offset, length, inString } of places) {
    if (inString) continue;
    shadow += text.slice(at, offset) + '1'.repeat(length);
    at = offset + length;
  }
  return shadow + text.slice(at);
}

type Range = readonly [start: number, end: number];

/** jsonc-parser's token kinds; its const enum cannot be imported by name under `isolatedModules`. */
const stringLiteral = 10;
const lineComment = 12;
const blockComment = 13;
const endOfFile = 17;

function jsonRanges(text: string): { strings: Range[]; comments: Range[] } {
  const scanner = createScanner(text, false);
  const strings: Range[] = [];
  const comments: Range[] = [];
  for (let kind: number = scanner.scan(); kind !== endOfFile; kind = scanner.scan()) {
    const range: Range = [scanner.getTokenOffset(), scanner.getTokenOffset() + scanner.getTokenLength()];
    if (kind === stringLiteral) strings.push(range);
    else if (kind === lineComment || kind === blockComment) comments.push(range);
  }
  return { strings, comments };
}

/** Whether an offset lies in one of the ranges, which are in order. */
function isWithin(ranges: readonly Range[], offset: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [start, end] = ranges[middle] ?? [0, 0];
    if (offset < start) high = middle - 1;
    else if (offset >= end) low = middle + 1;
    else return true;
  }
  return false;
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
