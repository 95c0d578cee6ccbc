/** What a rollout is going to do, in numbers and in words. Pure. */
import type { ModelImage, ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { formatModelImage } from '../../../shared/azure/scaleSets.js';
import { amountOf } from '../../../shared/core/amount.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { plural } from '../../../shared/core/text.js';
import { healthSourceOf, inOrder, reachable } from './instances.js';
import type { RolloutPolicy } from './rolloutPlan.js';
import type { RolloutSettings } from './settings.js';

/** The settings in numbers for so many instances. */
export function policyFor(scaleSet: ScaleSet, count: number, settings: RolloutSettings): RolloutPolicy {
  const rolls = settings.strategy === 'rolling';
  return {
    drives: scaleSet.upgradeMode === 'Manual',
    batchSize: rolls ? Math.max(1, amountOf(settings.batchSize, count)) : Math.max(1, count),
    canarySize: rolls ? amountOf(settings.canarySize, count) : 0,
    canarySoak: rolls ? settings.canarySoak : 0,
    pause: rolls ? settings.pause : 0,
    maxUnhealthy: amountOf(settings.maxUnhealthy, count),
    instanceTimeout: settings.instanceTimeout,
  };
}

/** The plan in sentences. */
export function describePlan(
  scaleSet: ScaleSet,
  instances: readonly ScaleSetInstance[],
  settings: RolloutSettings,
  newImage?: ModelImage,
): string[] {
  const { taking, isProtected } = reachable(instances);
  const old =
    newImage === undefined ? taking.filter(({ latestModelApplied }) => !latestModelApplied) : taking;
  const policy = policyFor(scaleSet, taking.length, settings);
  const lines = [
    `Scale set '${scaleSet.name}' (${scaleSet.orchestrationMode}, upgrade policy ${scaleSet.upgradeMode}) has ${plural(instances.length, 'instance')}; ${old.length} of them on an older model.`,
  ];
  if (newImage !== undefined) lines.push(`Its image changes to ${formatModelImage(newImage)}.`);
  if (isProtected.length > 0) {
    const ids = inOrder(isProtected.map(({ id }) => id)).join(', ');
    lines.push(`Protected from scale set actions, left as they are: ${ids}.`);
  }
  if (settings.strategy === 'modelOnly')
    return [...lines, 'Instances stay as they are (strategy modelOnly).'];
  if (!policy.drives)
    lines.push(
      `Azure moves the instances by that policy; 'strategy' and 'batchSize' do not apply. This step watches.`,
    );
  else if (old.length > 0) lines.push(strategyLine(policy));
  const source = healthSourceOf(scaleSet, settings);
  const signal =
    scaleSet.healthSignal?.kind === 'extension' ? 'the health extension' : 'the load balancer probe';
  lines.push(
    `In service means: on the new model, provisioned, running${source === 'signal' ? ` and healthy by ${signal}` : ''}, within ${formatDuration(policy.instanceTimeout)}.`,
  );
  return lines;
}

function strategyLine(policy: RolloutPolicy): string {
  const parts = [`At most ${plural(policy.batchSize, 'instance')} out of service at once`];
  if (policy.canarySize > 0) {
    const soak = policy.canarySoak > 0 ? ` (watched for ${formatDuration(policy.canarySoak)})` : '';
    parts.push(`${plural(policy.canarySize, 'canary', 'canaries')} first${soak}`);
  }
  if (policy.pause > 0) parts.push(`${formatDuration(policy.pause)} between batches`);
  return `${parts.join(', ')}; at most ${policy.maxUnhealthy} may fail.`;
}
