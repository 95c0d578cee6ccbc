/** Removes old images of the family that was just baked; what stands in the way is a warning, for the new image is good. */
import { imageUses, usesOf, describeUses, type ImageUse } from '../../../../shared/azure/imageUse.js';
import type { DefinitionName, ImageStores, StoredImage } from '../../../../shared/azure/imageStores.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { untilEnded } from '../../../../shared/azure/operation.js';
import type { Agent } from '../../../../shared/agent/agent.js';
import { describe } from '../../../../shared/core/errors.js';
import {
  formatImageReference,
  imageName,
  tryParseImageReference,
  type ImageReference,
} from '../../../../shared/core/imageReference.js';
import { plural } from '../../../../shared/core/text.js';
import { compareGalleryVersions } from '../destination/galleryVersion.js';
import { imageTagNames } from './imageTags.js';
import { chooseRetained, type FamilyImage, type RetentionRule } from './retention.js';

/** A family: the images of one place with one tag. */
export interface Family {
  /** The value of the tag that names the template. */
  readonly template: string;
  readonly place:
    | { readonly kind: 'managed'; readonly group: string }
    | { readonly kind: 'gallery'; readonly name: DefinitionName };
}

const patience = 10 * 60_000;

/**
 * Removes, or with `dryRun` only lists.
 * @param baked the image of this run; undefined in a dry run
 * @returns how many were, or would be, removed
 */
export async function removeOldImages(
  family: Family,
  rule: RetentionRule,
  baked: ImageReference | undefined,
  dryRun: boolean,
  azure: { readonly arm: ArmClient; readonly stores: ImageStores },
  agent: Agent,
): Promise<number> {
  const { arm, stores } = azure;
  let removed = 0;
  try {
    const images = await familyOf(family, stores, await imageUses(arm));
    const choices = chooseRetained(images, rule, baked, new Date(arm.clock.now()));
    const going = choices.filter(({ remove }) => remove);
    const where = family.place.kind === 'managed' ? family.place.group : family.place.name.definition;
    agent.info(
      `Images of '${family.template}' in '${where}': ${images.length}, of which ${plural(going.length, 'goes', 'go')}.`,
    );
    for (const { image, remove, why } of choices)
      agent.info(`  ${remove ? (dryRun ? 'would go' : 'goes    ') : 'stays   '} ${imageName(image)}: ${why}`);
    if (dryRun) return going.length;
    for (const { image } of going) {
      const id = formatImageReference(image);
      try {
        const operation = await stores.remove(id);
        const { clock, signal } = arm;
        await untilEnded(operation, { doing: `deleting '${id}'`, milliseconds: patience, clock, signal });
        removed += 1;
      } catch (error) {
        agent.signal.throwIfAborted();
        agent.warning(
          `The old image '${imageName(image)}' could not be deleted and stays. ${describe(error)}`,
        );
      }
    }
  } catch (error) {
    agent.signal.throwIfAborted();
    agent.warning(`Old images were not looked at, none was deleted. ${describe(error)}`);
  }
  return removed;
}

async function familyOf(
  { template, place }: Family,
  stores: ImageStores,
  uses: readonly ImageUse[],
): Promise<FamilyImage[]> {
  const all =
    place.kind === 'managed' ? await stores.managedImages(place.group) : await stores.versions(place.name);
  const latest =
    place.kind === 'managed'
      ? undefined
      : all
          .map(({ name }) => name)
          .sort(compareGalleryVersions)
          .at(-1);
  return all.flatMap(stored => {
    const image = tryParseImageReference(stored.id);
    if (image === undefined || tag(stored, imageTagNames.template) !== template) return [];
    const users = usesOf(image, uses, stored.name === latest);
    return [
      {
        image,
        state: stored.state,
        bakedAt: dateOf(tag(stored, imageTagNames.baked)) ?? stored.publishedAt,
        usedBy: users.length === 0 ? undefined : describeUses(users),
      },
    ];
  });
}

function tag({ tags }: StoredImage, name: string): string | undefined {
  const key = Object.keys(tags).find(each => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : tags[key];
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
