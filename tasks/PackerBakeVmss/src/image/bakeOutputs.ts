/** Tells the later steps which image there is. */
import type { Agent } from '../../../../shared/agent/agent.js';
import { describeKind, formatImageReference, imageName } from '../../../../shared/core/imageReference.js';
import type { BakedImage } from '../../../../shared/core/packerArtifact.js';

/** Sets the output variables that name the image. */
export function tellImage({ reference, location }: BakedImage, agent: Agent): void {
  agent.output('imageReference', formatImageReference(reference));
  agent.output('imageKind', reference.kind);
  agent.output('imageName', imageName(reference));
  agent.output('imageLocation', location ?? '');
  if (reference.kind === 'vhd') {
    agent.warning(
      'The image is a VHD. Azure retired unmanaged disks on 31 March 2026, and with them scale sets made from a VHD. Set convertVhd: managed, or let the template make a ' +
        'managed image (managed_image_name and managed_image_resource_group_name in place of storage_account and capture_…) or a gallery image version.',
    );
  }
}

/** The image in words and by its id, for the task's last sentence. */
export function nameImage({ reference }: BakedImage): { kind: string; id: string } {
  const kind = reference.kind === 'vhd' ? 'a VHD' : describeKind(reference.kind);
  return { kind, id: formatImageReference(reference) };
}
