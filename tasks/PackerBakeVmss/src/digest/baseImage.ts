/** The image that a bake starts from, down to its version: 'latest' is another one tomorrow. */
import { all, type ArmClient } from '../../../../shared/azure/armClient.js';
import type { DigestFact } from './digestSources.js';
import type { TemplateBlock, TemplateBody } from '../template/templateModel.js';

/** Where a source gets its image from, as its options say. */
export type BaseImage =
  | {
      readonly kind: 'platform';
      readonly urn: readonly [string, string, string, string];
      readonly location: string;
    }
  | {
      readonly kind: 'gallery';
      readonly subscriptionId: string | undefined;
      readonly resourceGroup: string;
      readonly gallery: string;
      readonly definition: string;
      readonly version: string;
    }
  | { readonly kind: 'managed'; readonly resourceGroup: string; readonly name: string }
  | { readonly kind: 'none' }
  /** What cannot be told apart from another of the same name. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Reads the base image off a source of a template. */
export function baseImageOf(source: TemplateBlock): BaseImage {
  if (!source.type.startsWith('azure-')) return { kind: 'none' };
  const text = (name: string, body: TemplateBody = source) => {
    const value = body.options.get(name);
    return value?.known === true && typeof value.value === 'string' ? value.value : '';
  };
  const has = (name: string) => source.options.has(name);
  if (has('image_publisher')) {
    const urn = [
      text('image_publisher'),
      text('image_offer'),
      text('image_sku'),
      text('image_version') || 'latest',
    ] as const;
    const location = text('location');
    const known = urn.every(part => part !== '') && !isUnknown(source, 'image_version');
    if (!known)
      return { kind: 'unknown', why: 'its publisher, offer, sku or version is known while building only' };
    if (urn[3] === 'latest' && location === '')
      return {
        kind: 'unknown',
        why: "'latest' differs from region to region, and the source names no location",
      };
    return { kind: 'platform', urn: [...urn], location };
  }
  const [shared] = source.blocks.get('shared_image_gallery') ?? [];
  if (shared !== undefined) {
    const gallery = {
      subscriptionId: text('subscription', shared) || undefined,
      resourceGroup: text('resource_group', shared),
      gallery: text('gallery_name', shared),
      definition: text('image_name', shared),
      version: text('image_version', shared) || 'latest',
    };
    if (gallery.resourceGroup !== '' && gallery.gallery !== '' && gallery.definition !== '')
      return { kind: 'gallery', ...gallery };
    return { kind: 'unknown', why: 'its gallery is given in a way that this task does not follow' };
  }
  if (has('custom_managed_image_name')) {
    const managed = {
      resourceGroup: text('custom_managed_image_resource_group_name'),
      name: text('custom_managed_image_name'),
    };
    if (managed.name !== '' && managed.resourceGroup !== '') return { kind: 'managed', ...managed };
    return { kind: 'unknown', why: 'its name is known while building only' };
  }
  if (has('image_url'))
    return { kind: 'unknown', why: 'what is in the VHD of image_url cannot be told from its address' };
  return { kind: 'unknown', why: 'the source names none that this task knows' };
}

function isUnknown(source: TemplateBlock, name: string): boolean {
  return source.options.get(name)?.known === false;
}

/** A base image as Azure answers now. */
export interface ResolvedBaseImage {
  readonly fact: DigestFact;
  /** For people and for a tag, such as `Debian:debian-12:12:0.20260101.1`. */
  readonly label: string;
}

/**
 * Asks Azure which version a base image is.
 * @returns a sentence where it cannot be told
 */
export async function resolveBaseImage(
  source: TemplateBlock,
  arm: ArmClient,
): Promise<ResolvedBaseImage | string | undefined> {
  const base = baseImageOf(source);
  const resolved = (label: string, identity = label) => ({
    fact: { name: `<base image of ${source.name}>`, text: identity },
    label,
  });
  switch (base.kind) {
    case 'none':
      return undefined;
    case 'unknown':
      return `The base image of ${source.name}: ${base.why}`;
    case 'platform': {
      const [publisher, offer, sku, version] = base.urn;
      const urn = (exact: string) => [publisher, offer, sku, exact].join(':');
      if (version !== 'latest') return resolved(urn(version));
      const found = await arm.find(`looking up the newest version of ${urn(version)}`, () =>
        arm.compute.virtualMachineImages.list(base.location, publisher, offer, sku, {
          top: 1,
          orderby: 'name desc',
        }),
      );
      const newest = found?.at(0)?.name;
      return newest === undefined
        ? `The base image ${urn(version)} has no version in ${base.location}`
        : resolved(urn(newest));
    }
    case 'managed': {
      const image = await arm.find(`reading base image '${base.name}'`, () =>
        arm.compute.images.get(base.resourceGroup, base.name),
      );
      if (image === undefined)
        return `The base image '${base.name}' does not exist in '${base.resourceGroup}'`;
      // An image of the same name may be another one: its disk and the machine it was made from are not.
      const identity = { machine: image.sourceVirtualMachine?.id, disk: image.storageProfile?.osDisk };
      return resolved(image.id ?? base.name, JSON.stringify(identity).toLowerCase());
    }
    case 'gallery':
      return resolveVersion(base, arm, resolved);
  }
}

async function resolveVersion(
  base: BaseImage & { readonly kind: 'gallery' },
  arm: ArmClient,
  resolved: (label: string) => ResolvedBaseImage,
): Promise<ResolvedBaseImage | string> {
  const { resourceGroup, gallery, definition, version } = base;
  const name = `${gallery}/${definition}`;
  if (version !== 'latest') return resolved(`${resourceGroup}/${name}/${version}`);
  const isOwn = [undefined, arm.subscriptionId.toLowerCase()].includes(base.subscriptionId?.toLowerCase());
  if (!isOwn)
    return `The newest version of base image ${name} lies in another subscription (${base.subscriptionId ?? ''})`;
  const versions = await arm.find(`looking up the newest version of ${name}`, () =>
    all(arm.compute.galleryImageVersions.listByGalleryImage(resourceGroup, gallery, definition)),
  );
  const newest = (versions ?? [])
    .filter(
      each => each.publishingProfile?.excludeFromLatest !== true && each.provisioningState === 'Succeeded',
    )
    .map(each => each.name ?? '')
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  return newest === undefined
    ? `The base image ${name} has no version`
    : resolved(`${resourceGroup}/${name}/${newest}`);
}
