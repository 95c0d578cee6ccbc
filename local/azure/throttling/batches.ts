/** How many instances of a scale set a request acts on at once: what its limit on batches counts. */
import { at, isObject, type Json } from '../arm/json.js';
import type { Resource } from '../arm/store.js';
import { readBody } from '../front/body.js';
import type { Request } from '../front/http.js';

/**
 * The instances that are named, all when none is, and those that a change of the capacity adds; 0 for what is no request to a whole scale set.
 * @param find the resource of an id
 */
export function instancesActedOn(
  { method, url, text }: Request,
  find: (id: string) => Pick<Resource, 'sku'> | undefined,
): number {
  if (method === 'GET' || method === 'HEAD') return 0;
  const match = /^(.*\/virtualMachineScaleSets\/[^/]+)(\/[a-z]+)?\/*$/i.exec(url.pathname);
  if (match === null) return 0;
  const [, id = '', action] = match;
  const capacity = whole(find(id)?.sku?.['capacity']);
  const body = bodyOf(text);
  if (method === 'PUT' || method === 'PATCH') {
    return Math.max(0, whole(at(body, 'sku', 'capacity') ?? capacity) - capacity);
  }
  if (method !== 'POST' || action === undefined) return 0;
  const ids: unknown = body['instanceIds'];
  return Array.isArray(ids) && !ids.includes('*') ? ids.length : capacity;
}

function whole(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isInteger(number) ? number : 0;
}

/** Nothing of a body that cannot be read: it is refused for that later. */
function bodyOf(text: string): Json {
  try {
    const body = readBody(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}
