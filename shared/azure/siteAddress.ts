/** The address under which a scale set's load balancer is reached from outside. */
import type { ArmClient } from './armClient.js';
import { readNetworkResource } from './networkResource.js';
import type { ScaleSet } from './scaleSets.js';

/** Finds the public address of a scale set. */
export interface SiteAddresses {
  /** `http://host[:port]`, or why there is none. */
  of(scaleSet: ScaleSet): Promise<{ readonly url: string } | { readonly none: string }>;
}

interface LoadBalancer {
  readonly properties?: {
    readonly frontendIPConfigurations?: readonly {
      readonly id?: string;
      readonly properties?: { readonly publicIPAddress?: { readonly id?: string } };
    }[];
    readonly loadBalancingRules?: readonly {
      readonly properties?: {
        readonly frontendPort?: number;
        readonly protocol?: string;
        readonly frontendIPConfiguration?: { readonly id?: string };
      };
    }[];
  };
}

interface PublicAddress {
  readonly properties?: { readonly ipAddress?: string; readonly dnsSettings?: { readonly fqdn?: string } };
}

/** Addresses on Azure. */
export function siteAddressesOf(arm: ArmClient): SiteAddresses {
  const read = async <T>(id: string) => (await readNetworkResource(arm, id)) as T | undefined;
  return {
    async of(scaleSet) {
      const balancers = scaleSet.backendPools.flatMap(
        pool => /^(.*\/loadBalancers\/[^/]+)\/backendAddressPools\//i.exec(pool)?.[1] ?? [],
      );
      if (balancers.length === 0) return { none: `scale set '${scaleSet.name}' is behind no load balancer` };
      for (const id of new Set(balancers)) {
        const balancer = await read<LoadBalancer>(id);
        for (const { address, port } of publicFrontends(balancer)) {
          const { ipAddress, dnsSettings } = (await read<PublicAddress>(address))?.properties ?? {};
          // A certificate is for a name; without one the address works wherever the name is not known yet.
          const candidates = port === 443 ? [dnsSettings?.fqdn, ipAddress] : [ipAddress, dnsSettings?.fqdn];
          const host = candidates.find(candidate => candidate !== undefined && candidate !== '');
          if (host !== undefined) return { url: siteUrl(host, port) };
        }
      }
      return { none: `the load balancer of '${scaleSet.name}' has no rule on a public address` };
    },
  };
}

/** Frontends with a public address and a TCP rule; port 80 first, then 443, then the others. */
function publicFrontends(balancer: LoadBalancer | undefined): { address: string; port: number }[] {
  const frontends = balancer?.properties?.frontendIPConfigurations ?? [];
  const order = (port: number) => (port === 80 ? 0 : port === 443 ? 1 : 2);
  return (balancer?.properties?.loadBalancingRules ?? [])
    .flatMap(({ properties: rule }) => {
      const frontend = frontends.find(
        ({ id }) => id?.toLowerCase() === rule?.frontendIPConfiguration?.id?.toLowerCase(),
      );
      const address = frontend?.properties?.publicIPAddress?.id;
      if (address === undefined || rule?.frontendPort === undefined || /^udp$/i.test(rule.protocol ?? ''))
        return [];
      return [{ address, port: rule.frontendPort }];
    })
    .sort((a, b) => order(a.port) - order(b.port));
}

function siteUrl(host: string, port: number): string {
  if (port === 80) return `http://${host}`;
  if (port === 443) return `https://${host}`;
  return `http://${host}:${port}`;
}
