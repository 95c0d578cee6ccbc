/** Managed disks and snapshots: the OS disks of machines, and copies of them, of images and of VHD blobs. */
import { createHash, randomUUID } from 'node:crypto';
import { ArmError, invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, compact, object, string, type Json } from '../../arm/json.js';
import type { ActionRequest, Provider, PutRequest, Work } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import { release, type Cloud } from '../cloud.js';
import { givenProperties, referredId, resourceOf, unchangeable } from '../envelope.js';
import { diskTypes, sourceId, type Content, type DiskSources } from './diskSource.js';

const [diskType, snapshotType] = diskTypes;

/** Gigabytes that every OS disk claims to have. */
export const osDiskSize = 30;

export function disks(cloud: Cloud, sources: DiskSources): Provider {
  return {
    ...diskProvider(cloud, sources, diskType),
    refuseRemoval: resource => {
      if (resource.managedBy !== undefined)
        throw notAllowed(`Disk ${resource.name} is attached to VM ${resource.managedBy}.`);
      refuseExported(resource);
    },
  };
}

export function snapshots(cloud: Cloud, sources: DiskSources): Provider {
  return { ...diskProvider(cloud, sources, snapshotType), refuseRemoval: refuseExported };
}

function refuseExported(resource: Resource): void {
  if (resource.properties['diskState'] !== 'ActiveSAS') return;
  throw notAllowed(
    `Cannot perform the operation on ${resource.name}: an access SAS is active. Call endGetAccess to revoke it first.`,
  );
}

function diskProvider(cloud: Cloud, sources: DiskSources, type: string): Provider {
  const { store, images } = cloud;
  return {
    type,
    protocol: 'disks',
    patchable: ['tags', 'sku', 'properties'],
    put: request => {
      const given = givenProperties(request.body);
      const before = request.existing?.properties;
      const creationData = object(given['creationData']);
      if (before !== undefined && before['provisioningState'] !== 'Failed') {
        const fixed = object(before['creationData']);
        const changed = Object.keys(creationData).find(
          name => JSON.stringify(creationData[name]) !== JSON.stringify(fixed[name]),
        );
        if (changed !== undefined) throw unchangeable(`creationData.${changed}`);
        const sized = sizeOf(given, Number(before['diskSizeGB'] ?? osDiskSize));
        if (sized < Number(before['diskSizeGB'] ?? 0)) {
          throw invalidParameter(
            'diskSizeGB',
            'New disk size must be larger than or equal to the existing size.',
          );
        }
        const resource = resourceOf(type, request, { ...before, diskSizeGB: sized });
        return { resource: withSku(resource, request), work: settled(request.id, () => Promise.resolve()) };
      }
      const source = contentOf(creationData, string(request.body['location']) ?? '');
      const diskSizeGB = sizeOf(given, source.sizeGB);
      if (diskSizeGB === undefined) {
        throw invalidParameter('diskSizeGB', "Required parameter 'diskSizeGB' is missing (null).");
      }
      const resource = resourceOf(type, request, {
        ...given,
        osType: given['osType'] ?? source.osType,
        creationData,
        diskSizeGB,
        diskSizeBytes: diskSizeGB * 1024 ** 3,
        timeCreated: cloud.now().toISOString(),
        diskState: 'Unattached',
        uniqueId: randomUUID(),
      });
      const work = settled(request.id, async () => {
        const disk = await source.content();
        if (disk !== undefined) images.set(key(request.id), disk);
      });
      return { resource: withSku(resource, request), work };
    },
    actions: { begingetaccess: beginGetAccess, endgetaccess: endGetAccess },
    remove: resource => async () => {
      const disk = images.get(key(resource.id));
      images.delete(key(resource.id));
      if (disk !== undefined) await release(cloud, disk);
    },
  };

  /** The result of these operations is the resource itself, as it has become. */
  function settled(id: string, work: () => Promise<void>): Work {
    return async () => {
      await work();
      const made = store.get(id);
      return made && { ...made, properties: { ...made.properties, provisioningState: 'Succeeded' } };
    };
  }

  function contentOf(
    creationData: Json,
    location: string,
  ): { content: Content; osType?: unknown; sizeGB?: number } {
    const option = string(creationData['createOption']) ?? '';
    const copyOf = (id: string | undefined, types: readonly string[], target: string) => {
      if (id === undefined)
        throw invalidParameter(target, `Required parameter '${target}' is missing (null).`);
      const { resource, content } = sources.resource(id, types, target, location);
      const osDisk = object(at(resource.properties, 'storageProfile', 'osDisk'));
      const size = resource.properties['diskSizeGB'] ?? osDisk['diskSizeGB'];
      return {
        content,
        osType: resource.properties['osType'] ?? osDisk['osType'] ?? 'Linux',
        sizeGB: Number(size ?? osDiskSize),
      };
    };
    switch (option.toLowerCase()) {
      case 'empty':
        return { content: () => Promise.resolve(undefined) };
      case 'copy':
        return copyOf(string(creationData['sourceResourceId']), diskTypes, 'sourceResourceId');
      case 'fromimage':
        return copyOf(
          sourceId(
            referredId(creationData['galleryImageReference']),
            referredId(creationData['imageReference']),
          ),
          ['Microsoft.Compute/images', 'Microsoft.Compute/galleries/images/versions'],
          'imageReference',
        );
      case 'import': {
        const uri = string(creationData['sourceUri']);
        if (uri === undefined)
          throw invalidParameter('sourceUri', "Required parameter 'sourceUri' is missing (null).");
        return { content: sources.blob(uri, 'sourceUri'), sizeGB: osDiskSize };
      }
      default:
        throw invalidParameter(
          'creationData.createOption',
          `This local Azure makes disks by createOption Empty, Copy, FromImage and Import, not by '${option}'.`,
        );
    }
  }

  function beginGetAccess({ resource, body }: ActionRequest): { work: Work } {
    const access = string(body['access']) ?? '';
    const seconds = Number(body['durationInSeconds']);
    if (!/^read$/i.test(access)) {
      throw invalidParameter('access', `This local Azure gives access 'Read' to disks, not '${access}'.`);
    }
    if (!Number.isInteger(seconds) || seconds < 1) {
      throw invalidParameter('durationInSeconds', 'The duration must be a whole number of seconds above 0.');
    }
    refuseExported(resource);
    if (resource.managedBy !== undefined) {
      throw notAllowed(
        `Disk ${resource.name} is attached to VM ${resource.managedBy}; deallocate and detach it first.`,
      );
    }
    return {
      work: () => {
        store.update(resource.id, { diskState: 'ActiveSAS' });
        const expiry = new Date(cloud.now().getTime() + seconds * 1000).toISOString().replace(/\.\d+/, '');
        const name = createHash('sha256').update(key(resource.id)).digest('hex');
        const query = new URLSearchParams({
          sv: '2018-03-28',
          sr: 'b',
          si: randomUUID(),
          se: expiry,
          sig: createHash('sha256').update(`${resource.id} ${expiry}`).digest('base64'),
        });
        const host = `md-${name.slice(0, 12)}.blob.core.windows.net`;
        return Promise.resolve({
          accessSAS: `https://${host}/${name.slice(12, 24)}/abcd?${query.toString()}`,
        });
      },
    };
  }

  function endGetAccess({ resource }: ActionRequest): { work: Work } {
    return {
      work: () => {
        const current = store.get(resource.id);
        if (current?.properties['diskState'] === 'ActiveSAS')
          store.update(resource.id, {
            diskState: current.managedBy === undefined ? 'Unattached' : 'Attached',
          });
        return Promise.resolve(undefined);
      },
    };
  }
}

