/** The values of pipeline expressions and how one kind turns into another (learn.microsoft.com, "Expressions", type casting). */

/** Three or four numbers with dots between them, as in `1.2.3`; two when made from a string or a number. */
export interface Version {
  readonly parts: readonly number[];
}

/** What an expression can be worth. Object keys are looked up without regard to case. */
export type Value =
  null | boolean | number | string | Version | readonly Value[] | ReadonlyMap<string, Value>;

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

export function isVersion(value: Value): value is Version {
  return typeof value === 'object' && value !== null && !isArray(value) && !isObject(value);
}

/** The kind of a value as messages name it. */
export function kindOf(value: Value): string {
  if (value === null) return 'Null';
  if (isArray(value)) return 'Array';
  if (isObject(value)) return 'Object';
  if (isVersion(value)) return 'Version';
  return { boolean: 'Boolean', number: 'Number', string: 'String' }[
    typeof value as 'boolean' | 'number' | 'string'
  ];
}

export function toBoolean(value: Value): boolean {
  if (value === null || value === '') return false;
  if (typeof value === 'boolean') return value;
  return value !== 0;
}

/** The text of a value, undefined when it has none (arrays and objects). */
export function toText(value: Value): string | undefined {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value;
  return isVersion(value) ? value.parts.join('.') : undefined;
}

/** The number of a value, undefined when it has none. */
export function toNumber(value: Value): number | undefined {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text === '') return 0;
  return /^[+-]?(\d+(,\d{3})*(\.\d*)?|\.\d+)$/.test(text) ? Number(text.replaceAll(',', '')) : undefined;
}

/** The version of a value, undefined when it has none. */
export function toVersion(value: Value): Version | undefined {
  if (isVersion(value)) return value;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const text = String(value).trim();
  return /^\d+(\.\d+){1,3}$/.test(text) ? { parts: text.split('.').map(Number) } : undefined;
}

/** Whether two values are equal: the right one takes the kind of the left one, strings without regard to case. */
export function areEqual(left: Value, right: Value): boolean {
  if (left === null) return right === null || right === '';
  if (typeof left === 'boolean') return !isArray(right) && !isObject(right) && left === toBoolean(right);
  if (isArray(left) || isObject(left)) return left === right;
  return compare(left, right) === 0;
}

/** Negative, zero or positive as the left value is less, equal or more; undefined when the right one cannot take its kind. */
export function compare(left: Value, right: Value): number | undefined {
  if (typeof left === 'string') {
    const text = toText(right);
    return text === undefined ? undefined : order(left.toUpperCase(), text.toUpperCase());
  }
  if (isVersion(left)) {
    const version = toVersion(right);
    return version === undefined ? undefined : orderVersions(left, version);
  }
  if (isArray(left) || isObject(left)) return undefined;
  const number = toNumber(right);
  return number === undefined ? undefined : order(toNumber(left) ?? 0, number);
}

/** The entry of an object under a key, without regard to case. */
export function entryOf(object: ReadonlyMap<string, Value>, key: string): Value {
  const exact = object.get(key);
  if (exact !== undefined) return exact;
  const wanted = key.toLowerCase();
  for (const [name, value] of object) if (name.toLowerCase() === wanted) return value;
  return null;
}

/** The value as indented JSON, the way `convertToJson` prints it. */
export function toJson(value: Value): string {
  return JSON.stringify(plain(value), null, 2);
}

function plain(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map(plain);
  if (isObject(value)) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return toText(value);
}

function order<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function orderVersions(left: Version, right: Version): number {
  for (let index = 0; index < 4; index++) {
    // A part that is not there is less than one that is, as System.Version has it.
    const difference = order(left.parts[index] ?? -1, right.parts[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
