/** The one decision of a rollout: what to do next, from the instances' states, what was done so far and the time. Pure. */
import { formatDuration } from '../../../shared/core/duration.js';

/** The limits of a rollout; counts of instances, times in milliseconds. */
export interface RolloutPolicy {
  /** False where Azure moves the instances by the scale set's own upgrade policy: then the plan only watches. */
  readonly drives: boolean;
  /** How many may be out of service at once; at least 1. */
  readonly batchSize: number;
  readonly canarySize: number;
  readonly canarySoak: number;
  /** More than 0 makes whole batches with this pause between them. */
  readonly pause: number;
  /** How many may fail before the rollout does. */
  readonly maxUnhealthy: number;
  /** Whether the batch leaves failed instances out of account: on the way back nothing is to stay where it is because of them. */
  readonly besideFailed: boolean;
  /** From an instance's upgrade to its being in service; in a watched rollout also the longest standstill. */
  readonly instanceTimeout: number;
}

/** An instance as the plan sees it. */
export interface PlanInstance {
  readonly id: string;
  /** On the scale set's current model. */
  readonly current: boolean;
  readonly inService: boolean;
}

/** What a rollout remembers between two looks; times in milliseconds since the epoch. */
export interface Ledger {
  /** When each instance's upgrade was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  /** Since when an instance that should be in service on the new model is not. */
  readonly missingSince: ReadonlyMap<string, number>;
  /** Since when each instance is in service on the new model. */
  readonly arrivedAt: ReadonlyMap<string, number>;
  /** Why Azure would not upgrade an instance. */
  readonly refused: ReadonlyMap<string, string>;
  /** To be asked for one by one: Azure refused a call that named each among others. */
  readonly alone: ReadonlySet<string>;
  /** Chosen at the first look that finds work. */
  readonly canaries: readonly string[] | undefined;
  /** When anything last moved. */
  readonly movedAt: number;
}

/** An instance that failed, and why. */
export interface InstanceFailure {
  readonly id: string;
  readonly reason: string;
}

/** What to do next. */
export type Step =
  | { readonly do: 'upgrade'; readonly ids: readonly string[] }
  /** Look again later; `until` where the time is known. */
  | { readonly do: 'wait'; readonly for: 'instances' | 'soak' | 'pause'; readonly until?: number }
  /** Every instance is in service on the new model, but for the failures that the policy allows. */
  | { readonly do: 'finish'; readonly failed: readonly InstanceFailure[] }
  | {
      readonly do: 'giveUp';
      readonly why: 'canary' | 'tooManyFailed' | 'noRoom' | 'standstill';
      readonly failed: readonly InstanceFailure[];
    };

/** The ledger of a rollout that begins now. */
export function openLedger(now: number): Ledger {
  return {
    asked: new Map(),
    missingSince: new Map(),
    arrivedAt: new Map(),
    refused: new Map(),
    alone: new Set(),
    canaries: undefined,
    movedAt: now,
  };
}

/** The ledger once the upgrade of these has been asked for. */
export function noteAsked(ledger: Ledger, ids: readonly string[], now: number): Ledger {
  const times = ids.map(id => [id, now] as const);
  return {
    ...ledger,
    asked: new Map([...ledger.asked, ...times]),
    missingSince: new Map([...ledger.missingSince, ...times]),
    movedAt: now,
  };
}

/** The ledger once Azure has refused, or failed, to upgrade these. */
export function noteRefused(ledger: Ledger, ids: readonly string[], reason: string): Ledger {
  return { ...ledger, refused: new Map([...ledger.refused, ...ids.map(id => [id, reason] as const)]) };
}

/** The ledger once Azure has refused a call for all of these: one that cannot be upgraded must not keep back the others. */
export function noteRefusedTogether(ledger: Ledger, ids: readonly string[]): Ledger {
  return { ...ledger, alone: new Set([...ledger.alone, ...ids]) };
}

/** Takes in a new look at the instances and decides. Instances that no upgrade can reach must be left out. */
export function decide(
  policy: RolloutPolicy,
  before: Ledger,
  instances: readonly PlanInstance[],
  now: number,
): { readonly ledger: Ledger; readonly step: Step } {
  const ledger = takeIn(policy, before, instances, now);
  return { ledger, step: nextStep(policy, ledger, instances, now) };
}

