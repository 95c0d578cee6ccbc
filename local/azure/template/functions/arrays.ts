/** The functions on arrays and objects. */
import { access } from '../evaluate.js';
import {
  canonicalText,
  find,
  isArray,
  isObject,
  kindOf,
  objectOf,
  sameJson,
  type Json,
  type JsonObject,
} from '../json.js';
import { ExpressionError } from '../templateError.js';
import { eager, usage, type Arguments, type Entry } from './arguments.js';

const longestRange = 10_000;

export const arrayFunctions: readonly Entry[] = [
  eager('array', 1, 1, given => {
    const value = given.any(0);
    return isArray(value) ? value : [value];
  }),
  eager('createArray', 0, Infinity, given => given.all),
  eager('flatten', 1, 1, given =>
    given.array(0).flatMap(item => {
      if (isArray(item)) return item;
      throw given.refuse(`all items of the array must be arrays, one is of type '${kindOf(item)}'.`);
    }),
  ),
  eager('range', 2, 2, given => {
    const start = given.int(0);
    const count = given.int(1);
    if (count < 0 || count > longestRange) {
      throw given.refuse(`the count '${count}' must be between '0' and '${longestRange}'.`);
    }
    return Array.from({ length: count }, (_item, index) => start + index);
  }),
  eager('indexFromEnd', 2, 2, given => {
    const list = given.array(0);
    return access(list, list.length - given.int(1));
  }),
  eager('tryIndexFromEnd', 2, Infinity, given => {
    const [list, index, ...rest] = given.all;
    if (!isArray(list) || typeof index !== 'number') return null;
    return tryPath(list[list.length - index] ?? null, rest);
  }),
  eager('tryGet', 2, Infinity, given => tryPath(given.any(0), given.all.slice(1))),
  eager('union', 1, Infinity, given => union(given)),
  eager('intersection', 1, Infinity, given => intersection(given)),
  eager('createObject', 0, Infinity, given => {
    if (given.count % 2 !== 0)
      throw given.refuse('the number of arguments must be even: names and values in turn.');
    return objectOf(pairs(given));
  }),
  eager('items', 1, 1, given =>
    Object.entries(given.object(0))
      .sort(([left], [right]) => ordinal(left.toLowerCase(), right.toLowerCase()))
      .map(([key, value]) =>
        objectOf([
          ['key', key],
          ['value', value],
        ]),
      ),
  ),
  eager('objectKeys', 1, 1, given => Object.keys(given.object(0))),
  eager('shallowMerge', 1, 1, given => {
    const merged = new Members();
    for (const part of given.array(0)) {
      if (!isObject(part))
        throw given.refuse(`all items of the array must be objects, one is of type '${kindOf(part)}'.`);
      for (const [key, value] of Object.entries(part)) merged.set(key, value);
    }
    return objectOf(merged.entries);
  }),
];

function pairs(given: Arguments): [string, Json][] {
  const entries: [string, Json][] = [];
  for (let index = 0; index < given.count; index += 2)
    entries.push([given.text(index), given.any(index + 1)]);
  return entries;
}

function tryPath(start: Json, path: readonly Json[]): Json {
  let value = start;
  for (const key of path) {
    if (isObject(value) && typeof key === 'string') value = find(value, key) ?? null;
    else if (isArray(value) && typeof key === 'number') value = value[key] ?? null;
    else return null;
  }
  return value;
}

function ordinal(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Entries under names that differ in more than case; the first spelling of a name stays. */
class Members {
  readonly entries = new Map<string, Json>();
  readonly #spellings = new Map<string, string>();

  constructor(start: JsonObject = {}) {
    for (const [key, value] of Object.entries(start)) this.set(key, value);
  }

  get(key: string): Json | undefined {
    return this.entries.get(this.#spelling(key));
  }

  set(key: string, value: Json): void {
    const name = this.#spelling(key);
    this.#spellings.set(key.toLowerCase(), name);
    this.entries.set(name, value);
  }

  #spelling(key: string): string {
    return this.#spellings.get(key.toLowerCase()) ?? key;
  }
}

function union(given: Arguments): Json {
  const lists = given.all.filter(isArray);
  if (lists.length === given.count) return distinct(lists.flat(1));
  const objects = given.all.filter(isObject);
  if (objects.length === given.count) return objects.reduce((left, right) => merge(left, right));
  throw mixed('union', given);
}

/** Later values win; objects within are merged too, arrays within are not. */
function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged = new Members(left);
  for (const [key, value] of Object.entries(right)) {
    const before = merged.get(key);
    merged.set(key, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return objectOf(merged.entries);
}

function distinct(list: readonly Json[]): Json[] {
  const kept = new Map<string, Json>();
  for (const item of list) {
    const key = canonicalText(item);
    if (!kept.has(key)) kept.set(key, item);
  }
  return [...kept.values()];
}

function intersection(given: Arguments): Json {
  const [first, ...others] = given.all;
  if (isArray(first) && others.every(isArray)) {
    const sets = others.map(list => new Set(list.map(canonicalText)));
    return distinct(first).filter(item => sets.every(set => set.has(canonicalText(item))));
  }
  if (isObject(first) && others.every(isObject)) return others.reduce<JsonObject>(common, first);
  throw mixed('intersection', given);
}

function common(left: JsonObject, right: JsonObject): JsonObject {
  const others = new Members(right);
  const shared: [string, Json][] = [];
  for (const [key, value] of Object.entries(left)) {
    const other = others.get(key);
    if (other === undefined) continue;
    if (isObject(value) && isObject(other)) shared.push([key, common(value, other)]);
    else if (sameJson(value, other)) shared.push([key, value]);
  }
  return objectOf(shared);
}

function mixed(name: string, given: Arguments): ExpressionError {
  const kinds = [...new Set(given.all.map(kindOf))].join(', ');
  return new ExpressionError(
    `The template language function '${name}' expects parameters of the same type: either all arrays or all objects. ` +
      `The provided types are: '${kinds}'. ${usage(name)}`,
  );
}
