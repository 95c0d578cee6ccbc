/** A parameters file held against its template: names that it does not declare and values that it does not take. Pure. */
import { singleLine } from '../../../shared/core/text.js';
import { isParametersFile, type TemplateParameter } from './armTemplate.js';
import { getNodeValue, lineCounter, parseJson, propertiesOf, type Node } from './jsonText.js';

/** What is wrong, and on which line. */
export interface ParameterProblem {
  readonly line: number;
  readonly problem: string;
}

/**
 * Everything in a parameters file that Azure would refuse the template for; nothing for a text of another kind.
 * A parameter that is missing is no fault here: the deployment may override it. Values are not shown, they may be secret.
 */
export function parameterProblems(text: string, declared: readonly TemplateParameter[]): ParameterProblem[] {
  const parsed = parseJson(text.replace(/^\ufeff/, ''));
  if (!('root' in parsed) || !isParametersFile(getNodeValue(parsed.root))) return [];
  const lineOf = lineCounter(text);
  const parameters = propertiesOf(parsed.root).find(({ name }) => name === 'parameters')?.value;
  return propertiesOf(parameters).flatMap(({ name, value }) => {
    const problem = problemOf(name, value, declared);
    return problem === undefined ? [] : [{ line: lineOf(value.parent?.offset ?? value.offset), problem }];
  });
}

function problemOf(name: string, entry: Node, declared: readonly TemplateParameter[]): string | undefined {
  const parameter = declared.find(each => each.name.toLowerCase() === name.toLowerCase());
  if (parameter === undefined) {
    const names = declared.map(each => each.name).join(', ');
    return `the template declares no parameter '${singleLine(name)}'; it declares ${names === '' ? 'none' : names}`;
  }
  const node = propertiesOf(entry).find(property => property.name === 'value')?.value;
  if (node === undefined) return undefined;
  const type = jsonTypes[parameter.type];
  if (type !== undefined && node.type !== type) {
    return `'${name}' is of type ${parameter.type} in the template, and its value is ${article(node.type)}`;
  }
  const { allowedValues } = parameter;
  if (allowedValues === undefined || node.type === 'array' || node.type === 'object') return undefined;
  if (allowedValues.includes(getNodeValue(node))) return undefined;
  return `the value of '${name}' is none of those the template allows: ${allowedValues.map(value => JSON.stringify(value)).join(', ')}`;
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
