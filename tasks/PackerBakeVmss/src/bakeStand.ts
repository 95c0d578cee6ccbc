/** How a bake stands while it goes on: what the release report says of it whenever the step ends. */
import { relative } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { formatImageReference, imageName, type ImageReference } from '../../../shared/core/imageReference.js';
import type { BakeDigest } from './digest/bakeDigest.js';
import type { Phase } from './log/packerPhases.js';

/** Filled in as it comes. */
export interface BakeStand {
  /** Packer's version. */
  packer: string;
  digest: Pick<BakeDigest, 'digest' | 'baseImages'> | undefined;
  reused: boolean;
  image: ImageReference | undefined;
  phases: readonly Phase[];
}

/**
 * Begins to tell a bake.
 * @param templatePath undefined for the built-in template
 */
export function openBakeStand(templatePath: string | undefined, agent: Agent): BakeStand {
  const stand: BakeStand = { packer: '', digest: undefined, reused: false, image: undefined, phases: [] };
  const template =
    templatePath === undefined ? 'built-in template' : relative(agent.workingDirectory, templatePath);
  agent.report(offset => ({
    task: 'PackerBakeVmss',
    body: {
      image:
        stand.image === undefined
          ? null
          : {
              kind: stand.image.kind,
              id: formatImageReference(stand.image),
              name: imageName(stand.image),
            },
      reused: stand.reused,
      digest: stand.digest?.digest ?? null,
      template,
      base: stand.digest?.baseImages.join(', ') || null,
      packer: stand.packer,
      phases: stand.phases.map(({ build, title, startedAt, endedAt }) => ({
        build,
        title: title.replaceAll(`${agent.workingDirectory}/`, ''),
        startedAt: offset(startedAt),
        milliseconds: endedAt - startedAt,
      })),
    },
  }));
  return stand;
}
