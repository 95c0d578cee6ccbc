/** The load balancer probes that tell instances' health. */
import type { ArmClient } from './armClient.js';
import { readNetworkResource } from './networkResource.js';
import type { HealthEndpoint } from './scaleSets.js';

/** Looks probes up. */
export interface HealthProbes {
  /**
   * What the probe of this ARM id asks of an instance; undefined when there is no such probe.
   * @throws AzureError when this connection may not read its load balancer
   */
  find(id: string): Promise<HealthEndpoint | undefined>;
}

/** Probes on Azure. */
export function healthProbesOf(arm: ArmClient): HealthProbes {
  return {
    async find(id) {
      const balancer = /^(.*\/loadBalancers\/[^/]+)\/probes\/[^/]+$/i.exec(id)?.[1];
      return balancer === undefined ? undefined : probeIn(await readNetworkResource(arm, balancer), id);
    },
  };
}

interface LoadBalancer {
  readonly properties?: {
    readonly probes?: readonly {
      readonly id?: string;
      readonly properties?: {
        readonly protocol?: string;
        readonly port?: number;
        readonly requestPath?: string | null;
      };
    }[];
  };
}

/** A load balancer's probe as the JSON of the load balancer defines it. Pure. */
export function probeIn(balancer: unknown, id: string): HealthEndpoint | undefined {
  const { properties } = (balancer ?? {}) as LoadBalancer;
  const probe = properties?.probes?.find(each => each.id?.toLowerCase() === id.toLowerCase())?.properties;
  if (probe === undefined) return undefined;
  return {
    protocol: (probe.protocol ?? 'tcp').toLowerCase(),
    port: probe.port,
    path: probe.requestPath ?? undefined,
  };
}
