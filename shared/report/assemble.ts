/** Puts the parts of a run together. Pure. */
import type { ReleaseReport, ReportPart, ReportRun } from './format.js';
import { reportVersion } from './names.js';
import type { Variable } from './part.js';

type Previous = ReleaseReport['previous'];

/** A whole report: parts in the order of their beginning; of a step that was retried in place the last try. */
export function assemble(run: ReportRun, parts: readonly ReportPart[], previous: Previous): ReleaseReport {
  const last = new Map<string, ReportPart>();
  for (const part of inOrder(parts)) last.set(JSON.stringify([placeOf(part), attemptsOf(part)]), part);
  return { schemaVersion: reportVersion, run, parts: inOrder([...last.values()]), previous };
}

/**
 * What a later report says of this one as the run before: how long its steps took, the last attempt of each. A run that did not pass
 * hands on what it was told itself.
 */
export function previousOf({ run, parts, previous }: ReleaseReport): Previous {
  const last = new Map<string, ReportPart>();
  for (const part of inOrder(parts)) last.set(placeOf(part), part);
  const steps = [...last.values()];
  if (steps.length === 0 || steps.some(({ result }) => result !== 'succeeded')) return previous;
  return {
    number: run.number,
    steps: steps.map(({ task, step, startedAt, finishedAt }) => ({
      task,
      stage: step.stage,
      milliseconds: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)),
    })),
  };
}

/** The run that a task is part of, as the agent's variables tell it. */
export function runOf(variable: Variable): ReportRun {
  const or = (...names: readonly string[]) =>
    names.map(variable).find(value => value !== undefined && value !== '') ?? null;
  return {
    pipeline: or('Release.DefinitionName', 'Build.DefinitionName') ?? '',
    number: or('Release.ReleaseName', 'Build.BuildNumber') ?? '',
    url: or('Release.ReleaseWebURL') ?? buildPage(variable),
    commit: or('Build.SourceVersion'),
    branch: or('Build.SourceBranch'),
    repository: or('Build.Repository.Name'),
  };
}

function buildPage(variable: Variable): string | null {
  const [collection, project, id] = ['System.CollectionUri', 'System.TeamProject', 'Build.BuildId'].map(
    variable,
  );
  if (!collection || !project || !id) return null;
  return `${collection.replace(/\/$/, '')}/${encodeURIComponent(project)}/_build/results?buildId=${id}`;
}

function inOrder(parts: readonly ReportPart[]): ReportPart[] {
  return [...parts].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

function placeOf({ task, step }: ReportPart): string {
  return JSON.stringify([task, step.stage, step.job, step.id]);
}

function attemptsOf({ step }: ReportPart): readonly number[] {
  return [step.stageAttempt, step.jobAttempt];
}
