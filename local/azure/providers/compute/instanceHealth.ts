/** Where a scale set's health comes from, and what it says of one instance while it runs. */
import type { InstanceEffect } from '../../faults/instanceFaults.js';
import type { Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { Balancing } from '../network/loadBalancers.js';
import { watchApplication, type Health, type HealthSettings } from './applicationHealth.js';

/** What tells of the health of a scale set's instances. */
export type HealthSignal =
  | { readonly kind: 'probe'; readonly id: string }
  | { readonly kind: 'extension'; readonly settings: HealthSettings };

/** The watch over one instance, from its boot to its end. */
export interface HealthWatch {
  state(): Health;
  stop(): void;
}

/**
 * Watches an instance.
 * @returns undefined when nothing tells of health
 */
export function watchHealth(
  signal: HealthSignal | undefined,
  machine: Machine,
  backendId: string,
  effect: InstanceEffect | undefined,
  { timeScale }: Pick<Cloud, 'timeScale'>,
  balancing: Pick<Balancing, 'health'>,
): HealthWatch | undefined {
  const nothing = () => undefined;
  if (signal === undefined) return undefined;
  if (effect?.kind === 'unhealthy') return { state: () => 'unhealthy', stop: nothing };
  const { answers } = machine;
  if (answers !== undefined) return { state: () => (answers() ? 'healthy' : 'unhealthy'), stop: nothing };
  if (signal.kind === 'extension') return watchApplication(signal.settings, machine.address, timeScale);
  const shown = { up: 'healthy', down: 'unhealthy', unknown: 'unknown' } as const;
  return { state: () => shown[balancing.health(signal.id, backendId)], stop: nothing };
}
