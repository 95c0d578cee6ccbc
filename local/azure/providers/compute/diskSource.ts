/** What an image, a disk or a snapshot can be made of: the content of another of them, of a machine's disk or of a VHD blob. */
import { ArmError, invalidParameter, notAllowed } from '../../arm/armError.js';
import { string } from '../../arm/json.js';
import { normalLocation } from '../../arm/protocol.js';
import { key } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Disk } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { VirtualMachines } from './virtualMachines.js';

/** A disk's content; undefined when there is none that can be booted here: of a VHD that was uploaded, or of a machine that runs. */
export type Content = () => Promise<Disk | undefined>;

export interface DiskSources {
  /**
   * The content of a managed disk, a snapshot, a managed image or a gallery image version.
   * @param types of which it must be, as Azure spells them
   * @throws ArmError when there is no such resource, it is in another region, or its machine runs
   */
  resource(
    id: string,
    types: readonly string[],
    target: string,
    location: string,
  ): { resource: Resource; content: Content };
  /** The content of a VHD blob; what was uploaded is checked when it is asked for. @throws ArmError when the URI is none */
  blob(uri: string, target: string): Content;
}

export const diskTypes = ['Microsoft.Compute/disks', 'Microsoft.Compute/snapshots'] as const;

export function createDiskSources(cloud: Cloud, machines: VirtualMachines): DiskSources {
  const { store, images, blobs } = cloud;
  return {
    resource: (id, types, target, location) => {
      const resource = store.get(id);
      if (resource === undefined || !types.some(type => key(type) === key(resource.type))) {
        throw new ArmError(404, 'NotFound', `The source '${id}' was not found.`, { target });
      }
      if (normalLocation(resource.location ?? '') !== normalLocation(location)) {
        throw invalidParameter(
          target,
          `The source '${resource.id}' is in location '${resource.location ?? ''}'; it must be in the same location, '${location}'.`,
        );
      }
      if (resource.properties['provisioningState'] !== 'Succeeded') {
        throw notAllowed(
          `The source '${resource.id}' is in provisioning state '${String(resource.properties['provisioningState'])}'; it can be ` +
            'used when it has succeeded.',
          target,
        );
      }
      const owner = resource.managedBy;
      if (owner !== undefined) return { resource, content: machines.freeze(owner) };
      return { resource, content: () => Promise.resolve(images.get(key(resource.id))) };
    },
    blob: (uri, target) => {
      if (!URL.canParse(uri) || !/\.blob\.core\.windows\.net$/.test(new URL(uri).hostname)) {
        throw invalidParameter(target, `'${uri}' is no URI of a blob.`);
      }
      const disk = blobs.get(uri);
      if (disk !== undefined) return () => Promise.resolve(disk);
      if (cloud.osBlobs.has(uri)) return machines.freezeBlob(uri);
      if (!cloud.uploads.isOpen()) throw blobNotFound(uri, target);
      return async () => {
        await cloud.uploads.checkVhd(uri);
        return undefined;
      };
    },
  };
}

export function blobNotFound(uri: string, target: string): ArmError {
  return new ArmError(400, 'DiskBlobNotFound', `Unable to find VHD blob with URI ${uri}.`, { target });
}

/** The member of a body that holds a source's id; Azure has several spellings of it. */
export function sourceId(...candidates: readonly unknown[]): string | undefined {
  return candidates.map(string).find(one => one !== undefined);
}
