/** An ARM template, as far as images go: its parameters, the slots that take an image, and where each slot's value comes from. */
import type { ImageKind } from '../../../shared/core/imageReference.js';
import { parseExpression, type Expression } from './armExpression.js';
import type { JSONPath } from './jsonText.js';

/** A parameter that a template declares. */
export interface TemplateParameter {
  readonly name: string;
  /** In lower case: `string`, `securestring`, `object` … */
  readonly type: string;
  readonly allowedValues: readonly unknown[] | undefined;
}

/** A place that takes an image. */
export interface ImageSlot {
  /** Its path in the template, as `resources[2].properties.….imageReference.id`. */
  readonly path: JSONPath;
  /** The property itself, for messages. */
  readonly property: string;
  /** The kinds of image it takes, the best first. */
  readonly kinds: readonly ImageKind[];
  /** Everything its value can come from; empty when it is computed. */
  readonly sources: readonly ValueSource[];
}

/** Where a value comes from: a parameter, or a text in the template itself. */
export type ValueSource =
  | { readonly type: 'parameter'; readonly name: string }
  | { readonly type: 'literal'; readonly path: JSONPath; readonly value: string };

/** What this module reads of a template. */
export interface ArmTemplate {
  readonly parameters: readonly TemplateParameter[];
  readonly slots: readonly ImageSlot[];
}

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
export function readTemplate(template: JsonObject): ArmTemplate {
  const scope: Scope = { template, path: [], outer: undefined };
  const parameters = Object.entries(asObject(property(template, 'parameters'))).map(([name, declaration]) => {
    const { type, allowedValues } = asObject(declaration);
    return {
      name,
      type: typeof type === 'string' ? type.toLowerCase() : '',
      allowedValues: Array.isArray(allowedValues) ? (allowedValues as unknown[]) : undefined,
    };
  });
  return { parameters, slots: slotsIn(template, [], scope) };
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
    const slot = slotAt(childPath, child);
    if (slot === undefined) return slotsIn(child, childPath, nested);
    return [{ ...slot, path: childPath, sources: unique(sourcesOf(child, childPath, scope, new Set())) }];
  });
}

const vhdOnly: readonly ImageKind[] = ['vhd'];
const byId: readonly ImageKind[] = ['gallery', 'managed'];

/** Microsoft.Compute: scale sets and virtual machines take an image in two places, image resources a VHD in a third. */
function slotAt(path: JSONPath, value: unknown): Pick<ImageSlot, 'property' | 'kinds'> | undefined {
  if (typeof value !== 'string') return undefined;
  const tail = path.slice(-3).join('.').toLowerCase();
  if (tail.endsWith('osdisk.image.uri')) return { property: 'osDisk.image.uri', kinds: vhdOnly };
  if (tail.endsWith('storageprofile.osdisk.bloburi')) return { property: 'osDisk.blobUri', kinds: vhdOnly };
  if (tail.endsWith('storageprofile.imagereference.id'))
    return { property: 'imageReference.id', kinds: byId };
  if (tail.endsWith('.storageprofile.imagereference') && parseExpression(value) !== undefined)
    return { property: 'imageReference', kinds: byId };
  return undefined;
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
 */
function sourcesOf(value: unknown, path: JSONPath, scope: Scope, seen: Set<string>): ValueSource[] {
  const key = JSON.stringify(path);
  if (typeof value !== 'string' || seen.has(key)) return [];
  seen.add(key);
  const expression = parseExpression(value);
  if (expression !== undefined) return sourcesOfExpression(expression, scope, seen);
  return /^\[(?!\[)/.test(value.trim()) ? [] : [{ type: 'literal', path, value }];
}

function sourcesOfExpression(expression: Expression, scope: Scope, seen: Set<string>): ValueSource[] {
  if (expression.type === 'constant') return [];
  const { name, args, members } = expression;
  const of = (argument: Expression | undefined) =>
    argument === undefined ? [] : sourcesOfExpression(argument, scope, seen);
  const [first] = args;
  const named = first?.type === 'constant' ? String(first.value) : undefined;
  switch (name) {
    case 'parameters':
      return named === undefined || members.length > 0 ? [] : sourcesOfParameter(named, scope, seen);
    case 'variables':
      return named === undefined ? [] : sourcesOfVariable(named, members, scope, seen);
    case 'if':
      return [...of(args[1]), ...of(args[2])];
    case 'coalesce':
      return args.flatMap(of);
    case 'trim':
    case 'tolower':
    case 'string':
      return of(first);
    default:
      return [];
  }
}

function sourcesOfParameter(name: string, scope: Scope, seen: Set<string>): ValueSource[] {
  if (scope.outer === undefined) {
    const declared = entry(asObject(property(scope.template, 'parameters')), name);
    return [{ type: 'parameter', name: declared?.name ?? name }];
  }
  const given = entry(scope.outer.arguments, name);
  if (given !== undefined) {
    const path = [...scope.outer.path, given.name, 'value'];
    return sourcesOf(property(asObject(given.value), 'value'), path, scope.outer.scope, seen);
  }
  const declared = entry(asObject(property(scope.template, 'parameters')), name);
  if (declared === undefined) return [];
  const path = [...scope.path, 'parameters', declared.name, 'defaultValue'];
  return sourcesOf(property(asObject(declared.value), 'defaultValue'), path, scope, seen);
}

function sourcesOfVariable(
  name: string,
  members: readonly (string | undefined)[],
  scope: Scope,
  seen: Set<string>,
): ValueSource[] {
  const path: JSONPath = [...scope.path, 'variables'];
  let value: unknown = asObject(property(scope.template, 'variables'));
  for (const member of [name, ...members]) {
    const found = member === undefined ? undefined : entry(asObject(value), member);
    if (found === undefined) return [];
    path.push(found.name);
    value = found.value;
  }
  return sourcesOf(value, path, scope, seen);
}

function unique(sources: readonly ValueSource[]): ValueSource[] {
  return [...new Map(sources.map(source => [JSON.stringify(source), source])).values()];
}

/** ARM compares the names of parameters, variables and properties without regard to case. */
function entry(object: JsonObject, name: string): { name: string; value: unknown } | undefined {
  const found = Object.entries(object).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : { name: found[0], value: found[1] };
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
