/** Load balancers: a real TCP balancer for each frontend, over the machines that joined the backend pools. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe } from '../../../../shared/core/errors.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { key, parentId, same } from '../../arm/resourceId.js';
import type { Backend, LoadBalancer } from '../../machines/loadBalancer.js';
import type { Cloud } from '../cloud.js';
import {
  apiVersion,
  checkReferences,
  children,
  givenProperties,
  referredId,
  resourceOf,
} from '../envelope.js';
import { frontends, sameSetup } from './balancerSetup.js';
import { forwardsOf, NatPorts, natRanges, shownNatRules, type NatMember } from './natPorts.js';
import { shownSku } from './networkResource.js';
import { shownBalancer } from './shownBalancer.js';

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
  /**
   * Puts a machine into the pools with these ids, in place of those it was in.
   * @param natIds inbound NAT pools, of which each gives it a frontend port, and inbound NAT rules that lead to it
   */
  join(poolIds: readonly string[], backend: Backend, natIds?: readonly string[]): void;
  leave(backendId: string): void;
  /** Leaves, and waits until its open connections have ended, but not for long. */
  drain(backendId: string): Promise<void>;
  /** What a probe (by its id) says of a machine. */
  health(probeId: string, backendId: string): 'up' | 'down' | 'unknown';
  close(): Promise<void>;
}

interface Frontend {
  readonly id: string;
  readonly balancer: LoadBalancer;
}

/** How long a machine that leaves is waited for, in Azure's own seconds. */
const drainPatience = 15;
/** How often its connections are counted, in milliseconds. */
const drainGlance = 20;

export function createBalancing(cloud: Cloud): Balancing {
  const { store, addresses } = cloud;
  const running = new Map<string, readonly Frontend[]>();
  const members = new Map<string, NatMember>();
  const ports = new NatPorts();

  const refresh = (loadBalancerId: string) => {
    const prefix = `${key(loadBalancerId)}/`;
    const resource = store.get(loadBalancerId);
    const own = [...members.values()].filter(({ pools, natIds }) =>
      [...pools, ...natIds].some(id => id.startsWith(prefix)),
    );
    const pooled = own.filter(({ pools }) => pools.some(pool => pool.startsWith(prefix)));
    const ranges = resource === undefined ? [] : natRanges(resource);
    for (const { id, balancer } of running.get(key(loadBalancerId)) ?? []) {
      balancer.setBackends(pooled.map(({ id: member, address, pools }) => ({ id: member, address, pools })));
      balancer.setForwards(forwardsOf(id, ranges, own, ports)).catch((error: unknown) => {
        process.stderr.write(`${describe(error)}\n`);
      });
    }
  };
  const refreshAll = ({ pools, natIds }: Pick<NatMember, 'pools' | 'natIds'>) => {
    for (const loadBalancerId of new Set([...pools, ...natIds].map(parentId))) refresh(loadBalancerId);
  };
  const leave = (backendId: string) => {
    const member = members.get(backendId);
    members.delete(backendId);
    if (member !== undefined) refreshAll(member);
  };
  const openTo = (backendId: string) =>
    [...running.values()].flat().reduce((sum, { balancer }) => sum + balancer.connections(backendId), 0);
  const stop = async (loadBalancerId: string) => {
    const balancers = running.get(key(loadBalancerId)) ?? [];
    running.delete(key(loadBalancerId));
    await Promise.all(balancers.map(({ balancer }) => balancer.close()));
  };
  const start = async (loadBalancerId: string) => {
    await stop(loadBalancerId);
    const resource = store.get(loadBalancerId);
    if (resource === undefined) return;
    const starting = await Promise.allSettled(
      frontends(resource, addressOf).map(async ({ id, options }) => ({
        id,
        balancer: await cloud.startLoadBalancer(options),
      })),
    );
    // Also when another frontend cannot listen: the next PUT ends those that can, or they would keep their ports.
    const started = starting.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
    running.set(key(loadBalancerId), started);
    const failed = starting.find(one => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
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
    kept: {
      save: () => ports.save(),
      resume: async (saved, report) => {
        ports.restore(saved as ReturnType<NatPorts['save']>);
        const all = store.groups.flatMap(group => store.list(group.id, type));
        await Promise.all(
          all.map(({ id }) =>
            start(id).catch((error: unknown) => {
              report(id, error);
            }),
          ),
        );
      },
    },
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
      natRanges(resource);
      const unchanged =
        request.existing !== undefined &&
        running.has(key(request.id)) &&
        sameSetup(request.existing, resource);
      return {
        resource: {
          ...resource,
          etag: `W/"${randomUUID()}"`,
          sku: resource.sku ?? { name: 'Basic', tier: 'Regional' },
        },
        work: () => {
          if (!unchanged) return start(request.id);
          refresh(request.id);
          return Promise.resolve();
        },
      };
    },
    show: (resource, query) =>
      shownBalancer(
        {
          ...resource,
          sku: shownSku(resource, apiVersion(query)),
          properties: { ...resource.properties, inboundNatRules: shownNatRules(resource, ports) },
        },
        apiVersion(query),
      ),
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
    join: (poolIds, backend, natIds = []) => {
      const before = members.get(backend.id) ?? { pools: [], natIds: [] };
      const member = { ...backend, pools: poolIds.map(key), natIds: natIds.map(key) };
      members.set(backend.id, member);
      refreshAll({
        pools: [...before.pools, ...member.pools],
        natIds: [...before.natIds, ...member.natIds],
      });
    },
    leave: backendId => {
      leave(backendId);
      ports.forget(backendId);
    },
    drain: async backendId => {
      leave(backendId);
      const deadline = Date.now() + drainPatience * 1000 * cloud.timeScale;
      while (openTo(backendId) > 0 && Date.now() < deadline) await delay(drainGlance);
    },
    health: (probeId, backendId) => {
      const balancers = running.get(key(parentId(probeId))) ?? [];
      return (
        balancers.map(({ balancer }) => balancer.health(backendId)).find(health => health !== 'unknown') ??
        'unknown'
      );
    },
    close: async () => {
      await Promise.all([...running.keys()].map(stop));
    },
  };
}
