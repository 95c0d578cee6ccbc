/** The functions that take a lambda: `map(…, lambda('item', …))` and its kin. */
import type { Environment, Evaluator, LazyFunction } from '../evaluate.js';
import type { Expression } from '../expression.js';
import { isArray, isObject, kindOf, objectOf, type Json, type JsonObject } from '../json.js';
import { ExpressionError } from '../templateError.js';
import { textOf } from '../text.js';
import { usage, type Entry } from './arguments.js';

type Lambda = (...values: readonly Json[]) => Json;

/** The functions that take a lambda, and `lambdaVariables` that reads in one. */
export function lambdaFunctions(evaluator: Evaluator): readonly Entry[] {
  const value = (args: readonly Expression[], index: number, environment: Environment): Json => {
    const node = args[index];
    return node === undefined ? null : evaluator.evaluate(node, environment);
  };

  const list = (name: string, args: readonly Expression[], environment: Environment): readonly Json[] => {
    const given = value(args, 0, environment);
    if (isArray(given)) return given;
    throw wrongFirst(name, 'Array', given);
  };

  const lambda = (
    name: string,
    args: readonly Expression[],
    index: number,
    environment: Environment,
    [least, most]: readonly [number, number],
  ): Lambda => {
    const node = args[index];
    if (node?.kind !== 'call' || node.name.toLowerCase() !== 'lambda') {
      throw new ExpressionError(
        `The template language function '${name}' expects a lambda expression as argument number '${index + 1}'. ${usage(name)}`,
      );
    }
    const body = node.args.at(-1);
    const names = node.args.slice(0, -1).map(variable => {
      if (variable.kind === 'literal' && typeof variable.value === 'string')
        return variable.value.toLowerCase();
      throw new ExpressionError(
        `The names of a lambda's variables must be string literals. ${usage('lambda')}`,
      );
    });
    if (body === undefined || names.length < least || names.length > most) {
      const wanted = least === most ? `${least}` : `between ${least} and ${most}`;
      throw new ExpressionError(
        `The lambda expression of template language function '${name}' must have ${wanted} variable(s), it has ${names.length}. ${usage(name)}`,
      );
    }
    return (...values) => {
      const locals = new Map(environment.locals);
      names.forEach((variable, position) => locals.set(variable, values[position] ?? null));
      return evaluator.evaluate(body, { ...environment, locals });
    };
  };

  const truth = (name: string, given: Json): boolean => {
    if (typeof given === 'boolean') return given;
    throw new ExpressionError(
      `The lambda expression of template language function '${name}' must give a value of type 'Boolean', it gave '${kindOf(given)}'. ${usage(name)}`,
    );
  };

  const made: readonly (readonly [string, LazyFunction['arity'], LazyFunction['lazy']])[] = [
    [
      'map',
      [2, 2],
      (args, environment) => {
        const items = list('map', args, environment);
        const apply = lambda('map', args, 1, environment, [1, 2]);
        return items.map((item, index) => apply(item, index));
      },
    ],
    [
      'filter',
      [2, 2],
      (args, environment) => {
        const items = list('filter', args, environment);
        const keep = lambda('filter', args, 1, environment, [1, 2]);
        return items.filter((item, index) => truth('filter', keep(item, index)));
      },
    ],
    [
      'reduce',
      [3, 3],
      (args, environment) => {
        const items = list('reduce', args, environment);
        const step = lambda('reduce', args, 2, environment, [2, 3]);
        return items.reduce((sum: Json, item, index) => step(sum, item, index), value(args, 1, environment));
      },
    ],
    [
      'sort',
      [2, 2],
      (args, environment) => {
        const items = list('sort', args, environment);
        const before = lambda('sort', args, 1, environment, [2, 2]);
        return [...items].sort((left, right) => {
          if (truth('sort', before(left, right))) return -1;
          return truth('sort', before(right, left)) ? 1 : 0;
        });
      },
    ],
    [
      'toObject',
      [2, 3],
      (args, environment) => {
        const items = list('toObject', args, environment);
        const key = lambda('toObject', args, 1, environment, [1, 1]);
        const item = args.length > 2 ? lambda('toObject', args, 2, environment, [1, 1]) : undefined;
        return objectOf(
          items.map(entry => [keyText('toObject', key(entry)), item?.(entry) ?? (item ? null : entry)]),
        );
      },
    ],
    [
      'groupBy',
      [2, 2],
      (args, environment) => {
        const items = list('groupBy', args, environment);
        const key = lambda('groupBy', args, 1, environment, [1, 1]);
        const groups = new Map<string, Json[]>();
        for (const item of items) {
          const name = keyText('groupBy', key(item));
          const group = groups.get(name);
          if (group === undefined) groups.set(name, [item]);
          else group.push(item);
        }
        return objectOf(groups);
      },
    ],
    [
      'mapValues',
      [2, 2],
      (args, environment) => {
        const given = value(args, 0, environment);
        if (!isObject(given)) throw wrongFirst('mapValues', 'Object', given);
        const apply = lambda('mapValues', args, 1, environment, [1, 1]);
        return mapEntries(given, apply);
      },
    ],
    [
      'lambdaVariables',
      [1, 1],
      (args, environment) => {
        const name = textOf(value(args, 0, environment));
        const local = environment.locals.get(name.toLowerCase());
        if (local !== undefined) return local;
        throw new ExpressionError(`The lambda variable '${name}' is not found. ${usage('lambdaVariables')}`);
      },
    ],
    [
      'lambda',
      [1, Infinity],
      () => {
        throw new ExpressionError(
          `The template function 'lambda' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
        );
      },
    ],
  ];
  return made.map(([name, arity, lazy]) => [name.toLowerCase(), { arity, lazy }]);
}

function mapEntries(given: JsonObject, apply: Lambda): JsonObject {
  return objectOf(Object.entries(given).map(([key, item]) => [key, apply(item)]));
}

function keyText(name: string, key: Json): string {
  if (typeof key === 'string') return key;
  throw new ExpressionError(
    `The lambda expression of template language function '${name}' must give a key of type 'String', it gave '${kindOf(key)}'. ${usage(name)}`,
  );
}

function wrongFirst(name: string, expected: string, given: Json): ExpressionError {
  return new ExpressionError(
    `The template language function '${name}' expects its first parameter to be of type '${expected}'. ` +
      `The provided value is of type '${kindOf(given)}'. ${usage(name)}`,
  );
}
