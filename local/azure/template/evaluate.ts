/** Evaluates parsed expressions in an environment, lazily where the language is lazy. */
import type { Expression } from './expression.js';
import { find, isArray, isObject, kindOf, largestValue, weigh, type Json } from './json.js';
import type { Runtime, TemplateScope } from './scope.js';
import { Deferred, ExpressionError } from './templateError.js';
import { textOf } from './text.js';

/** One running loop: `name` is undefined where a loop has none. */
export interface Loop {
  readonly name: string | undefined;
  readonly index: number;
  /** a resource's or an output's loop answers to `copyIndex()` without a name too */
  readonly unnamed: boolean;
}

/** A resource of the template as `reference('name')` finds it. */
export interface NamedResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
}

/** Work left to do, in calls of a function on small values. */
export interface Budget {
  left: number;
}

/** A function that the template itself defines. */
export type UserFunction = (args: readonly Json[], environment: Environment) => Json;

/** All that an expression can see. Environments are never changed, only extended by a copy. */
export interface Environment {
  readonly scope: TemplateScope;
  /** the value of a parameter; throws ExpressionError when there is none */
  readonly parameter: (name: string) => Json;
  /** the value of a variable; throws ExpressionError when there is none */
  readonly variable: (name: string) => Json;
  /** the template's own functions by lower-case `namespace.name` */
  readonly userFunctions: ReadonlyMap<string, UserFunction>;
  /** resources of the template by whatever `reference()` may call them */
  readonly resource: (name: string) => NamedResource | undefined;
  /** resources of a loop by its symbolic name */
  readonly collection: (name: string) => readonly NamedResource[] | undefined;
  /** a running deployment, or what to do without one */
  readonly runtime: Runtime | 'deferred' | 'forbidden';
  /** `utcNow()` and `newGuid()` exist in defaults of parameters only */
  readonly inDefaultValue: boolean;
  /** innermost last */
  readonly loops: readonly Loop[];
  /** names of loops that a nested template will unroll later, lower case; '' for the unnamed one */
  readonly laterLoops: ReadonlySet<string>;
  /** variables of the enclosing lambdas by lower-case name */
  readonly locals: ReadonlyMap<string, Json>;
  /** how much work may still be done: a template must come to an end */
  readonly budget: Budget;
}

/** A function that gets its arguments' values. */
export interface EagerFunction {
  readonly arity: readonly [least: number, most: number];
  readonly call: (args: readonly Json[], environment: Environment) => Json;
}

/** A function that decides itself what to evaluate. */
export interface LazyFunction {
  readonly arity: readonly [least: number, most: number];
  readonly lazy: (args: readonly Expression[], environment: Environment) => Json;
}

/** One function of the language. */
export type TemplateFunction = EagerFunction | LazyFunction;

/** Functions by lower-case name. */
export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

const workOfOneRun = 500_000;

/** The work that planning a deployment may take, and likewise each body and the outputs: about a second. */
export function freshBudget(): Budget {
  return { left: workOfOneRun };
}

/**
 * Takes from the budget what handling a value of this weight costs.
 * @throws ExpressionError when nothing is left
 */
export function spend({ budget }: Pick<Environment, 'budget'>, weight = 0): void {
  budget.left -= 1 + weight / 1024;
  if (budget.left < 0) {
    throw new ExpressionError(
      `The template takes more than '${workOfOneRun}' steps to evaluate. Make its loops shorter or its values smaller.`,
    );
  }
}

/** The evaluator over one table of functions. */
export interface Evaluator {
  evaluate(node: Expression, environment: Environment): Json;
  /** The expression with everything filled in that is known now. */
  reduce(node: Expression, environment: Environment): Expression;
}

