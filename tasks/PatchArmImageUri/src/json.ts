/** JSON with comments as a {@link Syntax}. */
import { createScanner, insertProperty, parseJson, replaceValue } from './jsonText.js';
import type { StringRange, Syntax } from './syntax.js';

/** jsonc-parser's token kinds; its const enum cannot be imported by name under `isolatedModules`. */
const stringLiteral = 10;
const lineComment = 12;
const blockComment = 13;
const endOfFile = 17;

export const json: Syntax = {
  name: 'JSON',
  parse: parseJson,
  ranges(text) {
    const scanner = createScanner(text, false);
    const strings: StringRange[] = [];
    const comments: [number, number][] = [];
    for (let kind: number = scanner.scan(); kind !== endOfFile; kind = scanner.scan()) {
      const start = scanner.getTokenOffset();
      const end = start + scanner.getTokenLength();
      if (kind === stringLiteral) strings.push({ start, end, isRaw: false });
      else if (kind === lineComment || kind === blockComment) comments.push([start, end]);
    }
    return { strings, comments };
  },
  escape: value => JSON.stringify(value).slice(1, -1),
  replace: replaceValue,
  insert: insertProperty,
  replaceReference(text, reference, value) {
    const { offset, length } = reference.parent ?? reference;
    return { offset, length, text: `"value": ${replaceValue(text, reference, value).text}` };
  },
};
