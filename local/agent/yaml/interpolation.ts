/** Works out `${{ }}` in scalars. */

import { UserError } from '../../../shared/core/errors.js';
import { evaluate } from '../expressions/evaluate.js';
import { parseExpression } from '../expressions/parse.js';
import { type Value, isObject, kindOf, toText } from '../expressions/values.js';
import { toNode } from './nodeValues.js';
import { type Node, type Position, type Report, valueOf } from './source.js';

/** The values that `${{ }}` sees. */
export type Names = ReadonlyMap<string, Value>;

export function createInterpolation(report: Report) {
  function evaluateAt(text: string, at: Position, names: Names): Value | undefined {
    try {
      return evaluate(parseExpression(text, { names: [...names.keys()], functions: [] }), {
        names,
        functions: new Map(),
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      report(at, `in the expression '${text.trim()}': ${error.message}`);
      return undefined;
    }
  }

  function expandScalar(node: Node & { kind: 'scalar' }, names: Names): Node {
    if (!node.text.includes('${{')) return node;
    const whole = /^\s*\$\{\{((?:(?!\}\}).|'[^']*')*)\}\}\s*$/s.exec(node.text)?.[1];
    if (whole !== undefined) return toNode(evaluateAt(whole, node.at, names) ?? null, node.at);
    const text = node.text.replace(/\$\{\{((?:'[^']*'|[^'])*?)\}\}/gs, (_match, expression: string) => {
      const value = evaluateAt(expression, node.at, names) ?? null;
      const part = toText(value);
      if (part === undefined)
        report(node.at, `'${expression.trim()}' is an ${kindOf(value)} and cannot stand inside text`);
      return part ?? '';
    });
    if (text.includes('${{')) report(node.at, "'${{' has no closing '}}'");
    return { ...node, text };
  }

  return { evaluateAt, expandScalar };
}

/** The names with the variables of a scope added, as far as they are known before the run. */
export function withVariables(names: Names, variables: Node): Names {
  const known = names.get('variables') ?? null;
  const merged = new Map<string, Value>(isObject(known) ? known : []);
  const set = (name: string, value: Node) => {
    for (const other of merged.keys()) if (other.toLowerCase() === name.toLowerCase()) merged.delete(other);
    merged.set(name, value.kind === 'scalar' ? value.text : '');
  };
  if (variables.kind === 'map') for (const { key, value } of variables.entries) set(key.text, value);
  if (variables.kind === 'sequence')
    for (const item of variables.items) {
      const name = valueOf(item, 'name');
      const value = valueOf(item, 'value');
      if (name?.kind === 'scalar' && value) set(name.text, value);
    }
  return new Map([...names, ['variables', merged]]);
}
