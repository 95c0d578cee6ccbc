/** JSON values as the template language sees them: immutable, own properties only, bounded in size. */

/** Any JSON value. Objects may hold hostile keys such as `__proto__`; build them with `objectOf`, read them with `own`. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The largest value an evaluation may produce, in characters and nodes: Resource Manager's 4 MB for an expanded template. */
export const largestValue = 4 * 1024 * 1024;

const deepest = 100;
const checked = new WeakSet<object>();
const weights = new WeakMap<object, number>();

/** True for an object that is no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for an array. */
export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** An object of these entries; a later key wins, `__proto__` is a key like any other. */
export function objectOf(entries: Iterable<readonly [string, Json]>): JsonObject {
  return Object.fromEntries(entries);
}

/** An own property by its exact name. */
export function own(value: unknown, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** An own property as Resource Manager finds it: by its exact name, else regardless of case. */
export function find(value: unknown, key: string): Json | undefined {
  if (!isObject(value)) return undefined;
  const name = keyOf(value, key);
  return name === undefined ? undefined : value[name];
}

/** The spelling under which an object holds a key, regardless of case. */
export function keyOf(value: JsonObject, key: string): string | undefined {
  if (Object.hasOwn(value, key)) return key;
  const wanted = key.toLowerCase();
  return Object.keys(value).find(candidate => candidate.toLowerCase() === wanted);
}

/** Json.NET's name of a value's kind, as Azure's messages show it. */
export function kindOf(value: Json): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return 'Array';
  switch (typeof value) {
    case 'string':
      return 'String';
    case 'boolean':
      return 'Boolean';
    case 'number':
      return Number.isInteger(value) ? 'Integer' : 'Float';
    default:
      return 'Object';
  }
}

/** Whether two values are the same, the order of keys aside. */
export function sameJson(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (isArray(left) && isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index] ?? null));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(key => Object.hasOwn(right, key) && sameJson(left[key] ?? null, right[key] ?? null))
  );
}

/** Text that is the same for the same values, the order of keys aside. */
export function canonicalText(value: Json): string {
  if (isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null)}`).join(',')}}`;
}

/** How large a value is when written out, in characters and nodes. Shared parts count each time they occur, but are visited once. */
export function weigh(value: Json): number {
  if (typeof value === 'string') return value.length + 1;
  if (typeof value !== 'object' || value === null) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let sum = 1;
  if (isArray(value)) for (const item of value) sum += weigh(item);
  else for (const [key, item] of Object.entries(value)) sum += key.length + weigh(item);
  weights.set(value, sum);
  return sum;
}

/**
 * Takes what a caller parsed as JSON, once it is known to be plain, of bounded depth and size.
 * @throws RangeError when it is nested too deeply or too large
 */
export function asJson(value: unknown): Json {
  const pending: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let size = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: item, depth } = next;
    if (typeof item === 'object' && item !== null && checked.has(item)) continue;
    if (depth > deepest) throw new RangeError(`it is nested deeper than ${deepest} levels`);
    size += typeof item === 'string' ? item.length + 1 : 1;
    if (size > largestValue) throw new RangeError(`it is larger than ${largestValue} characters`);
    if (typeof item === 'object' && item !== null) {
      for (const child of Object.values(item)) pending.push({ value: child, depth: depth + 1 });
    } else if (
      item === undefined ||
      typeof item === 'function' ||
      typeof item === 'symbol' ||
      typeof item === 'bigint'
    ) {
      throw new RangeError('it holds a value that JSON does not have');
    }
  }
  if (typeof value === 'object' && value !== null) checked.add(value);
  return value as Json;
}

/**
 * What is left of a program's own value when it is written as JSON: members without a value are not.
 * @throws RangeError as `asJson`
 */
export function plainJson(value: unknown): Json {
  return asJson(value === undefined ? null : JSON.parse(JSON.stringify(value)));
}
