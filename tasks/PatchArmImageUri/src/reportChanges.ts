/** What the release report says of a patch. */
import type { Agent } from '../../../shared/agent/agent.js';
import { formatImageReference, type ImageReference } from '../../../shared/core/imageReference.js';
import type { Change } from './patchText.js';

/**
 * Tells the image, and what changed in which file, secrets masked.
 * @param files none as long as nothing has changed
 */
export function reportChanges(
  image: ImageReference | undefined,
  dryRun: boolean,
  files: readonly { readonly path: string; readonly changes: readonly Change[] }[],
  agent: Agent,
): void {
  agent.report(() => ({
    task: 'PatchArmImageUri',
    body: {
      image: image === undefined ? null : formatImageReference(image),
      dryRun,
      files: files.map(({ path, changes }) => ({ path, changes: [...changes] })),
      omitted: 0,
    },
  }));
}
