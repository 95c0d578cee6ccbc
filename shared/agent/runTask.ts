/** The one way through a task: inputs, signals, deadline, use case, result, clean-up. The only place that sets a result. */
import { inspect } from 'node:util';
import { CancelledError, UserError, describe } from '../core/errors.js';
import { taskNames } from '../report/names.js';
import type { EndedStep } from '../report/part.js';
import type { Agent } from './agent.js';
import { readInputs, type InputSpec, type Inputs } from './inputs.js';
import { connectPipelines, type Pipelines } from './pipelines.js';

/** Node's timers take no more, some 24 days; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** A task: its inputs as task.json declares them, and its use case. */
export interface Task<S extends InputSpec> {
  /** Its task.json. */
  readonly manifest: {
    readonly name: string;
    readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  };
  readonly inputs: S;
  /** Does the work and returns the sentence that says what was done; throws when it was not. */
  run(input: Inputs<S>, agent: Agent): Promise<string>;
}

/**
 * Runs a task to its end and ends the process. Never rejects. The process exits with 0 whatever the outcome:
 * the agent takes the result from its own command and reads any other exit code as a broken task.
 */
export function runTask<const S extends InputSpec & { timeoutInMinutes: { type: 'int'; required: false } }>(
  task: Task<S>,
): Promise<void> {
  return runFramed(async (pipelines, abort) => {
    const input = readInputs(task.inputs, pipelines.inputs);
    const deadline = startDeadline(input.timeoutInMinutes as number, abort);
    try {
      return await task.run(input, pipelines.agent);
    } finally {
      clearTimeout(deadline);
    }
  }, reportedTask(task));
}

function reportedTask({ manifest: { name, version } }: Pick<Task<InputSpec>, 'manifest'>) {
  const known = taskNames.find(one => one === name);
  if (known === undefined) throw new TypeError(`The release report knows no task '${name}'.`);
  return { name: known, version: [version.Major, version.Minor, version.Patch].join('.') };
}

function startDeadline(minutes: number, abort: AbortController): NodeJS.Timeout | undefined {
  if (minutes === 0) return undefined;
  const late = new UserError(
    `The task did not finish within its ${minutes} minutes (input 'timeoutInMinutes'). The lines above show what it was waiting for.`,
  );
  const end = () => {
    abort.abort(late);
  };
  return setTimeout(end, Math.min(minutes * 60_000, longestTimer));
}

/**
 * Runs a task's post-job part in the same frame. It reads no inputs: the agent runs it also after a task whose inputs were wrong, and what
 * it needs the task has handed over by task variables.
 * @param run does the work and returns the sentence that says what was done
 */
export function runPostJob(run: (agent: Agent) => Promise<string>): Promise<void> {
  return runFramed(({ agent }) => run(agent));
}

/**
 * Signals, faults, result, clean-up around the work of a task or of a part of it.
 * @param reported the task that leaves its part of the release report
 */
async function runFramed(
  work: (pipelines: Pipelines, abort: AbortController) => Promise<string>,
  reported?: EndedStep['task'],
): Promise<void> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      abort.abort(new CancelledError(`The pipeline agent cancelled this step (${signal}).`));
    });
  }
  const pipelines = connectPipelines(abort.signal);
  let fault: Error | undefined;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    // Thrown in a callback, where nobody waits for it: what the task has started must be stopped all the same.
    process.on(event, (error: unknown) => {
      fault ??= error instanceof Error ? error : new Error(String(error));
      abort.abort(fault);
    });
  }
  let end: { readonly result: EndedStep['result']; readonly message: string };
  try {
    const sentence = await work(pipelines, abort);
    if (fault !== undefined) throw fault;
    end = { result: 'succeeded', message: sentence };
  } catch (error) {
    pipelines.agent.debug(inspect(error, { depth: 6 }));
    const cause: unknown = abort.signal.aborted ? abort.signal.reason : error;
    end = { result: cause instanceof CancelledError ? 'canceled' : 'failed', message: describe(cause) };
  }
  const leaveReport = () => {
    if (reported !== undefined) pipelines.leaveReport({ ...end, task: reported });
  };
  // An agent that cancels kills the task seconds later, clean-up or not; else the clean-up's own warnings are part of the report.
  if (end.result === 'canceled') leaveReport();
  await pipelines.cleanUp();
  if (end.result !== 'canceled') leaveReport();
  conclude(end, pipelines);
  await pipelines.exit();
}

function conclude(
  { result, message }: { readonly result: EndedStep['result']; readonly message: string },
  pipelines: Pipelines,
): void {
  switch (result) {
    case 'succeeded':
      pipelines.succeed(message);
      return;
    case 'failed':
      pipelines.fail(message);
      return;
    case 'canceled':
      pipelines.cancel(message);
  }
}
