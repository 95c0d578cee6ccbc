/** Network interfaces: each has an address of its own on the loopback network, used when it has no public one. */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../../arm/armError.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import type { AddressPool } from '../../machines/addressPool.js';
import type { Cloud } from '../cloud.js';
import { checkReferences, givenProperties, referredId, resourceOf } from '../envelope.js';
import { referringChildren, withEtag } from './networkResource.js';

const type = 'Microsoft.Network/networkInterfaces';
/** Of the names that machines of a network have among themselves. */
const suffix = 'local.internal.cloudapp.net';

export function networkInterfaces({ store, addresses }: Cloud): Provider {
  return {
    type,
    protocol: 'network',
    put: request => {
      const given = givenProperties(request.body);
      const before = objects(request.existing?.properties['ipConfigurations']);
      const configurations = referringChildren(
        request.id,
        'ipConfigurations',
        type,
        given['ipConfigurations'],
      ).map((configuration, index) => {
        const properties = object(configuration['properties']);
        const old = before.find(one => same(string(one['id']), string(configuration['id'])));
        return {
          ...configuration,
          properties: {
            privateIPAllocationMethod: 'Dynamic',
            privateIPAddressVersion: 'IPv4',
            primary: index === 0,
            ...properties,
            privateIPAddress: at(old, 'properties', 'privateIPAddress') ?? addresses.allocate(),
          },
        };
      });
      if (configurations.length === 0) {
        throw new ArmError(
          400,
          'NetworkInterfaceMustHaveAtLeastOneIpConfiguration',
          `Network interface ${request.id} must have at least one IP configuration.`,
        );
      }
      checkReferences(store, request.id, configurations.flatMap(references));
      return {
        resource: withEtag(
          resourceOf(type, request, {
            dnsSettings: { dnsServers: [], appliedDnsServers: [], internalDomainNameSuffix: suffix },
            enableAcceleratedNetworking: false,
            enableIPForwarding: false,
            ...given,
            resourceGuid: request.existing?.properties['resourceGuid'] ?? randomUUID(),
            ipConfigurations: configurations,
          }),
        ),
        followed: true,
      };
    },
    show: resource => {
      const user = machineOf(store, resource.id);
      return user === undefined
        ? resource
        : {
            ...resource,
            properties: {
              ...resource.properties,
              macAddress: macAddress(String(resource.properties['resourceGuid'])),
              primary: true,
              virtualMachine: { id: user.id },
            },
          };
    },
    refuseRemoval: resource => {
      const user = machineOf(store, resource.id);
      if (user === undefined) return;
      throw new ArmError(
        400,
        'NicInUse',
        `Network Interface ${resource.id} is used by existing resource ${user.id}. In order to delete the network interface, it ` +
          'must be dissociated from the resource. To learn more, see aka.ms/deletenic.',
      );
    },
    remove: resource => () => {
      releaseAddresses(resource, addresses);
      return Promise.resolve();
    },
  };
}

/** Deletes the interfaces of a machine that goes, those that were to go with it. */
export function deleteInterfacesOf({ properties }: Resource, { store, addresses }: Cloud): void {
  for (const given of objects(at(properties, 'networkProfile', 'networkInterfaces'))) {
    if (!same(string(at(given, 'properties', 'deleteOption')), 'Delete')) continue;
    const found = store.get(referredId(given) ?? '');
    if (found === undefined) continue;
    releaseAddresses(found, addresses);
    store.delete(found.id);
  }
}

function releaseAddresses({ properties }: Resource, addresses: AddressPool): void {
  for (const configuration of objects(properties['ipConfigurations'])) {
    const address = string(at(configuration, 'properties', 'privateIPAddress'));
    if (address !== undefined) addresses.release(address);
  }
}

/** The interface's own, of Microsoft's range; Azure gives it with the machine. */
function macAddress(guid: string): string {
  const [own = '000000'] = /[0-9a-f]{6}$/i.exec(guid) ?? [];
  return ['00', '0D', '3A', ...(own.toUpperCase().match(/../g) ?? [])].join('-');
}

function references(configuration: Json): readonly (string | undefined)[] {
  const properties = object(configuration['properties']);
  return [
    referredId(properties['subnet']),
    referredId(properties['publicIPAddress']),
    ...objects(properties['loadBalancerBackendAddressPools']).map(referredId),
    ...objects(properties['loadBalancerInboundNatRules']).map(referredId),
  ];
}

function machineOf(store: Store, id: string): Resource | undefined {
  return store.referrers(id).find(one => key(one.type) === 'microsoft.compute/virtualmachines');
}

/** Where the outside reaches an interface: its public address when it has one, else its own; its backend pools and inbound NAT rules. */
export function reach(
  store: Store,
  interfaceId: string,
): { address: string; backendPools: readonly string[]; natRules: readonly string[] } | undefined {
  const configurations = objects(store.get(interfaceId)?.properties['ipConfigurations']).map(one =>
    object(one['properties']),
  );
  const publicIp = configurations.map(one => referredId(one['publicIPAddress'])).find(id => id !== undefined);
  const address =
    (publicIp === undefined ? undefined : string(store.get(publicIp)?.properties['ipAddress'])) ??
    string(configurations[0]?.['privateIPAddress']);
  if (address === undefined) return undefined;
  const referred = (name: string) =>
    configurations.flatMap(one => objects(one[name])).flatMap(one => referredId(one) ?? []);
  return {
    address,
    backendPools: referred('loadBalancerBackendAddressPools'),
    natRules: referred('loadBalancerInboundNatRules'),
  };
}
