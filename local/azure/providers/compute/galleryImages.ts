/** Image definitions of a gallery: what all versions of one image have in common. */
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';
import type { Provider, PutRequest } from '../../arm/provider.js';
import { parentId, same } from '../../arm/resourceId.js';
import type { Store } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { givenProperties, resourceOf, unchangeable } from '../envelope.js';
import { parentOf, refuseParent } from './galleries.js';

const type = 'Microsoft.Compute/galleries/images';

const fixed: readonly (readonly string[])[] = [
  ['osType'],
  ['osState'],
  ['hyperVGeneration'],
  ['architecture'],
  ['identifier', 'publisher'],
  ['identifier', 'offer'],
  ['identifier', 'sku'],
];

export function galleryImages({ store }: Cloud): Provider {
  return {
    type,
    protocol: 'galleries',
    patchable: ['tags', 'properties'],
    put: request => {
      parentOf(store, request.id, type);
      if (!/^[a-z0-9]([-a-z0-9._]{0,78}[a-z0-9])?$/i.test(request.name)) {
        throw invalidParameter(
          'galleryImageName',
          `The image definition name '${request.name}' is invalid. Allowed are letters, digits, hyphens, dots and underscores, at ` +
            'most 80, with a letter or digit at both ends.',
        );
      }
      const properties = { hyperVGeneration: 'V1', ...givenProperties(request.body) };
      checkDefinition(properties);
      checkFixed(request, properties);
      checkUnique(store, request, properties);
      return { resource: resourceOf(type, request, properties), work: () => Promise.resolve() };
    },
    refuseRemoval: resource => {
      refuseParent(store, resource);
    },
  };
}

function checkDefinition(properties: Json): void {
  const choices = {
    osType: ['Windows', 'Linux'],
    osState: ['Generalized', 'Specialized'],
    hyperVGeneration: ['V1', 'V2'],
  };
  for (const [name, allowed] of Object.entries(choices)) {
    const value = string(properties[name]);
    if (value === undefined || !allowed.some(one => same(one, value))) {
      throw invalidParameter(
        `galleryImage.properties.${name}`,
        `The value '${value ?? ''}' of parameter galleryImage.properties.${name} is invalid; allowed are ${allowed.join(' and ')}.`,
      );
    }
  }
  for (const part of ['publisher', 'offer', 'sku']) {
    if (string(at(properties, 'identifier', part)) !== undefined) continue;
    throw invalidParameter(
      `galleryImage.properties.identifier.${part}`,
      `Required parameter 'galleryImage.properties.identifier.${part}' is missing (null).`,
    );
  }
}

function checkFixed({ existing }: PutRequest, properties: Json): void {
  if (existing === undefined) return;
  for (const path of fixed) {
    const [before, after] = [existing.properties, properties].map(one => string(at(one, ...path)));
    if (after !== undefined && !same(before, after))
      throw unchangeable(`galleryImage.properties.${path.join('.')}`);
  }
}

/** Publisher, offer and SKU together name one definition of a gallery. */
function checkUnique(store: Store, { id }: PutRequest, properties: Json): void {
  const parts = (of: Json) => JSON.stringify(Object.values(identifierOf(of))).toLowerCase();
  const twin = store
    .list(parentId(id), type)
    .find(one => !same(one.id, id) && parts(one.properties) === parts(properties));
  if (twin === undefined) return;
  throw new ArmError(
    409,
    'Conflict',
    `The combination of publisher, offer and sku ${Object.values(identifierOf(properties)).join(':')} is used by the image ` +
      `definition '${twin.name}' of this gallery already.`,
    { target: 'galleryImage.properties.identifier' },
  );
}

function identifierOf(properties: Json): Json {
  const { publisher, offer, sku } = object(properties['identifier']);
  return { publisher, offer, sku };
}
