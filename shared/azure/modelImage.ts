/** The image in a scale set's model, and what an instance was made of. Pure. */
import { formatImageReference, type ImageReference } from '../core/imageReference.js';

/** An image from the marketplace. */
export interface PlatformImage {
  readonly kind: 'platform';
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly version: string;
}

/** The image in a scale set's model: one of ours, or one from the marketplace. */
export type ModelImage =
  | ImageReference
  | PlatformImage
  /** An image shared to the subscription or a community gallery's. */
  | { readonly kind: 'shared'; readonly id: string; readonly community: boolean };

/** The text form of a model's image; of a marketplace image `publisher:offer:sku:version`. */
export function formatModelImage(image: ModelImage): string {
  if (image.kind === 'platform') return [image.publisher, image.offer, image.sku, image.version].join(':');
  return image.kind === 'shared' ? image.id : formatImageReference(image);
}

/** Whether two models name the same image; ids are compared without regard to case. */
export function isSameImage(a: ModelImage | undefined, b: ModelImage | undefined): boolean {
  const text = (image: ModelImage | undefined) =>
    image === undefined ? '' : formatModelImage(image).toLowerCase();
  return text(a) === text(b);
}
