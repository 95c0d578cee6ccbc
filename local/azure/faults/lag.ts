/** Answers that lag behind: what a GET would have found some time ago. */
import { resourceNotFound } from '../arm/armError.js';
import { isObject, object, objects, string } from '../arm/json.js';
import { key, parseResourceId } from '../arm/resourceId.js';
import type { Resource, Store } from '../arm/store.js';
import type { Reply, Request } from '../front/http.js';

/**
 * The answer without what happened in the last so many milliseconds: what was made since is not there, what changed is as it
 * was, what was deleted still stands in lists. Instances of scale sets, which are no entries of the store, are left out of
 * lists for that long after they were made.
 */
export function lagging(
  request: Request,
  reply: Reply,
  store: Store,
  milliseconds: number,
  now: Date,
): Reply {
  if (request.method !== 'GET') return reply;
  const past = store.changedWithin(milliseconds);
  const path = request.url.pathname.replace(/\/+$/, '');
  if (past.has(key(path))) {
    const before = past.get(key(path));
    if (before !== undefined) return { status: 200, body: before };
    const { type = '', name = '', resourceGroup = '' } = parseResourceId(path) ?? {};
    return { status: 404, body: { error: resourceNotFound(type, name, resourceGroup).body } };
  }
  if (reply.status !== 200 || !isObject(reply.body) || !Array.isArray(reply.body['value'])) return reply;
  const items = objects(reply.body['value']);
  const shown = items.flatMap(item => {
    const id = key(string(item['id']) ?? '');
    const before = past.get(id);
    if (past.has(id)) return before === undefined ? [] : [{ ...before }];
    const made = Date.parse(string(object(item['properties'])['timeCreated']) ?? '');
    return store.get(id) === undefined && made > now.getTime() - milliseconds ? [] : [item];
  });
  const still = [...past.values()].filter(
    before => before !== undefined && store.get(before.id) === undefined && belongs(path, before),
  );
  return { ...reply, body: { ...reply.body, value: [...shown, ...still] } };
}

/** Whether the list at the path is one that the resource would stand in. */
function belongs(path: string, { id, type }: Resource): boolean {
  const [, scope = '', listed] = /^(.*?)(?:\/providers\/([^/]+\/[^/]+)|\/resources)$/i.exec(path) ?? [];
  return (
    scope !== '' &&
    key(id).startsWith(`${key(scope)}/`) &&
    (listed === undefined || key(listed) === key(type))
  );
}
