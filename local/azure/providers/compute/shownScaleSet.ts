/** Scale sets and their instances as the asked api-version knows them: later ones tell more. Pure; from recorded answers of each. */
import { at, object, objects, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';

/** With Flexible sets came their members, which sets of old do not show. */
const flexibleKnown = '2020-12';
const timeKnown = '2021-11';
const trackingKnown = '2022-08';
const profileTimeKnown = '2023-09';
const etagKnown = '2024-03';
/** What a Uniform set has when it was not asked for. */
const usualFaultDomains = 5;

/** @param version an api-version, or one later than all */
export function shownScaleSet(resource: Resource, version: string): Resource {
  if (version >= etagKnown) return resource;
  const { etag: _etag, ...rest } = resource;
  const { upgradePolicy, virtualMachineProfile, ...properties } = resource.properties;
  return {
    ...rest,
    properties: {
      ...without(properties, [
        ...(version < timeKnown ? ['timeCreated'] : []),
        ...(version < flexibleKnown ? ['orchestrationMode'] : []),
        ...(version < flexibleKnown && properties['platformFaultDomainCount'] === usualFaultDomains
          ? ['platformFaultDomainCount']
          : []),
      ]),
      upgradePolicy: version < timeKnown ? withoutRollingOsUpgrades(object(upgradePolicy)) : upgradePolicy,
      virtualMachineProfile: shownProfile(object(virtualMachineProfile), version),
    },
  };
}

export function shownInstance(resource: Resource, version: string): Resource {
  if (version >= trackingKnown) return resource;
  const { timeCreated, networkProfileConfiguration, ...properties } = resource.properties;
  return {
    ...resource,
    properties: {
      ...properties,
      ...(version < timeKnown || timeCreated === undefined ? {} : { timeCreated }),
      ...(networkProfileConfiguration === undefined
        ? {}
        : { networkProfileConfiguration: withoutTracking(object(networkProfileConfiguration)) }),
    },
  };
}

function shownProfile(profile: Json, version: string): Json {
  const { storageProfile, networkProfile, ...rest } = profile;
  const shown = version < profileTimeKnown ? without(rest, ['timeCreated']) : rest;
  const storage = object(storageProfile);
  // Of a disk in a storage account it was always told.
  const isManaged = at(storage, 'osDisk', 'managedDisk') !== undefined;
  const osDisk =
    version < flexibleKnown && isManaged ? without(object(storage['osDisk']), ['osType']) : storage['osDisk'];
  return {
    ...shown,
    storageProfile: { ...storage, osDisk },
    networkProfile: version < trackingKnown ? withoutTracking(object(networkProfile)) : networkProfile,
  };
}

function withoutRollingOsUpgrades(policy: Json): Json {
  const osUpgrade = policy['automaticOSUpgradePolicy'];
  if (osUpgrade === undefined) return policy;
  return { ...policy, automaticOSUpgradePolicy: without(object(osUpgrade), ['useRollingUpgradePolicy']) };
}

function withoutTracking(network: Json): Json {
  return {
    ...network,
    networkInterfaceConfigurations: objects(network['networkInterfaceConfigurations']).map(one => ({
      ...one,
      properties: without(object(one['properties']), ['disableTcpStateTracking']),
    })),
  };
}

function without(members: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
