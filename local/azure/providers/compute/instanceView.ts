/** Instance views: what Azure tells of a machine's state right now. */
import { compact, type Json } from '../../arm/json.js';
import type { Health } from './applicationHealth.js';
import type { Extension } from './extension.js';

export type Power = 'starting' | 'running' | 'stopped' | 'deallocated';

/** One status line; the time is when it was read. */
export function status(code: string, displayStatus: string, now: Date, message?: string): Json {
  return compact({
    code,
    level: /failed|unhealthy/i.test(code) ? 'Error' : 'Info',
    displayStatus,
    message,
    time: now.toISOString(),
  });
}

export function provisioningStatus(state: string, now: Date, message?: string): Json {
  const [code, display] = {
    Succeeded: ['succeeded', 'Provisioning succeeded'],
    Failed: ['failed', 'Provisioning failed'],
  }[state] ?? [state.toLowerCase(), state];
  return status(`ProvisioningState/${code ?? ''}`, display ?? '', now, message);
}

export function powerStatus(power: Power): Json {
  return { code: `PowerState/${power}`, level: 'Info', displayStatus: `VM ${power}` };
}

/** The extensions of a machine that runs; its first one that failed is told by the machine's own status. */
export function extensionViews(
  extensions: readonly Extension[],
  state: string,
  now: Date,
): { readonly handlers: readonly Json[]; readonly views: readonly Json[] } {
  return {
    handlers: extensions.map(({ publisher, type, version }) => ({
      type: `${publisher}.${type}`,
      typeHandlerVersion: version,
      status: {
        code: 'ProvisioningState/succeeded',
        level: 'Info',
        displayStatus: 'Ready',
        message: 'Plugin enabled',
      },
    })),
    views: extensions.map(({ name, publisher, type, version }) => ({
      name,
      type: `${publisher}.${type}`,
      typeHandlerVersion: version,
      statuses: [provisioningStatus(state, now)],
    })),
  };
}

export function agentView(running: boolean, now: Date, extensionHandlers: readonly Json[] = []): Json {
  return running
    ? {
        vmAgentVersion: '2.2.47',
        statuses: [status('ProvisioningState/succeeded', 'Ready', now, 'Guest Agent is running')],
        extensionHandlers,
      }
    : {
        vmAgentVersion: 'Unknown',
        statuses: [
          status(
            'ProvisioningState/Unavailable',
            'Not Ready',
            now,
            'VM status blob is found but not yet populated.',
          ),
        ],
      };
}

export function diskView(name: string, now: Date): Json {
  return { name, statuses: [status('ProvisioningState/succeeded', 'Provisioning succeeded', now)] };
}

/** What the health signal says, as the platform words it. */
export function healthView(health: Health, now: Date): Json {
  const view = {
    healthy: status(
      'HealthState/healthy',
      'The VM is reporting itself as healthy or the VM is reachable.',
      now,
    ),
    unhealthy: status(
      'HealthState/unhealthy',
      'The VM is reporting itself as unhealthy or is unreachable.',
      now,
    ),
    unknown: status('HealthState/unknown', 'The health of the VM is not known yet.', now),
    initializing: status('HealthState/initializing', 'The VM is within its grace period.', now),
  };
  return { status: view[health] };
}
