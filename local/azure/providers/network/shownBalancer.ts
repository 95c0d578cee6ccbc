/** A load balancer as Azure shows it: defaults filled in, and at each part the rules that lead through it. */
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import { same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import { referredId } from '../envelope.js';

const ruleDefaults = {
  enableFloatingIP: false,
  idleTimeoutInMinutes: 4,
  enableTcpReset: false,
  enableDestinationServiceEndpoint: false,
  allowBackendPortConflict: false,
};
const defaults: Readonly<Record<string, Json>> = {
  frontendIPConfigurations: { privateIPAllocationMethod: 'Dynamic', privateIPAddressVersion: 'IPv4' },
  probes: { intervalInSeconds: 15, numberOfProbes: 2 },
  loadBalancingRules: { ...ruleDefaults, loadDistribution: 'Default' },
  inboundNatPools: ruleDefaults,
  inboundNatRules: ruleDefaults,
};
/** Members that came later: the year and month of the first api-version taken to show them. */
const since: Readonly<Record<string, string>> = {
  privateIPAddressVersion: '2018-08',
  enableTcpReset: '2018-07',
  allowBackendPortConflict: '2018-08',
};
/** Which member of a rule refers to a part of each kind. */
const referrers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  frontendIPConfigurations: {
    loadBalancingRules: 'frontendIPConfiguration',
    inboundNatPools: 'frontendIPConfiguration',
    inboundNatRules: 'frontendIPConfiguration',
  },
  backendAddressPools: { loadBalancingRules: 'backendAddressPool' },
  probes: { loadBalancingRules: 'probe' },
};

export function shownBalancer(resource: Resource, version: string): Resource {
  const { properties, etag } = resource;
  const part = (collection: string, child: Json): Json => ({
    ...child,
    ...(etag === undefined ? {} : { etag }),
    properties: compact({
      ...knownTo(version, defaults[collection] ?? {}),
      ...knownTo(version, references(object(child['properties']))),
      ...leadingThrough(properties, collection, string(child['id'])),
    }),
  });
  const shown = Object.entries(properties).flatMap(([name, member]) => {
    // Outbound rules are shown of those only that have some.
    if (name === 'outboundRules' && objects(member).length === 0) return [];
    return [[name, Array.isArray(member) ? objects(member).map(child => part(name, child)) : member]];
  });
  return { ...resource, properties: Object.fromEntries(shown) as Json };
}

function knownTo(version: string, members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([name]) => version >= (since[name] ?? '')));
}

/** Of what a part refers to its id only, whatever else was sent. */
function references(properties: Json): Json {
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => {
      const id = referredId(member);
      return [name, id === undefined ? member : { id }];
    }),
  );
}

function leadingThrough(properties: Json, collection: string, id: string | undefined): Json {
  return Object.fromEntries(
    Object.entries(referrers[collection] ?? {}).flatMap(([rules, member]) => {
      const users = objects(properties[rules]).filter(rule =>
        same(referredId(at(rule, 'properties', member)), id),
      );
      return users.length === 0 ? [] : [[rules, users.map(rule => ({ id: rule['id'] }))]];
    }),
  );
}
