/** Makes of a VHD what a scale set can be made from: a managed image, or a version of a gallery's image. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import type { DefinitionName, ImageStores } from '../../../../shared/azure/imageStores.js';
import { untilEnded } from '../../../../shared/azure/operation.js';
import { UserError, describe } from '../../../../shared/core/errors.js';
import type { ImageReference } from '../../../../shared/core/imageReference.js';
import { isGalleryVersion, nextGalleryVersion } from './galleryVersion.js';

/** What is to be made, and where. */
export type Conversion =
  | { readonly to: 'managed'; readonly group: string; readonly name: string }
  | {
      readonly to: 'gallery';
      readonly name: DefinitionName;
      /** Undefined for the next one. */
      readonly version: string | undefined;
    };

/** The VHD. */
export interface ConvertedVhd {
  readonly uri: string;
  /** Of its storage account: an image is made where its blob is. */
  readonly location: string;
  readonly osType: string;
}

/** Azure copies the whole disk. */
const patience = 90 * 60_000;

/**
 * Reads the inputs that say what to make.
 * @param target `group/name`, or `group/gallery/definition[/version]`
 * @throws UserError when it has not the parts that it needs
 */
export function readConversion(to: 'managed' | 'gallery', target: string | undefined): Conversion {
  const parts = (target ?? '').split('/').map(part => part.trim());
  const [group = '', second = '', definition = '', version] = parts;
  const isWhole = parts.every(part => part !== '');
  if (to === 'managed' && isWhole && parts.length === 2) return { to, group, name: second };
  const isVersion = version === undefined || version === 'auto' || isGalleryVersion(version);
  if (to === 'gallery' && isWhole && isVersion && (parts.length === 3 || parts.length === 4)) {
    const name = { group, gallery: second, definition };
    return { to, name, version: version === 'auto' ? undefined : version };
  }
  throw new UserError(
    to === 'managed'
      ? `With convertVhd: managed, 'convertVhdTarget' must be RESOURCE-GROUP/IMAGE-NAME, not '${target ?? ''}'.`
      : `With convertVhd: gallery, 'convertVhdTarget' must be RESOURCE-GROUP/GALLERY/DEFINITION, with /VERSION (as 1.0.7, or auto) where it is not the next one, not '${target ?? ''}'.`,
  );
}

/** What is wrong with these inputs, a sentence each. */
export function conversionProblems(input: {
  readonly convertVhd: 'no' | 'managed' | 'gallery';
  readonly convertVhdTarget: string | undefined;
}): string[] {
  if (input.convertVhd === 'no') return [];
  try {
    readConversion(input.convertVhd, input.convertVhdTarget);
    return [];
  } catch (error) {
    return [describe(error)];
  }
}

/**
 * Makes the image and waits for it.
 * @returns the image and the region it is in
 */
export async function convertVhd(
  vhd: ConvertedVhd,
  conversion: Conversion,
  tags: Readonly<Record<string, string>>,
  azure: { readonly arm: ArmClient; readonly stores: ImageStores },
  agent: Agent,
): Promise<{ reference: ImageReference; location: string }> {
  const { arm, stores } = azure;
  const until = (operation: Awaited<ReturnType<typeof stores.createManagedImage>>, doing: string) =>
    untilEnded(operation, {
      doing,
      milliseconds: patience,
      clock: arm.clock,
      signal: arm.signal,
      onMinute: minutes => {
        agent.info(`${doing}: ${minutes} min`);
      },
    });
  const make = async (group: string, name: string, generation: string | undefined) => {
    const image = { location: vhd.location, osType: vhd.osType, blobUri: vhd.uri, generation, tags };
    await until(
      await stores.createManagedImage(group, name, image),
      `making managed image '${name}' of the VHD`,
    );
    return `/subscriptions/${arm.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/images/${name}`;
  };
  if (conversion.to === 'managed') {
    const id = await make(conversion.group, conversion.name, undefined);
    return { reference: { kind: 'managed', id }, location: vhd.location };
  }
  const { name } = conversion;
  const definition = await stores.definition(name);
  if (definition === undefined) {
    throw new UserError(
      `Gallery '${name.gallery}' in '${name.group}' has no image definition '${name.definition}', so the VHD was not made into a version of it. The VHD is there: ${vhd.uri}`,
    );
  }
  const version =
    conversion.version ?? nextGalleryVersion((await stores.versions(name)).map(existing => existing.name));
  // A version is made from an image; the image is only on the way.
  const source = await make(name.group, `${name.definition}-${version}-source`, definition.generation);
  try {
    const regions = [...new Set([vhd.location, definition.location])];
    const made = { location: definition.location, regions, sourceImageId: source, tags };
    await until(
      await stores.createVersion(name, version, made),
      `making version ${version} of '${name.definition}'`,
    );
  } finally {
    await removeSource(source, stores, arm, agent);
  }
  const id = `/subscriptions/${arm.subscriptionId}/resourceGroups/${name.group}/providers/Microsoft.Compute/galleries/${name.gallery}/images/${name.definition}/versions/${version}`;
  return { reference: { kind: 'gallery', id }, location: vhd.location };
}

async function removeSource(id: string, stores: ImageStores, arm: ArmClient, agent: Agent): Promise<void> {
  try {
    const { clock, signal } = arm;
    await untilEnded(await stores.remove(id), {
      doing: `deleting '${id}'`,
      milliseconds: patience,
      clock,
      signal,
    });
  } catch {
    agent.warning(
      `The image '${id}', made on the way to the gallery version, could not be deleted; delete it by hand.`,
    );
  }
}
