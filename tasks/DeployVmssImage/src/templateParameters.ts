/** A template's parameters, gathered from the parameters file and the overrides and held against what the template declares. Pure. */
import { findNodeAtLocation, parse, type ParseError } from 'jsonc-parser';
import type { ParameterValue } from '../../../shared/azure/deployments.js';
import { isObject, position, type JsonFile } from './jsonFile.js';

/** The parameters to send, or everything that is wrong with them. */
export interface BoundParameters {
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Values of secure parameters, to be masked. */
  readonly secrets: readonly string[];
  readonly problems: readonly string[];
}

interface Declaration {
  /** As declared, in lower case; undefined where a `$ref` leads nowhere. */
  readonly type: string | undefined;
  readonly optional: boolean;
}

/**
 * Binds values to a template's parameters. Names are compared without regard to case, as Azure does.
 * @param overrides `name=value` texts, read as the types that the template declares
 */
export function bindParameters(
  template: JsonFile,
  parametersFile: JsonFile | undefined,
  overrides: ReadonlyMap<string, string>,
): BoundParameters {
  const declared = declarationsOf(template);
  const problems: string[] = [];
  const bound = new Map<string, ParameterValue>();
  const nameOf = (name: string) =>
    [...declared.keys()].find(candidate => candidate.toLowerCase() === name.toLowerCase());

  for (const [name, entry] of fileEntries(parametersFile, problems)) {
    const where = whereIs(parametersFile, name);
    const known = nameOf(name);
    if (known === undefined) problems.push(`${where}: the template declares no parameter '${name}'`);
    else if (!isObject(entry) || !('value' in entry || 'reference' in entry))
      problems.push(`${where}: parameter '${name}' has neither a "value" nor a "reference"`);
    else bound.set(known, entry);
  }
  for (const [name, text] of overrides) {
    const known = nameOf(name);
    if (known === undefined) {
      problems.push(`'overrideParameters': the template declares no parameter '${name}'`);
      continue;
    }
    const typed = typedValue(text, declared.get(known)?.type);
    if ('problem' in typed) problems.push(`'overrideParameters': '${name}' ${typed.problem}`);
    else bound.set(known, { value: typed.value });
  }
  const missing = [...declared].filter(([name, { optional }]) => !optional && !bound.has(name));
  for (const [name] of missing) {
    problems.push(
      `${whereIs(template, name)}: parameter '${name}' has no default and no value; give it in the parameters file or in 'overrideParameters'`,
    );
  }
  const secrets = [...bound]
    .filter(([name]) => declared.get(name)?.type?.startsWith('secure') === true)
    .flatMap(([, { value }]) => textsIn(value));
  return { parameters: Object.fromEntries(bound), secrets, problems };
}

function declarationsOf(template: JsonFile): ReadonlyMap<string, Declaration> {
  const parameters = template.value['parameters'];
  const entries = Object.entries(isObject(parameters) ? parameters : {});
  return new Map(
    entries.map(([name, declaration]) => {
      const facts = isObject(declaration) ? declaration : {};
      const optional = 'defaultValue' in facts || facts['nullable'] === true;
      return [name, { type: typeOf(facts, template.value, 0), optional }];
    }),
  );
}

/** The declared type, through `$ref` to the template's definitions. */
function typeOf(
  facts: Readonly<Record<string, unknown>>,
  template: Readonly<Record<string, unknown>>,
  depth: number,
): string | undefined {
  const { type, $ref } = facts as { readonly type?: unknown; readonly $ref?: unknown };
  if (typeof type === 'string') return type.toLowerCase();
  const name = typeof $ref === 'string' ? /^#\/definitions\/(.+)$/.exec($ref)?.[1] : undefined;
  const definitions = template['definitions'];
  const definition = isObject(definitions) && name !== undefined ? definitions[name] : undefined;
  return isObject(definition) && depth < 10 ? typeOf(definition, template, depth + 1) : undefined;
}

function fileEntries(file: JsonFile | undefined, problems: string[]): [string, ParameterValue | undefined][] {
  if (file === undefined) return [];
  const { parameters } = file.value as { readonly parameters?: unknown };
  if (!isObject(parameters)) {
    problems.push(
      `${file.path}:1:1: is no parameters file: it needs a "parameters" object, {"parameters": {"name": {"value": …}}}`,
    );
    return [];
  }
  return Object.entries(parameters) as [string, ParameterValue | undefined][];
}

function whereIs(file: JsonFile | undefined, parameter: string): string {
  if (file?.root === undefined) return file?.path ?? '';
  const node = findNodeAtLocation(file.root, ['parameters', parameter]);
  return position(file.path, file.text, node?.parent?.offset ?? node?.offset ?? 0);
}

type Typed = { readonly value: unknown } | { readonly problem: string };

/** A text read as a declared type. */
function typedValue(text: string, type: string | undefined): Typed {
  switch (type) {
    case 'int':
      if (/^-?\d+$/.test(text)) return { value: Number(text) };
      return { problem: `is an int in the template, not '${text}'` };
    case 'bool':
      if (/^(true|false)$/i.test(text)) return { value: text.toLowerCase() === 'true' };
      return { problem: `is a bool in the template: true or false, not '${text}'` };
    case 'array':
    case 'object':
    case 'secureobject': {
      const errors: ParseError[] = [];
      const value: unknown = parse(text, errors, { allowTrailingComma: true });
      const fits = type === 'array' ? Array.isArray(value) : isObject(value);
      if (errors.length === 0 && fits) return { value };
      return { problem: `is an ${type === 'array' ? 'array' : 'object'} in the template; give it as JSON` };
    }
    case 'string':
    case 'securestring':
      return { value: text };
    default:
      return { problem: `has the type '${type ?? 'unknown'}' in the template, which no text can be read as` };
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
