/** Reads declared `parameters:` and the values given for them. */

import { type Value, isArray, toNumber, toText } from '../expressions/values.js';
import { toValue } from './nodeValues.js';
import { accept, asItems, asText, readFields, uniqueEntries } from './reader.js';
import { type Node, type Position, type Report, scalar } from './source.js';

const types = [
  'string',
  'stringList',
  'number',
  'boolean',
  'object',
  'step',
  'stepList',
  'job',
  'jobList',
  'deployment',
  'deploymentList',
  'stage',
  'stageList',
  // Names of things in Azure DevOps: text, for a run on this machine.
  'environment',
  'filePath',
  'pool',
  'secureFile',
  'serviceConnection',
] as const;
type ParameterType = (typeof types)[number];
const textTypes: readonly ParameterType[] = [
  'string',
  'environment',
  'filePath',
  'pool',
  'secureFile',
  'serviceConnection',
];

interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly at: Position;
  readonly fallback?: Node;
  readonly values?: readonly string[];
}

/**
 * @param given names with the values given for them, where they were given
 * @param owner whose parameters they are, and the place that gives them, for messages
 * @returns an object with one entry a parameter
 */
export function readParameters(
  declared: Node | undefined,
  given: readonly (readonly [string, Node])[],
  owner: { readonly what: string; readonly at: Position },
  report: Report,
): Value {
  const parameters = declared === undefined ? [] : readDeclarations(declared, report);
  const result = new Map<string, Value>();
  const isNamed = (name: string) => (parameter: { readonly name: string }) =>
    parameter.name.toLowerCase() === name.toLowerCase();
  for (const [name, node] of given)
    if (!parameters.some(isNamed(name)))
      report(node.at, `${owner.what} has no parameter '${name}'${choice(parameters)}`);
  for (const parameter of parameters) {
    const own = given.find(([name]) => isNamed(name)(parameter))?.[1];
    const node = own ?? parameter.fallback;
    if (node === undefined)
      report(
        owner.at,
        `${owner.what} needs a value for the parameter '${parameter.name}'; it has no default`,
      );
    else result.set(parameter.name, convert(parameter, node, report));
  }
  return result;
}

function choice(parameters: readonly Parameter[]): string {
  return parameters.length === 0
    ? '; it has none'
    : `; it has ${parameters.map(({ name }) => name).join(', ')}`;
}

function readDeclarations(node: Node, report: Report): Parameter[] {
  // The older form, `name: default`, has no types.
  if (node.kind === 'map')
    return uniqueEntries(node, 'parameters', report).map(({ key, value }) => ({
      name: key.text,
      type: value.kind === 'scalar' ? 'string' : 'object',
      at: key.at,
      fallback: value,
    }));
  return asItems(node, 'parameters', report).map(item => readDeclaration(item, report));
}

function readDeclaration(node: Node, report: Report): Parameter {
  let name = '';
  let type: ParameterType = 'string';
  let fallback: Node | undefined;
  let values: readonly string[] | undefined;
  readFields(
    node,
    'a parameter',
    {
      name: value => (name = readName(value, report)),
      displayName: accept,
      type: value => {
        const text = asText(value, 'type', report);
        const known = types.find(candidate => candidate === text);
        if (known === undefined)
          report(value.at, `'${text}' is not a type of parameter; the types are ${types.join(', ')}`);
        else type = known;
      },
      default: value => {
        reportExpressions(value, report);
        fallback = value;
      },
      values: value =>
        (values = asItems(value, 'values', report).map(item => asText(item, 'a value', report))),
    },
    report,
  );
  if (name === '') report(node.at, 'a parameter needs a name');
  return {
    name,
    type,
    at: node.at,
    ...(fallback && { fallback }),
    ...(values && { values }),
  };
}

/** Parameters may have dashes in their names, as nothing else may. */
function readName(node: Node, report: Report): string {
  const text = asText(node, 'the name of the parameter', report);
  if (!/^[A-Za-z_][\w-]*$/.test(text))
    report(
      node.at,
      `the name of the parameter '${text}' must begin with a letter and hold only letters, digits, '_' and '-'`,
    );
  return text;
}

/** Defaults are taken as they are written: an expression among them would stand in the pipeline as text. */
function reportExpressions(node: Node, report: Report): void {
  if (node.kind === 'sequence') for (const item of node.items) reportExpressions(item, report);
  else if (node.kind === 'map')
    for (const { key, value } of node.entries) {
      reportExpressions(key, report);
      reportExpressions(value, report);
    }
  else if (node.text.includes('${{'))
    report(node.at, `the default of a parameter cannot hold the expression '${node.text.trim()}'`);
}

function convert({ name, type, values }: Parameter, node: Node, report: Report): Value {
  const isList = type.endsWith('List');
  const fits =
    type === 'object' ||
    ([...textTypes, 'number', 'boolean'].includes(type)
      ? node.kind === 'scalar'
      : isList
        ? node.kind === 'sequence' || (node.kind === 'scalar' && node.text === '')
        : node.kind === 'map');
  if (!fits) {
    report(node.at, `the parameter '${name}' must be a ${type}`);
    return null;
  }
  const value = isList && node.kind === 'scalar' ? [] : toValue(node);
  for (const one of isArray(value) ? value : [value]) {
    const text = toText(one) ?? '';
    if (values !== undefined && !values.includes(text))
      report(node.at, `the parameter '${name}' must be one of ${values.join(', ')}, not '${text}'`);
  }
  if (type === 'boolean') {
    const text = (toText(value) ?? '').toLowerCase();
    if (!['true', 'false'].includes(text)) report(node.at, `the parameter '${name}' must be true or false`);
    return text === 'true';
  }
  if (type === 'number') {
    const number = toNumber(value);
    if (number === undefined || toText(value) === '')
      report(node.at, `the parameter '${name}' must be a number`);
    return number ?? 0;
  }
  return value;
}

/** A parameter given on the command line: text, or YAML where it begins a list or a map. */
export function parameterNode(text: string, at: Position, parse: (text: string) => Node): Node {
  return /^\s*[[{]/.test(text) ? parse(text) : scalar(text, at);
}
