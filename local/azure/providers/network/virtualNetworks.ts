/** Virtual networks and their subnets; machines do not route through them, resources refer to them. */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../../arm/armError.js';
import { object, objects, string, type Json } from '../../arm/json.js';
import type { Provider, PutRequest } from '../../arm/provider.js';
import { lastName, parentId, same } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { apiVersion, children, givenProperties, resourceOf } from '../envelope.js';
import { withEtag } from './networkResource.js';

const type = 'Microsoft.Network/virtualNetworks';

export function virtualNetworks({ store }: Cloud): Provider {
  return {
    type,
    protocol: 'network',
    put: (request: PutRequest) => {
      const given = givenProperties(request.body);
      const before = objects(request.existing?.properties['subnets']);
      // One that says nothing of subnets leaves them as they are.
      const asked = given['subnets'] ?? before;
      const subnets = children(request.id, 'subnets', type, asked).map(withDefaults);
      for (const old of before) {
        const id = string(old['id']) ?? '';
        if (!subnets.some(one => same(string(one['id']), id))) refuseUsed(store, id);
      }
      const resource = resourceOf(type, request, {
        enableDdosProtection: false,
        virtualNetworkPeerings: [],
        ...given,
        resourceGuid: request.existing?.properties['resourceGuid'] ?? randomUUID(),
        subnets,
      });
      return { resource: withEtag(resource), work: () => Promise.resolve() };
    },
    show: (resource, query) => {
      const version = apiVersion(query);
      return {
        ...resource,
        properties: {
          ...(version < '2021' ? { enableVmProtection: false } : {}),
          ...(version < '2024-05' ? {} : { privateEndpointVNetPolicies: 'Disabled' }),
          ...resource.properties,
          subnets: objects(resource.properties['subnets']).map(subnet => shownSubnet(subnet, version)),
        },
      };
    },
    refuseRemoval: resource => {
      for (const subnet of objects(resource.properties['subnets']))
        refuseUsed(store, string(subnet['id']) ?? '');
    },
  };
}

/** Subnets live in their network; they can be put, read, listed and deleted on their own. */
export function subnets({ store }: Cloud): Provider {
  const childType = `${type}/subnets`;
  const find = (id: string): Resource | undefined => {
    const parent = store.get(parentId(id));
    const subnet = objects(parent?.properties['subnets']).find(one => same(string(one['id']), id));
    return subnet === undefined ? undefined : toResource(subnet, childType);
  };
  const replace = (networkId: string, change: (all: readonly Json[]) => readonly Json[]) => {
    const network = store.get(networkId);
    if (network !== undefined)
      store.update(networkId, { subnets: change(objects(network.properties['subnets'])) });
  };
  return {
    type: childType,
    protocol: 'network',
    find,
    list: parent =>
      objects(store.get(parent)?.properties['subnets']).map(subnet => toResource(subnet, childType)),
    put: ({ id, name, body }) => {
      if (store.get(parentId(id)) === undefined) {
        throw new ArmError(
          404,
          'ParentResourceNotFound',
          `Failed to perform 'write' on resource of type 'virtualNetworks/subnets', because the parent resource '${parentId(id)}' could not be found.`,
        );
      }
      const [made = {}] = children(parentId(id), 'subnets', type, [
        { name, properties: givenProperties(body) },
      ]).map(withDefaults);
      const subnet = { ...made, etag: `W/"${randomUUID()}"` };
      replace(parentId(id), all => [...all.filter(one => !same(string(one['id']), id)), subnet]);
      return { resource: toResource(subnet, childType), work: () => Promise.resolve() };
    },
    show: (resource, query) => ({
      ...resource,
      properties: object(shownSubnet({ properties: resource.properties }, apiVersion(query))['properties']),
    }),
    refuseRemoval: resource => {
      refuseUsed(store, resource.id);
    },
    remove: resource => () => {
      replace(parentId(resource.id), all => all.filter(one => !same(string(one['id']), resource.id)));
      return Promise.resolve();
    },
  };
}

function withDefaults(subnet: Json): Json {
  return { ...subnet, properties: { delegations: [], ...object(subnet['properties']) } };
}

/** With the policies that Azure takes for given, as far as the api-version knows them. */
function shownSubnet(subnet: Json, version: string): Json {
  const policies =
    version < '2019-04'
      ? {}
      : {
          privateEndpointNetworkPolicies: version < '2022-05' ? 'Enabled' : 'Disabled',
          privateLinkServiceNetworkPolicies: 'Enabled',
        };
  return { ...subnet, properties: { ...policies, ...object(subnet['properties']) } };
}

function toResource(subnet: Json, childType: string): Resource {
  const id = string(subnet['id']) ?? '';
  const etag = string(subnet['etag']);
  return {
    id,
    name: lastName(id),
    type: childType,
    ...(etag === undefined ? {} : { etag }),
    properties: object(subnet['properties']),
  };
}

function refuseUsed(store: Store, subnetId: string): void {
  const users = store
    .referrers(subnetId)
    .filter(one => !subnetId.toLowerCase().startsWith(`${one.id.toLowerCase()}/`));
  if (users[0] === undefined) return;
  throw new ArmError(
    400,
    'InUseSubnetCannotBeDeleted',
    `Subnet ${lastName(subnetId)} is in use by ${users[0].id} and cannot be deleted. In order to delete the subnet, delete all ` +
      'the resources within the subnet. See aka.ms/deletesubnet.',
  );
}
