/** Runs the stages of a pipeline, and the jobs of each, one after another in dependency order. */

import { describe } from '../../../shared/core/errors.js';
import { singleLine } from '../../../shared/core/text.js';
import type { Value } from '../expressions/values.js';
import { type JobRecord, type Result, type StageRecord, combine } from '../record/record.js';
import { Variables } from '../task/variables.js';
import type { Condition, Job, Phase, Pipeline, Stage, VariableDefinition } from '../yaml/model.js';
import {
  type Outcome,
  dependenciesValue,
  dependencyStatus,
  holds,
  outcomeValue,
  variablesValue,
} from './conditions.js';
import { define } from './definitions.js';
import { runPhase } from './job.js';
import type { RunSession } from './session.js';

/** A stage that has ended, with what its jobs have come to. */
interface StageOutcome extends Outcome {
  readonly jobs: readonly Outcome[];
}

/** @param tools the folder of installed tools, shared by all runs */
export async function runPipeline(
  run: RunSession,
  pipeline: Pipeline,
  tools: string,
): Promise<StageRecord[]> {
  const finished: StageOutcome[] = [];
  const records: StageRecord[] = [];
  for (const stage of pipeline.stages) {
    const { record, jobs } = await runStage(run, pipeline, stage, finished, tools);
    records.push(record);
    const outputs = new Map(
      jobs.flatMap(job => [...job.outputs].map(([name, value]) => [`${job.name}.${name}`, value] as const)),
    );
    finished.push({ name: stage.name, dependsOn: stage.dependsOn, result: record.result, outputs, jobs });
  }
  return records;
}

async function runStage(
  run: RunSession,
  pipeline: Pipeline,
  stage: Stage,
  finished: readonly StageOutcome[],
  tools: string,
): Promise<{ record: StageRecord; jobs: Outcome[] }> {
  const variables = [...pipeline.variables, ...stage.variables];
  const names = new Map<string, Value>([['dependencies', dependenciesValue(stage.dependsOn, finished)]]);
  // What hangs on other stages is worked out for the jobs only.
  const plain = variables.filter(({ expression }) => expression === undefined);
  const decision = decide(run, stage, plain, names, finished, run.cancel.aborted);
  // A stage that starts in a cancelled run is meant to, with all its jobs; the cancellation is not its own.
  const wasCanceled = run.cancel.aborted;
  const jobs: Outcome[] = [];
  const records: JobRecord[] = [];
  if (decision.runs) run.screen(`##[section]Stage: ${stage.displayName}`);
  else tell(run, 'Stage', stage.displayName, decision);
  const stageDependencies: Value = new Map<string, Value>(
    finished
      .filter(({ name }) => stage.dependsOn.some(wanted => wanted.toLowerCase() === name.toLowerCase()))
      .map(other => [
        other.name,
        new Map<string, Value>(other.jobs.map(job => [job.name, outcomeValue(job)])),
      ]),
  );
  for (const job of stage.jobs) {
    const { name, displayName, dependsOn } = job;
    const jobNames = new Map<string, Value>([
      ['dependencies', dependenciesValue(dependsOn, jobs)],
      ['stageDependencies', stageDependencies],
    ]);
    const all = [...variables, ...job.variables];
    const allowed = decision.runs
      ? decide(run, job, all, jobNames, jobs, run.cancel.aborted && !wasCanceled)
      : decision;
    if (!allowed.runs) {
      if (decision.runs) tell(run, 'Job', displayName, allowed);
      const result = allowed.error === undefined ? 'skipped' : 'failed';
      jobs.push({ name, dependsOn, result, outputs: new Map() });
      const issues = allowed.error === undefined ? [] : [{ type: 'error' as const, message: allowed.error }];
      records.push({ name, displayName, result, issues, steps: [] });
      continue;
    }
    const { record, outputs } = await runJob(run, stage, job, all, jobNames, tools);
    records.push(record);
    jobs.push({ name, dependsOn, result: record.result, outputs });
  }
  const result = combine(records.map(job => job.result));
  return { record: { name: stage.name, displayName: stage.displayName, result, jobs: records }, jobs };
}

type Decision =
  { readonly runs: true } | { readonly runs: false; readonly why: string; readonly error?: string };

function decide(
  run: RunSession,
  item: { readonly condition?: Condition; readonly dependsOn: readonly string[] },
  variables: readonly VariableDefinition[],
  names: ReadonlyMap<string, Value>,
  finished: readonly Outcome[],
  isCanceled: boolean,
): Decision {
  if (run.kill.aborted) return { runs: false, why: 'the run has been ended' };
  const known = new Variables();
  for (const variable of run.variables.values()) known.set(variable.name, variable.value, variable);
  try {
    if (item.condition !== undefined) define(known, variables, names, run.count);
    const runs = holds(
      item.condition,
      new Map([...names, ['variables', variablesValue(known.expanded().values())] as const]),
      dependencyStatus(item.dependsOn, finished, isCanceled),
    );
    const condition = singleLine(item.condition?.text ?? 'succeeded()', 1000);
    return runs ? { runs } : { runs, why: `its condition ${condition} is false` };
  } catch (cause) {
    return { runs: false, why: 'its condition cannot be worked out', error: describe(cause) };
  }
}

function tell(run: RunSession, what: string, name: string, decision: Decision): void {
  if (decision.runs) return;
  if (decision.error !== undefined)
    run.screen(`##[error]${what} ${name}: ${decision.why}: ${decision.error}`);
  else run.screen(`##[section]${what}: ${name} is skipped: ${decision.why}`);
}

async function runJob(
  run: RunSession,
  stage: Stage,
  job: Job,
  variables: readonly VariableDefinition[],
  names: ReadonlyMap<string, Value>,
  tools: string,
): Promise<{ record: JobRecord; outputs: Map<string, string> }> {
  const outputs = new Map<string, string>();
  const steps = [];
  const issues = [];
  let result: Result = 'succeeded';
  const startTime = new Date().toISOString();
  run.screen(`##[section]Job: ${job.displayName}`);
  for (const phase of job.phases) {
    if (!isNext(phase, result)) continue;
    if (phase.hook !== '') run.screen(`##[section]Hook: ${phase.hook}`);
    const plan = { stage, job, phase, variables, names, firstOrder: steps.length + 1, tools };
    const ended = await runPhase(run, plan);
    steps.push(...ended.steps);
    issues.push(...ended.issues);
    result = combine([result, ended.result]);
    for (const [name, value] of ended.outputs) {
      if (phase.hook === '') outputs.set(name, value);
      else for (const owner of [job.name, phase.hook]) outputs.set(`${owner}.${name}`, value);
    }
  }
  if (result === 'failed' && job.continueOnError) result = 'succeededWithIssues';
  run.screen(`##[section]Finishing job: ${job.displayName} (${result})`);
  const { name, displayName } = job;
  const finishTime = new Date().toISOString();
  return { record: { name, displayName, result, startTime, finishTime, issues, steps }, outputs };
}

/** Hooks go on as long as all is well; `on: failure` is for when it is not. */
function isNext({ hook }: Phase, result: Result): boolean {
  return hook === 'failure'
    ? result === 'failed'
    : result === 'succeeded' || result === 'succeededWithIssues';
}
