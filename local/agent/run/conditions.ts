/** Whether a stage, a job or a step runs: the status functions and the values that conditions see. */

import { evaluate } from '../expressions/evaluate.js';
import { type Value, toBoolean, toText } from '../expressions/values.js';
import type { Result } from '../record/record.js';
import { resultName } from '../record/record.js';
import type { Variable } from '../task/macros.js';
import type { Condition } from '../yaml/model.js';

type Functions = ReadonlyMap<string, (args: readonly Value[]) => Value>;

/** What a stage or a job has come to, as those that depend on it see it. */
export interface Outcome {
  readonly name: string;
  readonly result: Result;
  readonly outputs: ReadonlyMap<string, string>;
  readonly dependsOn: readonly string[];
}

/** The status functions of a step: over the job so far. */
export function stepStatus(job: Result, isCanceled: boolean): Functions {
  const good = job === 'succeeded' || job === 'succeededWithIssues';
  return new Map<string, () => Value>([
    ['always', () => true],
    ['canceled', () => isCanceled],
    ['failed', () => !isCanceled && job === 'failed'],
    ['succeeded', () => !isCanceled && good],
    ['succeededorfailed', () => !isCanceled && (good || job === 'failed')],
  ]);
}

/**
 * The status functions of a stage or a job: over those it names, or over all it depends on, however far back.
 * @param finished everything of its kind that has ended
 */
export function dependencyStatus(
  dependsOn: readonly string[],
  finished: readonly Outcome[],
  isCanceled: boolean,
): Functions {
  const find = (name: string) => finished.find(outcome => outcome.name.toLowerCase() === name.toLowerCase());
  const all = new Set<Outcome>();
  const collect = (names: readonly string[]) => {
    for (const outcome of names.flatMap(name => find(name) ?? [])) {
      if (all.has(outcome)) continue;
      all.add(outcome);
      collect(outcome.dependsOn);
    }
  };
  collect(dependsOn);
  const chosen = (args: readonly Value[]) =>
    args.length === 0 ? [...all] : args.flatMap(name => find(toText(name) ?? '') ?? []);
  const good = ({ result }: Outcome) => result === 'succeeded' || result === 'succeededWithIssues';
  return new Map<string, (args: readonly Value[]) => Value>([
    ['always', () => true],
    ['canceled', () => isCanceled],
    ['failed', args => !isCanceled && chosen(args).some(({ result }) => result === 'failed')],
    ['succeeded', args => !isCanceled && chosen(args).every(good)],
    [
      'succeededorfailed',
      args => !isCanceled && chosen(args).every(outcome => good(outcome) || outcome.result === 'failed'),
    ],
  ]);
}

/**
 * Whether the condition holds; without one, `succeeded()`.
 * @throws ExpressionError when a function cannot take its arguments
 */
export function holds(
  condition: Condition | undefined,
  names: ReadonlyMap<string, Value>,
  functions: Functions,
): boolean {
  if (condition === undefined) return toBoolean(functions.get('succeeded')?.([]) ?? null);
  return toBoolean(evaluate(condition.expression, { names, functions }));
}

/** `variables` as expressions see them. */
export function variablesValue(variables: readonly Variable[]): Value {
  return new Map<string, Value>(variables.map(({ name, value }) => [name, value]));
}

/** `dependencies`: result and outputs of those that are depended on directly. */
export function dependenciesValue(dependsOn: readonly string[], finished: readonly Outcome[]): Value {
  return new Map<string, Value>(
    finished
      .filter(({ name }) => dependsOn.some(wanted => wanted.toLowerCase() === name.toLowerCase()))
      .map(outcome => [outcome.name, outcomeValue(outcome)]),
  );
}

export function outcomeValue({ result, outputs }: Outcome): Value {
  return new Map<string, Value>([
    ['result', resultName(result)],
    ['outputs', new Map<string, Value>(outputs)],
  ]);
}
