/** Runs one step: its condition, its attempts, its time limit, and what it has come to. */

import { join, relative } from 'node:path';
import { describe } from '../../../shared/core/errors.js';
import { sleep } from '../../../shared/core/wait.js';
import { openLog } from '../record/log.js';
import { type Result, type StepRecord, resultName, worse } from '../record/record.js';
import type { TaskDefinition } from '../task/definition.js';
import type { Variables } from '../task/variables.js';
import type { Step } from '../yaml/model.js';
import { runBuiltIn } from './builtInSteps.js';
import { holds, stepStatus, variablesValue } from './conditions.js';
import { runScript, runTask } from './processSteps.js';
import { type JobSession, type StepSession, error, warning } from './session.js';

/** One entry of a job's plan: a step, or the part of a task that runs before or after all others. */
export interface Unit {
  /** The step's own, the same for all parts of a task. */
  readonly id: string;
  readonly step: Step;
  readonly phase: 'pre' | 'main' | 'post';
  readonly task?: TaskDefinition;
  /** The task's script of this phase. */
  readonly script?: string;
  /** Shared by the parts of one task. */
  readonly taskVariables: Variables;
}

const prefixes = { pre: 'Pre-job: ', main: '', post: 'Post-job: ' };

/** Runs a unit and keeps what came of it in the job: variables, outputs, status. */
export async function runUnit(unit: Unit, job: JobSession, order: number): Promise<StepRecord> {
  const { step, phase } = unit;
  const { run } = job;
  const startTime = new Date().toISOString();
  const name = phase === 'main' ? step.name : `${step.name}_${phase}job`;
  const file = join(run.out, 'logs', job.stage, job.job, `${order}_${name}.log`);
  const log = openLog(file, run.screen, run.masker.mask);
  const session = createSession(unit, job, log.write);
  const variables = job.variables.expanded(message => {
    warning(session, message);
  });
  const displayName = `${prefixes[phase]}${expandDisplayName(step.displayName, variables)}`;
  setStepVariables(unit, job, variables, displayName);
  let attempts = 0;
  let result: Result = 'skipped';
  log.write(`##[section]Starting: ${displayName}`);
  try {
    const allowed = isAllowed(unit, job, variables, session);
    if (allowed === 'failed') result = 'failed';
    else if (allowed) {
      const outcome = await runAttempts(unit, session, variables);
      ({ attempts } = outcome);
      result = outcome.result;
    }
  } finally {
    log.write(`##[section]Finishing: ${displayName}`);
    log.close();
  }
  if (result === 'failed' && step.continueOnError) result = 'succeededWithIssues';
  if (result !== 'skipped') updateStatus(job, result);
  return {
    name,
    displayName: run.masker.mask(displayName),
    task: step.kind === 'task' ? step.task.text : step.kind,
    phase,
    result,
    startTime,
    finishTime: new Date().toISOString(),
    issues: session.issues,
    outputs: Object.fromEntries([...session.outputs].map(([key, value]) => [key, run.masker.mask(value)])),
    attachments: session.attachments,
    testResults: session.testResults.map(results => maskTexts(results, run.masker.mask)),
    details: [...job.details.values()]
      .filter(({ id }) => session.detailIds.has(id))
      .map(detail => maskTexts(detail, run.masker.mask)),
    attempts,
    log: relative(run.out, file),
  };
}

/** A plain record with secrets hidden in all its texts. */
function maskTexts<T>(record: T, mask: (text: string) => string): T {
  return JSON.parse(JSON.stringify(record), (_key, value: unknown) =>
    typeof value === 'string' ? mask(value) : value,
  ) as T;
}

function createSession(
  { step, task, taskVariables }: Unit,
  job: JobSession,
  write: (text: string) => void,
): StepSession {
  return {
    job,
    name: step.name,
    restrictions: task === undefined ? [step.target] : [task, step.target],
    outputNames: task?.outputVariables ?? [],
    taskVariables,
    write,
    issues: [],
    outputs: new Map(),
    attachments: [],
    testResults: [],
    detailIds: new Set(),
    afterwards: [],
    commandResult: undefined,
    progress: 0,
    onDone: () => undefined,
  };
}

function expandDisplayName(text: string, variables: Variables): string {
  return text.replace(/\$\(([^)]+)\)/g, (match, name: string) => variables.get(name)?.value ?? match);
}

function setStepVariables(
  { id, step }: Unit,
  job: JobSession,
  variables: Variables,
  displayName: string,
): void {
  const own = {
    'task.displayname': displayName,
    'system.taskInstanceId': id,
    'system.taskDisplayName': displayName,
    'system.taskInstanceName': step.name,
  };
  for (const [name, value] of Object.entries(own)) {
    job.variables.set(name, value);
    variables.set(name, value);
  }
}

