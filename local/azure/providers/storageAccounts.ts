/** Storage accounts, as far as capturing a VHD needs them: a name, keys and a blob endpoint. */
import { randomBytes } from 'node:crypto';
import { ArmError } from '../arm/armError.js';
import { object, string } from '../arm/json.js';
import type { Provider } from '../arm/provider.js';
import { key } from '../arm/resourceId.js';
import type { Cloud } from './cloud.js';
import { givenProperties, resourceOf } from './envelope.js';

const type = 'Microsoft.Storage/storageAccounts';

export function storageAccounts(cloud: Cloud): Provider {
  const keys = new Map<string, readonly string[]>();
  return {
    type,
    protocol: 'storage',
    patchable: ['tags', 'sku', 'properties'],
    put: request => {
      const { name, existing } = request;
      if (!/^[a-z0-9]{3,24}$/.test(name)) {
        throw new ArmError(
          400,
          'AccountNameInvalid',
          `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use ` +
            'numbers and lower-case letters only.',
        );
      }
      const resource = resourceOf(type, request, {
        ...givenProperties(request.body),
        primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
        primaryLocation: request.body['location'],
        statusOfPrimary: 'available',
        creationTime: existing?.properties['creationTime'] ?? cloud.now().toISOString(),
        supportsHttpsTrafficOnly: true,
      });
      if (!keys.has(key(request.id)))
        keys.set(
          key(request.id),
          [randomBytes(64), randomBytes(64)].map(one => one.toString('base64')),
        );
      const named = string(object(request.body['sku'])['name']) ?? 'Standard_LRS';
      return {
        resource: {
          ...resource,
          kind: resource.kind ?? 'StorageV2',
          sku: { name: named, tier: named.split('_')[0] },
        },
        ...(existing === undefined ? { work: () => Promise.resolve(cloud.store.get(request.id)) } : {}),
      };
    },
    remove: resource => () => {
      keys.delete(key(resource.id));
      return Promise.resolve();
    },
    actions: {
      listkeys: ({ resource }) => ({
        result: {
          keys: (keys.get(key(resource.id)) ?? []).map((value, index) => ({
            keyName: `key${index + 1}`,
            value,
            permissions: 'FULL',
          })),
        },
      }),
    },
  };
}
