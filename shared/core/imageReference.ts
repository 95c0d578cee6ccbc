/** The one way this project speaks of a VM image: a typed reference and its text form. */
import { UserError } from './errors.js';

/** An image that a scale set can be made from. */
export type ImageReference =
  /** A VHD blob, `https://….vhd`. Unmanaged disks were retired on Azure on 31 March 2026. */
  | { readonly kind: 'vhd'; readonly uri: string }
  /** A managed image, `…/Microsoft.Compute/images/NAME`. */
  | { readonly kind: 'managed'; readonly id: string }
  /** A version of a gallery image, `…/galleries/G/images/D/versions/V`. */
  | { readonly kind: 'gallery'; readonly id: string };

/** The kinds of {@link ImageReference}. */
export type ImageKind = ImageReference['kind'];

const provider = String.raw`/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.Compute`;
const managed = new RegExp(String.raw`^${provider}/images/[^/\s]+$`, 'i');
const gallery = new RegExp(
  String.raw`^${provider}/galleries/[^/\s]+/images/[^/\s]+(/versions/[^/\s]+)?$`,
  'i',
);
const vhd = /^https:\/\/[^\s/?#]+\/[^\s?#]+\.vhd$/i;

/** Reads the text form of an image reference; undefined when it has none of the three shapes. */
export function tryParseImageReference(text: string): ImageReference | undefined {
  const trimmed = text.trim();
  if (vhd.test(trimmed)) return { kind: 'vhd', uri: trimmed };
  if (managed.test(trimmed)) return { kind: 'managed', id: trimmed };
  if (gallery.test(trimmed)) return { kind: 'gallery', id: trimmed };
  return undefined;
}

/**
 * Reads the text form of an image reference.
 * @param text a VHD URI or an ARM resource id
 * @param where what gave the text, as in "Input 'imageReference'"
 * @throws UserError when it has none of the three shapes
 */
export function parseImageReference(text: string, where: string): ImageReference {
  const reference = tryParseImageReference(text);
  if (reference !== undefined) return reference;
  throw new UserError(
    `${where} is no image: '${text}'. Give a VHD URI (https://….vhd), the id of a managed image ` +
      `(/subscriptions/…/providers/Microsoft.Compute/images/NAME) or the id of a gallery image version (…/galleries/G/images/D/versions/V).`,
  );
}

/** The text form: the URI of a VHD, the ARM id of the others. */
export function formatImageReference(reference: ImageReference): string {
  return reference.kind === 'vhd' ? reference.uri : reference.id;
}

/** The image's own name: of a VHD its file, of a managed image its name, of a gallery version `G/D/V`. */
export function imageName(reference: ImageReference): string {
  const parts = formatImageReference(reference).split('/');
  const last = parts.at(-1) ?? '';
  if (reference.kind !== 'gallery') return last;
  return [parts[8], parts[10], parts[12]].filter(part => part !== undefined).join('/');
}

/** Whether two references name the same image; ARM ids are compared without regard to case. */
export function sameImage(a: ImageReference, b: ImageReference): boolean {
  return a.kind === b.kind && formatImageReference(a).toLowerCase() === formatImageReference(b).toLowerCase();
}

/** The kind in words, for messages. */
export function describeKind(kind: ImageKind): string {
  return { vhd: 'a VHD URI', managed: 'a managed image', gallery: 'a gallery image version' }[kind];
}
