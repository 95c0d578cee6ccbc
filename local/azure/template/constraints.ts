/** What a declaration of a parameter, or of a type in `definitions`, demands of a value. Pure. */
import { isArray, isObject, keyOf, own, sameJson, type Json, type JsonObject } from './json.js';
import { isSecure, resolved, typeMismatch, typeSpelling } from './parameterTypes.js';
import { textOf } from './text.js';

/** Why a value is refused. */
export interface ConstraintProblem {
  readonly message: string;
  /** Azure shows the value only when it is none of the allowed ones */
  readonly hidesValue: boolean;
}

/** Types may refer to themselves; a value is not that deep. */
const deepest = 32;

/** The first constraint that the value breaks, those of its items and properties too; undefined when it is as declared. */
export function constraintProblem(
  declaration: JsonObject,
  value: Json,
  definitions: Json | undefined,
): ConstraintProblem | undefined {
  return ownProblem(declaration, value) ?? innerProblem(declaration, value, definitions, '', 0);
}

/** Whether a value of this type is a secret, or holds one. */
export function holdsSecret(declaration: Json, definitions: Json | undefined, depth = 0): boolean {
  if (depth > deepest) return false;
  const type = resolved(declaration, definitions);
  if (isSecure(typeSpelling(own(type, 'type')) ?? '')) return true;
  return innerTypes(type).some(inner => holdsSecret(inner, definitions, depth + 1));
}

function innerTypes(type: JsonObject): readonly Json[] {
  const properties = own(type, 'properties');
  const prefix = own(type, 'prefixItems');
  return [
    ...(isObject(properties) ? Object.values(properties) : []),
    ...(isArray(prefix) ? prefix : []),
    ...[own(type, 'items'), own(type, 'additionalProperties')].filter(inner => isObject(inner)),
  ];
}

function innerProblem(
  type: JsonObject,
  value: Json,
  definitions: Json | undefined,
  path: string,
  depth: number,
): ConstraintProblem | undefined {
  if (depth > deepest) return undefined;
  const refuse = (message: string): ConstraintProblem => ({ message, hidesValue: true });
  const check = (inner: Json | undefined, item: Json, place: string): ConstraintProblem | undefined => {
    if (!isObject(inner)) return undefined;
    const declared = resolved(inner, definitions);
    if (item === null && own(declared, 'nullable') === true) return undefined;
    const spelling = typeSpelling(own(declared, 'type'));
    const mismatch = spelling === undefined ? undefined : typeMismatch('parameter', spelling, item);
    if (mismatch !== undefined) return refuse(`The value at '${place}' is not valid: ${mismatch}`);
    const problem = ownProblem(declared, item);
    if (problem !== undefined) return refuse(`The value at '${place}' is not valid: ${problem.message}`);
    return innerProblem(declared, item, definitions, place, depth + 1);
  };
  if (isArray(value)) {
    const prefix = own(type, 'prefixItems');
    const leading = isArray(prefix) ? prefix : [];
    if (own(type, 'items') === false && value.length > leading.length)
      return refuse(`The array at '${path}' may have no more than '${leading.length}' item(s).`);
    return first(
      value.map(
        (item, index) => () => check(leading[index] ?? own(type, 'items'), item, `${path}[${index}]`),
      ),
    );
  }
  if (!isObject(value)) return undefined;
  const properties = own(type, 'properties');
  const declared = isObject(properties) ? properties : {};
  const rest = own(type, 'additionalProperties');
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  return first([
    ...Object.entries(declared).map(([name, inner]) => () => {
      const key = keyOf(value, name);
      const given = key === undefined ? undefined : value[key];
      if (given !== undefined) return check(inner, given, below(name));
      return own(resolved(inner, definitions), 'nullable') === true
        ? undefined
        : refuse(`The property '${below(name)}' is required and is missing.`);
    }),
    ...Object.entries(value)
      .filter(([name]) => keyOf(declared, name) === undefined)
      .map(([name, item]) => () => {
        if (rest !== false) return check(rest, item, below(name));
        const known = Object.keys(declared).join(', ');
        return refuse(
          `The property '${below(name)}' is not allowed; permissible properties include '${known}'.`,
        );
      }),
  ]);
}

function first(checks: readonly (() => ConstraintProblem | undefined)[]): ConstraintProblem | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function ownProblem(declaration: JsonObject, value: Json): ConstraintProblem | undefined {
  const allowed = own(declaration, 'allowedValues');
  if (isArray(allowed) && !isAllowed(allowed, value)) {
    return {
      message: `The parameter value is not part of the allowed value(s): '${allowed.map(textOf).join(',')}'.`,
      hidesValue: false,
    };
  }
  const limit = (key: string): number | undefined => {
    const bound = own(declaration, key);
    return typeof bound === 'number' ? bound : undefined;
  };
  const beyond = (
    what: string,
    size: number,
    least?: number,
    most?: number,
  ): ConstraintProblem | undefined => {
    if (least !== undefined && size < least) {
      return { message: `${what} should be greater than or equal to '${least}'.`, hidesValue: true };
    }
    if (most !== undefined && size > most) {
      return { message: `${what} should be less than or equal to '${most}'.`, hidesValue: true };
    }
    return undefined;
  };
  if (typeof value === 'number') return beyond('The value', value, limit('minValue'), limit('maxValue'));
  if (typeof value === 'string' || isArray(value)) {
    return beyond('Length of the value', value.length, limit('minLength'), limit('maxLength'));
  }
  return undefined;
}

/** An array is allowed as a whole or by its items. */
function isAllowed(allowed: readonly Json[], value: Json): boolean {
  const listed = (item: Json): boolean => allowed.some(candidate => sameJson(candidate, item));
  return listed(value) || (isArray(value) && value.every(listed));
}
