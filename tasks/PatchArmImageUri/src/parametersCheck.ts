/** A parameters file held against its template: names that it does not declare and values that it does not take. Pure. */
import { describeKind, tryParseImageReference } from '../../../shared/core/imageReference.js';
import { listOf, singleLine } from '../../../shared/core/text.js';
import { isParametersFile } from './armTemplate.js';
import { candidatesOf } from './imageFit.js';
import { json } from './json.js';
import { getNodeValue, nodeAt, propertiesOf, type Node } from './jsonText.js';
import { lineCounter } from './lines.js';
import type { Syntax } from './syntax.js';
import type { Template, TemplateParameter } from './template.js';

/** What is wrong, and on which line. */
export interface ParameterProblem {
  readonly line: number;
  readonly problem: string;
}

/**
 * Everything in a parameters file that Azure would refuse the template for; nothing for a text of another kind.
 * A parameter that is missing is no fault here: the deployment may override it. Values are not shown, they may be secret.
 */
export function parameterProblems(
  text: string,
  template: Pick<Template, 'parameters'> & Partial<Template>,
  syntax: Syntax = json,
): ParameterProblem[] {
  const parsed = syntax.parse(text);
  if (!('root' in parsed) || !isParametersFile(getNodeValue(parsed.root))) return [];
  const lineOf = lineCounter(text);
  return propertiesOf(nodeAt(parsed.root, ['parameters'])).flatMap(({ name, value }) =>
    [...problemsOf(name, value, template.parameters), ...imageProblems(name, value, template)].map(
      problem => ({
        line: lineOf(value.parent?.offset ?? value.offset),
        problem,
      }),
    ),
  );
}

function problemsOf(name: string, entry: Node, declared: readonly TemplateParameter[]): string[] {
  const parameter = declared.find(each => each.name.toLowerCase() === name.toLowerCase());
  if (parameter === undefined) {
    const names = declared.map(each => each.name).join(', ');
    return [
      `the template declares no parameter '${singleLine(name)}'; it declares ${names === '' ? 'none' : names}`,
    ];
  }
  const node = valueOf(entry);
  if (node === undefined || (node.type === 'null' && parameter.nullable === true)) return [];
  const type = jsonTypes[parameter.type];
  if (type !== undefined && node.type !== type)
    return [`'${name}' is of type ${parameter.type} in the template, and its value is ${article(node.type)}`];
  const { allowedValues } = parameter;
  const isPlain = node.type !== 'array' && node.type !== 'object';
  if (allowedValues !== undefined && isPlain && !allowedValues.includes(getNodeValue(node))) {
    const allowed = allowedValues.map(value => JSON.stringify(value)).join(', ');
    return [`the value of '${name}' is none of those the template allows: ${allowed}`];
  }
  return limitProblems(name, node, parameter);
}

function limitProblems(name: string, node: Node, parameter: TemplateParameter): string[] {
  const { minLength, maxLength, minValue, maxValue } = parameter;
  const length =
    node.type === 'string'
      ? String(node.value).length
      : node.type === 'array'
        ? node.children?.length
        : undefined;
  const unit = node.type === 'string' ? 'characters' : 'items';
  const number = node.type === 'number' ? Number(node.value) : undefined;
  const problems: string[] = [];
  if (length !== undefined && minLength !== undefined && length < minLength)
    problems.push(`'${name}' has ${length} ${unit}, and the template wants at least ${minLength}`);
  if (length !== undefined && maxLength !== undefined && length > maxLength)
    problems.push(`'${name}' has ${length} ${unit}, and the template takes at most ${maxLength}`);
  if (number !== undefined && minValue !== undefined && number < minValue)
    problems.push(`'${name}' is below ${minValue}, the least that the template takes`);
  if (number !== undefined && maxValue !== undefined && number > maxValue)
    problems.push(`'${name}' is above ${maxValue}, the most that the template takes`);
  return problems;
}

/** An image may have come in as a token's value: its kind must fit the slot all the same. */
function imageProblems(name: string, entry: Node, { parameters, slots = [] }: Partial<Template>): string[] {
  const all = candidatesOf({ parameters: parameters ?? [], slots }).filter(
    each => each.name.toLowerCase() === name.toLowerCase(),
  );
  return all.flatMap(({ members, slots: places }) => {
    const node = members.reduce<Node | undefined>(
      (value, member) => propertiesOf(value).find(each => each.name === member)?.value,
      valueOf(entry),
    );
    const image = node?.type === 'string' ? tryParseImageReference(String(node.value)) : undefined;
    if (image === undefined) return [];
    return places
      .filter(({ kinds }) => !kinds.includes(image.kind))
      .map(({ property, kinds }) => {
        const taken = listOf(kinds.map(describeKind), 'or');
        return `'${name}' is ${describeKind(image.kind)}, and the template passes it to ${property}, which takes ${taken}`;
      });
  });
}

function valueOf(entry: Node): Node | undefined {
  return propertiesOf(entry).find(property => property.name.toLowerCase() === 'value')?.value;
}

const jsonTypes: Readonly<Record<string, Node['type']>> = {
  string: 'string',
  securestring: 'string',
  int: 'number',
  bool: 'boolean',
  array: 'array',
  object: 'object',
  secureobject: 'object',
};

function article(type: Node['type']): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
