/** The functions on numbers, truth and order. */
import type { Environment, Evaluator } from '../evaluate.js';
import type { Expression } from '../expression.js';
import { isArray, kindOf, sameJson, type Json } from '../json.js';
import { ExpressionError } from '../templateError.js';
import { eager, usage, type Arguments, type Entry } from './arguments.js';

const cultureOrder = new Intl.Collator('en', { sensitivity: 'variant' });
const largestInt = 2 ** 63;

/** The numeric functions, those that compare, and the logical ones that take values. */
export const valueFunctions: readonly Entry[] = [
  eager('add', 2, 2, given => whole(given, given.int(0) + given.int(1))),
  eager('sub', 2, 2, given => whole(given, given.int(0) - given.int(1))),
  eager('mul', 2, 2, given => whole(given, given.int(0) * given.int(1))),
  eager('div', 2, 2, given => whole(given, Math.trunc(given.int(0) / divisor(given)))),
  eager('mod', 2, 2, given => whole(given, given.int(0) % divisor(given))),
  eager('min', 1, Infinity, given => extreme(given, Math.min)),
  eager('max', 1, Infinity, given => extreme(given, Math.max)),
  eager('int', 1, 1, given => {
    const value = given.any(0);
    if (typeof value === 'number') return Math.trunc(value);
    const text = given.text(0).trim();
    if (!/^[+-]?\d+$/.test(text)) throw cannotConvert('int', value, 'Integer');
    return whole(given, Number(text));
  }),
  eager('float', 1, 1, given => {
    const value = given.any(0);
    if (typeof value === 'number') return value;
    const text = given.text(0).trim();
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(text))
      throw cannotConvert('float', value, 'Float');
    return Number(text);
  }),
  eager('bool', 1, 1, given => {
    const value = given.any(0);
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return value !== 0;
    const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw cannotConvert('bool', value, 'Boolean');
  }),
  eager('true', 0, 0, () => true),
  eager('false', 0, 0, () => false),
  eager('null', 0, 0, () => null),
  eager('not', 1, 1, given => !given.bool(0)),
  eager('equals', 2, 2, given => sameJson(given.any(0), given.any(1))),
  eager('less', 2, 2, given => order(given, 'less') < 0),
  eager('lessOrEquals', 2, 2, given => order(given, 'lessOrEquals') <= 0),
  eager('greater', 2, 2, given => order(given, 'greater') > 0),
  eager('greaterOrEquals', 2, 2, given => order(given, 'greaterOrEquals') >= 0),
  eager('fail', 1, 1, given => {
    throw new ExpressionError(given.text(0));
  }),
];

/** The functions that evaluate only what they need. */
export function lazyFunctions(evaluator: Evaluator): readonly Entry[] {
  const truth = (name: string, node: Expression, environment: Environment): boolean => {
    const value = evaluator.evaluate(node, environment);
    if (typeof value === 'boolean') return value;
    throw new ExpressionError(
      `The template language function '${name}' expects its parameters to be of type 'Boolean'. ` +
        `The provided value is of type '${kindOf(value)}'. ${usage(name)}`,
    );
  };
  return [
    [
      'if',
      {
        arity: [3, 3],
        lazy: (args, environment) => {
          const [condition, yes, no] = args;
          if (condition === undefined || yes === undefined || no === undefined) return null;
          return evaluator.evaluate(truth('if', condition, environment) ? yes : no, environment);
        },
      },
    ],
    [
      'and',
      {
        arity: [2, Infinity],
        lazy: (args, environment) => args.every(node => truth('and', node, environment)),
      },
    ],
    [
      'or',
      {
        arity: [2, Infinity],
        lazy: (args, environment) => args.some(node => truth('or', node, environment)),
      },
    ],
    [
      'coalesce',
      {
        arity: [1, Infinity],
        lazy: (args, environment) => {
          for (const node of args) {
            const value = evaluator.evaluate(node, environment);
            if (value !== null) return value;
          }
          return null;
        },
      },
    ],
  ];
}

function whole(given: Arguments, value: number): number {
  if (Math.abs(value) < largestInt) return value + 0;
  throw given.refuse(`the result of '${given.all.map(String).join("' and '")}' overflows a 64-bit integer.`);
}

function divisor(given: Arguments): number {
  const value = given.int(1);
  if (value === 0) throw given.refuse('the divisor must not be zero.');
  return value;
}

function extreme(given: Arguments, pick: (...values: number[]) => number): number {
  const first = given.any(0);
  const values = given.count === 1 && isArray(first) ? first : given.all;
  if (values.length === 0) throw given.refuse('the array must not be empty.');
  let result: number | undefined;
  for (const value of values) {
    if (typeof value !== 'number')
      throw given.refuse(`all values must be integers, one is of type '${kindOf(value)}'.`);
    result = result === undefined ? value : pick(result, value);
  }
  return result ?? 0;
}

/** Text is ordered as .NET's invariant culture orders it: `a` before `A` before `b`. */
function order(given: Arguments, name: string): number {
  const left = given.any(0);
  const right = given.any(1);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return cultureOrder.compare(left, right);
  throw new ExpressionError(
    `The template language function '${name}' expects two parameters of matching types, integers or strings. ` +
      `The provided types are '${kindOf(left)}' and '${kindOf(right)}'. ${usage(name)}`,
  );
}

function cannotConvert(name: string, value: Json, wanted: string): ExpressionError {
  return new ExpressionError(
    `The template language function '${name}' cannot convert provided value '${typeof value === 'object' ? kindOf(value) : String(value)}' ` +
      `to type '${wanted}'. ${usage(name)}`,
  );
}
