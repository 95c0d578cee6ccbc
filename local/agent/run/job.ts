/** Runs one phase of a job on an agent of its own: folders, variables, steps in the agent's order, and a sweep at the end. */

import { randomUUID } from 'node:crypto';
import { singleLine } from '../../../shared/core/text.js';
import type { Value } from '../expressions/values.js';
import { describe } from '../../../shared/core/errors.js';
import type { Issue, Result, StepRecord } from '../record/record.js';
import { findTask } from '../task/check.js';
import { sweepOrphans } from '../task/orphans.js';
import { Variables } from '../task/variables.js';
import type { Job, Phase, Stage, VariableDefinition } from '../yaml/model.js';
import { define } from './definitions.js';
import type { JobSession, RunSession } from './session.js';
import { type Unit, runUnit } from './step.js';
import { jobVariables } from './systemVariables.js';
import { createWorkspace, emptyTemporary } from './workspace.js';

export interface PhaseResult {
  readonly result: Result;
  readonly outputs: ReadonlyMap<string, string>;
  readonly steps: readonly StepRecord[];
  readonly issues: readonly Issue[];
}

export interface PhasePlan {
  readonly stage: Stage;
  readonly job: Job;
  readonly phase: Phase;
  /** Of the whole file, then of the stage, then of the job. */
  readonly variables: readonly VariableDefinition[];
  /** `dependencies` and `stageDependencies`. */
  readonly names: ReadonlyMap<string, Value>;
  /** The number of the first step's log. */
  readonly firstOrder: number;
  readonly tools: string;
}

const agentVersion = '4.266.0';

export async function runPhase(run: RunSession, plan: PhasePlan): Promise<PhaseResult> {
  const { stage, job, phase } = plan;
  const workspace = createWorkspace(run.out, run.host, plan.tools);
  const issues: Issue[] = [];
  const say = (type: 'error' | 'warning', message: string) => {
    issues.push({ type, message: run.masker.mask(message) });
    run.screen(`##[${type}]${message}`);
  };
  const cancel = new AbortController();
  const kill = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const onCancel = () => {
    if (cancel.signal.aborted) return;
    cancel.abort(new Error('The job is cancelled.'));
    // The agent gives the steps that run after a cancellation a minute at least.
    const grace = Math.max(job.cancelTimeoutInMinutes, 1) * run.patience.minute;
    timers.push(setTimeout(onKill, grace));
  };
  const onKill = () => {
    kill.abort(new Error('The job is ended.'));
  };
  if (job.timeoutInMinutes > 0)
    timers.push(
      setTimeout(() => {
        say(
          'error',
          `The job ran longer than the maximum time of ${job.timeoutInMinutes} minutes. Give it more with timeoutInMinutes, or 0 for no limit.`,
        );
        onCancel();
      }, job.timeoutInMinutes * run.patience.minute),
    );
  // A job that starts in a cancelled run is meant to; the cancellation is not its own.
  run.cancel.addEventListener('abort', onCancel);
  run.kill.addEventListener('abort', onKill);
  if (run.kill.aborted) onKill();
  const jobId = randomUUID();
  // Only what is secret from the start is hidden as base64 too; tasks must see to that for what they find out.
  const hide = { secret: run.masker.addAtStart };
  const session: JobSession = {
    run,
    stage: stage.name,
    job: job.name,
    workspace,
    variables: new Variables(value => {
      hide.secret(value);
    }),
    outputs: new Map(),
    prependedPaths: [],
    endpoints: new Map(),
    details: new Map(),
    lookupId: `vsts_${jobId}`,
    status: 'succeeded',
    cancel: cancel.signal,
    kill: kill.signal,
  };
  addSystemConnection(session);
  const steps: StepRecord[] = [];
  try {
    setVariables(session, plan, jobId);
    hide.secret = run.masker.add;
    for (const unit of planUnits(session, phase)) {
      if (run.kill.aborted) break;
      steps.push(await runUnit(unit, session, plan.firstOrder + steps.length));
    }
  } catch (cause) {
    say('error', describe(cause));
    session.status = 'failed';
  } finally {
    for (const timer of timers) clearTimeout(timer);
    run.cancel.removeEventListener('abort', onCancel);
    run.kill.removeEventListener('abort', onKill);
    for (const { pid, commandLine } of sweepOrphans(session.lookupId))
      run.screen(`Terminate orphan process: pid (${pid}) (${singleLine(commandLine, 200)})`);
    emptyTemporary(workspace);
  }
  return {
    result: cancel.signal.aborted ? 'canceled' : session.status,
    outputs: session.outputs,
    steps,
    issues,
  };
}

/** All parts before, then all steps, then all parts after in reverse order. */
function planUnits({ run }: JobSession, { steps }: Phase): Unit[] {
  const before: Unit[] = [];
  const main: Unit[] = [];
  const after: Unit[] = [];
  for (const step of steps) {
    const taskVariables = new Variables(run.masker.add);
    const task = step.kind === 'task' ? findTask(step.task.text, run.tasks) : undefined;
    const unit = { id: randomUUID(), step, taskVariables, ...(task && { task }) };
    const part = (phase: Unit['phase'], script: string | undefined): Unit => ({
      ...unit,
      phase,
      ...(script !== undefined && { script }),
    });
    if (task?.scripts.pre !== undefined) before.push(part('pre', task.scripts.pre));
    main.push(part('main', task?.scripts.main));
    if (task?.scripts.post !== undefined && step.enabled) after.unshift(part('post', task.scripts.post));
  }
  return [...before, ...main, ...after];
}

function setVariables(session: JobSession, { stage, job, variables, names }: PhasePlan, jobId: string): void {
  const { run, workspace } = session;
  const known = session.variables;
  for (const variable of run.variables.values()) known.set(variable.name, variable.value, variable);
  const planId = run.variables.get('System.PlanId')?.value ?? '';
  const facts = { planId, host: run.host, out: run.out, workspace, stage, job, jobId, agentVersion };
  for (const [name, value] of Object.entries(jobVariables(facts))) known.set(name, value, { readOnly: true });
  for (const [name, value] of Object.entries(environmentOf(job))) known.set(name, value, { readOnly: true });
  define(known, variables, names, run.count);
}

function environmentOf(job: Job): Record<string, string> {
  if (job.environment === undefined) return {};
  return { 'Environment.Name': job.environment, 'Environment.Id': '1' };
}

/** The connection to the service itself. Only the local Azure answers there, for OIDC tokens; but tasks expect it. */
function addSystemConnection({ run, endpoints, variables }: JobSession): void {
  const token = run.accessToken ?? randomUUID();
  variables.set('System.AccessToken', token, { secret: true, readOnly: true });
  endpoints.set('systemvssconnection', {
    id: 'SYSTEMVSSCONNECTION',
    name: 'SystemVssConnection',
    url: run.variables.get('System.CollectionUri')?.value ?? '',
    scheme: 'OAuth',
    parameters: { AccessToken: token },
  });
}
