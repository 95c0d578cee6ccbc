/** What a deployment would change of a resource, property by property, as what-if tells it. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json } from '../arm/json.js';

/** One entry of `delta`. */
export interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: 'Create' | 'Delete' | 'Modify' | 'Array' | 'NoEffect';
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children?: readonly PropertyChange[];
}

/** A resource at one place of it: as it is, as it was last asked for, as it is asked for now, and what may be shown of that. */
export interface Sides {
  readonly before: unknown;
  /** Undefined where nobody knows. */
  readonly requested: unknown;
  readonly after: unknown;
  /** The same as `after`, with expressions in place of secrets and of what is not known yet. */
  readonly shown: unknown;
}

/** Properties that a service sets itself and takes from nobody. */
const readOnly =
  /^(provisioningState|resourceGuid|etag|uniqueId|vmId|timeCreated|creationTime|instanceView|primaryEndpoints|statusOfPrimary|macAddress|fqdn)$/i;

/** Properties that no service shows again. */
const writeOnly =
  /^(adminPassword|customData|userData|protectedSettings|protectedSettingsFromKeyVault|secrets|\w*password)$/i;

/** The changes of an object's members, paths below it as `properties.subnets`. */
export function propertyChanges(sides: Sides, path = ''): readonly PropertyChange[] {
  const before = members(sides.before);
  const after = members(sides.after);
  const requested = members(sides.requested);
  const shown = members(sides.shown);
  const spelled = new Map([...after, ...before].map(([lower, [name]]) => [lower, name]));
  return [...spelled].flatMap(([lower, name]) =>
    changes(
      {
        before: before.get(lower)?.[1],
        requested: requested.get(lower)?.[1],
        after: after.get(lower)?.[1],
        shown: shown.get(lower)?.[1],
      },
      joined(path, name),
      name,
    ),
  );
}

function changes(sides: Sides, path: string, name: string): readonly PropertyChange[] {
  const { before, requested, after, shown } = sides;
  if (after === undefined || after === null) {
    // What nobody asked for, the service has filled in, and will again.
    const had = before !== undefined && before !== null && !readOnly.test(name);
    const given = had && requested !== undefined && requested !== null;
    return given ? [{ path, propertyChangeType: 'Delete', before }] : [];
  }
  // The text of a tag is its owner's; elsewhere services spell ids, locations and choices their own way.
  const same = /^tags\b/i.test(path) ? isDeepStrictEqual : alike;
  if (same(before, after)) return [];
  if (readOnly.test(name)) return [{ path, propertyChangeType: 'NoEffect', after: shown }];
  if (before === undefined || before === null) {
    // What a service never shows has changed when it was asked for otherwise.
    const hidden = requested === undefined ? writeOnly.test(name) : same(requested, after);
    return hidden ? [] : [{ path, propertyChangeType: 'Create', after: shown }];
  }
  if (isObject(before) && isObject(after)) return propertyChanges(sides, path);
  if (Array.isArray(before) && Array.isArray(after)) {
    const children = itemChanges(sides, before, after);
    return children.length === 0 ? [] : [{ path, propertyChangeType: 'Array', children }];
  }
  return [{ path, propertyChangeType: 'Modify', before, after: shown }];
}

/** Whether putting what is asked for would change anything. */
export function hasEffect({ propertyChangeType, children }: PropertyChange): boolean {
  return children === undefined ? propertyChangeType !== 'NoEffect' : children.some(hasEffect);
}

/** Items are matched by name where they have one, as the services do, else by position. */
function itemChanges(
  { requested, shown }: Sides,
  before: readonly unknown[],
  after: readonly unknown[],
): readonly PropertyChange[] {
  const named = (items: readonly unknown[]) => items.every(item => nameOf(item) !== undefined);
  const byName = named(before) && named(after);
  const position = (items: readonly unknown[], item: unknown, index: number): number =>
    byName ? items.findIndex(one => nameOf(one) === nameOf(item)) : index < items.length ? index : -1;
  const asked: readonly unknown[] = Array.isArray(requested) ? requested : [];
  const seen: readonly unknown[] = Array.isArray(shown) ? shown : [];
  const kept = after.flatMap((item, index): readonly PropertyChange[] => {
    const old = position(before, item, index);
    const path = String(index);
    if (old < 0) return [{ path, propertyChangeType: 'Create', after: seen[index] }];
    const earlier = position(asked, item, index);
    const sides = {
      before: before[old],
      requested: earlier < 0 ? undefined : asked[earlier],
      after: item,
      shown: seen[index],
    };
    if (!isObject(sides.before) || !isObject(item)) {
      return alike(sides.before, item)
        ? []
        : [{ path, propertyChangeType: 'Modify', before: sides.before, after: sides.shown }];
    }
    const children = propertyChanges(sides);
    return children.length === 0 ? [] : [{ path, propertyChangeType: 'Modify', children }];
  });
  const gone = before.flatMap((item, index): readonly PropertyChange[] =>
    position(after, item, index) < 0
      ? [{ path: String(index), propertyChangeType: 'Delete', before: item }]
      : [],
  );
  return [...kept, ...gone];
}

function nameOf(item: unknown): string | undefined {
  const name = isObject(item) ? item['name'] : undefined;
  return typeof name === 'string' ? name.toLowerCase() : undefined;
}

/** Members by their names in lower case. */
function members(value: unknown): ReadonlyMap<string, readonly [name: string, value: unknown]> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.map(([name, member]) => [name.toLowerCase(), [name, member]]));
}

/** Whether two values say the same to a service: ids, locations and the names of choices in any case, `4` and `"4"`. */
function alike(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    const other: readonly unknown[] = right;
    return left.length === right.length && left.every((item, index) => alike(item, other[index]));
  }
  if (isObject(left) && isObject(right)) {
    const others = members(right);
    const own = members(left);
    return (
      own.size === others.size && [...own].every(([name, [, value]]) => alike(value, others.get(name)?.[1]))
    );
  }
  return isScalar(left) && isScalar(right) && plain(left) === plain(right);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function plain(value: string | number | boolean): string {
  const text = String(value);
  return /^\/subscriptions\//i.test(text) || /^[\w ]+$/.test(text)
    ? text.toLowerCase().replaceAll(' ', '')
    : text;
}

function joined(path: string, name: string): string {
  if (/[.[\]]/.test(name)) return `${path}['${name.replaceAll("'", "\\'")}']`;
  return path === '' ? name : `${path}.${name}`;
}

/** A resource without what its service sets itself. */
export function settable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settable);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      readOnly.test(name) ? [] : [[name, settable(member)] as const],
    ),
  ) satisfies Json;
}
