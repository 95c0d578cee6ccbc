/** What resources of Microsoft.Network and their children have and others have not. */
import { randomUUID } from 'node:crypto';
import { isObject, object, string, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';
import { children } from '../envelope.js';

/** `sku` as the api-version knows it: older ones have no tiers. */
export function shownSku({ sku }: Resource, version: string): Json {
  const { tier, ...rest } = sku ?? {};
  return version < '2020-06' || tier === undefined ? rest : { ...rest, tier };
}

/** A resource as it is after a change: its children share its new etag. */
export function withEtag(resource: Resource): Resource {
  const etag = `W/"${randomUUID()}"`;
  const properties = Object.entries(resource.properties).map(([name, member]) => [
    name,
    Array.isArray(member)
      ? member.map(child => (isChild(child, resource) ? { ...child, etag } : (child as unknown)))
      : member,
  ]);
  return { ...resource, etag, properties: Object.fromEntries(properties) as Json };
}

function isChild(value: unknown, parent: Resource): value is Json {
  return (
    isObject(value) && (string(value['id']) ?? '').toLowerCase().startsWith(`${parent.id.toLowerCase()}/`)
  );
}

/** The children as {@link children} makes them, each of their references cut down to its id: whatever else was sent is not kept. */
export function referringChildren(
  ...[parentId, collection, type, given]: Parameters<typeof children>
): readonly Json[] {
  return children(parentId, collection, type, given).map(child => ({
    ...child,
    properties: Object.fromEntries(
      Object.entries(object(child['properties'])).map(([name, member]) => [name, reference(member)]),
    ),
  }));
}

function reference(member: unknown): unknown {
  if (Array.isArray(member)) return member.map(reference);
  return isObject(member) && typeof member['id'] === 'string' ? { id: member['id'] } : member;
}
