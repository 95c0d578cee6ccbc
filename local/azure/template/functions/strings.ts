/** The functions on text, and those on text and arrays alike. */
import { randomUUID } from 'node:crypto';
import { compositeFormat, FormatError } from '../compositeFormat.js';
import { tooLarge } from '../evaluate.js';
import { guid, uniqueString } from '../hashes.js';
import { asJson, isArray, isObject, keyOf, kindOf, largestValue, sameJson, type Json } from '../json.js';
import { ExpressionError } from '../templateError.js';
import { textOf } from '../text.js';
import { argumentsOf, eager, usage, type Arguments, type Entry } from './arguments.js';

export const stringFunctions: readonly Entry[] = [
  eager('base64', 1, 1, given => Buffer.from(given.text(0), 'utf8').toString('base64')),
  eager('base64ToString', 1, 1, given => fromBase64(given)),
  eager('base64ToJson', 1, 1, given => parseJson(given, fromBase64(given))),
  eager('dataUri', 1, 1, given => {
    const encoded = Buffer.from(given.text(0), 'utf8').toString('base64');
    return `data:text/plain;charset=utf8;base64,${encoded}`;
  }),
  eager('dataUriToString', 1, 1, given => fromDataUri(given.text(0))),
  eager('json', 1, 1, given => parseJson(given, given.text(0))),
  eager('string', 1, 1, given => textOf(given.any(0))),
  eager('concat', 0, Infinity, given => concat(given)),
  eager('format', 1, Infinity, given => {
    try {
      return compositeFormat(given.text(0), given.all.slice(1));
    } catch (error) {
      if (error instanceof FormatError) throw given.refuse(error.message);
      throw error;
    }
  }),
  eager('contains', 2, 2, given => contains(given)),
  eager('empty', 1, 1, given => empty(given)),
  eager('length', 1, 1, given => length(given)),
  eager('first', 1, 1, given => end(given, 0)),
  eager('last', 1, 1, given => end(given, -1)),
  eager('indexOf', 2, 2, given => {
    const list = given.any(0);
    if (isArray(list)) return list.findIndex(item => sameJson(item, given.any(1)));
    return given.text(0).toLowerCase().indexOf(given.text(1).toLowerCase());
  }),
  eager('lastIndexOf', 2, 2, given => {
    const list = given.any(0);
    if (isArray(list)) return list.findLastIndex(item => sameJson(item, given.any(1)));
    return given.text(0).toLowerCase().lastIndexOf(given.text(1).toLowerCase());
  }),
  eager('startsWith', 2, 2, given => given.text(0).toLowerCase().startsWith(given.text(1).toLowerCase())),
  eager('endsWith', 2, 2, given => given.text(0).toLowerCase().endsWith(given.text(1).toLowerCase())),
  eager('skip', 2, 2, given => sequence(given).slice(Math.max(0, given.int(1)))),
  eager('take', 2, 2, given => sequence(given).slice(0, Math.max(0, given.int(1)))),
  eager('join', 2, 2, given => {
    const list = given.array(0);
    if (list.length * given.text(1).length > largestValue) throw tooLarge();
    return list.map(textOf).join(given.text(1));
  }),
  eager('split', 2, 2, given => {
    const separator = given.any(1);
    return split(given.text(0), isArray(separator) ? separator.map(textOf) : [given.text(1)]);
  }),
  eager('padLeft', 2, 3, given => {
    const padding = given.count > 2 ? given.text(2) : ' ';
    if (padding.length !== 1) throw given.refuse('the padding character must be a single character.');
    const width = given.int(1);
    if (width < 0 || width > 131_072) {
      throw given.refuse(`the total width '${width}' must be between '0' and '131072'.`);
    }
    return scalarText(given, 0).padStart(width, padding);
  }),
  eager('replace', 3, 3, given => {
    if (given.text(1) === '') throw given.refuse('the string to replace must not be empty.');
    const parts = given.text(0).split(given.text(1));
    if (parts.length * given.text(2).length > largestValue) throw tooLarge();
    return parts.join(given.text(2));
  }),
  eager('substring', 2, 3, given => {
    const text = given.text(0);
    const start = given.int(1);
    const count = given.count > 2 ? given.int(2) : text.length - start;
    if (start < 0 || count < 0 || start + count > text.length) {
      throw new ExpressionError(
        "The template language function 'substring' parameters are out of range: 'start index' and 'length' must be non-negative integers " +
          `and their sum must be no larger than the length of the string. ${usage('substring')}`,
      );
    }
    return text.slice(start, start + count);
  }),
  eager('toLower', 1, 1, given => scalarText(given, 0).toLowerCase()),
  eager('toUpper', 1, 1, given => scalarText(given, 0).toUpperCase()),
  eager('trim', 1, 1, given => given.text(0).trim()),
  eager('uniqueString', 1, Infinity, given => uniqueString(texts(given))),
  eager('guid', 1, Infinity, given => guid(texts(given))),
  eager('newGuid', 0, 0, (_given, environment) => {
    if (!environment.inDefaultValue) throw unexpectedHere('newGuid');
    return (environment.scope.newGuid ?? randomUUID)();
  }),
  eager('uri', 2, 2, given => {
    try {
      return new URL(given.text(1), given.text(0)).href;
    } catch {
      throw given.refuse(`the base URI '${given.text(0)}' is not an absolute URI.`);
    }
  }),
  eager('uriComponent', 1, 1, given => {
    const encoded = encodeURIComponent(Buffer.from(given.text(0)).toString());
    return encoded.replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  }),
  eager('uriComponentToString', 1, 1, given => {
    try {
      return decodeURIComponent(given.text(0));
    } catch {
      return given.text(0);
    }
  }),
];

