/** What the task tells its post-job part, by one task variable, so that it is known also when the task is killed. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { BuildGroup } from './buildGroups.js';

/** The task variable's name; task.json lets the task set it. */
const variable = 'bakeInProgress';

/** A bake that may have left something behind. */
export interface HandedOver {
  /** The value of the input `azureSubscription`. */
  readonly connectionId: string;
  /** The task's own directory, which holds certificates and variable files while it runs. */
  readonly temporaryDirectory: string;
  /** The running Packer. */
  readonly program?: { readonly pid: number; readonly path: string };
  /** Groups that are not known to be cleared. */
  readonly groups: readonly BuildGroup[];
}

/** Replaces what was told before. */
export function handOver(agent: Agent, state: HandedOver): void {
  agent.setTaskVariable(variable, JSON.stringify(state));
}

/** What the task told; undefined when it told nothing. */
export function takeOver(agent: Agent): HandedOver | undefined {
  const text = agent.taskVariable(variable);
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as HandedOver);
}
