/** The parameters of a template: which were given, which defaults apply, what Azure says of the wrong ones. */
import type { Environment } from './evaluate.js';
import { constraintProblem, holdsSecret } from './constraints.js';
import { find, isArray, isObject, keyOf, own, type Json, type JsonObject } from './json.js';
import { isSecure, resolved, typeMismatch, typeSpelling } from './parameterTypes.js';
import type { TemplateSource } from './templateSource.js';
import { Deferred, ExpressionError, inPlace, TemplateError, validationFailed } from './templateError.js';
import { textOf } from './text.js';
import { evaluateTree } from './tree.js';

/** A parameter as a parameters file or a deployment request gives it. */
export interface GivenParameter {
  readonly value?: unknown;
  /** a Key Vault secret in place of a value */
  readonly reference?: unknown;
}

/** A parameter or an output in a deployment's answer; the value of a secure one is never told. */
export interface TypedValue {
  readonly type: string;
  readonly value?: unknown;
}

const parameterFileLink = 'Please see https://aka.ms/arm-create-parameter-file for usage details.';

/** The parameters of one deployment. */
export interface BoundParameters {
  /** the value by a name in any case; throws ExpressionError when there is none */
  readonly value: (name: string) => Json;
  /** the same for what is only looked at: throws Deferred for a secure one, so that its expression stays */
  readonly shown: (name: string) => Json;
  /** what a deployment's answer shows, in the template's order */
  readonly typed: Readonly<Record<string, TypedValue>>;
  /** the texts that no message may show */
  readonly secrets: readonly string[];
}

/**
 * Checks what was given against what is declared and evaluates the defaults, each when it is first needed.
 * @throws TemplateError
 */
export function bindParameters(
  template: JsonObject,
  given: ReadonlyMap<string, Json>,
  environmentOf: (parameter: (name: string) => Json) => Environment,
  source: TemplateSource,
): BoundParameters {
  const section = own(template, 'parameters');
  const declarations = isObject(section) ? section : {};
  const definitions = own(template, 'definitions');
  refuseUndeclared(declarations, given);

  const values = new Map<string, Json>();
  const inProgress = new Set<string>();
  const value = (name: string): Json => {
    const key = keyOf(declarations, name);
    if (key === undefined) {
      throw new ExpressionError(
        `The template parameter '${name}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
      );
    }
    const known = values.get(key);
    if (known !== undefined) return known;
    if (inProgress.has(key)) {
      throw new ExpressionError(
        `The template parameter '${key}' depends on itself through its default value.`,
      );
    }
    inProgress.add(key);
    const bound = bind(key);
    values.set(key, bound);
    return bound;
  };

  const defaults = environmentOf(value);
  const bind = (key: string): Json => {
    const declaration = resolved(declarations[key] ?? null, definitions);
    const location = source(['parameters', key]);
    const spelling = typeSpelling(own(declaration, 'type'));
    if (spelling === undefined) {
      throw validationFailed(
        `The template parameter '${key}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid. ` +
          `The type '${textOf(own(declaration, 'type') ?? null)}' is not supported. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
        location,
      );
    }
    const found = pick(key, declaration, location.lineNumber, location.linePosition);
    if (found === null && own(declaration, 'nullable') === true) return null;
    const mismatch = typeMismatch('parameter', spelling, found);
    if (mismatch !== undefined) throw validationFailed(mismatch, location);
    const problem = constraintProblem(declaration, found, definitions);
    if (problem !== undefined) {
      const shown = isSecure(spelling) || problem.hidesValue ? '' : `'${textOf(found)}' `;
      throw validationFailed(
        `The provided value ${shown}for the template parameter '${key}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid. ${problem.message}`,
        location,
      );
    }
    return found;
  };

  const pick = (key: string, declaration: JsonObject, line: number, column: number): Json => {
    const provided = [...given].find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
    if (provided !== undefined && provided !== null) return provided;
    const preset = own(declaration, 'defaultValue');
    if (preset !== undefined) {
      try {
        return evaluateTree(preset, defaults);
      } catch (error) {
        throw inPlace(error, message =>
          validationFailed(
            `The template resource '${key}' at line '${line}' and column '${column}' is not valid: ${message}. Please see https://aka.ms/arm-functions for usage details.`,
            source(['parameters', key]),
          ),
        );
      }
    }
    if (own(declaration, 'nullable') === true) return null;
    throw validationFailed(
      `The value for the template parameter '${key}' at line '${line}' and column '${column}' is not provided. ${parameterFileLink}`,
      source(['parameters', key]),
    );
  };

  const typed: [string, TypedValue][] = [];
  const secrets: string[] = [];
  for (const key of Object.keys(declarations)) {
    const bound = value(key);
    const spelling = typeSpelling(own(resolved(declarations[key] ?? null, definitions), 'type')) ?? '';
    const secret = holdsSecret(declarations[key] ?? null, definitions);
    if (secret) secrets.push(...textsIn(bound));
    typed.push([key, secret ? { type: spelling } : { type: spelling, value: bound }]);
  }
  const shown = (name: string): Json => {
    const found = value(name);
    const key = keyOf(declarations, name) ?? name;
    if (holdsSecret(declarations[key] ?? null, definitions)) throw new Deferred('parameters');
    return found;
  };
  return { value, shown, typed: Object.fromEntries(typed), secrets };
}

/**
 * The given values by name, as JSON.
 * @throws TemplateError for a Key Vault reference: there is no Key Vault here to read
 */
export function givenValues(
  parameters: Readonly<Record<string, GivenParameter>>,
  read: (value: unknown, name: string) => Json,
): ReadonlyMap<string, Json> {
  const values = new Map<string, Json>();
  for (const [name, parameter] of Object.entries(parameters)) {
    const given: unknown = parameter;
    if (!isObject(given)) {
      throw validationFailed(
        `The parameter '${name}' must be an object with a 'value'. ${parameterFileLink}`,
      );
    }
    const reference = own(given, 'reference');
    if (reference !== undefined && reference !== null) throw keyVaultRefused(name, reference);
    values.set(name, read(own(given, 'value') ?? null, name));
  }
  return values;
}

/** The texts among the given values that no message may show. */
export function givenSecrets(template: JsonObject, given: ReadonlyMap<string, Json>): string[] {
  const declarations = own(template, 'parameters') ?? null;
  return [...given].flatMap(([name, value]) => {
    return holdsSecret(find(declarations, name) ?? null, own(template, 'definitions')) ? textsIn(value) : [];
  });
}

function keyVaultRefused(name: string, reference: Json): TemplateError {
  const vault = textOf(find(find(reference, 'keyVault') ?? null, 'id') ?? null);
  return new TemplateError(
    'KeyVaultParameterReferenceNotFound',
    `The specified KeyVault '${vault}' could not be found. Please see https://aka.ms/arm-keyvault for usage details. ` +
      `There is no Key Vault in this local Azure: give the parameter '${name}' a value instead of a reference.`,
    { target: name },
  );
}

function refuseUndeclared(declarations: JsonObject, given: ReadonlyMap<string, Json>): void {
  const unknown = [...given.keys()].filter(name => keyOf(declarations, name) === undefined);
  if (unknown.length === 0) return;
  throw validationFailed(
    `The template parameters '${unknown.join(', ')}' in the parameters file are not valid; they are not present in the original template ` +
      'and can therefore not be provided at deployment time. ' +
      `The only supported parameters for this template are '${Object.keys(declarations).join(', ')}'. ` +
      'Please see https://aka.ms/arm-pass-parameter-values for usage details.',
  );
}

function textsIn(value: Json): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
