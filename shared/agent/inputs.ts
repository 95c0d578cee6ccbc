/** A task's inputs: typed by the specification made from task.json, read and checked all at once. */
import { ProblemsError } from '../core/errors.js';
import { unsetVariable } from '../core/unsetVariable.js';

/** One input, as task.json declares it. */
export interface InputDeclaration {
  readonly type: 'string' | 'multiLine' | 'filePath' | 'boolean' | 'int' | 'pickList' | 'connectedService';
  readonly required: boolean;
  /** The allowed values of a pick list. */
  readonly options?: readonly string[];
  /** What an empty text stands for where task.json says other than 0 or false: an empty variable must not switch a gate off. */
  readonly fallback?: number | boolean;
}

/** A task's inputs by name; `inputs.generated.ts` beside each task holds its own. */
export type InputSpec = Readonly<Record<string, InputDeclaration>>;

type ValueOf<D extends InputDeclaration> = D['type'] extends 'boolean'
  ? boolean
  : D['type'] extends 'int'
    ? number
    : D['options'] extends readonly (infer O)[]
      ? O
      : string;

type IsSure<D extends InputDeclaration> = D['type'] extends 'boolean' | 'int' | 'pickList'
  ? true
  : D['required'];

/** The values of a task's inputs: absent optional texts are undefined, everything else is there. */
export type Inputs<S extends InputSpec> = {
  readonly [K in keyof S]: IsSure<S[K]> extends true ? ValueOf<S[K]> : ValueOf<S[K]> | undefined;
};

/** Where the texts of inputs come from. */
export interface InputSource {
  /** The text of an input, undefined or empty when it is not set. */
  text(name: string): string | undefined;
  /** Whether a filePath input was set; the agent turns an empty one into the sources directory. */
  pathSupplied(name: string): boolean;
}

/**
 * Reads every input of a specification.
 * @throws ProblemsError naming every missing input and every value that does not fit
 */
export function readInputs<const S extends InputSpec>(spec: S, source: InputSource): Inputs<S> {
  const values: Record<string, string | number | boolean | undefined> = {};
  const problems: string[] = [];
  for (const [name, declaration] of Object.entries(spec)) {
    const read = readInput(name, declaration, source);
    if ('problem' in read) problems.push(read.problem);
    else values[name] = read.value;
  }
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
  return values as Inputs<S>;
}

type Read = { readonly value: string | number | boolean | undefined } | { readonly problem: string };

function readInput(name: string, declaration: InputDeclaration, source: InputSource): Read {
  const supplied = declaration.type !== 'filePath' || source.pathSupplied(name);
  const text = supplied ? source.text(name)?.trim() : undefined;
  if (text === undefined || text === '') {
    if (declaration.required) return { problem: `'${name}' is required and was not given.` };
    if (declaration.type === 'boolean') return { value: declaration.fallback ?? false };
    if (declaration.type === 'int') return { value: declaration.fallback ?? 0 };
    if (declaration.type === 'pickList') return { value: declaration.options?.[0] };
    return { value: undefined };
  }
  const unset = unsetVariable(text);
  if (unset !== undefined) return { problem: `'${name}' ${unset}` };
  switch (declaration.type) {
    case 'boolean':
      if (/^(true|false)$/i.test(text)) return { value: text.toLowerCase() === 'true' };
      return { problem: `'${name}' must be true or false, not '${text}'.` };
    case 'int':
      if (/^\d{1,9}$/.test(text)) return { value: Number(text) };
      return { problem: `'${name}' must be a whole number of 0 or more, not '${text}'.` };
    case 'pickList': {
      const options = declaration.options ?? [];
      const option = options.find(candidate => candidate.toLowerCase() === text.toLowerCase());
      if (option !== undefined) return { value: option };
      return { problem: `'${name}' must be one of ${options.join(', ')}, not '${text}'.` };
    }
    default:
      return { value: text };
  }
}
