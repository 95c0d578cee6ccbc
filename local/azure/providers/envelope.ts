/** The members that every resource has beside its properties, and small parts common to all providers. */
import { ArmError, invalidReference } from '../arm/armError.js';
import { compact, isObject, object, objects, string, type Json } from '../arm/json.js';
import { normalLocation } from '../arm/protocol.js';
import type { Provider, PutRequest } from '../arm/provider.js';
import type { Resource, Store } from '../arm/store.js';

/**
 * The resource of a PUT: its envelope from the body, its properties as given.
 * @throws ArmError when the location is missing or differs from that of the existing resource
 */
export function resourceOf(type: string, request: PutRequest, properties: Json): Resource {
  const { id, name, body, existing, group } = request;
  const given = string(body['location']);
  if (given === undefined) {
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  const location = normalLocation(given);
  if (existing?.location !== undefined && normalLocation(existing.location) !== location) {
    throw new ArmError(
      409,
      'InvalidResourceLocation',
      `The resource '${name}' already exists in location '${existing.location}' in resource group '${group.name}'. A resource with ` +
        `the same name cannot be created in location '${location}'. Please select a new resource name.`,
    );
  }
  const { zones } = body;
  return {
    id,
    name,
    type,
    location,
    ...(body['tags'] === undefined ? {} : { tags: object(body['tags']) }),
    ...(isObject(body['sku']) ? { sku: body['sku'] } : {}),
    ...(Array.isArray(zones) ? { zones: zones.map(String) } : {}),
    ...(isObject(body['identity']) ? { identity: body['identity'] } : {}),
    ...(isObject(body['plan']) ? { plan: body['plan'] } : {}),
    ...(typeof body['kind'] === 'string' ? { kind: body['kind'] } : {}),
    properties: compact(properties),
  };
}

/** The api-version that decides which members are shown; one later than all when none was asked for, as by a template. */
export function apiVersion(query: URLSearchParams): string {
  return query.get('api-version') ?? '9999';
}

/** The body's properties without what only Azure sets. */
export function givenProperties(body: Json): Json {
  const {
    provisioningState: _state,
    resourceGuid: _guid,
    instanceView: _view,
    ...given
  } = object(body['properties']);
  return given;
}

/** The refusal of a change to what is fixed when a resource is made. */
export function unchangeable(property: string): ArmError {
  return new ArmError(409, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`, {
    target: property,
  });
}

/** The named children of a network resource with the ids and states that Azure gives them. */
export function children(
  parentId: string,
  collection: string,
  type: string,
  given: unknown,
): readonly Json[] {
  return objects(given).map(child => ({
    ...child,
    id: `${parentId}/${collection}/${string(child['name']) ?? ''}`,
    type: `${type}/${collection}`,
    properties: { ...object(child['properties']), provisioningState: 'Succeeded' },
  }));
}

/** The `id` of a `{ id }` reference. */
export function referredId(reference: unknown): string | undefined {
  return string(object(reference)['id']);
}

/** @throws ArmError InvalidResourceReference when one of the ids is no resource; an id may name a child of one */
export function checkReferences(store: Store, by: string, ids: readonly (string | undefined)[]): void {
  for (const id of ids) {
    if (id === undefined) continue;
    if (!exists(store, id)) throw invalidReference(id, by);
  }
}

/** Whether the id is a resource of the store, or a named child that a resource of the store holds. */
function exists(store: Store, id: string): boolean {
  if (store.get(id) !== undefined) return true;
  const [, parent, collection, name] = /^(.+)\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
  if (parent === undefined || collection === undefined || name === undefined) return false;
  const properties = store.get(parent)?.properties ?? {};
  const member = Object.keys(properties).find(one => one.toLowerCase() === collection.toLowerCase());
  return objects(member === undefined ? undefined : properties[member]).some(
    child => string(child['name'])?.toLowerCase() === name.toLowerCase(),
  );
}

/** A resource type that does nothing by itself here: it is kept, shown, listed and deleted. */
export function recordedType(type: string, protocol: Provider['protocol'] = 'compute'): Provider {
  return {
    type,
    protocol,
    patchable: ['tags', 'sku', 'properties'],
    put: request => ({ resource: resourceOf(type, request, givenProperties(request.body)) }),
  };
}
