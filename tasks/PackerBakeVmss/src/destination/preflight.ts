/** Holds a bake's destinations against Azure before anything is built: what stands in the way, all of it at once. */
import { describeUses, usesOf, type ImageUse } from '../../../../shared/azure/imageUse.js';
import { regionKey } from '../../../../shared/azure/images.js';
import type {
  DefinitionName,
  GalleryDefinition,
  ImageStores,
  StoredImage,
} from '../../../../shared/azure/imageStores.js';
import type { ResourceGroups } from '../../../../shared/azure/resourceGroups.js';
import { tryParseImageReference } from '../../../../shared/core/imageReference.js';
import type { Destination, Destinations } from './destinations.js';
import { compareGalleryVersions, isGalleryVersion, nextGalleryVersion } from './galleryVersion.js';

/** What is asked of Azure. */
export interface PreflightPorts {
  readonly groups: Pick<ResourceGroups, 'find'>;
  readonly stores: Pick<
    ImageStores,
    'managedImages' | 'galleryLocation' | 'definition' | 'versions' | 'regions'
  >;
  uses(): Promise<readonly ImageUse[]>;
}

/** What the pipeline wants. */
export interface PreflightWish {
  readonly subscriptionId: string;
  /** Whether an image of the same name may be deleted. */
  readonly allowOverwrite: boolean;
  /** Whether an image definition that is not there is to be made. */
  readonly createDefinition: boolean;
  /** The template's variable that gets the next version of the gallery's image. */
  readonly versionVariable: string | undefined;
}

/** What was found. */
export interface Preflight {
  /** What stands in the way, a sentence each. */
  readonly problems: readonly string[];
  /** What could not be looked at, and other news, a sentence each. */
  readonly notes: readonly string[];
  /** The next version of the gallery's image, where it was asked for. */
  readonly nextVersion: string | undefined;
  /** Definitions to make before the build. */
  readonly missing: readonly {
    readonly name: DefinitionName;
    readonly location: string;
    readonly destination: GalleryDestination;
  }[];
}

type GalleryDestination = Destination & { readonly kind: 'gallery' };
type ManagedDestination = Destination & { readonly kind: 'managed' };

/** Looks at all destinations. Only reads. */
export async function preflight(
  { all, groups, unknown }: Destinations,
  wish: PreflightWish,
  ports: PreflightPorts,
): Promise<Preflight> {
  const found = {
    problems: [] as string[],
    notes: [] as string[],
    missing: [] as Preflight['missing'][number][],
  };
  if (unknown.length > 0)
    found.notes.push(`Known while building only, and not checked: ${unknown.join(', ')}.`);
  const absent = new Set<string>();
  for (const name of new Set(groups.map(group => group.name))) {
    if ((await ports.groups.find(name)) !== undefined) continue;
    absent.add(name);
    const options = groups.filter(group => group.name === name).map(({ option }) => option);
    found.problems.push(
      `Resource group '${name}' (${[...new Set(options)].join(', ')}) does not exist. Packer makes none for images: create it, or mend the name.`,
    );
  }
  let uses: readonly ImageUse[] | undefined;
  const overwrite = async (id: string, isLatest: boolean): Promise<string | undefined> => {
    const image = tryParseImageReference(id);
    uses ??= await ports.uses();
    const own =
      image === undefined ? [] : usesOf(image, uses, isLatest).filter(use => use.how !== 'previous');
    return own.length === 0 ? undefined : describeUses(own);
  };
  for (const destination of all) {
    if (destination.kind === 'managed' && !absent.has(destination.group ?? ''))
      await checkManaged(destination, wish, ports, overwrite, found.problems);
  }
  const versions: string[] = [];
  for (const destination of all) {
    if (destination.kind !== 'gallery') continue;
    const next = await checkGallery(destination, wish, ports, overwrite, found);
    if (next !== undefined) versions.push(next);
  }
  if (wish.versionVariable !== undefined && versions.length === 0 && found.problems.length === 0)
    found.problems.push(
      "Input 'galleryVersionVariable' asks for the next version of a gallery's image, but the template names no gallery destination that is known before the build.",
    );
  const nextVersion =
    wish.versionVariable === undefined ? undefined : versions.sort(compareGalleryVersions).at(-1);
  return { ...found, nextVersion };
}

type Overwrite = (id: string, isLatest: boolean) => Promise<string | undefined>;

async function checkManaged(
  { group, name, build }: ManagedDestination,
  wish: PreflightWish,
  { stores }: PreflightPorts,
  overwrite: Overwrite,
  problems: string[],
): Promise<void> {
  if (group === undefined || name === undefined) return;
  const existing = named(await stores.managedImages(group), name);
  if (existing === undefined) return;
  if (!wish.allowOverwrite) {
    problems.push(
      `Managed image '${name}' of ${build} already exists in '${group}'. Give each run its own name, such as web-$(Build.BuildId), or set allowOverwrite: true.`,
    );
    return;
  }
  const users = await overwrite(existing.id, false);
  if (users !== undefined) problems.push(inUse(`Managed image '${name}'`, users));
}

