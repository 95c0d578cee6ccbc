/** The Azure images that a Packer run made, and the choice of the one that is meant. */
import { UserError } from './errors.js';
import {
  describeKind,
  formatImageReference,
  sameImage,
  tryParseImageReference,
  type ImageKind,
  type ImageReference,
} from './imageReference.js';
import { listOf } from './text.js';

/** One image that one build of a Packer run made. */
export interface BakedImage {
  /** Packer's name of the build, such as `azure-arm` or `azure-arm.web`. */
  readonly build: string;
  readonly reference: ImageReference;
  /** The Azure region that the image lies in, as Packer wrote it. */
  readonly location: string | undefined;
}

/**
 * The images in an artifact's own text, as Packer's Azure builders print it (packer-plugin-azure, `artifact.go`).
 * One artifact may hold a managed image, a gallery version and a VHD at once; another builder's artifact holds none.
 */
export function imagesOfArtifact(build: string, text: string): BakedImage[] {
  const [title = '', ...lines] = text.split(/\r?\n/);
  if (title.startsWith('Azure resources created:')) return imagesOfIds(build, lines);
  if (!title.startsWith('Azure.ResourceManagement.VMImage:')) return [];
  const fields = new Map<string, string>();
  for (const line of lines) {
    const field = /^([A-Za-z]+): (.*)$/.exec(line);
    if (field !== null) fields.set(field[1] ?? '', (field[2] ?? '').trim());
  }
  const managedLocation = fields.get('ManagedImageLocation');
  const replicas = fields.get('SharedImageGalleryReplicatedRegions')?.split(',')[0]?.trim();
  return [
    // `OSDiskUri` holds a disk's id instead of a VHD where the template keeps the OS disk: that is no image and falls out.
    ...imageOf(
      build,
      fields.get('VHDOSDiskUri') ?? fields.get('OSDiskUri'),
      fields.get('StorageAccountLocation'),
    ),
    ...imageOf(build, fields.get('ManagedImageId'), managedLocation),
    ...imageOf(
      build,
      fields.get('ManagedImageSharedImageGalleryId'),
      managedLocation ?? (replicas || undefined),
    ),
  ];
}

/** The images in an artifact's id: one ARM id or URI, or several with commas between. */
export function imagesOfArtifactId(build: string, id: string): BakedImage[] {
  return imagesOfIds(build, id.split(','));
}

function imagesOfIds(build: string, ids: readonly string[]): BakedImage[] {
  return ids.flatMap(id => imageOf(build, id, undefined));
}

function imageOf(build: string, text: string | undefined, location: string | undefined): BakedImage[] {
  const reference = text === undefined ? undefined : tryParseImageReference(text);
  return reference === undefined ? [] : [{ build, reference, location }];
}

/** What is wanted of a run that made several images. */
export interface ImageChoice {
  /** Packer's name of the build whose image is meant; its part after the last dot is enough. */
  readonly buildName?: string | undefined;
  /** The kinds that can be used, the best first; all of them unless given. */
  readonly kinds?: readonly ImageKind[] | undefined;
}

/**
 * Of the kinds that one build makes from one disk, what a scale set is best made from: a gallery version is replicated and
 * versioned, and a VHD cannot be used for a new scale set any more.
 */
const preferredKinds: readonly ImageKind[] = ['gallery', 'managed', 'vhd'];

/**
 * The one image that is meant.
 * @param source where the images were read, as in "Packer's output"
 * @throws UserError when there is none, or when several could be meant
 */
export function chooseImage(
  images: readonly BakedImage[],
  source: string,
  choice: ImageChoice = {},
): BakedImage {
  const kinds = choice.kinds ?? preferredKinds;
  const known = withoutRepeats(images);
  if (known.length === 0) {
    throw new UserError(
      `${source} names no Azure image. The template must have an azure-arm, azure-chroot or azure-dtl builder that makes a managed image, ` +
        'a gallery image version or a VHD, and the build must have come to its end.',
    );
  }
  const ofBuild =
    choice.buildName === undefined
      ? known
      : known.filter(image => isBuild(image.build, choice.buildName ?? ''));
  if (ofBuild.length === 0) {
    const message = `${source} names no image of a build '${choice.buildName ?? ''}'. It names:`;
    throw new UserError(`${message}\n${listing(known)}`);
  }
  const usable = ofBuild.filter(image => kinds.includes(image.reference.kind));
  if (usable.length === 0) {
    const wanted = listOf(kinds.map(describeKind), 'or');
    throw new UserError(`${source} names no image that is ${wanted}. It names:\n${listing(ofBuild)}`);
  }
  const best = kinds.find(kind => usable.some(image => image.reference.kind === kind));
  const builds = new Set(usable.map(image => image.build));
  const candidates = builds.size > 1 ? usable : usable.filter(image => image.reference.kind === best);
  const [image] = candidates;
  if (image === undefined || candidates.length > 1) {
    const advice =
      builds.size > 1
        ? "say which build's image is meant ('buildName' in PackerBakeVmss, or bake with 'only')"
        : 'let the build make one image';
    throw new UserError(`${source} names several images; ${advice}:\n${listing(candidates)}`);
  }
  return image;
}

function isBuild(build: string, wanted: string): boolean {
  return build === wanted || build.endsWith(`.${wanted}`);
}

/** A post-processor that passes an artifact on makes Packer list it again. */
function withoutRepeats(images: readonly BakedImage[]): BakedImage[] {
  return images.filter(
    (image, index) =>
      images.findIndex(
        other => other.build === image.build && sameImage(other.reference, image.reference),
      ) === index,
  );
}

function listing(images: readonly BakedImage[]): string {
  return images.map(({ build, reference }) => `  - ${build}: ${formatImageReference(reference)}`).join('\n');
}
