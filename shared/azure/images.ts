/** Managed images and gallery image versions: whether they are there, where, and whether they may be used. */
import { AzureError } from '../core/errors.js';
import type { ImageReference } from '../core/imageReference.js';
import type { ArmClient } from './armClient.js';

/** An image that exists. */
export interface ImageFacts {
  /** The regions it can be deployed in, as Azure spells them (`westeurope`, `West Europe`). */
  readonly locations: readonly string[];
  /** Of those the ones that its copy has not reached, or has failed to reach: `Replicating`, `Failed`. */
  readonly notReplicated: ReadonlyMap<string, string>;
  readonly provisioningState: string;
  /** When a gallery version's life ends, or that of its definition where that is earlier; undefined when nothing is said. */
  readonly endOfLife: Date | undefined;
  /** A gallery version that `latest` passes over: its makers do not want it deployed by itself. */
  readonly excludedFromLatest: boolean;
  /** `Linux`, `Windows`; undefined where it is not told. */
  readonly osType: string | undefined;
  /** `Generalized`, `Specialized`. */
  readonly osState: string | undefined;
  /** `V1`, `V2`. */
  readonly generation: string | undefined;
  /** The definition's feature `SecurityType`: `TrustedLaunch`, `TrustedLaunchSupported`, `ConfidentialVM` …; undefined for none. */
  readonly securityType: string | undefined;
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

/** Api-versions of Microsoft.Compute that know these two. */
const apiVersions = { managed: '2024-07-01', gallery: '2023-07-03' } as const;

/** Images on Azure. */
export function imagesOf(arm: ArmClient): Images {
  return {
    async find({ kind, id }) {
      const query = { 'api-version': apiVersions[kind] };
      const doing = `reading image '${id}'`;
      if (kind === 'managed') {
        const image = await arm.read(doing, id, query);
        return image === undefined ? undefined : managedFacts(image);
      }
      const version = await arm.read(doing, id, { ...query, $expand: 'ReplicationStatus' });
      if (version === undefined) return undefined;
      return galleryFacts(version, await definitionOf(id.replace(/\/versions\/[^/]+$/i, ''), query));
    },
  };

  /** What a version may be used for is known without its definition, too: whoever may not read that one may still deploy. */
  async function definitionOf(id: string, query: { 'api-version': string }): Promise<unknown> {
    try {
      return await arm.read(`reading image definition '${id}'`, id, query);
    } catch (error) {
      if (error instanceof AzureError && error.status === 403) return undefined;
      throw error;
    }
  }
}

interface ManagedDocument {
  readonly location?: string;
  readonly properties?: {
    readonly provisioningState?: string;
    readonly hyperVGeneration?: string;
    readonly storageProfile?: { readonly osDisk?: { readonly osType?: string; readonly osState?: string } };
  };
}

interface VersionDocument {
  readonly location?: string;
  readonly properties?: {
    readonly provisioningState?: string;
    readonly publishingProfile?: {
      readonly endOfLifeDate?: string;
      readonly excludeFromLatest?: boolean;
      readonly targetRegions?: readonly { readonly name?: string; readonly excludeFromLatest?: boolean }[];
    };
    readonly replicationStatus?: {
      readonly summary?: readonly { readonly region?: string; readonly state?: string }[];
    };
  };
}

interface DefinitionDocument {
  readonly properties?: {
    readonly osType?: string;
    readonly osState?: string;
    readonly hyperVGeneration?: string;
    readonly endOfLifeDate?: string;
    readonly features?: readonly { readonly name?: string; readonly value?: string }[];
  };
}

function managedFacts(document: unknown): ImageFacts {
  const { location, properties } = document as ManagedDocument;
  return {
    locations: location === undefined ? [] : [location],
    notReplicated: new Map(),
    provisioningState: properties?.provisioningState ?? '',
    endOfLife: undefined,
    excludedFromLatest: false,
    osType: properties?.storageProfile?.osDisk?.osType,
    osState: properties?.storageProfile?.osDisk?.osState,
    generation: properties?.hyperVGeneration,
    securityType: undefined,
  };
}

function galleryFacts(version: unknown, definition: unknown): ImageFacts {
  const { location, properties } = version as VersionDocument;
  const { properties: defined } = (definition ?? {}) as DefinitionDocument;
  const publishing = properties?.publishingProfile;
  const regions = (publishing?.targetRegions ?? []).flatMap(region => region.name ?? []);
  const late = (properties?.replicationStatus?.summary ?? []).flatMap(({ region, state }) =>
    region === undefined || state === undefined || /^completed$/i.test(state)
      ? []
      : [[region, state] as const],
  );
  const ends = [publishing?.endOfLifeDate, defined?.endOfLifeDate]
    .flatMap(date => (date === undefined ? [] : [new Date(date)]))
    .sort((a, b) => a.getTime() - b.getTime());
  return {
    locations: regions.length > 0 ? regions : location === undefined ? [] : [location],
    notReplicated: new Map(late),
    provisioningState: properties?.provisioningState ?? '',
    endOfLife: ends[0],
    excludedFromLatest: publishing?.excludeFromLatest ?? false,
    osType: defined?.osType,
    osState: defined?.osState,
    generation: defined?.hyperVGeneration,
    securityType: defined?.features?.find(({ name }) => /^securityType$/i.test(name ?? ''))?.value,
  };
}
