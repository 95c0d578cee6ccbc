/** The one way through a task: inputs, signals, deadline, use case, result, clean-up. The only place that sets a result. */
import { inspect } from 'node:util';
import { CancelledError, UserError, describe } from '../core/errors.js';
import type { Agent } from './agent.js';
import { readInputs, type InputSpec, type Inputs } from './inputs.js';
import { connectPipelines } from './pipelines.js';

/** Node's timers take no more, some 24 days; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** A task: its inputs as task.json declares them, and its use case. */
export interface Task<S extends InputSpec> {
  readonly inputs: S;
  /** Does the work and returns the sentence that says what was done; throws when it was not. */
  run(input: Inputs<S>, agent: Agent): Promise<string>;
}

/**
 * Runs a task to its end and ends the process. Never rejects. The process exits with 0 whatever the outcome:
 * the agent takes the result from its own command and reads any other exit code as a broken task.
 */
export async function runTask<
  const S extends InputSpec & { timeoutInMinutes: { type: 'int'; required: false } },
>(task: Task<S>): Promise<void> {
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
  let deadline: NodeJS.Timeout | undefined;
  let conclude: () => void;
  try {
    const input = readInputs(task.inputs, pipelines.inputs);
    const minutes = input.timeoutInMinutes as number;
    if (minutes > 0) {
      const late = new UserError(
        `The task did not finish within its ${minutes} minutes (input 'timeoutInMinutes'). The lines above show what it was waiting for.`,
      );
      deadline = setTimeout(
        () => {
          abort.abort(late);
        },
        Math.min(minutes * 60_000, longestTimer),
      );
    }
    const sentence = await task.run(input, pipelines.agent);
    if (fault !== undefined) throw fault;
    conclude = () => {
      pipelines.succeed(sentence);
    };
  } catch (error) {
    pipelines.agent.debug(inspect(error, { depth: 6 }));
    const cause: unknown = abort.signal.aborted ? abort.signal.reason : error;
    conclude = () => {
      if (cause instanceof CancelledError) pipelines.cancel(describe(cause));
      else pipelines.fail(describe(cause));
    };
  }
  clearTimeout(deadline);
  await pipelines.cleanUp();
  conclude();
  await pipelines.exit();
}