/** Whether the step runs; `failed` when its condition cannot be worked out. */
function isAllowed(
  { step, phase }: Unit,
  job: JobSession,
  variables: Variables,
  session: StepSession,
): boolean | 'failed' {
  if (!step.enabled) {
    session.write('The step is not enabled.');
    return false;
  }
  // What a task has left behind is cleared away whatever has happened.
  if (phase === 'post') return true;
  try {
    const names = new Map([['variables', variablesValue(variables.values())]]);
    const runs = holds(step.condition, names, stepStatus(job.status, job.cancel.aborted));
    if (!runs)
      session.write(
        `Evaluating: ${step.condition?.text ?? 'succeeded()'}\nResult: False\nThe step is skipped.`,
      );
    return runs;
  } catch (cause) {
    error(session, `The condition cannot be worked out: ${describe(cause)}`);
    return 'failed';
  }
}

async function runAttempts(
  unit: Unit,
  session: StepSession,
  variables: Variables,
): Promise<{ result: Result; attempts: number }> {
  const { step } = unit;
  for (let attempt = 1; ; attempt++) {
    const result = await runOnce(unit, session, variables);
    const isLast = attempt > step.retryCountOnTaskFailure;
    if (result.result !== 'failed' || result.timedOut || isLast || session.job.cancel.aborted)
      return { result: result.result, attempts: attempt };
    const delay = attempt ** 2 * 1000;
    warning(
      session,
      `RetryHelper encountered task failure, will retry (attempt #: ${attempt} out of ${step.retryCountOnTaskFailure}) after ${delay} ms`,
    );
    session.commandResult = undefined;
    session.afterwards.length = 0;
    try {
      await sleep(delay, session.job.cancel);
    } catch {
      return { result: 'canceled', attempts: attempt };
    }
  }
}

async function runOnce(
  unit: Unit,
  session: StepSession,
  variables: Variables,
): Promise<{ result: Result; timedOut: boolean }> {
  const { job } = session;
  const { step } = unit;
  const stop = new AbortController();
  let ended: 'timeout' | 'cancel' | undefined;
  const end = (why: 'timeout' | 'cancel') => {
    if (ended !== undefined) return;
    ended = why;
    stop.abort();
  };
  const timer =
    step.timeoutInMinutes === 0
      ? undefined
      : setTimeout(() => {
          end('timeout');
        }, step.timeoutInMinutes * job.run.patience.minute);
  const onCancel = () => {
    if (runsWhenCanceled(unit, variables)) return;
    session.write('The Operation will be canceled. The next steps may not contain expected logs.');
    end('cancel');
  };
  // A step that starts when the job is cancelled already is one that is meant to.
  if (!job.cancel.aborted) job.cancel.addEventListener('abort', onCancel);
  const onKill = () => {
    end('cancel');
  };
  job.kill.addEventListener('abort', onKill);
  if (job.kill.aborted) onKill();
  let result: Result;
  try {
    result = await runKind(unit, session, variables, { stop: stop.signal, kill: job.kill });
    for (const action of session.afterwards.splice(0)) action();
  } catch (cause) {
    error(session, describe(cause));
    result = 'failed';
  } finally {
    clearTimeout(timer);
    job.cancel.removeEventListener('abort', onCancel);
    job.kill.removeEventListener('abort', onKill);
  }
  // However the process took its end, a step that was stopped has not done its work.
  if (ended === 'timeout') {
    error(session, `The task has timed out.`);
    return { result: 'failed', timedOut: true };
  }
  if (ended === 'cancel') {
    error(session, 'The operation was canceled.');
    return { result: 'canceled', timedOut: false };
  }
  return {
    result: session.commandResult === undefined ? result : worse(session.commandResult, result),
    timedOut: false,
  };
}

/** A step whose condition also holds in a cancelled job is let run on. */
function runsWhenCanceled({ step, phase }: Unit, variables: Variables): boolean {
  if (phase === 'post') return true;
  try {
    const names = new Map([['variables', variablesValue(variables.values())]]);
    return holds(step.condition, names, stepStatus('canceled', true));
  } catch {
    // A condition that cannot be worked out has been told when the step began.
    return false;
  }
}

async function runKind(
  { step, task, script }: Unit,
  session: StepSession,
  variables: Variables,
  stops: { stop: AbortSignal; kill: AbortSignal },
): Promise<Result> {
  switch (step.kind) {
    case 'task':
      if (task === undefined || script === undefined) return 'succeeded';
      return runTask(step, task, script, session, variables, stops);
    case 'script':
    case 'bash':
      return runScript(step, session, variables, stops);
    case 'checkout':
    case 'publish':
    case 'download':
      runBuiltIn(step, session, variables);
      return 'succeeded';
  }
}

/** The job is as good as its worst step so far. */
function updateStatus(job: JobSession, result: Result): void {
  if (result === 'failed' || result === 'succeededWithIssues' || result === 'canceled')
    job.status = worse(job.status, result);
  job.variables.set('agent.jobstatus', resultName(job.status));
}
