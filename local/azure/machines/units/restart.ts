/** When a service that ended is started again (systemd.service(5), table of `Restart=`). */
import type { Ending } from '../namespaces.js';
import type { RestartPolicy, ServiceUnit } from './serviceUnit.js';

/** Signals by which an ending counts as clean. */
const cleanSignals = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);

/** True when a service's process ended as it should. */
export function endedWell(ending: Ending, service: Pick<ServiceUnit, 'successStatus' | 'kind'>): boolean {
  if (ending.signal !== null) {
    const clean = service.kind !== 'oneshot' && cleanSignals.has(ending.signal);
    return clean || service.successStatus.includes(ending.signal);
  }
  return ending.code === 0 || service.successStatus.includes(String(ending.code));
}

/** True when the policy asks for another start after such an ending. */
export function asksForRestart(policy: RestartPolicy, ending: Ending, well: boolean): boolean {
  switch (policy) {
    case 'always':
      return true;
    case 'on-success':
      return well;
    case 'on-failure':
      return !well;
    case 'on-abnormal':
    case 'on-abort':
      return !well && ending.signal !== null;
    // The machine has no watchdog that could bite.
    case 'on-watchdog':
    case 'no':
      return false;
  }
}

/**
 * True when another start would break the unit's start limit.
 * @param starts times of the earlier starts, in milliseconds
 */
export function tooManyStarts(
  limit: ServiceUnit['startLimit'],
  starts: readonly number[],
  now: number,
): boolean {
  if (limit.interval <= 0 || limit.burst <= 0) return false;
  return starts.filter(start => now - start < limit.interval).length >= limit.burst;
}
