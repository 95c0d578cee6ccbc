/** Managed images: made from a generalized machine or from a VHD blob. */
import { invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';
import type { Provider, PutRequest, Work } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Disk } from '../../machines/machineHost.js';
import { release, type Cloud } from '../cloud.js';
import { givenProperties, referredId, resourceOf } from '../envelope.js';
import { osDiskSize } from './disks.js';
import type { VirtualMachines } from './virtualMachines.js';

const type = 'Microsoft.Compute/images';

export function images(cloud: Cloud, machines: VirtualMachines): Provider {
  return {
    type,
    protocol: 'compute',
    put: request => {
      const given = givenProperties(request.body);
      // One that failed has no content yet and is made anew.
      if (request.existing !== undefined && request.existing.properties['provisioningState'] !== 'Failed') {
        return {
          resource: resourceOf(type, request, request.existing.properties),
          work: () => Promise.resolve(),
        };
      }
      const sourceId = referredId(given['sourceVirtualMachine']);
      return sourceId === undefined ? fromBlob(request, given) : fromMachine(request, given, sourceId);
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

  function fromMachine(
    request: PutRequest,
    given: Json,
    sourceId: string,
  ): { resource: Resource; work: Work } {
    const machine = machines.checkCapture(sourceId);
    const osDisk = object(at(machine.properties, 'storageProfile', 'osDisk'));
    const managedDisk = referredId(osDisk['managedDisk']);
    const source =
      managedDisk === undefined
        ? { blobUri: string(at(osDisk, 'vhd', 'uri')) }
        : { managedDisk: { id: managedDisk } };
    return made(request, given, { sourceVirtualMachine: { id: machine.id } }, source, () =>
      machines.capture(sourceId),
    );
  }

  function fromBlob(request: PutRequest, given: Json): { resource: Resource; work: Work } {
    const blobUri = string(at(given, 'storageProfile', 'osDisk', 'blobUri'));
    if (blobUri === undefined) {
      throw invalidParameter(
        'sourceVirtualMachine',
        'The image needs a source: properties.sourceVirtualMachine.id, or properties.storageProfile.osDisk.blobUri. This local Azure ' +
          'makes no images from managed disks or snapshots.',
      );
    }
    const disk = cloud.blobs.get(blobUri);
    if (disk === undefined) throw invalidParameter('blobUri', `The source blob ${blobUri} was not found.`);
    return made(request, given, {}, { blobUri }, () => Promise.resolve(disk));
  }

  function made(
    request: PutRequest,
    given: Json,
    origin: Json,
    source: Json,
    content: () => Promise<Disk>,
  ): { resource: Resource; work: Work } {
    const storageProfile = object(given['storageProfile']);
    const resource = resourceOf(type, request, {
      ...origin,
      storageProfile: {
        osDisk: {
          osType: 'Linux',
          osState: 'Generalized',
          diskSizeGB: osDiskSize,
          ...source,
          caching: at(storageProfile, 'osDisk', 'caching') ?? 'ReadWrite',
          storageAccountType: at(storageProfile, 'osDisk', 'storageAccountType') ?? 'Standard_LRS',
        },
        dataDisks: [],
        zoneResilient: storageProfile['zoneResilient'] ?? false,
      },
      hyperVGeneration: given['hyperVGeneration'] ?? 'V1',
    });
    const work = async () => {
      cloud.images.set(key(request.id), await content());
      return undefined;
    };
    return { resource, work };
  }
}
