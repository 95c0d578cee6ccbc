/** Every resource type of the local Azure, put together over one cloud. */
import type { Provider } from '../arm/provider.js';
import type { Cloud } from './cloud.js';
import { availabilitySets } from './compute/availabilitySets.js';
import { disks, snapshots } from './compute/disks.js';
import { createDiskSources } from './compute/diskSource.js';
import { galleries } from './compute/galleries.js';
import { galleryImages } from './compute/galleryImages.js';
import { galleryImageVersions } from './compute/galleryImageVersions.js';
import { createFlexibleMachines } from './compute/flexibleMachines.js';
import { images } from './compute/images.js';
import { scaleSetExtensions } from './compute/scaleSetExtensions.js';
import { scaleSetInstances } from './compute/scaleSetInstances.js';
import { createScaleSets } from './compute/scaleSets.js';
import { machineExtensions } from './compute/machineExtensions.js';
import { createVirtualMachines } from './compute/virtualMachines.js';
import { recordedType } from './envelope.js';
import { createBalancing, type Balancing } from './network/loadBalancers.js';
import { networkInterfaces } from './network/networkInterfaces.js';
import { networkSecurityGroups, securityRules } from './network/networkSecurityGroups.js';
import { publicIpAddresses } from './network/publicIpAddresses.js';
import { subnets, virtualNetworks } from './network/virtualNetworks.js';
import { storageAccounts } from './storageAccounts.js';

export function createProviders(cloud: Cloud): {
  readonly providers: readonly Provider[];
  readonly balancing: Balancing;
} {
  const balancing = createBalancing(cloud);
  const machines = createVirtualMachines(cloud, balancing);
  const flexible = createFlexibleMachines(cloud, machines);
  const sets = createScaleSets(cloud, balancing, flexible.changed);
  const sources = createDiskSources(cloud, machines);
  return {
    balancing,
    providers: [
      publicIpAddresses(cloud),
      virtualNetworks(cloud),
      subnets(cloud),
      networkInterfaces(cloud),
      networkSecurityGroups(cloud),
      ...securityRules(cloud),
      balancing.provider,
      flexible.provider(sets),
      machineExtensions(cloud, machines),
      disks(cloud, sources),
      snapshots(cloud, sources),
      images(cloud, machines, sources),
      galleries(cloud),
      galleryImages(cloud),
      galleryImageVersions(cloud, sources, machines),
      sets.provider,
      scaleSetInstances(cloud, sets),
      scaleSetExtensions(cloud, sets),
      availabilitySets,
      storageAccounts(cloud),
      recordedType('Microsoft.Insights/autoscaleSettings'),
    ],
  };
}
