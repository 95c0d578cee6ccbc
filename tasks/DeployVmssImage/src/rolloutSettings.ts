/** The inputs about how instances move and how their health is judged. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { parseAmount, type Amount } from '../../../shared/core/amount.js';
import { splitCommandLine } from '../../../shared/core/commandLine.js';
import { UserError } from '../../../shared/core/errors.js';
import type { HealthCommand } from './instanceGate.js';
import type { DeployInputs } from './settings.js';

/** How the instances move; times in milliseconds. */
export interface RolloutSettings {
  readonly strategy: 'rolling' | 'platformRolling' | 'allAtOnce' | 'modelOnly';
  readonly batchSize: Amount;
  readonly canarySize: Amount;
  readonly canarySoak: number;
  readonly pause: number;
  /** Of `platformRolling`: Azure makes new instances beside the old ones. */
  readonly maxSurge: boolean;
  readonly maxUnhealthy: Amount;
  readonly instanceTimeout: number;
  readonly onFailure: 'rollback' | 'stop';
  readonly healthCheck: 'platform' | 'http' | 'none';
  readonly healthUrl: string | undefined;
  readonly healthText: string | undefined;
  /** The words of `healthCommand`; empty for none. */
  readonly healthCommand: readonly string[];
}

/** Reads one thing, and notes the problem where that fails. */
export type Attempt = <T>(read: () => T, otherwise: T) => T;

/** @param problems is given everything that does not fit together */
export function readRollout(input: DeployInputs, problems: string[], attempt: Attempt): RolloutSettings {
  const amount = (name: 'batchSize' | 'canarySize' | 'maxUnhealthy', fallback: string): Amount =>
    attempt(() => parseAmount(input[name] ?? fallback, name), { count: 1 });
  const batchSize = amount('batchSize', '20%');
  const canarySize = amount('canarySize', '0');
  const maxUnhealthy = amount('maxUnhealthy', '20%');
  if (Object.values(batchSize).includes(0)) problems.push("'batchSize' must be more than 0.");
  if (input.instanceTimeoutInMinutes < 1) problems.push("'instanceTimeoutInMinutes' must be 1 or more.");
  if (input.healthUrl !== undefined && !/^https?:\/\/[^/\s]+/i.test(input.healthUrl))
    problems.push(`'healthUrl' must be an http or https address, not '${input.healthUrl}'.`);
  if (input.strategy === 'platformRolling' && !Object.values(canarySize).includes(0))
    problems.push(
      "'canarySize' is not for 'strategy: platformRolling': Azure's own rolling upgrade knows no canaries. Use 'strategy: rolling', or leave it out.",
    );
  if (input.maxSurge && input.strategy !== 'platformRolling')
    problems.push(
      "'maxSurge' is for 'strategy: platformRolling' only: it is Azure that makes instances anew.",
    );
  return {
    strategy: input.strategy,
    batchSize,
    canarySize,
    canarySoak: input.canarySoakSeconds * 1000,
    pause: input.pauseSeconds * 1000,
    maxSurge: input.maxSurge,
    maxUnhealthy,
    instanceTimeout: input.instanceTimeoutInMinutes * 60_000,
    onFailure: input.onFailure,
    healthCheck: input.healthCheck,
    healthUrl: input.healthUrl,
    healthText: input.healthText,
    healthCommand: attempt(() => splitCommandLine(input.healthCommand ?? '', 'healthCommand'), []),
  };
}

/**
 * The program of `healthCommand`, a path from the working directory or a name on PATH; undefined when there is none.
 * @throws UserError when it is not there
 */
export function findHealthCommand(settings: RolloutSettings, agent: Agent): HealthCommand | undefined {
  const [program, ...args] = settings.healthCommand;
  if (program === undefined) return undefined;
  const isPath = isAbsolute(program) || /[\\/]/.test(program);
  const path = isPath ? resolve(agent.workingDirectory, program) : agent.findTool(program);
  if (path !== undefined && existsSync(path)) return { name: program, path, args };
  const where = isPath ? `${path ?? program} does not exist` : `'${program}' is not on PATH`;
  throw new UserError(`The program of 'healthCommand' was not found: ${where}. Nothing was changed.`);
}
