/** Managed images: made from a generalized machine, a managed disk, a snapshot or a VHD blob. */
import { invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import type { Provider, Put, PutRequest } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import { release, type Cloud } from '../cloud.js';
import { givenProperties, referredId, resourceOf, unchangeable } from '../envelope.js';
import { diskTypes, type Content, type DiskSources } from './diskSource.js';
import { osDiskSize } from './disks.js';
import type { VirtualMachines } from './virtualMachines.js';

const type = 'Microsoft.Compute/images';

export function images(cloud: Cloud, machines: VirtualMachines, sources: DiskSources): Provider {
  return {
    type,
    protocol: 'compute',
    patchable: ['tags', 'properties'],
    put: request => {
      const given = givenProperties(request.body);
      // One that failed has no content yet and is made anew.
      if (request.existing !== undefined && request.existing.properties['provisioningState'] !== 'Failed') {
        return update(request, request.existing, given);
      }
      return create(request, given);
    },
    refuseRemoval: resource => {
      const user = cloud.store
        .referrers(resource.id)
        .find(one => same(one.type, 'Microsoft.Compute/virtualMachineScaleSets'));
      if (user === undefined) return;
      throw notAllowed(
        `Image '${resource.name}' cannot be deleted because it is in use by the virtual machine scale set '${user.id}'.`,
        'image',
      );
    },
    remove: resource => async () => {
      const disk = cloud.images.get(key(resource.id));
      cloud.images.delete(key(resource.id));
      if (disk !== undefined) await release(cloud, disk);
    },
  };

  function create(request: PutRequest, given: Json): Put {
    const { origin, osDisk, content } = sourceOf(given, string(request.body['location']) ?? '');
    const storageProfile = object(given['storageProfile']);
    const givenDisk = object(storageProfile['osDisk']);
    if (objects(storageProfile['dataDisks']).length > 0) {
      throw invalidParameter(
        'dataDisks',
        'This local Azure gives machines no data disks; leave dataDisks empty.',
      );
    }
    const size = (known: boolean) => {
      const diskSizeGB = givenDisk['diskSizeGB'] ?? (known ? osDiskSize : undefined);
      return diskSizeGB === undefined ? {} : { diskSizeGB };
    };
    // The size of a blob shows when it was read.
    const sizeKnown = 'sourceVirtualMachine' in origin || osDisk['blobUri'] === undefined;
    const resource = resourceOf(type, request, {
      ...origin,
      storageProfile: {
        osDisk: {
          osType: givenDisk['osType'] ?? 'Linux',
          osState: 'Generalized',
          ...size(sizeKnown),
          ...osDisk,
          caching: givenDisk['caching'] ?? ('sourceVirtualMachine' in origin ? 'ReadWrite' : 'None'),
          storageAccountType: givenDisk['storageAccountType'] ?? 'Standard_LRS',
        },
        dataDisks: [],
        ...('zoneResilient' in storageProfile ? { zoneResilient: storageProfile['zoneResilient'] } : {}),
      },
      hyperVGeneration: given['hyperVGeneration'] ?? 'V1',
    });
    const work = async () => {
      const disk = await content();
      if (disk !== undefined) cloud.images.set(key(request.id), disk);
      const profile = object(cloud.store.get(request.id)?.properties['storageProfile']);
      const sized = { ...object(profile['osDisk']), ...size(true) };
      cloud.store.update(request.id, { storageProfile: { ...profile, osDisk: sized } });
      return undefined;
    };
    return { resource, work };
  }

  /** Where the content comes from, as the image shows it. @throws ArmError when nothing or too much is named */
  function sourceOf(given: Json, location: string): { origin: Json; osDisk: Json; content: Content } {
    const machineId = referredId(given['sourceVirtualMachine']);
    const osDisk = object(at(given, 'storageProfile', 'osDisk'));
    const managedDisk = referredId(osDisk['managedDisk']);
    const snapshot = referredId(osDisk['snapshot']);
    const blobUri = string(osDisk['blobUri']);
    const named = compact({ sourceVirtualMachine: machineId, managedDisk, snapshot, blobUri });
    if (Object.keys(named).length !== 1) {
      throw invalidParameter(
        'storageProfile.osDisk',
        'An image has one source: properties.sourceVirtualMachine.id, or in properties.storageProfile.osDisk one of managedDisk.id, ' +
          `snapshot.id and blobUri. ${Object.keys(named).join(' and ') || 'None of them'} is given.`,
      );
    }
    if (machineId !== undefined) return fromMachine(machineId);
    checkOsDisk(osDisk);
    if (blobUri !== undefined) {
      return { origin: {}, osDisk: { blobUri }, content: sources.blob(blobUri, 'blobUri') };
    }
    const id = managedDisk ?? snapshot ?? '';
    const member = managedDisk === undefined ? 'snapshot' : 'managedDisk';
    const found = sources.resource(id, [diskTypes[member === 'snapshot' ? 1 : 0]], member, location);
    return { origin: {}, osDisk: { [member]: { id: found.resource.id } }, content: found.content };
  }

  function fromMachine(machineId: string): { origin: Json; osDisk: Json; content: Content } {
    const machine = machines.checkCapture(machineId);
    const osDisk = object(at(machine.properties, 'storageProfile', 'osDisk'));
    const managedDisk = referredId(osDisk['managedDisk']);
    return {
      origin: { sourceVirtualMachine: { id: machine.id } },
      osDisk:
        managedDisk === undefined
          ? compact({ blobUri: string(at(osDisk, 'vhd', 'uri')) })
          : { managedDisk: { id: managedDisk } },
      content: () => machines.capture(machineId),
    };
  }

  function update(request: PutRequest, existing: Resource, given: Json): Put {
    const before = sourcesNamed(existing.properties);
    if (sourcesNamed(given).some((id, index) => id !== undefined && !same(id, before[index]))) {
      throw unchangeable('storageProfile.osDisk');
    }
    return { resource: resourceOf(type, request, existing.properties), work: () => Promise.resolve() };
  }
}

function sourcesNamed(properties: Json): readonly (string | undefined)[] {
  const osDisk = object(at(properties, 'storageProfile', 'osDisk'));
  return [
    referredId(properties['sourceVirtualMachine']),
    referredId(osDisk['managedDisk']),
    referredId(osDisk['snapshot']),
    string(osDisk['blobUri']),
  ];
}

function checkOsDisk(osDisk: Json): void {
  const osType = string(osDisk['osType']);
  if (osType === undefined) {
    throw invalidParameter('osDisk.osType', "Required parameter 'osDisk.osType' is missing (null).");
  }
  const osState = string(osDisk['osState']);
  if (osState === undefined) {
    throw invalidParameter('osDisk.osState', "Required parameter 'osDisk.osState' is missing (null).");
  }
  if (osState.toLowerCase() !== 'generalized') {
    throw invalidParameter(
      'osDisk.osState',
      `This local Azure makes machines of generalized images only, not of '${osState}' ones.`,
    );
  }
}
