/** Finds the image that was baked from the very same inputs, or says what has changed since the nearest one. */
import { regionKey, type Images } from '../../../../shared/azure/images.js';
import type { ImageStores, StoredImage } from '../../../../shared/azure/imageStores.js';
import { formatImageReference, type ImageReference } from '../../../../shared/core/imageReference.js';
import type { BakedImage } from '../../../../shared/core/packerArtifact.js';
import { plural } from '../../../../shared/core/text.js';
import type { BakeDigest } from '../digest/bakeDigest.js';
import type { Destination } from '../destination/destinations.js';
import { compareEntries, type DigestDifference } from '../digest/digestEntries.js';
import { imageTagNames, readInputTags } from './imageTags.js';

/** A place to look in, and the regions in which the image must be usable. */
export type ReusePlace = { readonly build: string; readonly regions: readonly string[] } & (
  | { readonly kind: 'managed'; readonly group: string }
  | {
      readonly kind: 'gallery';
      readonly group: string;
      readonly gallery: string;
      readonly definition: string;
      /** Whether the template itself makes versions that `latest` passes over. */
      readonly mayBeExcluded: boolean;
    }
);

/** What was found, and why. */
export interface ReuseAnswer {
  /** Undefined when there is none to reuse. */
  readonly image: BakedImage | undefined;
  /** For the log, one line or more. */
  readonly why: string;
}

/** What is asked of Azure. */
export interface ReusePorts {
  readonly stores: Pick<ImageStores, 'managedImages' | 'versions'>;
  readonly images: Images;
  now(): number;
}

/**
 * Where an image of this bake would lie: a gallery's version before a managed image, as the bake's outputs have it. Pure.
 * @param group where to look for managed images in place of the template's own group
 * @param connected the subscription of the connection
 * @returns a sentence where that cannot be told
 */
export function reusePlace(
  destinations: readonly Destination[],
  buildName: string | undefined,
  group: string | undefined,
  connected: string,
): ReusePlace | string {
  const meant = destinations.filter(
    ({ build }) => buildName === undefined || build === buildName || build.endsWith(`.${buildName}`),
  );
  const builds = new Set(meant.map(({ build }) => build));
  if (builds.size > 1) return "The template makes several images; say with 'buildName' which one is meant.";
  const gallery = meant.find(each => each.kind === 'gallery');
  if (gallery !== undefined) {
    const { group: own, gallery: name, definition, build, location, subscriptionId } = gallery;
    if (subscriptionId !== undefined && subscriptionId.toLowerCase() !== connected.toLowerCase())
      return `The gallery lies in another subscription (${subscriptionId}).`;
    const regions = gallery.regions?.length === 0 && location !== undefined ? [location] : gallery.regions;
    if (own === undefined || name === undefined || definition === undefined || regions === undefined)
      return 'Which gallery the image goes to is known while building only.';
    return {
      kind: 'gallery',
      group: own,
      gallery: name,
      definition,
      build,
      regions,
      mayBeExcluded: gallery.excludedFromLatest,
    };
  }
  const [first] = meant;
  const managed = meant.find(each => each.kind === 'managed');
  if (first === undefined) return 'The template has no azure-arm source that makes an image.';
  const place = group ?? managed?.group;
  if (place === undefined) {
    return managed === undefined
      ? 'A VHD cannot be found again: it has no tags. Set convertVhd, or let the template make a managed image or a gallery image version.'
      : "Which group the image goes to is known while building only; name it with 'imageResourceGroupName'.";
  }
  if (first.location === undefined)
    return 'Which region the image is made in is known while building only; give the source a location.';
  return { kind: 'managed', group: place, build: first.build, regions: [first.location] };
}

