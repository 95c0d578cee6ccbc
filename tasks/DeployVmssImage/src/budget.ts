/** Azure's allowances of one scale set as token buckets, so that a rollout stays within them by itself. */
import type { Clock } from '../../../shared/core/wait.js';

/** A bucket: so many at once, then so many a minute. */
export interface Budget {
  readonly burst: number;
  readonly perMinute: number;
  readonly left: number;
  /** When `left` was true; milliseconds since the epoch. */
  readonly at: number;
}

/** A full bucket. */
export function openBudget(burst: number, perMinute: number, now: number): Budget {
  return { burst, perMinute, left: burst, at: now };
}

/** Takes one; undefined when there is none. */
export function take(budget: Budget, now: number): Budget | undefined {
  const left = Math.min(budget.burst, budget.left + ((now - budget.at) * budget.perMinute) / 60_000);
  return left < 1 ? undefined : { ...budget, left: left - 1, at: now };
}

/** How long until one can be taken, in milliseconds. */
export function untilNext(budget: Budget, now: number): number {
  const missing = 1 - budget.left - ((now - budget.at) * budget.perMinute) / 60_000;
  return missing <= 0 ? 0 : Math.ceil((missing * 60_000) / budget.perMinute);
}

/** One allowance of a step, for the rollout and the way back together. */
export interface Allowance {
  /** False when there is none left. */
  take(): boolean;
  /** How long until one can be taken, in milliseconds. */
  wait(): number;
}

/** What a step may ask of one scale set. */
export interface Allowances {
  /** Lists of instances with their state. */
  readonly views: Allowance;
  /** Changes of the model and upgrades of instances. */
  readonly updates: Allowance;
  /** Reads of the scale set and of its rolling upgrade. */
  readonly reads: Allowance;
}

/**
 * Microsoft Learn, "Compute throttling limits": a scale set takes 30 reads of instance views and 10 more a minute, 36 other reads and
 * 12, 12 updates and 4. Azure refills once a minute and nobody knows when, so a bucket is as large as Azure's without one
 * refill: whatever the moment, that much is there. What a step asks before it rolls is taken off too.
 */
export function openAllowances(clock: Clock): Allowances {
  return {
    views: allowance(17, 10, clock),
    updates: allowance(6, 4, clock),
    reads: allowance(20, 12, clock),
  };
}

function allowance(burst: number, perMinute: number, clock: Clock): Allowance {
  let budget = openBudget(burst, perMinute, clock.now());
  return {
    take() {
      const taken = take(budget, clock.now());
      budget = taken ?? budget;
      return taken !== undefined;
    },
    wait: () => untilNext(budget, clock.now()),
  };
}
