/** Evaluates whole JSON trees of a template: every expression in them, and `copy` of properties. */
import { spend, type Environment, type Loop } from './evaluate.js';
import { escapeText, isExpression, parseExpression, printExpression, unescapeText } from './expression.js';
import { evaluator } from './functions/table.js';
import { isArray, isObject, kindOf, objectOf, own, weigh, type Json, type JsonObject } from './json.js';
import { Deferred, ExpressionError, nowhere, validationFailed } from './templateError.js';

/**
 * What becomes of an expression that must wait, and what text becomes:
 * `now`: nothing may wait, the result is data; `preview`: it stays, as far as it is known, the result is data to look at;
 * `template`: it stays, the result is a template again, so text that looks like an expression is escaped.
 */
export type TreeMode = 'now' | 'preview' | 'template';

/** Resource Manager's limit for one loop. */
export const mostCopies = 800;

/** Evaluates a string of a template. */
export function evaluateText(text: string, environment: Environment, mode: TreeMode = 'now'): Json {
  if (!isExpression(text)) return mode === 'template' ? text : unescapeText(text);
  const expression = parseExpression(text);
  try {
    const value = evaluator.evaluate(expression, environment);
    return mode === 'template' ? escaped(value) : value;
  } catch (error) {
    if (!(error instanceof Deferred) || mode === 'now') throw error;
    return `[${printExpression(evaluator.reduce(expression, environment))}]`;
  }
}

/** Evaluates every string and every loop in a tree. */
export function evaluateTree(value: Json, environment: Environment, mode: TreeMode = 'now'): Json {
  if (typeof value === 'string') return evaluateText(value, environment, mode);
  if (isArray(value)) return value.map(item => evaluateTree(item, environment, mode));
  if (isObject(value)) return objectOf(evaluateEntries(value, environment, mode));
  return value;
}

/** Evaluates the properties of an object, with the arrays that its `copy` makes. */
export function evaluateEntries(
  value: JsonObject,
  environment: Environment,
  mode: TreeMode,
): [string, Json][] {
  const copies = copiesOf(value);
  return Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    if (copies !== undefined && key.toLowerCase() === 'copy') {
      const [unrolled, waiting] = unrollAll(copies, environment, mode);
      return waiting.length === 0 ? unrolled : [...unrolled, ['copy', waiting]];
    }
    return [[propertyName(key, environment, mode), evaluateTree(item, environment, mode)]];
  });
}

/** The loops of an object, and those that must wait since it is not known yet how often they run. */
function unrollAll(
  copies: readonly JsonObject[],
  environment: Environment,
  mode: TreeMode,
): readonly [unrolled: [string, Json][], waiting: Json[]] {
  const unrolled: [string, Json][] = [];
  const waiting: Json[] = [];
  for (const copy of copies) {
    try {
      unrolled.push(unroll(copy, environment, mode));
    } catch (error) {
      if (!(error instanceof Deferred) || mode === 'now') throw error;
      const name = textIn(copy, 'name', environment).toLowerCase();
      const later = { ...environment, laterLoops: new Set([...environment.laterLoops, name]) };
      waiting.push(
        objectOf(Object.entries(copy).map(([key, item]) => [key, evaluateTree(item, later, mode)])),
      );
    }
  }
  return [unrolled, waiting];
}

/** The loops among an object's properties, undefined when its `copy` is an ordinary property or absent. */
export function copiesOf(value: JsonObject): readonly JsonObject[] | undefined {
  const copies = own(value, 'copy');
  if (!isArray(copies) || copies.length === 0) return undefined;
  const loops = copies
    .filter(isObject)
    .filter(copy => ['name', 'count', 'input'].every(key => Object.hasOwn(copy, key)));
  return loops.length === copies.length ? loops : undefined;
}

/** One loop over properties or variables: its name and the array it makes. */
export function unroll(copy: JsonObject, environment: Environment, mode: TreeMode): [string, Json] {
  const name = textIn(copy, 'name', environment);
  const input = own(copy, 'input') ?? null;
  const items: Json[] = [];
  const count = copyCount(copy, environment);
  for (let index = 0; index < count; index += 1) {
    spend(environment, weigh(input));
    items.push(evaluateTree(input, inLoop(environment, { name, index, unnamed: false }), mode));
  }
  return [name, items];
}

/** The environment within one turn of a loop. */
export function inLoop(environment: Environment, loop: Loop): Environment {
  return { ...environment, loops: [...environment.loops, loop] };
}

/**
 * How often a loop runs.
 * @throws TemplateError for a count that is none
 */
export function copyCount(copy: JsonObject, environment: Environment, location = nowhere): number {
  const count = evaluateTree(own(copy, 'count') ?? null, environment);
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= mostCopies) return count;
  throw validationFailed(
    `The template 'copy' definition at line '${location.lineNumber}' and column '${location.linePosition}' has an invalid copy count. ` +
      `The copy count must be a positive integer value and cannot exceed '${mostCopies}'. Please see https://aka.ms/arm-copy for usage details.`,
    location,
  );
}

/** A property that must be text. */
export function textIn(value: JsonObject, key: string, environment: Environment): string {
  const text = evaluateTree(own(value, key) ?? null, environment);
  if (typeof text === 'string') return text;
  throw new ExpressionError(
    `The property '${key}' must be of type 'String', it is of type '${kindOf(text)}'.`,
  );
}

function propertyName(key: string, environment: Environment, mode: TreeMode): string {
  if (!isExpression(key)) return mode === 'template' ? key : unescapeText(key);
  const name = evaluateText(key, environment, mode);
  if (typeof name === 'string') return name;
  throw new ExpressionError(
    `The name of a property must be of type 'String', '${key}' is of type '${kindOf(name)}'.`,
  );
}

function escaped(value: Json): Json {
  if (typeof value === 'string') return escapeText(value);
  if (isArray(value)) return value.map(escaped);
  if (isObject(value))
    return objectOf(Object.entries(value).map(([key, item]) => [escapeText(key), escaped(item)]));
  return value;
}