/** Makes an evaluator. `table` is asked at each call, so that functions may use the evaluator they belong to. */
export function evaluatorOf(table: () => FunctionTable): Evaluator {
  const evaluate = (node: Expression, environment: Environment): Json => {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'access': {
        const target = evaluate(node.target, environment);
        spend(environment, weigh(target));
        return access(target, evaluate(node.key, environment));
      }
      case 'call':
        return bounded(call(node.name, node.args, environment));
    }
  };

  const call = (name: string, args: readonly Expression[], environment: Environment): Json => {
    const values = (): Json[] => {
      const found = args.map(arg => evaluate(arg, environment));
      const weight = found.reduce<number>((sum, value) => sum + weigh(value), 0);
      spend(environment, weight);
      if (weight > 2 * largestValue) throw tooLarge();
      return found;
    };
    spend(environment);
    const own = environment.userFunctions.get(name.toLowerCase());
    if (own !== undefined) return own(values(), environment);
    const found = table().get(name.toLowerCase()) ?? listFunction(table(), name);
    if (found === undefined) {
      throw new ExpressionError(
        `The template function '${name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
      );
    }
    checkArity(name, args.length, found.arity);
    return 'lazy' in found ? found.lazy(args, environment) : found.call(values(), environment);
  };

  const reduce = (node: Expression, environment: Environment): Expression => {
    try {
      return { kind: 'literal', value: evaluate(node, environment) };
    } catch (error) {
      // Inside a lambda that waits, a variable of that lambda has no value yet: the node stays as it is written.
      if (!(error instanceof Deferred) && !(error instanceof ExpressionError)) throw error;
    }
    if (node.kind === 'access') {
      return { kind: 'access', target: reduce(node.target, environment), key: reduce(node.key, environment) };
    }
    if (node.kind === 'call') return { ...node, args: node.args.map(arg => reduce(arg, environment)) };
    return node;
  };

  return { evaluate, reduce };
}

/** `listKeys`, `listSecrets`, … : whatever begins with `list` is an operation of a resource. */
function listFunction(table: FunctionTable, name: string): TemplateFunction | undefined {
  const generic = table.get('list*');
  if (!/^list[A-Za-z0-9]*$/i.test(name) || generic === undefined || !('call' in generic)) return undefined;
  const [least, most] = generic.arity;
  return {
    arity: [least - 1, most - 1],
    call: (args, environment) => generic.call([name, ...args], environment),
  };
}

function checkArity(name: string, count: number, [least, most]: readonly [number, number]): void {
  if (count >= least && count <= most) return;
  let wanted = `${least} argument(s)`;
  if (most === Infinity) wanted = `at least ${least} argument(s)`;
  else if (most > least) wanted = `between ${least} and ${most} argument(s)`;
  throw new ExpressionError(
    `Unable to evaluate template language function '${name}': function requires ${wanted} while ${count} were provided. ` +
      `Please see https://aka.ms/arm-functions#${name} for usage details.`,
  );
}

function bounded(value: Json): Json {
  if (weigh(value) > largestValue) throw tooLarge();
  return value;
}

/** What to say of a value beyond all bounds, best before it is made. */
export function tooLarge(): ExpressionError {
  return new ExpressionError(
    `The result of the template language expression is larger than '${largestValue}' characters.`,
  );
}

/** `target[key]` and `target.key`. */
export function access(target: Json, key: Json): Json {
  if (isArray(target)) {
    if (typeof key !== 'number') {
      throw new ExpressionError(
        `The language expression property '${textOf(key)}' can't be evaluated, property name must be an integer: the value is an array. ` +
          'Please see https://aka.ms/arm-functions for usage details.',
      );
    }
    const item = target[key];
    if (item === undefined) {
      throw new ExpressionError(`The language expression property array index '${key}' is out of bounds.`);
    }
    return item;
  }
  if (isObject(target) && typeof key === 'string') {
    const value = find(target, key);
    if (value !== undefined) return value;
    const available = Object.keys(target).join(', ');
    throw new ExpressionError(
      `The language expression property '${key}' doesn't exist, available properties are '${available}'.`,
    );
  }
  throw new ExpressionError(
    `The language expression property '${textOf(key)}' can't be evaluated, ` +
      `the value it is asked of is of type '${kindOf(target)}'.`,
  );
}
