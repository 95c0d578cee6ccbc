/** Work that takes its time, and what faults make of it. */
import type { OperationEffect } from '../faults/operationFaults.js';
import type { Pace } from './pace.js';
import type { Work } from './provider.js';
import type { Timing } from './timings.js';

/** Does the work, which lasts at least as long as Azure takes for it; or what the fault makes of it instead. */
export async function lasting(
  pace: Pace,
  timing: Timing,
  effect: OperationEffect | undefined,
  work: Work,
): Promise<unknown> {
  const least = pace.wait(timing.seconds);
  try {
    if (effect?.kind === 'never-ends') return await new Promise<never>(() => undefined);
    if (effect !== undefined) throw effect.error;
    return await work();
  } finally {
    await least;
  }
}
