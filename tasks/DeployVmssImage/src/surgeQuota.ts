/** Whether the subscription has room for the instances that a surge makes beside the old ones. */
import type { Azure } from '../../../shared/azure/azure.js';
import type { Quota, SizeFacts } from '../../../shared/azure/quotas.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { AzureError } from '../../../shared/core/errors.js';
import { platformBatch, platformPolicy } from './platformRoll.js';
import type { Findings } from './preflight.js';
import type { RolloutSettings } from './settings.js';

/** Asks for the limits where the rollout makes more instances than there are. */
export async function quotaFindings(
  scaleSet: ScaleSet,
  rollout: RolloutSettings,
  azure: Azure,
): Promise<Findings> {
  const surge = surgeOf(scaleSet, rollout);
  if (surge === 0) return { problems: [], cautions: [] };
  const { location, vmSize } = scaleSet;
  try {
    const quotas = await azure.quotas.list(location);
    const size = vmSize === undefined ? undefined : await azure.quotas.size(location, vmSize);
    return { problems: shortages(surge, quotas, size, scaleSet), cautions: [] };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    return {
      problems: [],
      cautions: [
        `Whether the subscription's limits leave room for a surge of ${surge} is not known: ${error.message} Azure moves instances in place where there is none.`,
      ],
    };
  }
}

function surgeOf(scaleSet: ScaleSet, rollout: RolloutSettings): number {
  if (rollout.strategy !== 'platformRolling' || !rollout.maxSurge || scaleSet.capacity === 0) return 0;
  return platformBatch(platformPolicy(rollout, scaleSet.capacity), scaleSet.capacity);
}

/** The limits that leave no room for so many more machines. Pure. */
export function shortages(
  surge: number,
  quotas: readonly Quota[],
  size: SizeFacts | undefined,
  { location, vmSize }: Pick<ScaleSet, 'location' | 'vmSize'>,
): string[] {
  const needs = new Map([['virtualmachines', surge]]);
  if (size !== undefined) {
    needs.set('cores', surge * size.cores);
    needs.set(size.family.toLowerCase(), surge * size.cores);
  }
  return quotas.flatMap(({ name, used, limit }) => {
    const need = needs.get(name.toLowerCase());
    if (need === undefined || used + need <= limit) return [];
    return [
      `A surge of ${surge} (${vmSize ?? 'size unknown'}) needs ${need} more of '${name}' in ${location}, where ${used} of ${limit} are used. Have the limit raised, take a smaller 'batchSize', or leave 'maxSurge' off.`,
    ];
  });
}
