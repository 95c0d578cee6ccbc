/** Works out a pipeline expression over given values; pure but for the functions it is handed. */

import { UserError } from '../../../shared/core/errors.js';
import { library } from './functions.js';
import { type Expression, ExpressionError } from './parse.js';
import { type Value, entryOf, isArray, isObject, toBoolean, toNumber, toText } from './values.js';

/** The named values and the functions beside the library's (lower-case names) that an expression speaks of. */
export interface Scope {
  readonly names: ReadonlyMap<string, Value>;
  readonly functions: ReadonlyMap<string, (args: readonly Value[]) => Value>;
}

/** @throws ExpressionError when a function cannot take its arguments */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return scope.names.get(expression.name) ?? null;
    case 'index':
      return index(
        evaluate(expression.of, scope),
        evaluate(expression.key, scope),
        isFiltered(expression.of),
      );
    case 'all': {
      const value = evaluate(expression.of, scope);
      if (isArray(value)) return value;
      return isObject(value) ? [...value.values()] : [];
    }
    case 'call':
      return call(expression.name, expression.args, expression.offset, scope);
  }
}

function call(name: string, args: readonly Expression[], offset: number, scope: Scope): Value {
  if (name === 'and') return args.every(argument => toBoolean(evaluate(argument, scope)));
  if (name === 'or') return args.some(argument => toBoolean(evaluate(argument, scope)));
  const [first, second, third] = args;
  if (name === 'iif' && first && second && third)
    return evaluate(toBoolean(evaluate(first, scope)) ? second : third, scope);
  const run = scope.functions.get(name) ?? library.get(name)?.run;
  if (run === undefined) throw new ExpressionError(`there is no function '${name}' here`, offset);
  const values = args.map(argument => evaluate(argument, scope));
  try {
    return run(values);
  } catch (error) {
    if (error instanceof UserError && !(error instanceof ExpressionError))
      throw new ExpressionError(error.message, offset);
    throw error;
  }
}

function isFiltered(expression: Expression): boolean {
  return expression.kind === 'all' || (expression.kind === 'index' && isFiltered(expression.of));
}

function index(of: Value, key: Value, filtered: boolean): Value {
  if (isObject(of)) return entryOf(of, toText(key) ?? '');
  if (!isArray(of)) return null;
  // `list.*.name` takes the property of each item and leaves out those that lack it.
  if (filtered) return of.map(item => index(item, key, false)).filter(item => item !== null);
  return of[toNumber(key) ?? -1] ?? null;
}
