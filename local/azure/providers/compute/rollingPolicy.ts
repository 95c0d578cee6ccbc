/** The decisions of a rolling upgrade: which instances next, and when it has to end. Pure. */
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';

export interface RollingPolicy {
  readonly maxBatchInstancePercent: number;
  readonly maxUnhealthyInstancePercent: number;
  readonly maxUnhealthyUpgradedInstancePercent: number;
  /** ISO 8601 */
  readonly pauseTimeBetweenBatches: string;
  readonly maxSurge: boolean;
  readonly prioritizeUnhealthyInstances: boolean;
  readonly rollbackFailedInstancesOnPolicyBreach: boolean;
}

/** An instance as a rolling upgrade sees it. */
export interface Member {
  readonly instanceId: string;
  readonly healthy: boolean;
  /** `pending` until its turn, `untouched` when it never gets one (it is protected). */
  readonly part: 'pending' | 'upgraded' | 'failed' | 'untouched';
}

export type Step =
  | { readonly kind: 'batch'; readonly instanceIds: readonly string[] }
  | { readonly kind: 'completed' }
  | { readonly kind: 'breach'; readonly error: ArmError };

/**
 * The policy with Azure's defaults.
 * @throws ArmError when a value is out of its range
 */
export function rollingPolicy(properties: Json): RollingPolicy {
  const given = object(at(properties, 'upgradePolicy', 'rollingUpgradePolicy'));
  const percent = (name: string, from: number) => {
    const value = Number(given[name] ?? 20);
    if (Number.isInteger(value) && value >= from && value <= 100) return value;
    throw invalidParameter(
      `rollingUpgradePolicy.${name}`,
      `The value ${JSON.stringify(given[name])} of parameter 'rollingUpgradePolicy.${name}' is out of range. The value must be between ${from} and 100 inclusive.`,
    );
  };
  const pauseTimeBetweenBatches = string(given['pauseTimeBetweenBatches']) ?? 'PT0S';
  if (pauseSeconds(pauseTimeBetweenBatches) === undefined) {
    throw invalidParameter(
      'rollingUpgradePolicy.pauseTimeBetweenBatches',
      `The value '${pauseTimeBetweenBatches}' of parameter 'rollingUpgradePolicy.pauseTimeBetweenBatches' is invalid: it must be an ISO 8601 duration such as PT30S.`,
    );
  }
  return {
    maxBatchInstancePercent: percent('maxBatchInstancePercent', 5),
    maxUnhealthyInstancePercent: percent('maxUnhealthyInstancePercent', 5),
    maxUnhealthyUpgradedInstancePercent: percent('maxUnhealthyUpgradedInstancePercent', 0),
    pauseTimeBetweenBatches,
    maxSurge: given['maxSurge'] === true,
    prioritizeUnhealthyInstances: given['prioritizeUnhealthyInstances'] === true,
    rollbackFailedInstancesOnPolicyBreach: given['rollbackFailedInstancesOnPolicyBreach'] === true,
  };
}

/** The policy as it is shown: the switches only when they are given. */
export function shownPolicy(properties: Json): Json {
  const { maxSurge, prioritizeUnhealthyInstances, rollbackFailedInstancesOnPolicyBreach, ...always } =
    rollingPolicy(properties);
  const switches = { maxSurge, prioritizeUnhealthyInstances, rollbackFailedInstancesOnPolicyBreach };
  const given = object(at(properties, 'upgradePolicy', 'rollingUpgradePolicy'));
  return {
    ...given,
    ...always,
    ...Object.fromEntries(Object.entries(switches).filter(([name]) => given[name] !== undefined)),
  };
}

/** Seconds of an ISO 8601 duration up to days; undefined when it is none. */
export function pauseSeconds(duration: string): number | undefined {
  const parts = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration);
  if (parts === null || duration === 'P') return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(part => Number(part || 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** How many instances may be out of service for the upgrade at a time; one at least. */
export function batchSize({ maxBatchInstancePercent }: RollingPolicy, total: number): number {
  return Math.max(1, Math.floor((total * maxBatchInstancePercent) / 100));
}

/**
 * What comes next. Instances that are unhealthy, and are not about to be upgraded, make the batch smaller, down to one.
 * @param members all instances of the set, in their order
 */
export function nextStep(policy: RollingPolicy, members: readonly Member[]): Step {
  const pending = members.filter(one => one.part === 'pending');
  const done = members.filter(one => one.part === 'upgraded' || one.part === 'failed');
  const upgradedBreach = breachOfUpgraded(policy, done);
  if (upgradedBreach !== undefined) return { kind: 'breach', error: upgradedBreach };
  if (pending.length === 0) return { kind: 'completed' };
  const breach = breachOfAll(policy, members, done.length === 0);
  if (breach !== undefined) return { kind: 'breach', error: breach };
  const inTurn = policy.prioritizeUnhealthyInstances
    ? [...pending.filter(one => !one.healthy), ...pending.filter(one => one.healthy)]
    : pending;
  const elsewhere = members.filter(one => one.part !== 'pending' && !one.healthy).length;
  const room = Math.max(1, batchSize(policy, members.length) - elsewhere);
  return { kind: 'batch', instanceIds: inTurn.slice(0, room).map(one => one.instanceId) };
}

function breachOfAll(
  policy: RollingPolicy,
  members: readonly Member[],
  before: boolean,
): ArmError | undefined {
  const unhealthy = members.filter(one => !one.healthy);
  const percent = percentOf(unhealthy.length, members.length);
  const limit = policy.maxUnhealthyInstancePercent;
  if (percent <= limit) return undefined;
  return before
    ? new ArmError(
        400,
        'MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade',
        `Rolling Upgrade cannot be started because ${percent}% of instances are in an unhealthy state - more than the threshold of ` +
          `${limit}% set by MaxUnhealthyInstancePercent in the RollingUpgradePolicy. Instances found to be unhealthy include: ` +
          `[${unhealthy
            .slice(0, 5)
            .map(one => one.instanceId)
            .join(', ')}].`,
      )
    : new ArmError(
        400,
        'MaxUnhealthyInstancePercentExceededInRollingUpgrade',
        'Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the RollingUpgradePolicy. ' +
          `${percent}% of instances are in an unhealthy state - more than the threshold of ${limit}%. ` +
          'To apply upgrades, consider increasing the MaxUnhealthyInstancePercent value.',
      );
}

function breachOfUpgraded(policy: RollingPolicy, done: readonly Member[]): ArmError | undefined {
  const bad = done.filter(one => one.part === 'failed' || !one.healthy);
  const percent = percentOf(bad.length, done.length);
  const limit = policy.maxUnhealthyUpgradedInstancePercent;
  if (percent <= limit) return undefined;
  return new ArmError(
    400,
    'MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade',
    'Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the RollingUpgradePolicy. ' +
      `${percent}% of instances are in an unhealthy state after being upgraded - more than the threshold of ${limit}%. ` +
      'The most impactful error is: Instance found to be unhealthy or unreachable. ' +
      `First failed instance ID is: ${bad[0]?.instanceId ?? ''}.`,
  );
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part * 100) / whole);
}
