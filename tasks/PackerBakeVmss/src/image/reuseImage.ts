/** The step that may end a bake in seconds: whether an image of the same inputs is there already. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { imageStoresOf } from '../../../../shared/azure/imageStores.js';
import { imagesOf } from '../../../../shared/azure/images.js';
import type { BakedImage } from '../../../../shared/core/packerArtifact.js';
import { withConversion, type ConversionWish } from '../destination/conversion.js';
import { destinationsOf } from '../destination/destinations.js';
import type { BakeFacts } from '../digest/inspectBake.js';
import { findReusable, reusePlace } from './reuse.js';

/** What the pipeline wants. */
export interface ReuseWish extends ConversionWish {
  readonly reuseImage: 'never' | 'whenUnchanged';
  readonly rebake: boolean;
  readonly imageResourceGroupName: string | undefined;
  readonly buildName: string | undefined;
}

/** The image to reuse; undefined when there must be a bake, and the log says why. */
export async function reuseImage(
  facts: BakeFacts,
  wish: ReuseWish,
  arm: ArmClient,
  agent: Agent,
): Promise<BakedImage | undefined> {
  if (wish.reuseImage !== 'whenUnchanged') return undefined;
  const { digest, model, family } = facts;
  if (digest === undefined || model === undefined) {
    agent.warning("No image is reused ('reuseImage'): what the bake reads cannot be told, the log says why.");
    return undefined;
  }
  agent.info(`Digest of the ${digest.entries.length} inputs: ${digest.digest}`);
  if (digest.gaps.length > 0) {
    agent.warning(
      `No image is reused ('reuseImage'), because the bake may read more than can be told:\n${digest.gaps.map(gap => `  - ${gap}.`).join('\n')}\n` +
        "Name the files behind it in 'digestIncludes', then they are watched in its place.",
    );
    return undefined;
  }
  if (wish.rebake) {
    agent.info("A new image is baked in any case ('rebake').");
    return undefined;
  }
  const { all } = withConversion(destinationsOf(model), wish);
  const place = reusePlace(all, wish.buildName, wish.imageResourceGroupName, arm.subscriptionId);
  if (typeof place === 'string') {
    agent.warning(`No image is reused ('reuseImage'). ${place}`);
    return undefined;
  }
  const ports = { stores: imageStoresOf(arm), images: imagesOf(arm), now: () => arm.clock.now() };
  const { image, why } = await findReusable(place, { digest, template: family }, ports);
  agent.info(why);
  return image;
}