function inUse(what: string, users: string): string {
  return `${what} cannot be overwritten: it is used by ${users}. Bake under another name; instances made from a deleted image can be neither reimaged nor added.`;
}

/** @returns the next version of the definition */
async function checkGallery(
  destination: GalleryDestination,
  wish: PreflightWish,
  ports: PreflightPorts,
  overwrite: Overwrite,
  found: { problems: string[]; notes: string[]; missing: Preflight['missing'][number][] },
): Promise<string | undefined> {
  const { group, gallery, definition, build, subscriptionId } = destination;
  const { problems, notes } = found;
  if (group === undefined || gallery === undefined || definition === undefined) return undefined;
  if (subscriptionId !== undefined && subscriptionId.toLowerCase() !== wish.subscriptionId.toLowerCase()) {
    notes.push(`Gallery '${gallery}' is in another subscription and was not checked.`);
    return undefined;
  }
  await checkRegions(destination, ports, problems);
  const home = await ports.stores.galleryLocation(group, gallery);
  if (home === undefined) {
    problems.push(
      `Gallery '${gallery}' of ${build} does not exist in resource group '${group}'. Create it, or mend the name.`,
    );
    return undefined;
  }
  const name = { group, gallery, definition };
  const existing = await ports.stores.definition(name);
  if (existing === undefined) {
    if (wish.createDefinition) found.missing.push({ name, location: home, destination });
    else
      problems.push(
        `Gallery '${gallery}' has no image definition '${definition}', and Packer makes none. Create it ('az sig image-definition create'), or set createImageDefinition: true.`,
      );
  } else
    problems.push(
      ...misfits(existing, destination).map(
        misfit => `Image definition '${definition}' of gallery '${gallery}' ${misfit}`,
      ),
    );
  const versions = existing === undefined ? [] : await ports.stores.versions(name);
  const names = versions.map(version => version.name);
  const version = wish.versionVariable === undefined ? destination.version : undefined;
  if (version !== undefined) {
    if (!isGalleryVersion(version))
      problems.push(`'${version}' is no version of a gallery image: it must be three numbers, as 1.0.7.`);
    const same = named(versions, version);
    if (same !== undefined && !wish.allowOverwrite)
      problems.push(
        `Version ${version} of '${definition}' already exists in gallery '${gallery}'. Let galleryVersionVariable give the next one, or set allowOverwrite: true.`,
      );
    else if (same !== undefined) {
      const latest = [...names].sort(compareGalleryVersions).at(-1) === version;
      const users = await overwrite(same.id, latest);
      if (users !== undefined) problems.push(inUse(`Version ${version} of '${definition}'`, users));
    }
  }
  return nextGalleryVersion(names);
}

/** What of a definition does not fit an image of this template, as the rest of a sentence. */
export function misfits(
  definition: GalleryDefinition,
  { shape, build, generation }: GalleryDestination,
): string[] {
  const differs = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && a.toLowerCase() !== b.toLowerCase();
  const problems: string[] = [];
  if (differs(definition.osType, shape.osType))
    problems.push(`is for ${definition.osType ?? ''}, and ${build} makes ${shape.osType ?? ''} images.`);
  if (differs(definition.osState, shape.osState))
    problems.push(
      `is for ${definition.osState?.toLowerCase() ?? ''} images, and ${build} makes a ${shape.osState.toLowerCase()} one.`,
    );
  if (generation !== undefined && differs(definition.generation ?? 'V1', generation))
    problems.push(
      `is of generation ${definition.generation ?? 'V1'}, and ${build} builds on a machine of generation ${generation}: that cannot be changed, take another definition.`,
    );
  if (shape.securityType !== undefined && !allows(definition.securityType, shape.securityType))
    problems.push(
      `has ${definition.securityType === undefined ? 'no security type' : `the security type ${definition.securityType}`}, and ${build} builds on a ${shape.securityType} machine: a definition's security type cannot be changed, take another definition.`,
    );
  return problems;
}

/** `TrustedLaunchSupported` and its like take images of both kinds. */
function allows(security: string | undefined, wanted: string): boolean {
  return security?.toLowerCase().includes(wanted.toLowerCase()) ?? false;
}

async function checkRegions(
  { regions, build, location }: GalleryDestination,
  { stores }: PreflightPorts,
  problems: string[],
): Promise<void> {
  if (regions === undefined) return;
  const known = (await stores.regions()).map(regionKey);
  const unknown = known.length === 0 ? [] : regions.filter(region => !known.includes(regionKey(region)));
  if (unknown.length > 0)
    problems.push(
      `${build} replicates to ${unknown.map(region => `'${region}'`).join(', ')}, where Azure has no gallery images for this subscription; 'az account list-locations' lists the regions.`,
    );
  const isHome =
    regions.length === 0 || location === undefined || regions.map(regionKey).includes(regionKey(location));
  if (!isHome)
    problems.push(
      `${build} builds in '${location}' and does not replicate there: add it to the replication regions, Azure requires it.`,
    );
}

/** Azure compares names without regard to case. */
function named(images: readonly StoredImage[], name: string): StoredImage | undefined {
  return images.find(image => image.name.toLowerCase() === name.toLowerCase());
}
