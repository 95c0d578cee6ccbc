/** What is written down about a run: the shape of run.json, and how results combine. */

export type Result = 'succeeded' | 'succeededWithIssues' | 'failed' | 'canceled' | 'skipped';

export interface Issue {
  readonly type: 'error' | 'warning';
  readonly message: string;
  /** Where the command named a file: its path in the repository and the place in it. */
  readonly sourcePath?: string;
  readonly line?: string;
  readonly column?: string;
  readonly code?: string;
}

export interface Attachment {
  readonly type: string;
  readonly name: string;
  /** Relative to the folder of run.json. */
  readonly path: string;
}

/** One published test run. */
export interface TestRun {
  readonly title: string;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly name: string; readonly message: string }[];
  /** The published files, relative to the folder of run.json. */
  readonly files: readonly string[];
}

/** A nested timeline record (`task.logdetail`). */
export interface Detail {
  readonly id: string;
  readonly parentId?: string;
  readonly type: string;
  readonly name: string;
  readonly order?: number;
  readonly progress?: number;
  readonly state: string;
  readonly result?: string;
  readonly startTime?: string;
  readonly finishTime?: string;
  readonly currentOperation?: string;
}

export interface StepRecord {
  readonly name: string;
  readonly displayName: string;
  /** `Name@1` for a task, else the kind of the step. */
  readonly task: string;
  /** `pre` and `post` for the parts of a task that run before and after all other steps. */
  readonly phase: 'pre' | 'main' | 'post';
  readonly result: Result;
  /** ISO 8601, UTC. */
  readonly startTime: string;
  readonly finishTime: string;
  readonly issues: readonly Issue[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly attachments: readonly Attachment[];
  readonly testResults: readonly TestRun[];
  readonly details: readonly Detail[];
  readonly attempts: number;
  /** Its log, relative to the folder of run.json. */
  readonly log: string;
}

export interface JobRecord {
  readonly name: string;
  readonly displayName: string;
  readonly result: Result;
  /** Absent when it was skipped. */
  readonly startTime?: string;
  readonly finishTime?: string;
  readonly issues: readonly Issue[];
  readonly steps: readonly StepRecord[];
}

export interface StageRecord {
  readonly name: string;
  readonly displayName: string;
  readonly result: Result;
  readonly jobs: readonly JobRecord[];
}

export interface RunRecord {
  readonly result: Result;
  readonly pipeline: string;
  readonly buildNumber: string;
  readonly startTime: string;
  readonly finishTime: string;
  readonly artifacts: readonly string[];
  readonly tags: readonly string[];
  readonly stages: readonly StageRecord[];
}

// In the agent's order; a step that says several things has the worst of them.
const severity: readonly Result[] = ['succeeded', 'succeededWithIssues', 'failed', 'canceled', 'skipped'];

/** The worse of two results of one step; it never gets better. */
export function worse(left: Result | undefined, right: Result): Result {
  return left === undefined || severity.indexOf(right) > severity.indexOf(left) ? right : left;
}

/** The result of a whole from the results of its parts; skipped parts count only when there is nothing else. */
export function combine(results: readonly Result[]): Result {
  const order: readonly Result[] = ['canceled', 'failed', 'succeededWithIssues', 'succeeded'];
  if (results.length === 0) return 'succeeded';
  return order.find(result => results.includes(result)) ?? 'skipped';
}

/** The result as expressions and commands spell it. */
export function resultName(result: Result): string {
  return result.charAt(0).toUpperCase() + result.slice(1);
}
