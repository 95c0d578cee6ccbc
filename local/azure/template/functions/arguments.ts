/** How a function of the language declares itself and takes its arguments, with Azure's words when they do not fit. */
import type { Environment, TemplateFunction } from '../evaluate.js';
import { isArray, isObject, kindOf, type Json, type JsonObject } from '../json.js';
import { ExpressionError } from '../templateError.js';

/** An entry of the function table. */
export type Entry = readonly [name: string, made: TemplateFunction];

/** The arguments of one call, by position from 0. All readers throw ExpressionError when the argument is of another kind. */
export interface Arguments {
  readonly count: number;
  readonly all: readonly Json[];
  any(index: number): Json;
  text(index: number): string;
  int(index: number): number;
  bool(index: number): boolean;
  array(index: number): readonly Json[];
  object(index: number): JsonObject;
  /** the error to throw when an argument is of the right kind but makes no sense */
  refuse(message: string): ExpressionError;
}

/** Declares a function that gets its arguments' values. */
export function eager(
  name: string,
  least: number,
  most: number,
  body: (given: Arguments, environment: Environment) => Json,
): Entry {
  return [
    name.toLowerCase(),
    {
      arity: [least, most],
      call: (args, environment) => body(argumentsOf(name, args), environment),
    },
  ];
}

/** Reads values as the arguments of a function. */
export function argumentsOf(name: string, all: readonly Json[]): Arguments {
  const wrong = (index: number, expected: string): ExpressionError =>
    new ExpressionError(
      `The template language function '${name}' expects its ${ordinal(index, all.length)} to be of type '${expected}'. ` +
        `The provided value is of type '${kindOf(all[index] ?? null)}'. ${usage(name)}`,
    );
  const any = (index: number): Json => all[index] ?? null;
  return {
    count: all.length,
    all,
    any,
    text(index) {
      const value = any(index);
      if (typeof value === 'string') return value;
      throw wrong(index, 'String');
    },
    int(index) {
      const value = any(index);
      if (typeof value === 'number' && Number.isInteger(value)) return value;
      throw wrong(index, 'Integer');
    },
    bool(index) {
      const value = any(index);
      if (typeof value === 'boolean') return value;
      throw wrong(index, 'Boolean');
    },
    array(index) {
      const value = any(index);
      if (isArray(value)) return value;
      throw wrong(index, 'Array');
    },
    object(index) {
      const value = any(index);
      if (isObject(value)) return value;
      throw wrong(index, 'Object');
    },
    refuse: message =>
      new ExpressionError(
        `Unable to evaluate template language function '${name}': ${message} ${usage(name)}`,
      ),
  };
}

/** Where Azure sends a reader for help with a function. */
export function usage(name: string): string {
  return `Please see https://aka.ms/arm-functions#${name} for usage details.`;
}

function ordinal(index: number, count: number): string {
  if (count === 1) return 'parameter';
  return `${['first', 'second', 'third', 'fourth', 'fifth'][index] ?? `${index + 1}th`} parameter`;
}
