/** Azure's allowances as token buckets, so that a rollout stays within them by itself. Pure. */

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
