/** Runs the process of a step: a task's script on node, or a script of the file on bash. */

import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { handleLine } from '../commands/dispatch.js';
import type { Result } from '../record/record.js';
import type { TaskDefinition } from '../task/definition.js';
import type { Endpoint } from '../task/endpoints.js';
import { type EnvironmentParts, scriptEnvironment, taskEnvironment } from '../task/environment.js';
import { connectionNames, resolveInputs } from '../task/inputs.js';
import { expandMacros } from '../task/macros.js';
import { runProcess } from '../task/process.js';
import type { Variables } from '../task/variables.js';
import type { ScriptStep, StepSettings, TaskStep } from '../yaml/model.js';
import { type JobSession, type StepSession, error, workingDirectory } from './session.js';

/** When to stop, and why. */
export interface Stops {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

export async function runTask(
  step: TaskStep,
  task: TaskDefinition,
  script: string,
  session: StepSession,
  variables: Variables,
  stops: Stops,
): Promise<Result> {
  const { job } = session;
  const environment = job.run.environment;
  session.write(header(task));
  const inputs = resolveInputs(task, {
    given: new Map([...step.inputs].map(([name, { text }]) => [name, text])),
    variable: name => variables.get(name)?.value,
    environment: name => environment[name],
    pathRoot: workingDirectory(job, variables),
    keepSpace: variables.get('DISABLE_INPUT_TRIMMING')?.value.toLowerCase() === 'true',
  });
  const endpoints = connectionNames(task, inputs).map(name => connect(job, name));
  for (const [name, value] of inputs) inputs.set(name, withConnectionIds(task, name, value, endpoints));
  const system = job.endpoints.get('systemvssconnection');
  return run(session, variables, stops, {
    command: job.run.node,
    args: [script],
    cwd: workingDirectory(job, variables),
    env: taskEnvironment({
      ...environmentParts(step, session, variables),
      inputs,
      endpoints: [...(system ? [system] : []), ...endpoints],
    }),
  });
}

export async function runScript(
  step: ScriptStep,
  session: StepSession,
  variables: Variables,
  stops: Stops,
): Promise<Result> {
  const { workspace } = session.job;
  const expand = (text: string) => expandMacros(text, name => variables.get(name)?.value);
  const file = join(workspace.temp, `${randomUUID()}.sh`);
  const script = expand(step.script);
  writeFileSync(file, script, { mode: 0o700 });
  const cwd = resolve(workingDirectory(session.job, variables), expand(step.workingDirectory));
  if (!existsSync(cwd)) throw new UserError(`The working directory ${cwd} does not exist.`);
  session.write('Generating script.');
  if (!script.trim().includes('\n') && !/##vso\[/i.test(script))
    session.write(`Script contents:\n${script.trim()}`);
  session.write('========================== Starting Command Output ===========================');
  session.write(`[command]/usr/bin/env bash --noprofile --norc ${file}`);
  return run(
    session,
    variables,
    stops,
    {
      command: '/usr/bin/env',
      args: ['bash', '--noprofile', '--norc', file],
      cwd,
      env: scriptEnvironment(environmentParts(step, session, variables)),
    },
    step.failOnStderr,
  );
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** Starts the process, feeds its lines to the commands, and judges its end. */
async function run(
  session: StepSession,
  variables: Variables,
  stops: Stops,
  command: Command,
  failOnStderr = false,
): Promise<Result> {
  const { patience } = session.job.run;
  const abandon = new AbortController();
  let forced: NodeJS.Timeout | undefined;
  session.onDone = () => {
    forced ??= setTimeout(() => {
      abandon.abort();
    }, patience.completion);
  };
  const said = { error: false };
  let exitCode: number | undefined;
  try {
    exitCode = await runProcess({
      ...command,
      ...stops,
      abandon: abandon.signal,
      patience: {
        ...patience,
        interrupt: milliseconds(variables, 'PROCESS_SIGINT_TIMEOUT') ?? patience.interrupt,
        terminate: milliseconds(variables, 'PROCESS_SIGTERM_TIMEOUT') ?? patience.terminate,
      },
      onLine: (line, stream) => {
        said.error ||= stream === 'stderr' && line !== '';
        handleLine(session, line);
      },
    });
  } finally {
    clearTimeout(forced);
  }
  if (exitCode === undefined)
    session.write(
      'The step has said that it is done; its process is left to end by itself until the job ends.',
    );
  else if (exitCode !== 0) {
    if (!stops.stop.aborted)
      error(
        session,
        `Exit code ${exitCode} returned from process: file name '${command.command}', arguments '${command.args.map(text => `"${text}"`).join(' ')}'.`,
      );
    return 'failed';
  }
  if (failOnStderr && said.error) {
    error(session, 'The script wrote to the standard error stream, and failOnStderr is on.');
    return 'failed';
  }
  return 'succeeded';
}

function milliseconds(variables: Variables, name: string): number | undefined {
  const value = Number(variables.get(name)?.value ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function environmentParts(step: StepSettings, session: StepSession, variables: Variables): EnvironmentParts {
  const { job } = session;
  const machine = job.run.environment;
  const env = [...step.env].map(([name, value]): [string, string] => {
    const expanded = expandMacros(value.trim(), variable => variables.get(variable)?.value);
    return [name, expandMacros(expanded, variable => machine[variable])];
  });
  return {
    machine,
    env: new Map(env),
    inputs: new Map(),
    endpoints: [],
    variables: variables.values(),
    taskVariables: session.taskVariables.values(),
    prependedPaths: job.prependedPaths,
    lookupId: job.lookupId,
  };
}

function connect(job: JobSession, name: string): Endpoint {
  const known = job.endpoints.get(name.toLowerCase());
  if (known !== undefined) return known;
  const resolved = job.run.connection(name);
  if (resolved === undefined)
    throw new UserError(
      `There is no service connection '${name}'. Run with --azure local, or describe it in the file of --connections.`,
    );
  const changed = job.endpoints.get(resolved.id);
  if (changed === undefined) job.endpoints.set(resolved.id, resolved);
  return changed ?? resolved;
}

/** The service has put the id of each connection in the place of its name before a task sees it. */
function withConnectionIds(
  task: TaskDefinition,
  name: string,
  value: string,
  endpoints: readonly Endpoint[],
): string {
  const input = task.inputs.find(candidate => candidate.name === name);
  if (input === undefined || !input.type.toLowerCase().startsWith('connectedservice:')) return value;
  return value
    .split(',')
    .map(part => part.trim())
    .map(part => endpoints.find(endpoint => endpoint.name.toLowerCase() === part.toLowerCase())?.id ?? part)
    .join(',');
}

const line = '='.repeat(78);

function header({ friendlyName, description, version, author, helpMarkDown }: TaskDefinition): string {
  return [
    line,
    `Task         : ${friendlyName}`,
    `Description  : ${description}`,
    `Version      : ${version.text}`,
    `Author       : ${author}`,
    `Help         : ${helpMarkDown}`,
    line,
  ].join('\n');
}
