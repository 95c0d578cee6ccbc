/** Managed images and gallery image versions: whether they are there, where, and whether they may be used. */
import type { ImageReference } from '../core/imageReference.js';
import type { ArmClient } from './armClient.js';

/** An image that exists. */
export interface ImageFacts {
  /** The regions it can be deployed in, as Azure spells them (`westeurope`, `West Europe`). */
  readonly locations: readonly string[];
  readonly provisioningState: string;
  /** When a gallery version's life ends; undefined when nothing is said. */
  readonly endOfLife: Date | undefined;
}

/** Looks images up. */
export interface Images {
  /** Undefined when there is no such image. The image may be in any subscription that the connection can read. */
  find(image: ImageReference & { readonly kind: 'managed' | 'gallery' }): Promise<ImageFacts | undefined>;
}

/** The region's name as Azure compares it: `West Europe` and `westeurope` are one. */
export function regionKey(location: string): string {
  return location.replace(/\s+/g, '').toLowerCase();
}

/** Api-versions of Microsoft.Compute that know these two; a generic read is the only one that crosses subscriptions. */
const apiVersions = { managed: '2024-07-01', gallery: '2023-07-03' } as const;

/** Images on Azure. */
export function imagesOf(arm: ArmClient): Images {
  return {
    async find(image) {
      const resource = await arm.find(`reading image '${image.id}'`, () =>
        arm.documents(`reading image '${image.id}'`, () =>
          arm.resources.resources.getById(image.id.replace(/^\//, ''), apiVersions[image.kind]),
        ),
      );
      return resource === undefined ? undefined : factsOf(resource[0]);
    },
  };
}

interface ImageDocument {
  readonly location?: string;
  readonly properties?: {
    readonly provisioningState?: string;
    readonly publishingProfile?: {
      readonly endOfLifeDate?: string;
      readonly targetRegions?: readonly { readonly name?: string }[];
    };
  };
}

function factsOf(document: unknown): ImageFacts {
  const { location, properties } = document as ImageDocument;
  const publishing = properties?.publishingProfile;
  const regions = (publishing?.targetRegions ?? []).flatMap(region => region.name ?? []);
  const endOfLife = publishing?.endOfLifeDate;
  return {
    locations: regions.length > 0 ? regions : location === undefined ? [] : [location],
    provisioningState: properties?.provisioningState ?? '',
    endOfLife: endOfLife === undefined ? undefined : new Date(endOfLife),
  };
}
