/** The state of a run, a job and a step while they go on; what commands and steps read and change. */

import type { Endpoint } from '../task/endpoints.js';
import type { Masker } from '../task/masking.js';
import type { Patience } from '../task/process.js';
import type { Variables } from '../task/variables.js';
import type { Attachment, Detail, Issue, Result, TestRun } from '../record/record.js';
import type { Screen } from '../record/log.js';
import type { TaskDefinition } from '../task/definition.js';

export type Host = 'build' | 'release';

/** What is the same for the whole run. */
export interface RunSession {
  readonly host: Host;
  readonly tasks: readonly TaskDefinition[];
  /** Absolute path of the folder of run.json. */
  readonly out: string;
  readonly source: string;
  readonly node: string;
  readonly masker: Masker;
  /** Hides secrets in what it shows. */
  readonly screen: Screen;
  readonly patience: Patience;
  /** The agent's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The service connection of a name. */
  readonly connection: (name: string) => Endpoint | undefined;
  /** System.AccessToken of every job; each has one of its own, good for nothing, when absent. */
  readonly accessToken?: string;
  /** Variables that every job starts with: those of the service, then those given for the run. */
  readonly variables: Variables;
  /** Aborted when the run is cancelled. */
  readonly cancel: AbortSignal;
  /** Aborted when nobody wants to wait any longer. */
  readonly kill: AbortSignal;
  readonly tags: Set<string>;
  /** Counters of `counter()` and of `$(Rev)`, kept from run to run. */
  readonly count: (prefix: string, seed: number) => number;
}

/** The folders of a job. */
export interface Workspace {
  readonly root: string;
  readonly sources: string;
  readonly staging: string;
  readonly binaries: string;
  readonly testResults: string;
  readonly temp: string;
  readonly tools: string;
  readonly defaultWorkingDirectory: string;
}

export interface JobSession {
  readonly run: RunSession;
  readonly stage: string;
  readonly job: string;
  readonly workspace: Workspace;
  readonly variables: Variables;
  /** `step.variable` → value. */
  readonly outputs: Map<string, string>;
  readonly prependedPaths: string[];
  readonly endpoints: Map<string, Endpoint>;
  readonly details: Map<string, Detail>;
  readonly lookupId: string;
  status: Result;
  /** Aborted when the job is cancelled or has run too long. */
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
}

/** What a task.json or a step's `target:` allows commands to do. */
export interface Restriction {
  readonly restricted: boolean;
  readonly settableVariables?: readonly string[];
}

export interface StepSession {
  readonly job: JobSession;
  readonly name: string;
  readonly restrictions: readonly Restriction[];
  /** Variables that the task declares as its outputs. */
  readonly outputNames: readonly string[];
  readonly taskVariables: Variables;
  /** Writes masked lines to the step's log. */
  readonly write: (text: string) => void;
  readonly issues: Issue[];
  readonly outputs: Map<string, string>;
  readonly attachments: Attachment[];
  readonly testResults: TestRun[];
  readonly detailIds: Set<string>;
  /** What is done after the process has ended: uploads and test results. */
  readonly afterwards: (() => void)[];
  /** What `task.complete` said. */
  commandResult: Result | undefined;
  progress: number;
  /** Called by `task.complete done=true`. */
  onDone: () => void;
}

const mostIssues = 10;

/** Logs an issue; only the first ten of each type are kept with the step. */
export function addIssue(step: StepSession, issue: Issue): void {
  const { mask } = step.job.run.masker;
  if (step.issues.filter(({ type }) => type === issue.type).length < mostIssues)
    step.issues.push({ ...issue, message: mask(issue.message) });
  step.write(`##[${issue.type}]${issue.message}`);
}

export function error(step: StepSession, message: string): void {
  addIssue(step, { type: 'error', message });
}

export function warning(step: StepSession, message: string): void {
  addIssue(step, { type: 'warning', message });
}

/** Where steps work: the sources, wherever `checkout` has put them. */
export function workingDirectory({ workspace }: JobSession, variables: Variables): string {
  return variables.get('System.DefaultWorkingDirectory')?.value ?? workspace.defaultWorkingDirectory;
}

export function isDebug(job: JobSession): boolean {
  return job.variables.get('System.Debug')?.value.toLowerCase() === 'true';
}
