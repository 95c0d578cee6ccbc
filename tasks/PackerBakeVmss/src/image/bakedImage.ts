/** The image that a finished run made: from Packer's own output, else from its manifest, else from its log. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { formatImageReference } from '../../../../shared/core/imageReference.js';
import { chooseImage, type BakedImage } from '../../../../shared/core/packerArtifact.js';
import { imagesInLog, imagesInManifest } from '../../../../shared/core/packerOutput.js';
import type { PackerSession, PackerResult } from '../packer/packer.js';
import type { PackerTemplate } from '../template/packerTemplate.js';

/** A finished build to find the image of. */
export interface FinishedBuild {
  readonly result: PackerResult;
  readonly session: PackerSession;
  readonly template: PackerTemplate;
  /** When the build began, in milliseconds since the epoch: an older manifest is of another run. */
  readonly startedAt: number;
}

/**
 * Finds the image and says where it was read.
 * @throws UserError when there is none, or when several could be meant
 */
export function findBakedImage(
  build: FinishedBuild,
  buildName: string | undefined,
  agent: Agent,
): BakedImage {
  const { images, source } = readImages(build);
  const image = chooseImage(images, source, { buildName });
  agent.info(`Image, from ${source}: ${formatImageReference(image.reference)}`);
  const others = images.filter(
    other => other.build === image.build && other.reference.kind !== image.reference.kind,
  );
  for (const other of others) agent.info(`The same build also made ${formatImageReference(other.reference)}`);
  return image;
}

function readImages({ result, session, template, startedAt }: FinishedBuild): {
  images: readonly BakedImage[];
  source: string;
} {
  const own = "Packer's machine-readable output";
  if (result.run.images.length > 0) return { images: result.run.images, source: own };
  for (const name of [...template.manifests, 'packer-manifest.json']) {
    const path = resolve(session.workingDirectory, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    // File systems keep times with less precision than the clock.
    if (entry?.isFile() !== true || entry.mtimeMs < startedAt - 2000) continue;
    const images = imagesInManifest(readFileSync(path, 'utf8'), path);
    if (images.length > 0) return { images, source: `Packer's manifest ${path}` };
  }
  const images = imagesInLog(readFileSync(session.logFile, 'utf8'));
  return images.length > 0 ? { images, source: "Packer's log" } : { images, source: own };
}