function takeIn(
  policy: RolloutPolicy,
  before: Ledger,
  instances: readonly PlanInstance[],
  now: number,
): Ledger {
  const missingSince = new Map<string, number>();
  const arrivedAt = new Map<string, number>();
  const refused = new Map<string, string>();
  for (const { id, current, inService } of instances) {
    if (current && inService) {
      arrivedAt.set(id, before.arrivedAt.get(id) ?? now);
      continue;
    }
    const reason = before.refused.get(id);
    if (reason !== undefined) refused.set(id, reason);
    if (current || before.asked.has(id)) missingSince.set(id, before.missingSince.get(id) ?? now);
  }
  const moved =
    arrivedAt.size !== before.arrivedAt.size || [...arrivedAt.keys()].some(id => !before.arrivedAt.has(id));
  const toDo = instances.filter(({ current }) => !current);
  return {
    asked: before.asked,
    alone: before.alone,
    missingSince,
    arrivedAt,
    refused,
    canaries:
      before.canaries ??
      (toDo.length > 0 && policy.drives ? toDo.slice(0, policy.canarySize).map(({ id }) => id) : undefined),
    movedAt: moved ? now : before.movedAt,
  };
}

function nextStep(
  policy: RolloutPolicy,
  ledger: Ledger,
  instances: readonly PlanInstance[],
  now: number,
): Step {
  const failed = failuresOf(policy, ledger, now);
  const failedIds = new Set(failed.map(({ id }) => id));
  const canaries = (ledger.canaries ?? []).filter(canary => instances.some(({ id }) => id === canary));
  if (canaries.some(id => failedIds.has(id))) return { do: 'giveUp', why: 'canary', failed };
  if (failed.length > policy.maxUnhealthy) return { do: 'giveUp', why: 'tooManyFailed', failed };

  const onTheWay = instances.filter(({ id }) => ledger.missingSince.has(id) && !failedIds.has(id));
  const waiting = instances.filter(({ id, current }) => !current && !ledger.asked.has(id));
  if (!policy.drives) {
    if (onTheWay.length === 0 && waiting.length === 0) return { do: 'finish', failed };
    const standstill = waiting.length > 0 && now - ledger.movedAt > policy.instanceTimeout;
    return standstill ? { do: 'giveUp', why: 'standstill', failed } : { do: 'wait', for: 'instances' };
  }

  const canariesLeft = canaries.filter(id => !ledger.arrivedAt.has(id));
  if (canaries.length > 0 && canariesLeft.length === 0) {
    const until = Math.max(...canaries.map(id => ledger.arrivedAt.get(id) ?? now)) + policy.canarySoak;
    if (now < until) return { do: 'wait', for: 'soak', until };
  }
  if (onTheWay.length === 0 && waiting.length === 0) return { do: 'finish', failed };
  if (policy.pause > 0 && ledger.asked.size > 0) {
    if (onTheWay.length > 0) return { do: 'wait', for: 'instances' };
    const until = ledger.movedAt + policy.pause;
    if (now < until) return { do: 'wait', for: 'pause', until };
  }

  const candidates =
    canariesLeft.length > 0 ? waiting.filter(({ id }) => canariesLeft.includes(id)) : waiting;
  const ids = pick(policy, ledger, instances, candidates, failedIds);
  if (ids.length > 0) return { do: 'upgrade', ids };
  return onTheWay.length > 0 ? { do: 'wait', for: 'instances' } : { do: 'giveUp', why: 'noRoom', failed };
}

/** Who may go now: those out of service anyway first, then as many of the others as the batch leaves room for. */
function pick(
  policy: RolloutPolicy,
  ledger: Ledger,
  instances: readonly PlanInstance[],
  candidates: readonly PlanInstance[],
  failedIds: ReadonlySet<string>,
): string[] {
  const moving = ({ id }: PlanInstance) =>
    ledger.asked.has(id) && ledger.missingSince.has(id) && !failedIds.has(id);
  const slots = policy.batchSize - instances.filter(moving).length;
  const counts = ({ id }: PlanInstance) => !policy.besideFailed || !failedIds.has(id);
  const outOfService = instances.filter(
    instance => (!instance.inService || moving(instance)) && counts(instance),
  ).length;
  const down = candidates.filter(({ inService }) => !inService).slice(0, Math.max(0, slots));
  const room = Math.min(slots - down.length, policy.batchSize - outOfService);
  const up = candidates.filter(({ inService }) => inService).slice(0, Math.max(0, room));
  const ids = [...down, ...up].map(({ id }) => id);
  const [first] = ids;
  return first !== undefined && ledger.alone.has(first) ? [first] : ids.filter(id => !ledger.alone.has(id));
}

function failuresOf(policy: RolloutPolicy, ledger: Ledger, now: number): InstanceFailure[] {
  const refused = [...ledger.refused].map(([id, reason]) => ({ id, reason }));
  const late = [...ledger.missingSince]
    .filter(([id, since]) => !ledger.refused.has(id) && now - since > policy.instanceTimeout)
    .map(([id, since]) => ({
      id,
      reason: `not in service on the new model after ${formatDuration(now - since)}`,
    }));
  return [...refused, ...late];
}
