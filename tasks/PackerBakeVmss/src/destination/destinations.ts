/** Where a template's builds put their images, as far as that is known before anything is built. Pure. */
import type { TemplateBlock, TemplateBody, TemplateModel, TemplateValue } from '../template/templateModel.js';

/** What an image needs of a gallery's definition. */
export interface ImageShape {
  /** `Linux` or `Windows`. */
  readonly osType: string | undefined;
  readonly osState: 'Generalized' | 'Specialized';
  /** Set where the build machine is one of trusted launch or confidential. */
  readonly securityType: string | undefined;
}

/** A place that one build puts an image; a part that is known while building only is undefined. */
export type Destination = {
  /** Packer's name of the build. */
  readonly build: string;
  readonly location: string | undefined;
} & (
  | { readonly kind: 'managed'; readonly group: string | undefined; readonly name: string | undefined }
  | {
      readonly kind: 'gallery';
      /** The connection's own unless named. */
      readonly subscriptionId: string | undefined;
      readonly group: string | undefined;
      readonly gallery: string | undefined;
      readonly definition: string | undefined;
      readonly version: string | undefined;
      /** Undefined where they cannot be told; empty where only the build's own region is meant. */
      readonly regions: readonly string[] | undefined;
      readonly shape: ImageShape;
      /** Whether the version is made so that `latest` passes over it. */
      readonly excludedFromLatest: boolean;
      /** `V2` where the base image's SKU or the security type says so; undefined where nothing does. */
      readonly generation: 'V2' | undefined;
    }
  | {
      readonly kind: 'vhd';
      readonly group: string | undefined;
      readonly storageAccount: string | undefined;
      readonly osType: string | undefined;
    }
);

/** What is known of a template's output. */
export interface Destinations {
  readonly all: readonly Destination[];
  /** Groups that must be there before the build, with what names them. */
  readonly groups: readonly { readonly name: string; readonly option: string }[];
  /** Options whose values are known while building only, as `azure-arm.web: managed_image_name`. */
  readonly unknown: readonly string[];
}

/** Reads the destinations off a template. Only azure-arm builds into the groups of a subscription in these ways. */
export function destinationsOf(model: TemplateModel): Destinations {
  const unknown: string[] = [];
  const groups: { name: string; option: string }[] = [];
  const all: Destination[] = [];
  for (const source of model.sources) {
    if (source.type !== 'azure-arm') continue;
    const read = reader(source, unknown);
    const group = (option: string) => {
      const name = read(option);
      if (name !== undefined) groups.push({ name, option });
      return name;
    };
    group('build_resource_group_name');
    const location = read('location');
    const common = { build: source.name, location };
    if (has(source, 'managed_image_name')) {
      const name = read('managed_image_name');
      all.push({ kind: 'managed', ...common, group: group('managed_image_resource_group_name'), name });
    }
    for (const target of source.blocks.get('shared_image_gallery_destination') ?? [])
      all.push({ ...galleryOf(source, target, unknown), ...common });
    if (has(source, 'storage_account')) {
      const storageAccount = read('storage_account');
      all.push({
        kind: 'vhd',
        ...common,
        group: group('resource_group_name'),
        storageAccount,
        osType: read('os_type'),
      });
    }
  }
  return { all, groups, unknown };
}

function galleryOf(source: TemplateBlock, target: TemplateBody, unknown: string[]) {
  const read = reader(target, unknown, `${source.name}: shared_image_gallery_destination`);
  const own = reader(source, []);
  const security =
    own('security_type') ?? (isTrue(source, 'secure_boot_enabled') ? 'TrustedLaunch' : undefined);
  return {
    kind: 'gallery' as const,
    subscriptionId: read('subscription'),
    group: read('resource_group'),
    gallery: read('gallery_name'),
    definition: read('image_name'),
    version: read('image_version'),
    regions: regionsOf(target, unknown, source.name),
    excludedFromLatest: isTrue(source, 'shared_gallery_image_version_exclude_from_latest'),
    // Machines of trusted launch and confidential ones are of generation 2, and publishers say it in their SKUs.
    generation: security !== undefined || /gen2$/i.test(own('image_sku') ?? '') ? ('V2' as const) : undefined,
    shape: {
      osType: own('os_type'),
      osState: isTrue(target, 'specialized') ? ('Specialized' as const) : ('Generalized' as const),
      securityType: security,
    },
  };
}

/** Either `replication_regions`, or one `target_region` block a region. */
function regionsOf(target: TemplateBody, unknown: string[], build: string): readonly string[] | undefined {
  const blocks = target.blocks.get('target_region') ?? [];
  const named = blocks.map(block => textOf(block.options.get('name')));
  const given = target.options.get('replication_regions');
  const listed = given?.known === true && Array.isArray(given.value) ? (given.value as unknown[]) : [];
  if ((given !== undefined && !given.known) || named.includes(undefined)) {
    unknown.push(`${build}: replication regions`);
    return undefined;
  }
  return [...named, ...listed].filter(region => typeof region === 'string' && region !== '') as string[];
}

/** Reads texts; notes what is not known. */
function reader(
  body: TemplateBody,
  unknown: string[],
  where?: string,
): (option: string) => string | undefined {
  const prefix = where ?? ('name' in body ? String(body.name) : '');
  return option => {
    const value = body.options.get(option);
    const text = textOf(value);
    if (value !== undefined && !value.known) unknown.push(`${prefix}: ${option}`);
    return text;
  };
}

function textOf(value: TemplateValue | undefined): string | undefined {
  return value?.known === true && typeof value.value === 'string' && value.value !== ''
    ? value.value
    : undefined;
}

function isTrue(body: TemplateBody, option: string): boolean {
  const value = body.options.get(option);
  return value?.known === true && (value.value === true || value.value === 'true');
}

/** Present and not set to an empty text, which means the same as absent. */
function has(body: TemplateBody, option: string): boolean {
  const value = body.options.get(option);
  return value !== undefined && (!value.known || (value.value !== '' && value.value !== null));
}
