/** Runs the services of one machine: starts them in order, watches them, starts them again as their units say. */
import { setTimeout as delay } from 'node:timers/promises';
import { describeEnding, type Ending } from '../namespaces.js';
import type { UnitCommand } from './commandLine.js';
import { inOrder } from './bootPlan.js';
import { asksForRestart, endedWell, tooManyStarts } from './restart.js';
import type { ServiceUnit } from './serviceUnit.js';

/** What the supervisor needs of a machine. */
export interface ServiceRunner {
  /** Starts one command of a service; its output is taken care of. @throws Error when it cannot be started */
  launch(service: ServiceUnit, command: UnitCommand): Promise<{ readonly ended: Promise<Ending> }>;
  /** One line for the console. */
  say(service: string, line: string): void;
  now(): number;
}

export interface Supervisor {
  /** Resolves when every service was started once or has failed to. */
  start(): Promise<void>;
  /** No service is started (again) from now on; their processes are the caller's to end. */
  halt(): void;
}

/** The longest that a timer can run, 24 days. */
const longestDelay = 2 ** 31 - 1;

type Outcome = 'started' | 'failed';

export function createSupervisor(services: readonly ServiceUnit[], runner: ServiceRunner): Supervisor {
  const halted = new AbortController();
  const isHalted = () => halted.signal.aborted;

  const runToEnd = async (service: ServiceUnit, commands: readonly UnitCommand[]): Promise<boolean> => {
    for (const command of commands) {
      const ending = await (await runner.launch(service, command)).ended;
      if (isHalted()) return false;
      if (endedWell(ending, service) || command.ignoreFailure) continue;
      runner.say(service.name, `${command.words[0] ?? ''} ended with ${describeEnding(ending)}`);
      return false;
    }
    return true;
  };

  /** One start: the preparing commands and then the service itself; for a simple one resolves when it runs. */
  const startOnce = async (service: ServiceUnit, onEnd: (ending: Ending) => void): Promise<Outcome> => {
    try {
      if (!(await runToEnd(service, service.before))) return 'failed';
      if (service.kind !== 'simple')
        return (await runToEnd(service, service.commands)) ? 'started' : 'failed';
      for (const command of service.commands) {
        const { ended } = await runner.launch(service, command);
        void ended.then(ending => {
          onEnd(command.ignoreFailure && ending.signal === null ? { code: 0, signal: null } : ending);
        });
      }
      return 'started';
    } catch (error) {
      runner.say(service.name, `could not be started: ${(error as Error).message}`);
      return 'failed';
    }
  };

  const keep = async (service: ServiceUnit): Promise<Outcome> => {
    const starts: number[] = [];
    const failure: Ending = { code: 1, signal: null };
    const attempt = async (): Promise<Outcome> => {
      starts.push(runner.now());
      starts.splice(0, starts.length - service.startLimit.burst);
      const outcome = await startOnce(service, ending => {
        void again(ending);
      });
      if (outcome === 'failed') void again(failure);
      return outcome;
    };
    const again = async (ending: Ending): Promise<void> => {
      if (isHalted()) return;
      const well = endedWell(ending, service);
      runner.say(service.name, `ended with ${describeEnding(ending)}`);
      if (!asksForRestart(service.restart, ending, well)) return;
      await delay(Math.min(service.restartDelay, longestDelay), undefined, {
        signal: halted.signal,
        ref: false,
      }).catch(() => undefined);
      if (isHalted()) return;
      if (tooManyStarts(service.startLimit, starts, runner.now())) {
        runner.say(service.name, 'is started no more: it ended too often in too short a time');
        return;
      }
      runner.say(service.name, 'is started again');
      await attempt();
    };
    for (const remark of service.remarks) runner.say(service.name, remark);
    return attempt();
  };

  const startInTurn = async (service: ServiceUnit, earlier: ReadonlyMap<string, Promise<Outcome>>) => {
    await Promise.all(earlier.values());
    for (const name of service.requires) {
      if ((await earlier.get(name)) !== 'failed') continue;
      runner.say(service.name, `is not started because it requires ${name}, which failed`);
      return 'failed';
    }
    return isHalted() ? 'failed' : keep(service);
  };

  return {
    async start() {
      const outcomes = new Map<string, Promise<Outcome>>();
      for (const service of inOrder(services)) {
        // Without After= a requirement is not waited for; what a circle has put behind this service is not either.
        const earlier = [...outcomes].filter(([name]) => service.after.includes(name));
        outcomes.set(service.name, startInTurn(service, new Map(earlier)));
      }
      await Promise.all(outcomes.values());
    },
    halt() {
      halted.abort();
    },
  };
}
