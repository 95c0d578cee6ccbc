/** What uses images in a subscription: models and instances of scale sets, machines, and what a scale set may go back to. */
import { sameImage, tryParseImageReference, type ImageReference } from '../core/imageReference.js';
import { readRolloutRecord } from '../core/rolloutRecord.js';
import { all, type ArmClient } from './armClient.js';

/** One use of an image. */
export interface ImageUse {
  readonly image: ImageReference;
  /** Who uses it and how, as in "scale set 'web' (resource group 'site') in its model". */
  readonly by: string;
  /** `previous` is what a scale set's last rollout would go back to: a use for who removes, none for who overwrites. */
  readonly how: 'model' | 'instance' | 'machine' | 'previous';
}

interface Storage {
  readonly imageReference?: { readonly id?: string; readonly exactVersion?: string };
  readonly osDisk?: { readonly image?: { readonly uri?: string } };
}

/** How many scale sets are asked for their instances at the same time. */
const parallel = 6;

/**
 * Lists the uses of images in the whole subscription.
 * @throws AzureError where the connection may not list scale sets or machines
 */
export async function imageUses(arm: ArmClient): Promise<ImageUse[]> {
  const { compute } = arm;
  const sets = await arm.call('listing the scale sets of the subscription', () =>
    all(compute.virtualMachineScaleSets.listAll()),
  );
  const uses: ImageUse[] = [];
  const waiting = [...sets];
  const work = async () => {
    for (let set = waiting.pop(); set !== undefined; set = waiting.pop()) {
      const name = set.name ?? '';
      const group = groupOf(set.id ?? '');
      const who = `scale set '${name}' (resource group '${group}')`;
      uses.push(...of(set.virtualMachineProfile?.storageProfile, `${who} in its model`, 'model'));
      const previous = readRolloutRecord(set.tags ?? {})?.previous;
      const image = previous === undefined ? undefined : tryParseImageReference(previous);
      if (image !== undefined) uses.push({ image, by: `${who} as the image to go back to`, how: 'previous' });
      // Instances of flexible scale sets are machines, which are listed below.
      if (set.orchestrationMode === 'Flexible') continue;
      const instances = await arm.find(`listing the instances of '${name}'`, () =>
        all(compute.virtualMachineScaleSetVMs.list(group, name)),
      );
      for (const instance of instances ?? [])
        uses.push(
          ...of(instance.storageProfile, `${who} in instance ${instance.instanceId ?? ''}`, 'instance'),
        );
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const machines = await arm.call('listing the virtual machines of the subscription', () =>
    all(compute.virtualMachines.listAll()),
  );
  for (const { name = '', id = '', storageProfile } of machines)
    uses.push(
      ...of(storageProfile, `virtual machine '${name}' (resource group '${groupOf(id)}')`, 'machine'),
    );
  return uses;
}

/**
 * The uses of one image. A model that names a gallery's image without a version uses every version that may be its latest.
 * @param isLatest whether it is the latest version of its definition
 */
export function usesOf(image: ImageReference, uses: readonly ImageUse[], isLatest: boolean): ImageUse[] {
  const definition = image.kind === 'gallery' ? definitionOf(image.id) : undefined;
  return uses.filter(use => {
    if (sameImage(use.image, image)) return true;
    if (definition === undefined || use.image.kind !== 'gallery' || !isLatest) return false;
    return /\/versions\/(?!latest$)/i.test(use.image.id) ? false : definitionOf(use.image.id) === definition;
  });
}

/** The id of a gallery version's image definition, in lower case. */
export function definitionOf(id: string): string {
  return id.replace(/\/versions\/[^/]+$/i, '').toLowerCase();
}

function of(storage: Storage | undefined, by: string, how: ImageUse['how']): ImageUse[] {
  const { id, exactVersion } = storage?.imageReference ?? {};
  const uri = storage?.osDisk?.image?.uri;
  const text = uri ?? id;
  if (text === undefined) return [];
  const image = tryParseImageReference(text);
  if (image === undefined) return [];
  // An instance of "latest" runs the version that was the latest then.
  const exact =
    exactVersion === undefined || image.kind !== 'gallery' || /\/versions\/(?!latest$)/i.test(image.id)
      ? undefined
      : tryParseImageReference(`${image.id.replace(/\/versions\/latest$/i, '')}/versions/${exactVersion}`);
  return [{ image: exact ?? image, by, how }];
}

function groupOf(id: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? '';
}

/** The uses as one sentence part, the first ones by name. */
export function describeUses(uses: readonly ImageUse[]): string {
  const names = [...new Set(uses.map(use => use.by))].sort();
  const shown = names.slice(0, 10);
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
