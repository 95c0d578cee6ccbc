/** What a rollout is going to do, in numbers and in words. Pure. */
import type {
  ModelImage,
  RollingUpgradePolicy,
  ScaleSet,
  ScaleSetInstance,
} from '../../../shared/azure/scaleSets.js';
import { formatModelImage } from '../../../shared/azure/scaleSets.js';
import { amountOf } from '../../../shared/core/amount.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { healthSourceOf, inOrder, reachable } from './instances.js';
import { platformBatch, platformPolicy } from './platformRoll.js';
import type { RolloutPolicy } from './rolloutPlan.js';
import type { RolloutSettings } from './settings.js';

/** The settings in numbers for so many instances. */
export function policyFor(scaleSet: ScaleSet, count: number, settings: RolloutSettings): RolloutPolicy {
  const { strategy } = settings;
  const rolls = strategy === 'rolling';
  const batch = {
    rolling: Math.max(1, amountOf(settings.batchSize, count)),
    platformRolling: platformBatch(platformPolicy(settings, count), count),
    allAtOnce: Math.max(1, count),
    modelOnly: Math.max(1, count),
  }[strategy];
  return {
    drives: scaleSet.upgradeMode === 'Manual' && strategy !== 'platformRolling',
    batchSize: batch,
    canarySize: rolls ? amountOf(settings.canarySize, count) : 0,
    canarySoak: rolls ? settings.canarySoak : 0,
    pause: rolls ? settings.pause : 0,
    maxUnhealthy: amountOf(settings.maxUnhealthy, count),
    besideFailed: false,
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
  if (settings.strategy === 'platformRolling')
    lines.push(platformLine(platformPolicy(settings, taking.length), policy.batchSize));
  else if (!policy.drives)
    lines.push(
      `Azure moves the instances by that policy; 'strategy' and 'batchSize' do not apply. This step watches.`,
    );
  else if (old.length > 0) lines.push(strategyLine(policy));
  const source = healthSourceOf(scaleSet, settings);
  const signal =
    scaleSet.healthSignal?.kind === 'extension' ? 'the health extension' : 'the load balancer probe';
  const conditions = [
    'on the new model',
    'provisioned',
    'running',
    ...(source === 'signal' ? [`healthy by ${signal}`] : []),
    ...(settings.healthCommand.length > 0 ? [`passed by 'healthCommand'`] : []),
  ];
  lines.push(`In service means: ${listOf(conditions)}, within ${formatDuration(policy.instanceTimeout)}.`);
  return lines;
}

function platformLine(policy: RollingUpgradePolicy, batchSize: number): string {
  const how = policy.maxSurge ? 'made anew beside the old ones' : 'out of service';
  const pause = policy.pauseSeconds > 0 ? `, ${policy.pauseSeconds} s between batches` : '';
  return `Azure's own rolling upgrade: ${plural(batchSize, 'instance')} at a time ${how} (${policy.batchPercent} %)${pause}; it stops when more than ${policy.unhealthyPercent} % of all, or ${policy.unhealthyUpgradedPercent} % of the upgraded ones, are unhealthy.`;
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
