/** Where images are kept: managed images of a resource group, and galleries with their definitions and versions. */
import { all, type ArmClient } from './armClient.js';
import type { Operation } from './operation.js';

/** An image as its place lists it. */
export interface StoredImage {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `Succeeded`, `Creating`, `Updating`, `Deleting`, `Failed`. */
  readonly state: string;
  /** When a gallery version was published; managed images do not tell. */
  readonly publishedAt: Date | undefined;
}

/** What all versions of a gallery's image have in common. */
export interface GalleryDefinition {
  readonly location: string;
  /** `Linux`, `Windows`. */
  readonly osType: string | undefined;
  /** `Generalized`, `Specialized`. */
  readonly osState: string | undefined;
  /** `V1`, `V2`. */
  readonly generation: string | undefined;
  /** The feature `SecurityType`; undefined for none. */
  readonly securityType: string | undefined;
}

/** Names an image definition. */
export interface DefinitionName {
  readonly group: string;
  readonly gallery: string;
  readonly definition: string;
}

/** A definition that is to be made. */
export interface NewDefinition {
  readonly location: string;
  readonly osType: string;
  readonly osState: string;
  readonly generation: string | undefined;
  readonly securityType: string | undefined;
}

/** What a new image is made from and where it goes. */
export interface NewImage {
  readonly location: string;
  readonly osType: string;
  readonly blobUri: string;
  readonly generation: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** The places of images in the connection's subscription. */
export interface ImageStores {
  /** The images of a group; empty when there is no such group. */
  managedImages(group: string): Promise<StoredImage[]>;
  /** The region of a gallery, undefined when there is none of this name. */
  galleryLocation(group: string, gallery: string): Promise<string | undefined>;
  definition(name: DefinitionName): Promise<GalleryDefinition | undefined>;
  createDefinition(name: DefinitionName, made: NewDefinition): Promise<Operation>;
  /** The versions of a definition; empty when there is none. */
  versions(name: DefinitionName): Promise<StoredImage[]>;
  /** The regions that gallery versions can be replicated to, as Azure spells them; empty when Azure does not tell. */
  regions(): Promise<string[]>;
  /** The region and id of a storage account, undefined when there is none of this name in the group. */
  storageAccount(group: string, name: string): Promise<{ location: string; id: string } | undefined>;
  createManagedImage(group: string, name: string, image: NewImage): Promise<Operation>;
  createVersion(
    name: DefinitionName,
    version: string,
    made: {
      readonly location: string;
      readonly regions: readonly string[];
      readonly sourceImageId: string;
      readonly tags: Readonly<Record<string, string>>;
    },
  ): Promise<Operation>;
  /** Removes an image by its ARM id. */
  remove(id: string): Promise<Operation>;
}

const storageApiVersion = '2023-05-01';

/** The places of images on Azure. */
export function imageStoresOf(arm: ArmClient): ImageStores {
  const { compute } = arm;
  return {
    async managedImages(group) {
      const found = await arm.find(`listing the images of '${group}'`, () =>
        all(compute.images.listByResourceGroup(group)),
      );
      return (found ?? []).map(image => storedOf(image, undefined));
    },
    async galleryLocation(group, gallery) {
      const found = await arm.find(`reading gallery '${gallery}'`, () =>
        compute.galleries.get(group, gallery),
      );
      return found?.location;
    },
    async definition({ group, gallery, definition }) {
      const found = await arm.find(`reading image definition '${definition}'`, () =>
        compute.galleryImages.get(group, gallery, definition),
      );
      if (found === undefined) return undefined;
      return {
        location: found.location,
        osType: found.osType,
        osState: found.osState,
        generation: found.hyperVGeneration,
        securityType: found.features?.find(({ name }) => name === 'SecurityType')?.value,
      };
    },
    createDefinition: ({ group, gallery, definition }, made) =>
      arm.start(`creating image definition '${definition}' in gallery '${gallery}'`, () =>
        compute.galleryImages.createOrUpdate(group, gallery, definition, {
          location: made.location,
          osType: made.osType === 'Windows' ? 'Windows' : 'Linux',
          osState: made.osState === 'Specialized' ? 'Specialized' : 'Generalized',
          // The three together must be a definition's own in its gallery.
          identifier: { publisher: gallery, offer: definition, sku: 'default' },
          ...(made.generation === undefined ? {} : { hyperVGeneration: made.generation }),
          ...(made.securityType === undefined
            ? {}
            : { features: [{ name: 'SecurityType', value: made.securityType }] }),
        }),
      ),
    async versions({ group, gallery, definition }) {
      const found = await arm.find(`listing the versions of '${definition}'`, () =>
        all(compute.galleryImageVersions.listByGalleryImage(group, gallery, definition)),
      );
      return (found ?? []).map(version => storedOf(version, version.publishingProfile?.publishedDate));
    },
    async regions() {
      const found = await arm.find('listing the regions of galleries', () =>
        arm.resources.providers.get('Microsoft.Compute'),
      );
      const type = found?.resourceTypes?.find(({ resourceType }) =>
        /^galleries\/images\/versions$/i.test(resourceType ?? ''),
      );
      return type?.locations ?? [];
    },
    async storageAccount(group, name) {
      const id = `/subscriptions/${arm.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${name}`;
      const found = (await arm.read(`reading storage account '${name}'`, id, {
        'api-version': storageApiVersion,
      })) as { location?: string } | undefined;
      return found === undefined ? undefined : { location: found.location ?? '', id };
    },
    createManagedImage: (group, name, image) =>
      arm.start(`creating managed image '${name}'`, () =>
        compute.images.createOrUpdate(group, name, {
          location: image.location,
          tags: { ...image.tags },
          ...(image.generation === undefined ? {} : { hyperVGeneration: image.generation }),
          storageProfile: {
            osDisk: {
              osType: image.osType === 'Windows' ? 'Windows' : 'Linux',
              osState: 'Generalized',
              blobUri: image.blobUri,
            },
          },
        }),
      ),
    createVersion: ({ group, gallery, definition }, version, made) =>
      arm.start(`creating version ${version} of '${definition}'`, () =>
        compute.galleryImageVersions.createOrUpdate(group, gallery, definition, version, {
          location: made.location,
          tags: { ...made.tags },
          storageProfile: { source: { id: made.sourceImageId } },
          publishingProfile: { targetRegions: made.regions.map(name => ({ name })) },
        }),
      ),
    async remove(id) {
      const parts = id.split('/');
      const [group = '', first = '', second = '', third = ''] = [parts[4], parts[8], parts[10], parts[12]];
      return arm.start(`deleting image '${id}'`, () =>
        third === ''
          ? compute.images.delete(group, first)
          : compute.galleryImageVersions.delete(group, first, second, third),
      );
    },
  };
}

function storedOf(
  image: {
    readonly id?: string;
    readonly name?: string;
    readonly location: string;
    readonly tags?: Record<string, string>;
    readonly provisioningState?: string;
  },
  publishedAt: Date | undefined,
): StoredImage {
  return {
    id: image.id ?? '',
    name: image.name ?? '',
    location: image.location,
    tags: image.tags ?? {},
    state: image.provisioningState ?? '',
    publishedAt,
  };
}
