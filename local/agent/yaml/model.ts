/** A pipeline as it will be run: every template expanded, every shorthand form spelled out. */

import type { Expression } from '../expressions/parse.js';
import type { Position } from './source.js';

export interface Pipeline {
  /** The pattern of the run's number, from `name:`. */
  readonly name?: string;
  readonly variables: readonly VariableDefinition[];
  /** In the file's order. */
  readonly stages: readonly Stage[];
}

export interface VariableDefinition {
  readonly name: string;
  readonly value: string;
  readonly readOnly: boolean;
  readonly at: Position;
  /** Set where the whole value is `$[ … ]`. */
  readonly expression?: Expression;
}

export interface Condition {
  readonly text: string;
  readonly expression: Expression;
}

export interface Stage {
  readonly name: string;
  readonly displayName: string;
  /** Names of the stages that come before it. */
  readonly dependsOn: readonly string[];
  readonly condition?: Condition;
  readonly variables: readonly VariableDefinition[];
  readonly jobs: readonly Job[];
  readonly at: Position;
}

export interface Job {
  readonly name: string;
  readonly displayName: string;
  readonly dependsOn: readonly string[];
  readonly condition?: Condition;
  readonly variables: readonly VariableDefinition[];
  readonly continueOnError: boolean;
  /** 0 for no limit. */
  readonly timeoutInMinutes: number;
  readonly cancelTimeoutInMinutes: number;
  /** A plain job has one phase named ''; a deployment job has its life cycle hooks, in order. */
  readonly phases: readonly Phase[];
  readonly environment?: string;
  readonly at: Position;
}

export type Hook = 'preDeploy' | 'deploy' | 'routeTraffic' | 'postRouteTraffic' | 'failure' | 'success';

export interface Phase {
  readonly hook: Hook | '';
  readonly steps: readonly Step[];
}

/** What `target:` of a step restricts. */
export interface StepTarget {
  readonly restricted: boolean;
  /** Patterns of the variables that the step may set, undefined for all. */
  readonly settableVariables?: readonly string[];
}

/** What every step has. */
export interface StepSettings {
  readonly name: string;
  readonly displayName: string;
  readonly condition?: Condition;
  readonly continueOnError: boolean;
  readonly enabled: boolean;
  readonly timeoutInMinutes: number;
  readonly retryCountOnTaskFailure: number;
  readonly env: ReadonlyMap<string, string>;
  readonly target: StepTarget;
  readonly at: Position;
}

/** A text of the file with its place. */
export interface Located {
  readonly text: string;
  readonly at: Position;
}

export type Step = TaskStep | ScriptStep | CheckoutStep | PublishStep | DownloadStep;

export interface TaskStep extends StepSettings {
  readonly kind: 'task';
  /** As written, `Name@1`. */
  readonly task: Located;
  /** By the name that the file uses, place of the key for messages. */
  readonly inputs: ReadonlyMap<string, Located>;
}

export interface ScriptStep extends StepSettings {
  readonly kind: 'script' | 'bash';
  readonly script: string;
  readonly workingDirectory: string;
  readonly failOnStderr: boolean;
}

export interface CheckoutStep extends StepSettings {
  readonly kind: 'checkout';
  readonly repository: 'self' | 'none';
  /** Relative to the workspace; empty for the usual place. */
  readonly path: string;
}

export interface PublishStep extends StepSettings {
  readonly kind: 'publish';
  readonly path: string;
  readonly artifact: string;
}

export interface DownloadStep extends StepSettings {
  readonly kind: 'download';
  readonly source: 'current' | 'none';
  /** Empty for all artifacts. */
  readonly artifact: string;
  readonly patterns: readonly string[];
  /** Empty for the workspace. */
  readonly path: string;
}
