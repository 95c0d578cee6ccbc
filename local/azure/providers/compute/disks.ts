/** Managed disks: the OS disks of virtual machines. Their content lives and ends with the machine. */
import { randomUUID } from 'node:crypto';
import { invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, compact, object, string, type Json } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import type { Resource, Store } from '../../arm/store.js';

const type = 'Microsoft.Compute/disks';

/** Gigabytes that every OS disk claims to have. */
export const osDiskSize = 30;

export function disks(): Provider {
  return {
    type,
    protocol: 'disks',
    refuseRemoval: resource => {
      if (resource.managedBy !== undefined)
        throw notAllowed(`Disk ${resource.name} is attached to VM ${resource.managedBy}.`);
    },
  };
}

/** The OS disk of a new machine as it shows it; a managed one becomes a resource of its own. */
export function attachedDisk(store: Store, machine: Resource, given: Json, now: Date): Json {
  const createOption = string(given['createOption']) ?? 'FromImage';
  if (createOption.toLowerCase() !== 'fromimage') {
    throw invalidParameter(
      'osDisk.createOption',
      `This local Azure makes OS disks from images only, not by '${createOption}'.`,
    );
  }
  const name = string(given['name']) ?? `${machine.name}_OsDisk_1_${randomUUID().replaceAll('-', '')}`;
  const vhd = string(at(given, 'vhd', 'uri'));
  const common = {
    ...given,
    osType: 'Linux',
    name,
    createOption: 'FromImage',
    caching: given['caching'] ?? 'ReadWrite',
    diskSizeGB: osDiskSize,
  };
  if (vhd !== undefined) return compact({ ...common, vhd: { uri: vhd } });
  const id = `${machine.id.split('/').slice(0, 5).join('/')}/providers/${type}/${name}`;
  const storageAccountType = string(at(given, 'managedDisk', 'storageAccountType')) ?? 'Standard_LRS';
  store.set({
    id,
    name,
    type,
    ...(machine.location === undefined ? {} : { location: machine.location }),
    ...(machine.tags === undefined ? {} : { tags: machine.tags }),
    managedBy: machine.id,
    sku: {
      name: storageAccountType,
      tier: storageAccountType.startsWith('Premium') ? 'Premium' : 'Standard',
    },
    properties: {
      osType: 'Linux',
      creationData: { createOption: 'FromImage' },
      diskSizeGB: osDiskSize,
      timeCreated: now.toISOString(),
      provisioningState: 'Succeeded',
      diskState: 'Attached',
      uniqueId: randomUUID(),
    },
  });
  return compact({ ...common, managedDisk: { ...object(given['managedDisk']), storageAccountType, id } });
}

/** The machine is gone: its disk stays behind unattached, or goes with it when it was asked to. */
export function detachDisk(store: Store, machine: Resource): void {
  const osDisk = object(at(machine.properties, 'storageProfile', 'osDisk'));
  const id = string(at(osDisk, 'managedDisk', 'id'));
  const disk = id === undefined ? undefined : store.get(id);
  if (disk === undefined) return;
  if (osDisk['deleteOption'] === 'Delete') {
    store.delete(disk.id);
    return;
  }
  const { managedBy: _machine, ...detached } = disk;
  store.set({ ...detached, properties: { ...disk.properties, diskState: 'Unattached' } });
}
