/** Makes of a VHD what a scale set can be made from: a managed image, or a version of a gallery's image. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import type { ImageStores } from '../../../../shared/azure/imageStores.js';
import { untilEnded } from '../../../../shared/azure/operation.js';
import { UserError } from '../../../../shared/core/errors.js';
import type { ImageReference } from '../../../../shared/core/imageReference.js';
import type { Conversion } from './conversion.js';
import { nextGalleryVersion } from './galleryVersion.js';

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