function sizeOf(given: Json, fallback: number): number;
function sizeOf(given: Json, fallback: number | undefined): number | undefined;
function sizeOf(given: Json, fallback: number | undefined): number | undefined {
  const size = given['diskSizeGB'];
  if (size === undefined) return fallback;
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= 65_536) return size;
  throw invalidParameter('diskSizeGB', `The disk size must be 1 to 65536 GB, not ${JSON.stringify(size)}.`);
}

function withSku(resource: Resource, { existing }: PutRequest): Resource {
  const name = string(resource.sku?.['name']) ?? string(existing?.sku?.['name']) ?? 'Standard_LRS';
  return { ...resource, sku: skuOf(name) };
}

function skuOf(name: string): Json {
  return { name, tier: name.startsWith('Premium') ? 'Premium' : 'Standard' };
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
  const id = `${machine.id.split('/').slice(0, 5).join('/')}/providers/${diskType}/${name}`;
  const storageAccountType = string(at(given, 'managedDisk', 'storageAccountType')) ?? 'Standard_LRS';
  if (store.get(id) !== undefined && !same(store.get(id)?.managedBy, machine.id)) {
    throw new ArmError(
      409,
      'ConflictingUserInput',
      `Disk ${name} already exists in resource group ${(machine.id.split('/')[4] ?? '').toUpperCase()}. Only CreateOption.Attach is supported.`,
      { target: 'disk' },
    );
  }
  store.set({
    id,
    name,
    type: diskType,
    ...(machine.location === undefined ? {} : { location: machine.location }),
    ...(machine.tags === undefined ? {} : { tags: machine.tags }),
    managedBy: machine.id,
    sku: skuOf(storageAccountType),
    properties: {
      osType: 'Linux',
      creationData: { createOption: 'FromImage' },
      diskSizeGB: osDiskSize,
      diskSizeBytes: osDiskSize * 1024 ** 3,
      timeCreated: now.toISOString(),
      provisioningState: 'Succeeded',
      diskState: 'Attached',
      uniqueId: randomUUID(),
    },
  });
  return compact({ ...common, managedDisk: { ...object(given['managedDisk']), storageAccountType, id } });
}

/** The managed OS disk that stays when the machine goes; undefined when there is none or it goes, too. */
export function keptDisk(store: Store, machine: Resource): Resource | undefined {
  const osDisk = object(at(machine.properties, 'storageProfile', 'osDisk'));
  const id = string(at(osDisk, 'managedDisk', 'id'));
  const disk = id === undefined ? undefined : store.get(id);
  return disk === undefined || same(string(osDisk['deleteOption']), 'Delete') ? undefined : disk;
}

/** The machine is gone: its disk stays behind unattached, or goes with it when it was asked to. */
export function detachDisk(store: Store, machine: Resource): void {
  const disk = keptDisk(store, machine);
  if (disk === undefined) {
    const id = string(at(machine.properties, 'storageProfile', 'osDisk', 'managedDisk', 'id'));
    if (id !== undefined) store.delete(id);
    return;
  }
  const { managedBy: _machine, ...detached } = disk;
  store.set({ ...detached, properties: { ...disk.properties, diskState: 'Unattached' } });
}
