/** Differences that what-if reports though no deployment makes them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { PropertyView } from './whatIf.js';

/** Set by the services themselves, and taken from nobody. */
const readOnly =
  /(^|\.)(provisioningState|resourceGuid|etag|uniqueId|vmId|timeCreated|creationTime|instanceView|macAddress|internalDomainNameSuffix|fqdn|ipAddress|ipConfiguration|ipConfigurations\[[^\]]*\]\.id|backendIPConfigurations|networkInterfaces|subnets\[[^\]]*\]\.id|defaultSecurityRules|systemData|managedBy|resourceState|operationalState|id|type)$/i;

/** What the services fill in where a template says nothing, and what-if then takes for removed. Values as JSON. */
const defaults: readonly (readonly [type: RegExp, path: RegExp, value: string])[] = [
  [/virtualMachineScaleSets$/i, /\.caching$/i, '"ReadWrite"'],
  [/virtualMachineScaleSets$/i, /\.managedDisk\.storageAccountType$/i, '"Standard_LRS"'],
  [/virtualMachineScaleSets$/i, /\.(diskSizeGB|osType)$/i, '*'],
  [
    /virtualMachineScaleSets$/i,
    /\.(allowExtensionOperations|provisionVMAgent|enableAutomaticUpdates)$/i,
    'true',
  ],
  [/virtualMachineScaleSets$/i, /\.requireGuestProvisionSignal$/i, 'true'],
  [/virtualMachineScaleSets$/i, /\.enableVMAgentPlatformUpdates$/i, 'false'],
  [
    /virtualMachineScaleSets$/i,
    /\.(enableAcceleratedNetworking|disableTcpStateTracking|enableIPForwarding)$/i,
    'false',
  ],
  [
    /virtualMachineScaleSets$/i,
    /\.(doNotRunExtensionsOnOverprovisionedVMs|overprovision|ultraSSDEnabled)$/i,
    'false',
  ],
  [/virtualMachineScaleSets$/i, /\.(singlePlacementGroup|overprovision)$/i, 'true'],
  [/virtualMachineScaleSets$/i, /\.privateIPAddressVersion$/i, '"IPv4"'],
  [/virtualMachineScaleSets$/i, /\.dnsSettings$/i, '{"dnsServers":[]}'],
  [/virtualMachineScaleSets$/i, /\.platformFaultDomainCount$/i, '*'],
  [/virtualMachineScaleSets$/i, /\.(rollingUpgradePolicy|scaleInPolicy|extensionsTimeBudget)(\..*)?$/i, '*'],
  [/publicIPAddresses$/i, /\.publicIPAddressVersion$/i, '"IPv4"'],
  [/publicIPAddresses$/i, /\.idleTimeoutInMinutes$/i, '4'],
  [/publicIPAddresses$/i, /\.(ipTags|ddosSettings)$/i, '*'],
  [/(publicIPAddresses|loadBalancers)$/i, /^sku\.tier$/i, '"Regional"'],
  [/loadBalancers$/i, /\.(idleTimeoutInMinutes)$/i, '4'],
  [
    /loadBalancers$/i,
    /\.(enableFloatingIP|enableTcpReset|disableOutboundSnat|allowBackendPortConflict)$/i,
    'false',
  ],
  [/loadBalancers$/i, /\.loadDistribution$/i, '"Default"'],
  [/loadBalancers$/i, /\.(privateIPAllocationMethod)$/i, '"Dynamic"'],
  [/loadBalancers$/i, /\.(probeThreshold)$/i, '1'],
  [/virtualNetworks(\/subnets)?$/i, /\.enableDdosProtection$/i, 'false'],
  [/virtualNetworks(\/subnets)?$/i, /\.privateEndpointNetworkPolicies$/i, '*'],
  [/virtualNetworks(\/subnets)?$/i, /\.privateLinkServiceNetworkPolicies$/i, '"Enabled"'],
  [/virtualNetworks$/i, /\.privateEndpointVNetPolicies$/i, '"Disabled"'],
];

/** Whether a difference is one that Azure makes up. */
export function isNoise(type: string, { path, change, before, after }: PropertyView): boolean {
  if (readOnly.test(path)) return true;
  if (change === 'modify') return alike(before, after);
  if (change === 'create') return isEmpty(after);
  return (
    isEmpty(before) ||
    defaults.some(
      ([types, paths, value]) =>
        types.test(type) &&
        paths.test(path) &&
        (value === '*' || isDeepStrictEqual(before, JSON.parse(value))),
    )
  );
}

/** Nothing, an empty list and an empty object are one to the services. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Ids, regions and choices in any case, `4` and `"4"`, plain lists in any order. */
function alike(left: unknown, right: unknown): boolean {
  if (isEmpty(left) && isEmpty(right)) return true;
  if (isPlainList(left) && isPlainList(right))
    return isDeepStrictEqual(left.map(plain).sort(), right.map(plain).sort());
  if (isScalar(left) && isScalar(right)) return plain(left) === plain(right);
  return isDeepStrictEqual(left, right);
}

type Scalar = string | number | boolean;

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isPlainList(value: unknown): value is readonly Scalar[] {
  return Array.isArray(value) && value.every(isScalar);
}

function plain(value: Scalar): string {
  const text = String(value);
  return /^\/subscriptions\//i.test(text) || /^[\w ]+$/.test(text)
    ? text.toLowerCase().replaceAll(' ', '')
    : text;
}
