/** Load balancers: a real TCP balancer for each frontend, over the machines that joined the backend pools. */
import { randomUUID } from 'node:crypto';
import { invalidParameter } from '../../arm/armError.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { key, lastName, parentId, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type {
  Backend,
  HealthProbe,
  LoadBalancer,
  LoadBalancerOptions,
  LoadBalancingRule,
} from '../../machines/loadBalancer.js';
import type { Cloud } from '../cloud.js';
import { checkReferences, children, givenProperties, referredId, resourceOf } from '../envelope.js';

const type = 'Microsoft.Network/loadBalancers';
const collections = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'loadBalancingRules',
  'probes',
  'inboundNatPools',
  'inboundNatRules',
  'outboundRules',
];

/** The balancers with what machines need of them. */
export interface Balancing {
  readonly provider: Provider;
  /** Puts a machine into the pools with these ids, in place of those it was in. */
  join(poolIds: readonly string[], backend: Backend): void;
  leave(backendId: string): void;
  /** What a probe (by its id) says of a machine. */
  health(probeId: string, backendId: string): 'up' | 'down' | 'unknown';
  close(): Promise<void>;
}

export function createBalancing(cloud: Cloud): Balancing {
  const { store, addresses } = cloud;
  const running = new Map<string, readonly LoadBalancer[]>();
  const members = new Map<string, { readonly pools: readonly string[]; readonly backend: Backend }>();

  const refresh = (loadBalancerId: string) => {
    const prefix = `${key(loadBalancerId)}/backendaddresspools/`;
    const backends = [...members.values()].flatMap(({ pools, backend }) =>
      pools.some(pool => pool.startsWith(prefix)) ? [backend] : [],
    );
    for (const balancer of running.get(key(loadBalancerId)) ?? []) balancer.setBackends(backends);
  };
  const refreshPools = (pools: readonly string[]) => {
    for (const loadBalancerId of new Set(pools.map(parentId))) refresh(loadBalancerId);
  };
  const stop = async (loadBalancerId: string) => {
    const balancers = running.get(key(loadBalancerId)) ?? [];
    running.delete(key(loadBalancerId));
    await Promise.all(balancers.map(balancer => balancer.close()));
  };
  const start = async (loadBalancerId: string) => {
    await stop(loadBalancerId);
    const resource = store.get(loadBalancerId);
    if (resource === undefined) return;
    running.set(
      key(loadBalancerId),
      await Promise.all(frontends(resource, addressOf).map(one => cloud.startLoadBalancer(one))),
    );
    refresh(loadBalancerId);
  };
  const addressOf = (frontend: Json) => {
    const publicIp = referredId(at(frontend, 'properties', 'publicIPAddress'));
    return publicIp === undefined
      ? string(at(frontend, 'properties', 'privateIPAddress'))
      : string(store.get(publicIp)?.properties['ipAddress']);
  };

  const provider: Provider = {
    type,
    protocol: 'network',
    put: request => {
      const given = givenProperties(request.body);
      const before = objects(request.existing?.properties['frontendIPConfigurations']);
      const filled = Object.fromEntries(
        collections.map(name => [name, children(request.id, name, type, given[name])]),
      );
      const frontendIPConfigurations = objects(filled['frontendIPConfigurations']).map(frontend => {
        if (referredId(at(frontend, 'properties', 'publicIPAddress')) !== undefined) return frontend;
        const old = before.find(one => same(string(one['id']), string(frontend['id'])));
        const privateIPAddress = string(at(old, 'properties', 'privateIPAddress')) ?? addresses.allocate();
        return { ...frontend, properties: { ...object(frontend['properties']), privateIPAddress } };
      });
      checkReferences(
        store,
        request.id,
        frontendIPConfigurations.flatMap(one => [
          referredId(at(one, 'properties', 'publicIPAddress')),
          referredId(at(one, 'properties', 'subnet')),
        ]),
      );
      const resource = resourceOf(type, request, {
        ...given,
        ...filled,
        frontendIPConfigurations,
        resourceGuid: request.existing?.properties['resourceGuid'] ?? randomUUID(),
      });
      // Refuses at once what could not be started later.
      frontends(resource, () => '127.0.0.1');
      const unchanged =
        request.existing !== undefined &&
        running.has(key(request.id)) &&
        sameSetup(request.existing, resource);
      return {
        resource: { ...resource, sku: resource.sku ?? { name: 'Basic', tier: 'Regional' } },
        work: () => (unchanged ? Promise.resolve() : start(request.id)),
      };
    },
    remove: resource => async () => {
      await stop(resource.id);
      for (const frontend of objects(resource.properties['frontendIPConfigurations'])) {
        const address = string(at(frontend, 'properties', 'privateIPAddress'));
        if (address !== undefined) addresses.release(address);
      }
    },
  };

  return {
    provider,
    join: (poolIds, backend) => {
      const before = members.get(backend.id)?.pools ?? [];
      const pools = poolIds.map(key);
      members.set(backend.id, { pools, backend });
      refreshPools([...before, ...pools]);
    },
    leave: backendId => {
      const pools = members.get(backendId)?.pools ?? [];
      members.delete(backendId);
      refreshPools(pools);
    },
    health: (probeId, backendId) => {
      const balancers = running.get(key(parentId(probeId))) ?? [];
      return (
        balancers.map(balancer => balancer.health(backendId)).find(health => health !== 'unknown') ??
        'unknown'
      );
    },
    close: async () => {
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

/** What runs for a load balancer: one balancer for each frontend that has an address. */
function frontends(
  resource: Resource,
  addressOf: (frontend: Json) => string | undefined,
): readonly LoadBalancerOptions[] {
  const { properties } = resource;
  const probes = objects(properties['probes']).map(probeOf);
  const rules = objects(properties['loadBalancingRules']).map(rule => ({
    frontend: referredId(at(rule, 'properties', 'frontendIPConfiguration')),
    rule: ruleOf(rule),
  }));
  return objects(properties['frontendIPConfigurations']).flatMap(frontend => {
    const address = addressOf(frontend);
    if (address === undefined) return [];
    const own = rules.filter(one => same(one.frontend, string(frontend['id']))).map(one => one.rule);
    return [{ address, rules: own, probes }];
  });
}

function ruleOf(rule: Json): LoadBalancingRule {
  const probe = referredId(at(rule, 'properties', 'probe'));
  return {
    frontendPort: port(rule, 'loadBalancingRules', 'frontendPort'),
    backendPort: port(rule, 'loadBalancingRules', 'backendPort'),
    ...(probe === undefined ? {} : { probeName: lastName(probe) }),
  };
}

function probeOf(probe: Json): HealthProbe {
  const name = string(probe['name']) ?? '';
  const properties = object(probe['properties']);
  const protocol = (['Http', 'Https', 'Tcp'] as const).find(one => same(one, string(properties['protocol'])));
  if (protocol === undefined) {
    throw invalidParameter(
      `probes.${name}.protocol`,
      `Probe '${name}' has protocol '${String(properties['protocol'])}'; it must be Http, Https or Tcp.`,
    );
  }
  const path = string(properties['requestPath']);
  if (protocol !== 'Tcp' && path === undefined) {
    throw invalidParameter(
      `probes.${name}.requestPath`,
      `Probe '${name}' of protocol ${protocol} needs a requestPath.`,
    );
  }
  return {
    name,
    protocol,
    port: port(probe, 'probes', 'port'),
    ...(path === undefined || protocol === 'Tcp' ? {} : { path }),
    intervalSeconds: Number(properties['intervalInSeconds'] ?? 15),
    numberOfProbes: Number(properties['numberOfProbes'] ?? 2),
  };
}

function port(child: Json, collection: string, member: string): number {
  const value = Number(at(child, 'properties', member));
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  const name = string(child['name']) ?? '';
  throw invalidParameter(
    `${collection}.${name}.${member}`,
    `'${name}' of ${collection} needs a ${member} from 1 to 65535.`,
  );
}

function sameSetup(before: Resource, after: Resource): boolean {
  const setup = ({ properties }: Resource) =>
    JSON.stringify(
      ['frontendIPConfigurations', 'loadBalancingRules', 'probes'].map(name => properties[name]),
    );
  return setup(before) === setup(after);
}
