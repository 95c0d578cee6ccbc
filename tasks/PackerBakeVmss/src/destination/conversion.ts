/** What a VHD is to become once it is baked: a managed image, or a version of a gallery's image. Pure. */
import type { DefinitionName } from '../../../../shared/azure/imageStores.js';
import { UserError, describe } from '../../../../shared/core/errors.js';
import type { Destination, Destinations } from './destinations.js';
import { isGalleryVersion } from './galleryVersion.js';

/** The inputs about it. */
export interface ConversionWish {
  readonly convertVhd: 'no' | 'managed' | 'gallery';
  /** `group/name`, or `group/gallery/definition[/version]`. */
  readonly convertVhdTarget: string | undefined;
}

/** What is to be made, and where. */
export type Conversion =
  | { readonly to: 'managed'; readonly group: string; readonly name: string }
  | {
      readonly to: 'gallery';
      readonly name: DefinitionName;
      /** Undefined for the next one. */
      readonly version: string | undefined;
    };

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
  const form =
    to === 'managed'
      ? 'RESOURCE-GROUP/IMAGE-NAME'
      : 'RESOURCE-GROUP/GALLERY/DEFINITION, with /VERSION (as 1.0.7, or auto) where it is not the next one';
  throw new UserError(
    target === undefined
      ? `With convertVhd: ${to}, 'convertVhdTarget' is required: ${form}.`
      : `With convertVhd: ${to}, 'convertVhdTarget' must be ${form}; it is '${target}'.`,
  );
}

/** What is wrong with these inputs, a sentence each. */
export function conversionProblems(input: ConversionWish): string[] {
  if (input.convertVhd === 'no') return [];
  try {
    readConversion(input.convertVhd, input.convertVhdTarget);
    return [];
  } catch (error) {
    return [describe(error)];
  }
}

/** The destinations with what becomes of a VHD; a build that makes another image besides is told by that one. */
export function withConversion(destinations: Destinations, wish: ConversionWish): Destinations {
  if (wish.convertVhd === 'no') return destinations;
  const conversion = readConversion(wish.convertVhd, wish.convertVhdTarget);
  const hasImage = new Set(destinations.all.filter(({ kind }) => kind !== 'vhd').map(({ build }) => build));
  const made = destinations.all.flatMap(vhd =>
    vhd.kind === 'vhd' && !hasImage.has(vhd.build) ? [converted(vhd, conversion)] : [],
  );
  if (made.length === 0) return destinations;
  const group = conversion.to === 'managed' ? conversion.group : conversion.name.group;
  return {
    all: [...destinations.all, ...made],
    groups: [...destinations.groups, { name: group, option: 'convertVhdTarget' }],
    unknown: destinations.unknown,
  };
}

function converted(
  { build, location, osType }: Destination & { readonly kind: 'vhd' },
  conversion: Conversion,
): Destination {
  const common = { build, location };
  if (conversion.to === 'managed')
    return { kind: 'managed', ...common, group: conversion.group, name: conversion.name };
  return {
    kind: 'gallery',
    ...common,
    ...conversion.name,
    subscriptionId: undefined,
    version: conversion.version,
    regions: location === undefined ? undefined : [location],
    generation: undefined,
    excludedFromLatest: false,
    shape: { osType, osState: 'Generalized', securityType: undefined },
  };
}
