/** What became of each instance and when, look by look, for the run's record. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { inOrder, isInService, type HealthSource } from './instances.js';
import type { InstanceFailure, Ledger } from './rolloutPlan.js';

/** Times are milliseconds since the epoch; what has not come to pass is absent. Seen at a look, so up to one round late. */
export interface InstanceTimeline {
  readonly id: string;
  readonly name: string;
  /** When its upgrade was asked for; never where Azure rolls by itself. */
  readonly asked?: number;
  /** When it was first out of service, and when it ran the new model. */
  readonly down?: number;
  readonly up?: number;
  /** Since when it is in service on the new model. */
  readonly healthy?: number;
  /** Why it counts as failed. */
  readonly failed?: string;
  /** When it was no longer there. */
  readonly gone?: number;
}

/** Instances that were asked for in one call. */
export interface Batch {
  readonly number: number;
  readonly asked: number;
  /** Whether its instances are the canaries, which the others wait for. */
  readonly canary: boolean;
  readonly instances: readonly string[];
}

/** One pass over a scale set, there or back. */
export interface Pass {
  readonly startedAt: number;
  readonly instances: readonly InstanceTimeline[];
  readonly batches: readonly Batch[];
  /** The most instances that were seen out of service at once. */
  readonly mostOutOfService: number;
  /** Lists of instances that were asked for. */
  readonly looks: number;
}

/** Keeps a pass as it goes on. */
export interface Timeline {
  look(instances: readonly ScaleSetInstance[], ledger: Ledger, health: HealthSource, now: number): void;
  /** @returns its number, from 1 */
  batch(ids: readonly string[], canary: boolean, now: number): number;
  failures(failed: readonly InstanceFailure[]): void;
  show(): Pass;
}

/** A pass that begins now. */
export function openTimeline(startedAt: number): Timeline {
  const known = new Map<string, InstanceTimeline>();
  const batches: Batch[] = [];
  let mostOutOfService = 0;
  let looks = 0;
  return {
    look(instances, ledger, health, now) {
      looks += 1;
      const isDown = instances.filter(instance => !isInService(instance, health)).length;
      mostOutOfService = Math.max(mostOutOfService, isDown);
      const there = new Set<string>();
      for (const instance of instances) {
        there.add(instance.id);
        known.set(instance.id, seen(known.get(instance.id), instance, ledger, health, now));
      }
      for (const [id, before] of known)
        if (!there.has(id) && before.gone === undefined) known.set(id, { ...before, gone: now });
    },
    batch(ids, canary, now) {
      batches.push({ number: batches.length + 1, asked: now, canary, instances: inOrder(ids) });
      return batches.length;
    },
    failures(failed) {
      for (const { id, reason } of failed) {
        const before = known.get(id);
        if (before !== undefined) known.set(id, { ...before, failed: reason });
      }
    },
    show: () => ({
      startedAt,
      instances: inOrder([...known.keys()]).flatMap(id => known.get(id) ?? []),
      batches,
      mostOutOfService,
      looks,
    }),
  };
}

function seen(
  before: InstanceTimeline | undefined,
  instance: ScaleSetInstance,
  ledger: Ledger,
  health: HealthSource,
  now: number,
): InstanceTimeline {
  const { id, name, latestModelApplied } = instance;
  const asked = ledger.asked.get(id);
  const healthy = ledger.arrivedAt.get(id);
  const down = before?.down ?? (isInService(instance, health) ? undefined : now);
  const up = before?.up ?? (latestModelApplied && isInService(instance, 'running') ? now : undefined);
  return {
    id,
    name,
    ...(asked === undefined ? {} : { asked }),
    ...(down === undefined ? {} : { down }),
    ...(up === undefined ? {} : { up }),
    ...(healthy === undefined ? {} : { healthy }),
  };
}
