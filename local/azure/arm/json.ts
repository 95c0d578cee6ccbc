/** Plain JSON data as requests and resources hold it, and safe ways into it. */

/** A JSON object of unknown shape. */
export type Json = Readonly<Record<string, unknown>>;

/** The value when it is a JSON object, else an empty one. */
export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** Whether the value is a JSON object (no array, no null). */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value's entries that are objects; none when it is no array. */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The value when it is a non-empty string. */
export function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What stands at a path of names, undefined as soon as one is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => object(inner)[name], value);
}

/** Without the members that are undefined. */
export function compact(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** Without the members that are null, at any depth: to a resource provider they are not given. */
export function withoutNulls(value: Json): Json {
  const within = (member: unknown): unknown => {
    if (Array.isArray(member)) return member.map(within);
    return isObject(member) ? withoutNulls(member) : member;
  };
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, within(member)]])),
  );
}

/** RFC 7396 as ARM's PATCH does it: objects are merged, everything else is replaced, null removes. */
export function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...object(target) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name);
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}
