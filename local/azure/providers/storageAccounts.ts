/** Storage accounts: a name, keys and endpoints; their blobs are in front/blobs.ts and storage/. */
import { randomBytes } from 'node:crypto';
import { ArmError } from '../arm/armError.js';
import { object, string, type Json } from '../arm/json.js';
import { normalLocation } from '../arm/protocol.js';
import type { Provider, PutRequest } from '../arm/provider.js';
import type { Resource, Store } from '../arm/store.js';
import type { Cloud } from './cloud.js';
import { apiVersion, givenProperties, resourceOf } from './envelope.js';
import { pairedRegion } from './regions.js';

const type = 'Microsoft.Storage/storageAccounts';

export function storageAccounts(cloud: Cloud): Provider {
  const { store, storageKeys } = cloud;
  return {
    type,
    protocol: 'storage',
    patchable: ['tags', 'sku', 'properties'],
    put: request => {
      const { name, existing } = request;
      if (!validName.test(name)) throw new ArmError(400, 'AccountNameInvalid', invalidName(name));
      if (existing === undefined && storageKeys.has(name)) {
        throw new ArmError(409, 'StorageAccountAlreadyTaken', takenName(name));
      }
      const properties = givenProperties(request.body);
      const named = string(object(request.body['sku'])['name']) ?? string(properties['accountType']);
      const endpoints = ['blob', 'queue', 'table', 'file'].map(service => [
        service,
        `https://${name}.${service}.core.windows.net/`,
      ]);
      const skuName = named ?? 'Standard_LRS';
      const location = normalLocation(string(request.body['location']) ?? '');
      const secondaryLocation = /GRS|GZRS/i.test(skuName) ? pairedRegion(location) : undefined;
      const resource = resourceOf(type, request, {
        privateEndpointConnections: [],
        networkAcls: {
          bypass: 'AzureServices',
          virtualNetworkRules: [],
          ipRules: [],
          defaultAction: 'Allow',
        },
        supportsHttpsTrafficOnly: true,
        encryption: encryption(existing?.properties['creationTime'] ?? cloud.now().toISOString()),
        ...properties,
        primaryEndpoints: Object.fromEntries(endpoints) as Record<string, string>,
        primaryLocation: location,
        statusOfPrimary: 'available',
        ...(secondaryLocation === undefined ? {} : { secondaryLocation, statusOfSecondary: 'available' }),
        creationTime: existing?.properties['creationTime'] ?? cloud.now().toISOString(),
      });
      if (!storageKeys.has(name)) storageKeys.set(name, [newKey(), newKey()]);
      return {
        resource: {
          ...resource,
          tags: resource.tags ?? {},
          kind: resource.kind ?? 'StorageV2',
          sku: { name: skuName, tier: skuName.split('_')[0] },
        },
        ...(existing === undefined ? { work: () => Promise.resolve(succeeded(request)) } : {}),
      };
    },
    show: (resource, query) => (isFirst(query) ? withAccountType(resource) : resource),
    remove: resource => () => {
      storageKeys.delete(resource.name);
      return Promise.resolve();
    },
    actions: {
      listkeys: ({ resource }) => ({ result: shownKeys(resource.name) }),
    },
  };

  /** What the operation ends with. */
  function succeeded({ id, query = new URLSearchParams() }: PutRequest): unknown {
    const made = store.get(id);
    if (made === undefined) return undefined;
    if (isFirst(query)) return { location: made.location, properties: { accountType: made.sku?.['name'] } };
    return { ...made, properties: { ...made.properties, provisioningState: 'Succeeded' } };
  }

  function shownKeys(name: string): unknown {
    return {
      keys: (storageKeys.get(name) ?? []).map((value, index) => ({
        keyName: `key${index + 1}`,
        value,
        permissions: 'FULL',
      })),
    };
  }
}

/** Whether the api-version is one of the first. */
function isFirst(query: URLSearchParams): boolean {
  return apiVersion(query) < '2016';
}

/** An account as the first api-versions knew it: of an account type, not yet of a kind and an SKU. */
function withAccountType({ kind: _kind, sku, ...resource }: Resource): Resource {
  const {
    privateEndpointConnections: _connections,
    networkAcls: _acls,
    supportsHttpsTrafficOnly: _only,
    encryption: _encryption,
    ...properties
  } = resource.properties;
  return { ...resource, properties: { accountType: object(sku)['name'], ...properties } };
}

const validName = /^[a-z0-9]{3,24}$/;

function invalidName(name: string): string {
  return (
    `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use ` +
    'numbers and lower-case letters only.'
  );
}

function takenName(name: string): string {
  return `The storage account named ${name} is already taken.`;
}

/** The answer of `checkNameAvailability`, for a body of `{ name, type }`. */
export function checkAccountName(store: Store, body: Json): Json {
  const name = string(body['name']) ?? '';
  if (!validName.test(name))
    return { nameAvailable: false, reason: 'AccountNameInvalid', message: invalidName(name) };
  const taken = store.groups.some(group => store.list(group.id, type).some(one => one.name === name));
  return taken
    ? { nameAvailable: false, reason: 'AlreadyExists', message: takenName(name) }
    : { nameAvailable: true };
}

function encryption(lastEnabledTime: unknown): Json {
  const service = { keyType: 'Account', enabled: true, lastEnabledTime };
  return { services: { file: service, blob: service }, keySource: 'Microsoft.Storage' };
}

function newKey(): string {
  return randomBytes(64).toString('base64');
}
