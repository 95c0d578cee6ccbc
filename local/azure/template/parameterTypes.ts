/** The types that parameters and outputs may have. */
import { isObject, kindOf, own, type Json, type JsonObject } from './json.js';

/** The declared types, by lower-case name: how answers spell them, and which kinds of values they take. */
const types: ReadonlyMap<string, readonly [spelling: string, kinds: readonly string[], expected: string]> =
  new Map([
    ['string', ['String', ['String'], 'String, Uri']],
    ['securestring', ['SecureString', ['String'], 'String, Uri']],
    ['int', ['Int', ['Integer'], 'Integer']],
    ['bool', ['Bool', ['Boolean'], 'Boolean']],
    ['array', ['Array', ['Array'], 'Array']],
    ['object', ['Object', ['Object'], 'Object']],
    ['secureobject', ['SecureObject', ['Object'], 'Object']],
  ]);

const parameterFileLink = 'Please see https://aka.ms/arm-create-parameter-file for usage details.';

/** A declaration with its `$ref` followed into the template's `definitions`. */
export function resolved(declaration: Json, definitions: Json | undefined): JsonObject {
  let merged: JsonObject = isObject(declaration) ? declaration : {};
  for (let hops = 0; hops < 32; hops += 1) {
    const { $ref: reference, ...rest } = merged;
    if (typeof reference !== 'string') return merged;
    const target = own(definitions, reference.replace(/^#\/definitions\//, ''));
    merged = { ...(isObject(target) ? target : {}), ...rest };
  }
  return merged;
}

/** How answers spell a declared type; undefined when there is no such type. */
export function typeSpelling(type: Json | undefined): string | undefined {
  return typeof type === 'string' ? types.get(type.toLowerCase())?.[0] : undefined;
}

/** True for a type whose values are secrets. */
export function isSecure(spelling: string): boolean {
  return spelling.startsWith('Secure');
}

/** What Azure says when a value is not of its declared type, undefined when it is. */
export function typeMismatch(what: string, spelling: string, value: Json): string | undefined {
  const [, kinds = [], expected = ''] = types.get(spelling.toLowerCase()) ?? [];
  if (kinds.includes(kindOf(value))) return undefined;
  return `Template ${what} JToken type is not valid. Expected '${expected}'. Actual '${kindOf(value)}'. ${parameterFileLink}`;
}
