/** Where a machine's disk comes from: the platform image, a managed image or a VHD blob. */
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';
import { key, same } from '../../arm/resourceId.js';
import type { Disk } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';

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
  const id = string(imageReference['id']);
  if (id === undefined)
    return { kind: 'platform', disk: cloud.host.base, imageReference: platform(imageReference) };
  const image = cloud.store.get(id);
  const disk = cloud.images.get(key(id));
  if (image === undefined || disk === undefined || !same(image.type, 'Microsoft.Compute/images')) {
    throw new ArmError(404, 'ImageNotFound', `The Image '${id}' cannot be found in '${location}' region.`, {
      target: 'imageReference',
    });
  }
  return { kind: 'managed', disk, imageReference: { id: image.id } };
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
