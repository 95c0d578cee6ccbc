/** The image that is to be written: given as text, or read from what Packer left. */
import { readFileSync } from 'node:fs';
import { UserError } from '../../../shared/core/errors.js';
import {
  parseImageReference,
  type ImageKind,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { chooseImage, type BakedImage } from '../../../shared/core/packerArtifact.js';
import { imagesInLog, imagesInManifest } from '../../../shared/core/packerOutput.js';
import { unreadable } from './textFile.js';

/** The inputs that an image can come from; at most one is given. */
export interface ImageSource {
  readonly imageReference: string | undefined;
  readonly packerLog: string | undefined;
  readonly packerManifest: string | undefined;
}

/**
 * Reads the image; undefined when none is given.
 * @param kinds what the place of the image takes, the best first, where that is known
 * @throws UserError when what is given names no image, or several
 */
export function readImage(
  source: ImageSource,
  kinds: readonly ImageKind[] | undefined,
): ImageReference | undefined {
  const { imageReference, packerLog, packerManifest } = source;
  if (imageReference !== undefined) return parseImageReference(imageReference, "Input 'imageReference'");
  if (packerLog !== undefined) return choose(imagesInLog(read(packerLog, 'packerLog')), packerLog, kinds);
  if (packerManifest === undefined) return undefined;
  return choose(
    imagesInManifest(read(packerManifest, 'packerManifest'), packerManifest),
    packerManifest,
    kinds,
  );
}

/** Where no image fits the place, any image is taken: the check of the place says more than "none found". */
function choose(
  images: readonly BakedImage[],
  where: string,
  kinds: readonly ImageKind[] | undefined,
): ImageReference {
  const fitting = kinds !== undefined && images.some(image => kinds.includes(image.reference.kind));
  return chooseImage(images, where, fitting ? { kinds } : {}).reference;
}

function read(path: string, input: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`Input '${input}': ${path} ${unreadable(error)}.`, { cause: error });
  }
}
