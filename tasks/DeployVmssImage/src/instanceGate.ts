/** A program of the pipeline's own that says whether an instance that has come up may count as in service. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** The program and its arguments; no shell reads them. */
export interface HealthCommand {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

/** Which instances have passed. */
export interface InstanceGate {
  /** Begins to check those that are up on the new model and have not passed; forgets all that are no longer up. */
  look(up: readonly ScaleSetInstance[]): void;
  passed(id: string): boolean;
  /** What the last check said that did not pass, or that the first one goes on. */
  complaint(id: string): string | undefined;
}

interface Check {
  readonly state: 'running' | 'passed' | 'refused';
  readonly complaint?: string;
  /** When it may be asked again; milliseconds since the epoch. */
  readonly again: number;
}

/** So many programs at once: the agent's machine has other things to do. */
const mostAtOnce = 4;
const pause = 5000;

/**
 * Asks a program about each instance until it exits with 0.
 * @param siteUrl given to the program as SITE_URL, beside INSTANCE_ID and INSTANCE_NAME
 */
export function createInstanceGate(
  command: HealthCommand,
  siteUrl: string,
  host: { readonly agent: Agent; readonly clock: Clock },
): InstanceGate {
  const { agent, clock } = host;
  const checks = new Map<string, Check>();
  let running = 0;

  const check = async (instance: ScaleSetInstance) => {
    running += 1;
    // What was said last holds until something else is said: the rollout may end meanwhile.
    const complaint = checks.get(instance.id)?.complaint ?? "'healthCommand' has not ended yet";
    const mine: Check = { state: 'running', complaint, again: 0 };
    checks.set(instance.id, mine);
    const said = await complaintOf(instance);
    running -= 1;
    // Went down meanwhile: what was found out is about a machine that is no longer there.
    if (checks.get(instance.id) !== mine) return;
    const again = clock.now() + pause;
    checks.set(
      instance.id,
      said === undefined ? { state: 'passed', again } : { state: 'refused', complaint: said, again },
    );
  };
  const complaintOf = async ({ id, name }: ScaleSetInstance): Promise<string | undefined> => {
    try {
      const env = { INSTANCE_ID: id, INSTANCE_NAME: name, SITE_URL: siteUrl };
      const { exitCode, signal, tail } = await agent.run({ ...command, env, echo: false });
      if (exitCode === 0) return undefined;
      const end = exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
      const last = tail.findLast(line => line.trim() !== '');
      return `'healthCommand': ${end}${last === undefined ? '' : `: ${singleLine(last)}`}`;
    } catch (error) {
      return `'healthCommand': ${singleLine(error instanceof Error ? error.message : String(error))}`;
    }
  };

  return {
    look(up) {
      const ids = new Set(up.map(({ id }) => id));
      for (const id of [...checks.keys()]) if (!ids.has(id)) checks.delete(id);
      for (const instance of up) {
        if (running >= mostAtOnce) return;
        const known = checks.get(instance.id);
        if (known !== undefined && (known.state !== 'refused' || clock.now() < known.again)) continue;
        void check(instance);
      }
    },
    passed: id => checks.get(id)?.state === 'passed',
    complaint: id => checks.get(id)?.complaint,
  };
}