/** What Azure says of a function in a place where it does not work. */
export function unexpectedHere(name: string): ExpressionError {
  return new ExpressionError(
    `The template function '${name}' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
  );
}

function texts(given: Arguments): string[] {
  return given.all.map((_value, index) => given.text(index));
}

function scalarText(given: Arguments, index: number): string {
  const value = given.any(index);
  return typeof value === 'number' ? textOf(value) : given.text(index);
}

function concat(given: Arguments): Json {
  const lists = given.all.filter(isArray);
  if (lists.length > 0 && lists.length === given.count) return lists.flat(1);
  const scalar = given.all.every(value => value !== null && typeof value !== 'object');
  if (scalar) return given.all.map(textOf).join('');
  throw new ExpressionError(
    "The provided parameters for template language function 'concat' are not valid. Either all or none of the parameters must be an array. " +
      usage('concat'),
  );
}

function contains(given: Arguments): boolean {
  const container = given.any(0);
  if (isArray(container)) return container.some(item => sameJson(item, given.any(1)));
  if (isObject(container)) return keyOf(container, textOf(given.any(1))) !== undefined;
  if (typeof container === 'string') return container.includes(textOf(given.any(1)));
  throw wrongContainer('contains', container, 'an object, an array, or a string');
}

function empty(given: Arguments): boolean {
  const value = given.any(0);
  if (value === null || value === '') return true;
  if (isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  if (typeof value === 'string') return false;
  throw wrongContainer('empty', value, 'an object, an array, or a string');
}

function length(given: Arguments): number {
  const value = given.any(0);
  if (typeof value === 'string' || isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw wrongContainer('length', value, 'an array, an object, or a string');
}

function wrongContainer(name: string, value: Json, expected: string): ExpressionError {
  return new ExpressionError(
    `The template language function '${name}' expects its parameter to be ${expected}. ` +
      `The provided value is of type '${kindOf(value)}'. ${usage(name)}`,
  );
}

function end(given: Arguments, index: 0 | -1): Json {
  const value = sequence(given);
  return typeof value === 'string'
    ? value.slice(index, index === 0 ? 1 : undefined)
    : (value.at(index) ?? null);
}

function sequence(given: Arguments): string | readonly Json[] {
  const value = given.any(0);
  return isArray(value) ? value : given.text(0);
}

function split(text: string, separators: readonly string[]): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let position = 0; position < text.length;) {
    const found = separators.find(separator => separator !== '' && text.startsWith(separator, position));
    if (found === undefined) {
      position += 1;
    } else {
      parts.push(text.slice(start, position));
      position += found.length;
      start = position;
    }
  }
  return [...parts, text.slice(start)];
}

function fromBase64(given: Arguments): string {
  const text = given.text(0);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw given.refuse('the provided value is not a valid base64 string.');
  }
  return Buffer.from(text, 'base64').toString('utf8');
}

function fromDataUri(text: string): string {
  const comma = text.indexOf(',');
  if (!/^data:/i.test(text) || comma < 0) {
    throw new ExpressionError(
      "The template language function 'dataUriToString' expects its parameter to be formatted as a valid data URI. " +
        `The provided value '${text}' was not formatted correctly. ${usage('dataUriToString')}`,
    );
  }
  const body = text.slice(comma + 1);
  if (/;base64$/i.test(text.slice(0, comma))) return fromBase64(argumentsOf('dataUriToString', [body]));
  try {
    return decodeURIComponent(body);
  } catch {
    return body;
  }
}

function parseJson(given: Arguments, text: string): Json {
  try {
    return asJson(JSON.parse(text) as unknown);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw given.refuse(`the parameter is not valid JSON: ${error.message}.`);
  }
}
