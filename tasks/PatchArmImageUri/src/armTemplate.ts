/** An ARM template in JSON, read as a {@link Template}. */
import { parseExpression, type Expression } from './armExpression.js';
import type { JSONPath } from './jsonText.js';
import {
  slotAt,
  slotsBelow,
  uniqueSources,
  type ImageSlot,
  type SlotKind,
  type Template,
  type TemplateParameter,
  type ValueSource,
} from './template.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an ARM template. */
export function isTemplate(value: unknown): value is JsonObject {
  return isObject(value) && (hasSchema(value, 'deploymentTemplate') || 'resources' in value);
}

/** Whether a JSON value is an ARM parameters file. */
export function isParametersFile(value: unknown): value is JsonObject {
  if (!isObject(value) || isTemplate(value)) return false;
  if (hasSchema(value, 'deploymentParameters')) return true;
  const { parameters } = value;
  return (
    isObject(parameters) &&
    Object.values(parameters).every(entry => isObject(entry) && ('value' in entry || 'reference' in entry))
  );
}

function hasSchema(value: JsonObject, name: string): boolean {
  const schema = value['$schema'];
  return typeof schema === 'string' && schema.toLowerCase().includes(name.toLowerCase());
}

/** Reads a template. */
export function readTemplate(template: JsonObject): Template {
  const scope: Scope = { template, path: [], outer: undefined };
  const parameters = Object.entries(asObject(property(template, 'parameters'))).map(([name, declaration]) =>
    readParameter(name, asObject(declaration), template),
  );
  return { parameters, slots: slotsIn(template, [], scope) };
}

function readParameter(name: string, declaration: JsonObject, template: JsonObject): TemplateParameter {
  // A type of the template's own, as Bicep writes them: `{ "$ref": "#/definitions/NAME" }`.
  const { $ref } = declaration;
  const reference = typeof $ref === 'string' ? /^#\/definitions\/(.+)$/.exec($ref)?.[1] : undefined;
  const definition =
    reference === undefined
      ? declaration
      : { ...asObject(asObject(template['definitions'])[reference]), ...declaration };
  const type = property(definition, 'type');
  const allowed = property(definition, 'allowedValues');
  const limit = (key: string) => {
    const value = property(definition, key);
    return typeof value === 'number' ? value : undefined;
  };
  return {
    name,
    type: typeof type === 'string' ? type.toLowerCase() : '',
    nullable: property(definition, 'nullable') === true,
    allowedValues: Array.isArray(allowed) ? (allowed as unknown[]) : undefined,
    minLength: limit('minLength'),
    maxLength: limit('maxLength'),
    minValue: limit('minValue'),
    maxValue: limit('maxValue'),
  };
}

/** A template's own names, and for a nested template with a scope of its own the one around it. */
interface Scope {
  readonly template: JsonObject;
  readonly path: JSONPath;
  readonly outer:
    { readonly scope: Scope; readonly arguments: JsonObject; readonly path: JSONPath } | undefined;
}

function slotsIn(value: unknown, path: JSONPath, scope: Scope): ImageSlot[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => slotsIn(item, [...path, index], scope));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const childPath = [...path, key];
    const nested =
      key.toLowerCase() === 'template' && isTemplate(child)
        ? nestedScope(value, child, childPath, scope)
        : scope;
    if (typeof child !== 'string') return slotsIn(child, childPath, nested);
    const isExpression = parseExpression(child) !== undefined;
    const traced = (slot: SlotKind) => ({
      ...slot,
      path: childPath,
      sources: uniqueSources(sourcesOf(child, childPath, scope, new Set(), slot.members)),
    });
    const slot = slotAt(childPath, isExpression);
    if (slot !== undefined) return [traced(slot)];
    const below = isExpression ? slotsBelow(childPath) : [];
    return below.map(traced).filter(({ sources }) => sources.length > 0);
  });
}

