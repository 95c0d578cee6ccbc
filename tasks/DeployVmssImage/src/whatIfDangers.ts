/** Which changes of a deployment take down what serves traffic. Pure. */
import type { PropertyView, ResourceView } from './whatIf.js';

interface ServingType {
  readonly noun: string;
  /** Properties that Azure cannot change in place: only another resource has them otherwise. */
  readonly fixed: readonly RegExp[];
  /** Parts through which traffic goes; without one of them what came by it stops. */
  readonly parts: readonly RegExp[];
}

const anywhere = [/^location$/i, /^zones(\[|$)/i];
const part = (name: string) => new RegExp(String.raw`^properties\.${name}(\[[^\]]*\])?$`, 'i');

/** By the resource type in lower case. What may not change follows the services' documented restrictions. */
const serving: ReadonlyMap<string, ServingType> = new Map(
  Object.entries({
    'microsoft.compute/virtualmachinescalesets': {
      noun: 'scale set',
      fixed: [
        ...anywhere,
        /^plan(\.|$)/i,
        /^properties\.(orchestrationMode|platformFaultDomainCount)$/i,
        /^properties\.virtualMachineProfile\.(priority|osProfile\.(adminUsername|computerNamePrefix))$/i,
        /^properties\.virtualMachineProfile\.storageProfile\.(osDisk\.(osType|image(\..*)?|vhdContainers.*)|imageReference\.(publisher|offer))$/i,
      ],
      parts: [
        /^properties\.virtualMachineProfile\.networkProfile\.networkInterfaceConfigurations(\[[^\]]*\])?$/i,
        /\.(loadBalancerBackendAddressPools|applicationGatewayBackendAddressPools)(\[[^\]]*\])?$/i,
      ],
    },
    'microsoft.network/loadbalancers': {
      noun: 'load balancer',
      fixed: [...anywhere, /^sku(\.(name|tier))?$/i],
      parts: ['frontendIPConfigurations', 'backendAddressPools', 'loadBalancingRules', 'probes'].map(part),
    },
    'microsoft.network/publicipaddresses': {
      noun: 'public IP address',
      fixed: [
        ...anywhere,
        /^sku(\.(name|tier))?$/i,
        /^properties\.(publicIPAddressVersion|publicIPAllocationMethod|publicIPPrefix(\..*)?)$/i,
      ],
      parts: [/^properties\.dnsSettings(\.domainNameLabel)?$/i],
    },
    'microsoft.network/applicationgateways': {
      noun: 'application gateway',
      fixed: [...anywhere, /^properties\.sku\.tier$/i],
      parts: [
        'gatewayIPConfigurations',
        'frontendIPConfigurations',
        'frontendPorts',
        'httpListeners',
        'requestRoutingRules',
        'backendAddressPools',
        'backendHttpSettingsCollection',
        'sslCertificates',
      ].map(part),
    },
    'microsoft.network/virtualnetworks': {
      noun: 'virtual network',
      fixed: [...anywhere, /^properties\.subnets\[[^\]]*\](\.properties)?\.addressPrefix(es)?(\[\d+\])?$/i],
      parts: [part('subnets')],
    },
    'microsoft.network/virtualnetworks/subnets': {
      noun: 'subnet',
      fixed: [/^properties\.addressPrefix(es)?(\[\d+\])?$/i],
      parts: [],
    },
    'microsoft.network/networksecuritygroups': {
      noun: 'network security group',
      fixed: anywhere,
      parts: [part('securityRules')],
    },
    'microsoft.network/natgateways': { noun: 'NAT gateway', fixed: anywhere, parts: [] },
    'microsoft.network/trafficmanagerprofiles': {
      noun: 'Traffic Manager profile',
      fixed: [],
      parts: [part('endpoints')],
    },
  } satisfies Record<string, ServingType>),
);

/** Whether the resource's type is one through which a site is reached. */
export function servesTraffic(type: string): boolean {
  return serving.has(type.toLowerCase());
}

/** Why these changes of a resource would take a site down; empty when they do not. */
export function dangersOf(
  type: string,
  action: ResourceView['action'],
  changes: readonly PropertyView[],
): string[] {
  const kind = serving.get(type.toLowerCase());
  if (kind === undefined) return [];
  if (action === 'delete') return [`The ${kind.noun} would be deleted.`];
  if (action !== 'modify') return [];
  return changes.flatMap(change => dangerOf(kind, change) ?? []);
}

function dangerOf(kind: ServingType, { path, change, before, after }: PropertyView): string | undefined {
  // What becomes of it is known only while deploying.
  const isOpen = typeof after === 'string' && /^\[(?!\[)/.test(after);
  if (change !== 'create' && !isOpen && kind.fixed.some(pattern => pattern.test(path)))
    return `'${path}' of a ${kind.noun} cannot change in place: it would have to be replaced.`;
  if (change === 'delete' && kind.parts.some(pattern => pattern.test(path)))
    return `'${path}' would be removed, and what comes by it would stop.`;
  if (path.toLowerCase() === 'sku.capacity' && typeof before === 'number') {
    const count = Number(after);
    if (count < before) return `${before - count} of its ${before} instances would be deleted.`;
  }
  return undefined;
}
