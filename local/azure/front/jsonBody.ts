/** Bodies as they go out. A list of a thousand resources is put together from what was written of each before. */
import { isObject } from '../arm/json.js';

const written = new WeakMap<object, Buffer | undefined>();

/**
 * Has the text of an object kept for as long as the object lives.
 * @param entry of lists; it must never change
 * @returns itself
 */
export function writtenOnce<T extends object>(entry: T): T {
  if (!written.has(entry)) written.set(entry, undefined);
  return entry;
}

/** A text as it is, nothing for undefined, and anything else as JSON. */
export function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  const entries = isObject(body) && Object.keys(body).length === 1 ? body['value'] : undefined;
  if (!Array.isArray(entries) || !entries.some(isKept)) return Buffer.from(JSON.stringify(body));
  const parts = entries.flatMap((entry: unknown, index) =>
    index === 0 ? [entryBytes(entry)] : [comma, entryBytes(entry)],
  );
  return Buffer.concat([opening, ...parts, closing]);
}

const opening = Buffer.from('{"value":[');
const comma = Buffer.from(',');
const closing = Buffer.from(']}');

function isKept(entry: unknown): entry is object {
  return typeof entry === 'object' && entry !== null && written.has(entry);
}

function entryBytes(entry: unknown): Buffer {
  const known = isKept(entry) ? written.get(entry) : undefined;
  if (known !== undefined) return known;
  // What has no text of its own is null in a list.
  const bytes = Buffer.from((JSON.stringify(entry) as string | undefined) ?? 'null');
  if (isKept(entry)) written.set(entry, bytes);
  return bytes;
}
