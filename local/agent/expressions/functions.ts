/** The function library of pipeline expressions (learn.microsoft.com, "Expressions", functions). */

import { UserError } from '../../../shared/core/errors.js';
import {
  type Value,
  areEqual,
  compare,
  isArray,
  isObject,
  kindOf,
  toBoolean,
  toJson,
  toText,
} from './values.js';

/** One function: how many arguments it takes, and its result. `and`, `or` and `iif` are here for their count; see evaluate.ts. */
export interface LibraryFunction {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly Value[]) => Value;
}

const many = 255;

/** Every function of the library under its lower-case name. */
export const library: ReadonlyMap<string, LibraryFunction> = new Map<string, LibraryFunction>([
  define('and', 2, many, args => args.every(toBoolean)),
  define('or', 2, many, args => args.some(toBoolean)),
  define('not', 1, 1, ([value]) => !toBoolean(value ?? null)),
  define('xor', 2, 2, ([left, right]) => toBoolean(left ?? null) !== toBoolean(right ?? null)),
  define('eq', 2, 2, ([left, right]) => areEqual(left ?? null, right ?? null)),
  define('ne', 2, 2, ([left, right]) => !areEqual(left ?? null, right ?? null)),
  define('gt', 2, 2, pair => order('gt', pair) > 0),
  define('ge', 2, 2, pair => order('ge', pair) >= 0),
  define('lt', 2, 2, pair => order('lt', pair) < 0),
  define('le', 2, 2, pair => order('le', pair) <= 0),
  define('in', 1, many, ([value, ...rest]) => rest.some(item => areEqual(value ?? null, item))),
  define('notin', 1, many, ([value, ...rest]) => !rest.some(item => areEqual(value ?? null, item))),
  define('contains', 2, 2, args => upper('contains', args, 0).includes(upper('contains', args, 1))),
  define('startswith', 2, 2, args => upper('startsWith', args, 0).startsWith(upper('startsWith', args, 1))),
  define('endswith', 2, 2, args => upper('endsWith', args, 0).endsWith(upper('endsWith', args, 1))),
  define('containsvalue', 2, 2, ([collection, wanted]) => {
    const items = itemsOf(collection ?? null);
    if (items === undefined) return areEqual(collection ?? null, wanted ?? null);
    return items.some(item => areEqual(item, wanted ?? null));
  }),
  define('format', 1, many, args => format(text('format', args, 0), args.slice(1))),
  define('join', 2, 2, args => {
    const items = itemsOf(args[1] ?? null);
    return items === undefined
      ? text('join', args, 1)
      : items.map(item => toText(item) ?? '').join(text('join', args, 0));
  }),
  define('split', 2, 2, args => split(text('split', args, 0), text('split', args, 1))),
  define('replace', 3, 3, args =>
    text('replace', args, 1) === ''
      ? text('replace', args, 0)
      : text('replace', args, 0).replaceAll(text('replace', args, 1), () => text('replace', args, 2)),
  ),
  define('lower', 1, 1, args => text('lower', args, 0).toLowerCase()),
  define('upper', 1, 1, args => text('upper', args, 0).toUpperCase()),
  define('trim', 1, 1, args => text('trim', args, 0).trim()),
  define('length', 1, 1, args => itemsOf(args[0] ?? null)?.length ?? text('length', args, 0).length),
  define('coalesce', 2, many, args => args.find(item => item !== null && item !== '') ?? args.at(-1) ?? null),
  define('iif', 3, 3, ([condition, yes, no]) =>
    toBoolean(condition ?? null) ? (yes ?? null) : (no ?? null),
  ),
  define('converttojson', 1, 1, ([value]) => toJson(value ?? null)),
]);

function define(
  name: string,
  least: number,
  most: number,
  run: LibraryFunction['run'],
): [string, LibraryFunction] {
  return [name, { least, most, run }];
}

function text(name: string, args: readonly Value[], index: number): string {
  const value = args[index] ?? null;
  const result = toText(value);
  if (result === undefined)
    throw new UserError(`${name}() cannot take an ${kindOf(value)} as argument ${index + 1}`);
  return result;
}

function upper(name: string, args: readonly Value[], index: number): string {
  return text(name, args, index).toUpperCase();
}

function order(name: string, [left = null, right = null]: readonly Value[]): number {
  const result = compare(left, right);
  if (result === undefined)
    throw new UserError(
      `${name}() cannot compare ${kindOf(left)} '${toText(left) ?? ''}' with ${kindOf(right)} '${toText(right) ?? ''}'`,
    );
  return result;
}

function itemsOf(value: Value): readonly Value[] | undefined {
  if (isArray(value)) return value;
  return isObject(value) ? [...value.values()] : undefined;
}

/** Splits at any of the separator's characters, as the service does. */
function split(value: string, separators: string): Value {
  if (separators === '') return [value];
  const anyOf = separators.replace(/[\]\\^-]/g, '\\$&');
  return value.split(new RegExp(`[${anyOf}]`, 'u'));
}

function format(pattern: string, args: readonly Value[]): string {
  return pattern.replace(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (match, index: string | undefined) => {
    if (match === '{{') return '{';
    if (match === '}}') return '}';
    if (index === undefined) throw new UserError(`format() cannot read the pattern '${pattern}'`);
    const value = args[Number(index)];
    if (value === undefined) throw new UserError(`format() has no argument for ${match} of '${pattern}'`);
    return toText(value) ?? kindOf(value);
  });
}
