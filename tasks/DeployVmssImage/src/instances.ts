/** How Azure's words about an instance become the plan's, and people's. Pure. */
import type { ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import type { PlanInstance } from './rolloutPlan.js';
import type { RolloutSettings } from './settings.js';

/** Whether health is taken from Azure's signal, or from what is provisioned and running. */
export type HealthSource = 'signal' | 'running';

/** What tells an instance's health here. */
export function healthSourceOf(scaleSet: ScaleSet, settings: RolloutSettings): HealthSource {
  return settings.healthCheck !== 'none' && scaleSet.healthSignal !== undefined ? 'signal' : 'running';
}

/** The instances that an upgrade can reach, and those that it cannot. */
export function reachable(instances: readonly ScaleSetInstance[]): {
  readonly taking: readonly ScaleSetInstance[];
  readonly isProtected: readonly ScaleSetInstance[];
} {
  const present = instances.filter(({ provisioningState }) => !/^deleting$/i.test(provisioningState));
  return {
    taking: present.filter(({ isProtected }) => !isProtected),
    isProtected: present.filter(({ isProtected }) => isProtected),
  };
}

/** The plan's view of an instance. One whose provisioning failed has to be upgraded anew, whatever model it has. */
export function planInstance(instance: ScaleSetInstance, source: HealthSource): PlanInstance {
  return {
    id: instance.id,
    current: instance.latestModelApplied && !/^failed$/i.test(instance.provisioningState),
    inService: isInService(instance, source),
  };
}

/** Provisioned, running and, where Azure tells it, healthy. */
export function isInService(instance: ScaleSetInstance, source: HealthSource): boolean {
  const provisioned = /^succeeded$/i.test(instance.provisioningState);
  const running = instance.powerState === undefined || instance.powerState === 'running';
  return provisioned && running && (source === 'running' || instance.health === 'healthy');
}

/** `new model, Updating, stopped, unhealthy: message`, for lines and tables. */
export function describeInstance(instance: ScaleSetInstance): string {
  const facts = [
    instance.latestModelApplied ? 'new model' : 'old model',
    instance.provisioningState === '' ? 'state unknown' : instance.provisioningState,
    ...(instance.powerState === undefined ? [] : [instance.powerState]),
    ...(instance.health === undefined ? [] : [instance.health]),
  ].join(', ');
  return instance.message === undefined ? facts : `${facts}: ${instance.message}`;
}

/** Ids in Azure's order, numbers by their size. */
export function inOrder(ids: readonly string[]): string[] {
  return [...ids].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

const mostShown = 30;

/** Ids for a line: `0-4, 7`, names one by one; of very many the first ones and how many more. */
export function idsText(ids: readonly string[]): string {
  const ranges: { from: string; to: string }[] = [];
  for (const id of inOrder(ids)) {
    const last = ranges.at(-1);
    const follows = last !== undefined && /^\d+$/.test(id) && Number(id) === Number(last.to) + 1;
    if (follows) last.to = id;
    else ranges.push({ from: id, to: id });
  }
  const shown = ranges.slice(0, mostShown);
  const text = shown
    .map(({ from, to }) =>
      from === to ? from : `${from}${Number(to) - Number(from) === 1 ? ', ' : '-'}${to}`,
    )
    .join(', ');
  const left = ranges.length - shown.length;
  return left === 0 ? text : `${text} and ${left} more`;
}
