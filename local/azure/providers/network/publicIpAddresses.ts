/** Public IP addresses: each is an address of its own on the loopback network. */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../../arm/armError.js';
import { compact, object, string } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { parentId, same } from '../../arm/resourceId.js';
import type { Cloud } from '../cloud.js';
import { apiVersion, givenProperties, resourceOf } from '../envelope.js';
import { shownSku, withEtag } from './networkResource.js';

const type = 'Microsoft.Network/publicIPAddresses';

export function publicIpAddresses({ store, addresses }: Cloud): Provider {
  return {
    type,
    protocol: 'network',
    put: request => {
      const before = request.existing?.properties ?? {};
      const given = givenProperties(request.body);
      const resource = resourceOf(type, request, {
        publicIPAddressVersion: 'IPv4',
        publicIPAllocationMethod: 'Dynamic',
        idleTimeoutInMinutes: 4,
        ipTags: [],
        ...given,
        resourceGuid: before['resourceGuid'] ?? randomUUID(),
        ipAddress: before['ipAddress'] ?? addresses.allocate(),
      });
      const settings = object(given['dnsSettings']);
      const label = string(settings['domainNameLabel']);
      const dnsSettings =
        label === undefined
          ? undefined
          : { ...settings, fqdn: `${label}.${resource.location ?? ''}.cloudapp.azure.com` };
      return {
        resource: withEtag({
          ...resource,
          sku: resource.sku ?? { name: 'Basic', tier: 'Regional' },
          properties: compact({ ...resource.properties, dnsSettings }),
        }),
        work: () => Promise.resolve(),
      };
    },
    show: (resource, query) => {
      const user = userOf(resource.id);
      const { ipAddress, ...properties } = resource.properties;
      const shown = properties['publicIPAllocationMethod'] === 'Static' || isServing(user);
      return {
        ...resource,
        sku: shownSku(resource, apiVersion(query)),
        properties: {
          ...properties,
          ...(shown ? { ipAddress } : {}),
          ...(user === undefined ? {} : { ipConfiguration: { id: user } }),
        },
      };
    },
    refuseRemoval: resource => {
      const user = userOf(resource.id);
      if (user === undefined) return;
      throw new ArmError(
        400,
        'PublicIPAddressCannotBeDeleted',
        `Public IP address ${resource.id} can not be deleted since it is still allocated to resource ${user}. In order to ` +
          'delete the public IP, disassociate/detach the Public IP address from the resource.  ' +
          'To learn how to do this, see aka.ms/deletepublicip.',
      );
    },
    remove: resource => () => {
      const address = string(resource.properties['ipAddress']);
      if (address !== undefined) addresses.release(address);
      return Promise.resolve();
    },
  };

  /** Whether a dynamic address is in use, before which it is not told: at a load balancer, or an interface of a machine. */
  function isServing(user: string | undefined): boolean {
    if (user === undefined) return false;
    const owner = parentId(user);
    return (
      !/\/networkInterfaces\//i.test(owner) ||
      store.referrers(owner).some(one => same(one.type, 'Microsoft.Compute/virtualMachines'))
    );
  }

  /** The IP configuration that holds the address. */
  function userOf(id: string): string | undefined {
    for (const { properties } of store.referrers(id)) {
      const configurations = [properties['ipConfigurations'], properties['frontendIPConfigurations']]
        .flat()
        .map(object);
      const holder = configurations.find(
        one =>
          string(object(object(one['properties'])['publicIPAddress'])['id'])?.toLowerCase() ===
          id.toLowerCase(),
      );
      if (holder !== undefined) return string(holder['id']);
    }
    return undefined;
  }
}
