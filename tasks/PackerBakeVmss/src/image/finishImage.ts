/** The steps after the build: a VHD becomes an image that can be used, and old images of the family go. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { imageStoresOf } from '../../../../shared/azure/imageStores.js';
import { formatImageReference, type ImageReference } from '../../../../shared/core/imageReference.js';
import type { BakedImage } from '../../../../shared/core/packerArtifact.js';
import { readConversion, withConversion, type ConversionWish } from '../destination/conversion.js';
import { convertVhd } from '../destination/convertVhd.js';
import { destinationsOf } from '../destination/destinations.js';
import { removeOldImages, type Family } from './removeOldImages.js';
import type { TemplateModel } from '../template/templateModel.js';

/**
 * The image as it is to be used: a VHD made into one, any other as it is.
 */
export async function convertBaked(
  image: BakedImage,
  wish: ConversionWish,
  model: TemplateModel | undefined,
  arm: ArmClient,
  agent: Agent,
): Promise<BakedImage> {
  if (wish.convertVhd === 'no') return image;
  if (image.reference.kind !== 'vhd') {
    agent.warning(
      `'convertVhd' has nothing to do: the template made ${formatImageReference(image.reference)}, which is no VHD.`,
    );
    return image;
  }
  const { uri } = image.reference;
  const stores = imageStoresOf(arm);
  const vhds = model === undefined ? [] : destinationsOf(model).all.filter(each => each.kind === 'vhd');
  const told = vhds.find(({ build }) => build === image.build) ?? vhds[0];
  const vhd = { uri, location: image.location ?? told?.location ?? '', osType: told?.osType ?? 'Linux' };
  const conversion = readConversion(wish.convertVhd, wish.convertVhdTarget);
  const made = await agent.group(`Making an image of the VHD (${wish.convertVhd})`, () =>
    convertVhd(vhd, conversion, {}, { arm, stores }, agent),
  );
  agent.info(`Image of the VHD: ${formatImageReference(made.reference)}`);
  return { build: image.build, ...made };
}

/** What the pipeline wants to keep. */
export interface RetentionWish extends ConversionWish {
  readonly keepImages: number;
  readonly keepImagesDays: number;
  readonly dryRun: boolean;
}

/**
 * Removes old images of the same template where this one lies, or lists them in a dry run.
 * @param image undefined in a dry run: then it is the template that says where to look
 */
export async function retainImages(
  image: ImageReference | undefined,
  family: string,
  model: TemplateModel | undefined,
  wish: RetentionWish,
  arm: ArmClient,
  agent: Agent,
): Promise<void> {
  if (wish.keepImages === 0 && wish.keepImagesDays === 0) return;
  const places = image === undefined ? placesOf(model, wish) : [placeOf(image)];
  if (places.every(place => place === undefined)) {
    agent.info('No old images are looked at: a VHD has no tags that tell its family.');
    return;
  }
  const rule = { keepImages: wish.keepImages, keepDays: wish.keepImagesDays };
  await agent.group('Old images', async () => {
    for (const place of places) {
      if (place === undefined) continue;
      const azure = { arm, stores: imageStoresOf(arm) };
      await removeOldImages({ template: family, place }, rule, image, wish.dryRun, azure, agent);
    }
  });
}

function placeOf(image: ImageReference): Family['place'] | undefined {
  if (image.kind === 'vhd') return undefined;
  const parts = image.id.split('/');
  const [group = '', gallery = '', definition = ''] = [parts[4], parts[8], parts[10]];
  return image.kind === 'managed'
    ? { kind: 'managed', group }
    : { kind: 'gallery', name: { group, gallery, definition } };
}

function placesOf(model: TemplateModel | undefined, wish: ConversionWish): Family['place'][] {
  if (model === undefined) return [];
  return withConversion(destinationsOf(model), wish).all.flatMap((target): Family['place'][] => {
    if (target.kind === 'managed' && target.group !== undefined)
      return [{ kind: 'managed', group: target.group }];
    if (target.kind !== 'gallery') return [];
    const { group, gallery, definition } = target;
    return group === undefined || gallery === undefined || definition === undefined
      ? []
      : [{ kind: 'gallery', name: { group, gallery, definition } }];
  });
}
