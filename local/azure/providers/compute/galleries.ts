/** Azure compute galleries: what holds image definitions. */
import { ArmError, invalidParameter } from '../../arm/armError.js';
import type { Provider } from '../../arm/provider.js';
import { parentId } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { givenProperties, resourceOf } from '../envelope.js';

const type = 'Microsoft.Compute/galleries';

export function galleries({ store }: Cloud): Provider {
  return {
    type,
    protocol: 'galleries',
    patchable: ['tags', 'properties'],
    put: request => {
      if (!/^[a-z0-9]([a-z0-9._]{0,78}[a-z0-9])?$/i.test(request.name)) {
        throw invalidParameter(
          'galleryName',
          `The gallery name '${request.name}' is invalid. Allowed are letters, digits, dots and underscores, at most 80, with a ` +
            'letter or digit at both ends.',
        );
      }
      const [, , subscription = ''] = request.id.split('/');
      const resource = resourceOf(type, request, {
        ...givenProperties(request.body),
        identifier: { uniqueName: `${subscription}-${request.name.toUpperCase()}` },
      });
      return { resource, work: () => Promise.resolve() };
    },
    refuseRemoval: resource => {
      refuseParent(store, resource);
    },
  };
}

/** @throws ArmError when resources are nested in it */
export function refuseParent(store: Store, resource: Resource): void {
  const nested = store.list(resource.id);
  if (nested.length === 0) return;
  const ids = nested.slice(0, 5).map(one => `'${one.id}'`);
  throw new ArmError(
    409,
    'CannotDeleteResource',
    `Cannot delete resource while nested resources exist. Some existing nested resource IDs include: ${ids.join(', ')}. Please ` +
      'delete all nested resources before deleting this resource.',
  );
}

/** The resource that a nested one is in. @throws ArmError when it is not there */
export function parentOf(store: Store, id: string, type: string): Resource {
  const parent = store.get(parentId(id));
  if (parent !== undefined) return parent;
  throw new ArmError(
    404,
    'ParentResourceNotFound',
    `Failed to perform 'write' on resource(s) of type '${type.replace(/^Microsoft\.Compute\//, '')}', because the parent resource ` +
      `'${parentId(id)}' could not be found.`,
  );
}
