/** Where a machine's disk comes from: the platform image, a managed image, a gallery's image or a VHD blob. */
import { ArmError, invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';
import { normalLocation } from '../../arm/protocol.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Disk } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import { isIn, latestVersion } from './imageVersion.js';
import { unbootable } from './provisioning.js';

/** The kinds between which a scale set cannot change. */
export type ImageKind = 'platform' | 'managed' | 'vhd';

export interface ImageSource {
  readonly kind: ImageKind;
  readonly disk: Disk;
  /** As the machine shows it; absent for a VHD, which stands at the OS disk. */
  readonly imageReference?: Json;
}

/** The one marketplace image of the local Azure; any SKU that begins with 12 is this. */
export const platformImage = {
  publisher: 'Debian',
  offer: 'debian-12',
  sku: '12',
  version: '0.20261101.2100',
};

/**
 * Finds the image of a storage profile.
 * @throws ArmError when there is none
 */
export function findImage(cloud: Cloud, storageProfile: Json, location: string): ImageSource {
  const vhd = string(at(storageProfile, 'osDisk', 'image', 'uri'));
  if (vhd !== undefined) {
    const disk = cloud.blobs.get(vhd);
    if (disk !== undefined) return { kind: 'vhd', disk };
    throw new ArmError(400, 'DiskBlobNotFound', `Unable to find VHD blob with URI ${vhd}.`, {
      target: 'osDisk.image.uri',
    });
  }
  const imageReference = object(storageProfile['imageReference']);
  for (const member of ['sharedGalleryImageId', 'communityGalleryImageId']) {
    if (imageReference[member] === undefined) continue;
    throw invalidParameter(
      `imageReference.${member}`,
      'This local Azure has no shared or community galleries: give the id of an image in its own subscription.',
    );
  }
  const id = string(imageReference['id']);
  if (id === undefined)
    return { kind: 'platform', disk: cloud.host.base, imageReference: platform(imageReference) };
  if (/\/galleries\//i.test(id)) return galleryImage(cloud, id, location);
  const image = cloud.store.get(id);
  const here = image?.location === undefined || normalLocation(image.location) === normalLocation(location);
  if (image === undefined || !same(image.type, 'Microsoft.Compute/images') || !here) {
    throw new ArmError(404, 'ImageNotFound', `The Image '${id}' cannot be found in '${location}' region.`, {
      target: 'imageReference',
    });
  }
  const osType = at(image.properties, 'storageProfile', 'osDisk', 'osType');
  return { kind: 'managed', disk: content(cloud, image, osType), imageReference: { id: image.id } };
}

/** The image version that an id of a definition, of `versions/latest` or of a version means in the region. */
function galleryImage(cloud: Cloud, id: string, location: string): ImageSource {
  const [, definitionId = '', versionName] =
    /^(.+\/galleries\/[^/]+\/images\/[^/]+)(?:\/versions\/([^/]+))?$/i.exec(id) ?? [];
  const definition = cloud.store.get(definitionId);
  const latest = versionName === undefined || same(versionName, 'latest');
  const versions = cloud.store.list(definitionId, 'Microsoft.Compute/galleries/images/versions');
  const found = latest
    ? latestVersion(versions, location)
    : versions.find(one => same(one.name, versionName));
  if (definition === undefined || found === undefined || !isIn(found, location)) {
    throw new ArmError(
      404,
      'GalleryImageNotFound',
      `The gallery image ${id} is not available in ${location} region. Please contact image owner to replicate to this region, or ` +
        'change your requested region.',
      { target: 'imageReference' },
    );
  }
  if (!same(string(definition.properties['osState']), 'Generalized')) {
    throw invalidParameter(
      'imageReference',
      `The gallery image ${id} is specialized. This local Azure makes machines of generalized images only.`,
    );
  }
  return {
    kind: 'managed',
    disk: content(cloud, found, definition.properties['osType']),
    imageReference: { id, ...(latest ? { exactVersion: found.name } : {}) },
  };
}

/** @throws ArmError when the image is not ready, or of an OS that does not run here */
function content(cloud: Cloud, image: Resource, osType: unknown): Disk {
  const disk = cloud.images.get(key(image.id));
  if (!same(string(osType), 'Linux')) {
    throw invalidParameter(
      'imageReference',
      `The image ${image.id} is of OS type '${String(osType)}'. This local Azure runs Linux only.`,
    );
  }
  if (disk !== undefined) return disk;
  const state = String(image.properties['provisioningState']);
  if (state !== 'Succeeded') {
    throw notAllowed(
      `The image ${image.id} is in provisioning state '${state}'; machines can be made of it when it has succeeded.`,
      'imageReference',
    );
  }
  return unbootable;
}

/** Which kind of image a storage profile asks for, whether it exists or not. */
export function imageKind(storageProfile: Json): ImageKind {
  if (string(at(storageProfile, 'osDisk', 'image', 'uri')) !== undefined) return 'vhd';
  return string(at(storageProfile, 'imageReference', 'id')) === undefined ? 'platform' : 'managed';
}

function platform(given: Json): Json {
  const [publisher, offer, sku, version] = ['publisher', 'offer', 'sku', 'version'].map(name =>
    string(given[name]),
  );
  if (publisher === undefined || offer === undefined || sku === undefined || version === undefined) {
    throw invalidParameter(
      'imageReference',
      "Required parameter 'imageReference' is missing (null): give an image id, or publisher, offer, sku and version.",
    );
  }
  const known =
    same(publisher, platformImage.publisher) &&
    same(offer, platformImage.offer) &&
    sku.startsWith(platformImage.sku) &&
    (same(version, 'latest') || version === platformImage.version);
  if (known) return { publisher, offer, sku, version, exactVersion: platformImage.version };
  const here = Object.values(platformImage).join(':');
  throw new ArmError(
    404,
    'PlatformImageNotFound',
    `The platform image '${[publisher, offer, sku, version].join(':')}' is not available. Verify that all fields in the storage ` +
      'profile are correct. For more details about storage profile information, please refer to https://aka.ms/storageprofile. ' +
      `(This local Azure has one platform image: ${here}, also as version 'latest'.)`,
    { target: 'imageReference' },
  );
}
