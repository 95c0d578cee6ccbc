/** The values that a task's inputs have when it starts. */

import { isAbsolute, join } from 'node:path';
import { findInput } from './check.js';
import type { TaskDefinition } from './definition.js';
import { expandMacros } from './macros.js';

export interface InputSources {
  /** By the name or alias that the file uses. */
  readonly given: ReadonlyMap<string, string>;
  readonly variable: (name: string) => string | undefined;
  readonly environment: (name: string) => string | undefined;
  /** What a relative path of a `filePath` input starts from. */
  readonly pathRoot: string;
  /** DISABLE_INPUT_TRIMMING. */
  readonly keepSpace: boolean;
}

/**
 * Defaults, then what the file gives, then `$(variable)`, then `$(ENVIRONMENT)`. Every declared input has a value, and an empty
 * `filePath` becomes the folder it would be relative to: tasks must know that.
 * @returns values by the input's own name
 */
export function resolveInputs(task: TaskDefinition, sources: InputSources): Map<string, string> {
  const values = new Map(task.inputs.map(input => [input.name, input.defaultValue.trim()]));
  for (const [name, value] of sources.given)
    values.set(findInput(task, name)?.name ?? name, sources.keepSpace ? value : value.trim());
  for (const [name, value] of values) {
    const text = expandMacros(expandMacros(value, sources.variable), sources.environment);
    const isPath = findInput(task, name)?.type.toLowerCase() === 'filepath';
    values.set(name, isPath && !isAbsolute(text) ? join(sources.pathRoot, text) : text);
  }
  return values;
}

/** Names of the service connections among the inputs; one input can hold a comma list. */
export function connectionNames(task: TaskDefinition, values: ReadonlyMap<string, string>): string[] {
  return task.inputs
    .filter(input => input.type.toLowerCase().startsWith('connectedservice:'))
    .flatMap(input => (values.get(input.name) ?? '').split(','))
    .map(name => name.trim())
    .filter(name => name !== '');
}