/** A nested template sees the names of the one around it, unless its deployment asks for the inner scope. */
function nestedScope(properties: JsonObject, template: JsonObject, path: JSONPath, scope: Scope): Scope {
  const options = asObject(property(properties, 'expressionEvaluationOptions'));
  const inner = String(property(options, 'scope')).toLowerCase() === 'inner';
  if (!inner) return scope;
  const given = asObject(property(properties, 'parameters'));
  return { template, path, outer: { scope, arguments: given, path: [...path.slice(0, -1), 'parameters'] } };
}

/**
 * @param seen the values that were looked at on the way: a value is traced once, also where a template refers to it a thousand times
 *   or in a circle
 * @param rest the members of the value that lead to the image
 */
function sourcesOf(
  value: unknown,
  path: JSONPath,
  scope: Scope,
  seen: Set<string>,
  rest: readonly string[],
): ValueSource[] {
  const key = JSON.stringify([path, rest]);
  if (seen.has(key) || rest.length > deepest) return [];
  seen.add(key);
  const [first, ...others] = rest;
  if (isObject(value)) {
    const member = first === undefined ? undefined : entry(value, first);
    return member === undefined ? [] : sourcesOf(member.value, [...path, member.name], scope, seen, others);
  }
  if (typeof value !== 'string') return [];
  const expression = parseExpression(value);
  if (expression !== undefined) return sourcesOfExpression(expression, scope, seen, rest);
  return first !== undefined || /^\[(?!\[)/.test(value.trim()) ? [] : [{ type: 'literal', path, value }];
}

function sourcesOfExpression(
  expression: Expression,
  scope: Scope,
  seen: Set<string>,
  rest: readonly string[],
): ValueSource[] {
  if (expression.type === 'constant') return [];
  const { name, args, members } = expression;
  const all = [...members, ...rest];
  const isKnown = (path: readonly (string | undefined)[]): path is string[] => !path.includes(undefined);
  if (!isKnown(all)) return [];
  const of = (argument: Expression | undefined, path = all) =>
    argument === undefined ? [] : sourcesOfExpression(argument, scope, seen, path);
  const [first] = args;
  const named = first?.type === 'constant' ? String(first.value) : undefined;
  switch (name) {
    case 'parameters':
      return named === undefined ? [] : sourcesOfParameter(named, scope, seen, all);
    case 'variables': {
      const variables = asObject(property(scope.template, 'variables'));
      return named === undefined
        ? []
        : sourcesOf(variables, [...scope.path, 'variables'], scope, seen, [named, ...all]);
    }
    case 'if':
      return [...of(args[1]), ...of(args[2])];
    case 'coalesce':
      return args.flatMap(argument => of(argument));
    case 'createobject': {
      const at = args.findIndex(
        (key, index) =>
          index % 2 === 0 && key.type === 'constant' && sameName(String(key.value), all[0] ?? ''),
      );
      return at < 0 ? [] : of(args[at + 1], all.slice(1));
    }
    case 'trim':
    case 'tolower':
    case 'string':
      return of(first);
    default:
      return [];
  }
}

function sourcesOfParameter(
  name: string,
  scope: Scope,
  seen: Set<string>,
  rest: readonly string[],
): ValueSource[] {
  const declared = entry(asObject(property(scope.template, 'parameters')), name);
  if (scope.outer === undefined) return [{ type: 'parameter', name: declared?.name ?? name, members: rest }];
  const given = entry(scope.outer.arguments, name);
  if (given !== undefined) {
    const path = [...scope.outer.path, given.name, 'value'];
    return sourcesOf(property(asObject(given.value), 'value'), path, scope.outer.scope, seen, rest);
  }
  if (declared === undefined) return [];
  const path = [...scope.path, 'parameters', declared.name, 'defaultValue'];
  return sourcesOf(property(asObject(declared.value), 'defaultValue'), path, scope, seen, rest);
}

/** No image lies deeper, and a circle of variables could go on for ever. */
const deepest = 20;

/** ARM compares the names of parameters, variables and properties without regard to case. */
function entry(object: JsonObject, name: string): { name: string; value: unknown } | undefined {
  const found = Object.entries(object).find(([key]) => sameName(key, name));
  return found === undefined ? undefined : { name: found[0], value: found[1] };
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function property(object: JsonObject, name: string): unknown {
  return entry(object, name)?.value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
