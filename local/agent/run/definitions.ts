/** Sets the variables that a pipeline file defines, those with `$[ ]` by what is known when it comes to them. */

import { UserError } from '../../../shared/core/errors.js';
import { evaluate } from '../expressions/evaluate.js';
import { type Value, kindOf, toText } from '../expressions/values.js';
import type { Variables } from '../task/variables.js';
import type { VariableDefinition } from '../yaml/model.js';
import { variablesValue } from './conditions.js';
import type { RunSession } from './session.js';

/**
 * @param names `dependencies` and `stageDependencies`
 * @throws ExpressionError when an expression cannot be worked out, UserError when it is worth no text
 */
export function define(
  known: Variables,
  definitions: readonly VariableDefinition[],
  names: ReadonlyMap<string, Value>,
  count: RunSession['count'],
): void {
  const counter = ([prefix = null, seed = null]: readonly Value[]): Value =>
    count(toText(prefix) ?? '', Number(toText(seed) ?? 0));
  const functions = new Map([['counter', counter]]);
  for (const { name, value, readOnly, expression } of definitions) {
    if (expression === undefined) {
      known.set(name, value, { readOnly });
      continue;
    }
    const scope = new Map([...names, ['variables', variablesValue(known.values())] as const]);
    const result = evaluate(expression, { names: scope, functions });
    const text = toText(result);
    if (text === undefined)
      throw new UserError(
        `The variable '${name}' would be an ${kindOf(result)}; a variable can only be text.`,
      );
    known.set(name, text, { readOnly });
  }
}
