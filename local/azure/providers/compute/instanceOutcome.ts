/** What becomes of an instance that is made or upgraded: it is healthy after a while, or there is a reason why not. */
import { setTimeout as delay } from 'node:timers/promises';
import { ArmError, asArmError } from '../../arm/armError.js';
import type { Health } from './applicationHealth.js';

/** How long an instance may take to become healthy, in Azure's own seconds. */
const healthPatience = 300;
/** In milliseconds, however small the time scale. */
const shortestPatience = 2000;
/** The same where services really start: they do so at their own pace, and on a busy machine that is slow. */
const servicesPatience = 30_000;
/** How often that is looked at, in milliseconds. */
const healthGlance = 25;

export interface Outcome {
  readonly instanceId: string;
  /** What kept it from coming up. */
  readonly error?: ArmError;
}

/**
 * Waits for the work on an instance, then for its health.
 * @param health undefined when nothing tells of it
 * @param runs whether the instance is a machine that really runs
 * @param timeScale factor on Azure's own waiting times; with 0 nothing real is waited for
 */
export async function outcomeOf(
  instanceId: string,
  work: Promise<void>,
  health: () => Health | undefined,
  runs: () => boolean,
  timeScale: number,
): Promise<Outcome> {
  try {
    await work;
  } catch (error) {
    return { instanceId, error: asArmError(error) };
  }
  const least = timeScale > 0 && runs() ? servicesPatience : shortestPatience;
  const deadline = Date.now() + Math.max(least, healthPatience * 1000 * timeScale);
  for (;;) {
    const now = health();
    if (now === undefined || now === 'healthy') return { instanceId };
    if (Date.now() > deadline) {
      const error = new ArmError(409, 'VMUnhealthy', 'Instance found to be unhealthy or unreachable.');
      return { instanceId, error };
    }
    await delay(healthGlance);
  }
}
