/** What the expressions of a template see: its parameters, variables and own functions. */
import type { Environment, UserFunction } from './evaluate.js';
import { freshBudget } from './evaluate.js';
import { isArray, isObject, keyOf, own, type Json, type JsonObject } from './json.js';
import type { TemplateScope } from './scope.js';
import { ExpressionError, inPlace, validationFailed } from './templateError.js';
import { copiesOf, evaluateTree, unroll } from './tree.js';

const noLoops: ReadonlySet<string> = new Set();

/** An environment in which nothing of a template is known yet. */
export function emptyEnvironment(scope: TemplateScope): Environment {
  const missing =
    (what: string) =>
    (name: string): never => {
      throw new ExpressionError(
        `The template ${what} '${name}' is not found. Please see https://aka.ms/arm-syntax-${what}s for usage details.`,
      );
    };
  return {
    scope,
    parameter: missing('parameter'),
    variable: missing('variable'),
    userFunctions: new Map(),
    resource: () => undefined,
    collection: () => undefined,
    runtime: 'forbidden',
    inDefaultValue: false,
    loops: [],
    laterLoops: noLoops,
    locals: new Map(),
    budget: freshBudget(),
  };
}

/** The variables of a template. */
export interface Variables {
  /** the value by a name in any case; throws ExpressionError when there is none */
  readonly value: (name: string) => Json;
  /** evaluates all of them; throws TemplateError for the first that is wrong */
  readonly check: () => void;
}

/** Reads the variables, each evaluated when it is first needed. */
export function bindVariables(
  template: JsonObject,
  environmentOf: (variable: (name: string) => Json) => Environment,
): Variables {
  const section = own(template, 'variables');
  const declarations = isObject(section) ? section : {};
  const copies = copiesOf(declarations) ?? [];
  const loops = new Map(
    copies.flatMap(copy => {
      const name = own(copy, 'name');
      return typeof name === 'string' ? [[name, copy] as const] : [];
    }),
  );
  const names = [
    ...Object.keys(declarations).filter(name => copies.length === 0 || name !== 'copy'),
    ...loops.keys(),
  ];
  const spellings = new Map(names.map(name => [name.toLowerCase(), name]));
  const values = new Map<string, Json>();
  const inProgress = new Set<string>();

  const value = (name: string): Json => {
    const key = keyOf(declarations, name) ?? spellings.get(name.toLowerCase());
    if (key === undefined) {
      throw new ExpressionError(
        `The template variable '${name}' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.`,
      );
    }
    const known = values.get(key);
    if (known !== undefined) return known;
    if (inProgress.has(key)) {
      throw new ExpressionError(`The template variable '${key}' depends on itself.`);
    }
    inProgress.add(key);
    try {
      const loop = loops.get(key);
      const made =
        loop === undefined ? evaluateTree(declarations[key] ?? null, inside) : unroll(loop, inside, 'now')[1];
      values.set(key, made);
      return made;
    } finally {
      inProgress.delete(key);
    }
  };

  const inside = environmentOf(value);
  return {
    value,
    check() {
      for (const name of names) {
        try {
          value(name);
        } catch (error) {
          throw inPlace(error, message =>
            validationFailed(
              `The template variable '${name}' is not valid: ${message}. Please see https://aka.ms/arm-functions for usage details.`,
            ),
          );
        }
      }
    },
  };
}

/**
 * The functions a template defines itself. They see their own parameters, the functions of the language and each other.
 * @throws TemplateError for a malformed definition
 */
export function bindFunctions(
  template: JsonObject,
  environment: Environment,
): ReadonlyMap<string, UserFunction> {
  const functions = new Map<string, UserFunction>();
  const inside: Environment = { ...environment, userFunctions: functions };
  const namespaces = own(template, 'functions');
  let depth = 0;
  for (const entry of isArray(namespaces) ? namespaces : []) {
    const namespace = own(entry, 'namespace');
    const members = own(entry, 'members');
    if (typeof namespace !== 'string' || !isObject(members)) {
      throw validationFailed(
        "The template functions are not valid: each entry must have a 'namespace' and 'members'.",
      );
    }
    for (const [name, member] of Object.entries(members)) {
      const label = `${namespace}.${name}`;
      const declared = own(member, 'parameters');
      const names = (isArray(declared) ? declared : []).map(parameter => own(parameter, 'name'));
      const output = own(own(member, 'output'), 'value') ?? null;
      functions.set(label.toLowerCase(), (args, caller) => {
        if (args.length !== names.length) {
          throw new ExpressionError(
            `The template function '${label}' expects '${names.length}' parameter(s) while '${args.length}' were provided.`,
          );
        }
        const given = new Map(
          names.map((parameter, index) => [
            typeof parameter === 'string' ? parameter.toLowerCase() : '',
            args[index] ?? null,
          ]),
        );
        if (depth > 50)
          throw new ExpressionError(`The template function '${label}' calls itself without end.`);
        depth += 1;
        try {
          return evaluateTree(output, {
            ...inside,
            budget: caller.budget,
            parameter: parameter => {
              const found = given.get(parameter.toLowerCase());
              return found === undefined ? inside.parameter(parameter) : found;
            },
          });
        } finally {
          depth -= 1;
        }
      });
    }
  }
  return functions;
}