/** Looks for the image. Only reads. */
export async function findReusable(
  place: ReusePlace,
  wanted: { readonly digest: BakeDigest; readonly template: string },
  ports: ReusePorts,
): Promise<ReuseAnswer> {
  const stored =
    place.kind === 'managed'
      ? await ports.stores.managedImages(place.group)
      : await ports.stores.versions(place);
  const where =
    place.kind === 'managed' ? `'${place.group}'` : `gallery '${place.gallery}/${place.definition}'`;
  const { hits, nearest } = candidates(stored, wanted.digest.digest, wanted.template);
  const refused: string[] = [];
  for (const hit of hits) {
    const reference: ImageReference & { kind: 'managed' | 'gallery' } = { kind: place.kind, id: hit.id };
    const facts = await ports.images.find(reference);
    const problem = facts === undefined ? 'it is gone' : unfit(facts, place, ports.now());
    if (problem !== undefined) {
      refused.push(`${hit.name} has the same inputs, but ${problem}.`);
      continue;
    }
    const baked = hit.tags[imageTagNames.baked];
    return {
      image: { build: place.build, reference, location: place.regions[0] ?? hit.location },
      why: `${hit.name} in ${where} was baked from the same inputs${baked === undefined ? '' : ` on ${baked}`}: ${formatImageReference(reference)}`,
    };
  }
  if (refused.length > 0) return { image: undefined, why: refused.join('\n') };
  if (nearest === undefined)
    return { image: undefined, why: `No image of this template in ${where} says what it was baked from.` };
  return { image: undefined, why: changes(nearest, wanted.digest) };
}

/** The images with this digest, newest first, and the newest of the same template. Pure. */
export function candidates(
  stored: readonly StoredImage[],
  digest: string,
  template: string,
): { readonly hits: readonly StoredImage[]; readonly nearest: StoredImage | undefined } {
  const usable = stored
    .filter(image => image.state === 'Succeeded')
    .map(image => ({ image, at: image.tags[imageTagNames.baked] ?? '' }))
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .map(({ image }) => image);
  return {
    hits: usable.filter(({ tags }) => tags[imageTagNames.digest] === digest),
    nearest: usable.find(
      ({ tags }) => tags[imageTagNames.template] === template && tags[imageTagNames.digest] !== undefined,
    ),
  };
}

function unfit(
  facts: NonNullable<Awaited<ReturnType<Images['find']>>>,
  place: ReusePlace,
  now: number,
): string | undefined {
  if (facts.provisioningState !== 'Succeeded') return `its state is ${facts.provisioningState}`;
  const there = facts.locations.map(regionKey);
  const ready = (region: string) =>
    there.includes(regionKey(region)) &&
    ![...facts.notReplicated.keys()].some(each => regionKey(each) === regionKey(region));
  const missing = place.regions.filter(region => !ready(region));
  if (missing.length > 0) return `it is not in ${missing.join(', ')}`;
  if (facts.endOfLife !== undefined && facts.endOfLife.getTime() <= now)
    return `its life ended on ${facts.endOfLife.toISOString()}`;
  // So a version is withdrawn that has turned out bad.
  if (facts.excludedFromLatest && place.kind === 'gallery' && !place.mayBeExcluded)
    return 'it is excluded from latest';
  return undefined;
}

/** How many inputs are named of one kind of change. */
const told = 20;

function changes(nearest: StoredImage, digest: BakeDigest): string {
  const older = readInputTags(nearest.tags);
  const since = `Since ${nearest.name}${nearest.tags[imageTagNames.baked] === undefined ? '' : ` (${nearest.tags[imageTagNames.baked] ?? ''})`}`;
  if (older === undefined) return `${since} the inputs have changed; its tags do not say which.`;
  return describeDifference(since, compareEntries(older, digest.entries));
}

/** A list as of `git diff --name-status`. Pure. */
export function describeDifference(since: string, { changed, added, removed }: DigestDifference): string {
  const lines = [...mark('M', changed), ...mark('A', added), ...mark('D', removed)];
  const count = changed.length + added.length + removed.length;
  return [`${since} ${plural(count, 'input')} changed (M changed, A added, D removed):`, ...lines].join('\n');
}

function mark(letter: string, names: readonly string[]): string[] {
  const lines = names.slice(0, told).map(name => `  ${letter} ${name}`);
  return names.length > told ? [...lines, `  ${letter} … and ${names.length - told} more`] : lines;
}
