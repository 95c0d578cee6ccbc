/** Role definitions as Azure's tools write them, read and checked. Pure. */
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { ProblemsError } from '../../../shared/core/errors.js';
import { isObject, object, string, type Json } from '../arm/json.js';

/** What a role allows: every action of `actions` that is none of `notActions`. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

export interface RoleDefinition {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Ids of scopes; `/subscriptions/{anything in braces}` is the one subscription there is. */
  readonly assignableScopes: readonly string[];
}

/** Of whom no role is asked: everything, everywhere. */
export const owner: RoleDefinition = {
  name: 'Owner',
  permissions: [{ actions: ['*'], notActions: [] }],
  assignableScopes: ['/'],
};

const action = /^(\*|[A-Za-z][\w.-]*(\/[\w.*-]+)+|\*\/[\w.*/-]+)$/;
const scope = /^\/(subscriptions\/[^/]+(\/resourceGroups\/[^/]+(\/providers\/.+)?)?|providers\/.+)?$/i;

/**
 * Reads a role, or a list of roles, as `az role definition create` takes it (Actions, NotActions, AssignableScopes), as
 * `az role definition list` and Azure PowerShell write it, or as the REST API does (`properties.permissions`). Case of the members'
 * names does not matter.
 * @param file named in problems
 * @throws ProblemsError with all that is wrong
 */
export function readRoleDefinitions(text: string, file: string): readonly RoleDefinition[] {
  const problems: string[] = [];
  const errors: ParseError[] = [];
  const parsed: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [error] = errors;
  const given: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const roles = given.filter(isObject);
  if (error !== undefined)
    problems.push(`It is no JSON: ${printParseErrorCode(error.error)} at character ${error.offset}.`);
  else if (roles.length < given.length || given.length === 0)
    problems.push('It must be a JSON object, or a list of some.');
  const read = error === undefined ? roles.map(role => readRole(role, problems)) : [];
  if (problems.length > 0) throw new ProblemsError(`${file} holds no role definition`, problems);
  return read;
}

function readRole(given: Json, problems: string[]): RoleDefinition {
  const outer = lowered(given);
  const role = { ...outer, ...lowered(object(outer['properties'])) };
  const name = string(role['rolename']) ?? string(role['name']) ?? '';
  const problem = (what: string) => problems.push(name === '' ? what : `${name}: ${what}`);
  if (name === '') problem('The role has no Name.');
  const texts = (members: Json, member: string, pattern: RegExp, wanted: string): readonly string[] => {
    const value = members[member.toLowerCase()] ?? [];
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    const wrong = all.filter(one => typeof one !== 'string' || !pattern.test(one));
    if (wrong.length > 0)
      problem(`${member} must be ${wanted}, not ${wrong.map(one => JSON.stringify(one)).join(', ')}.`);
    return all.filter(one => typeof one === 'string');
  };
  const permissionOf = (members: Json): Permission => {
    const wanted =
      "actions such as 'Microsoft.Compute/virtualMachineScaleSets/read' or 'Microsoft.Network/*/read'";
    return {
      actions: texts(members, 'Actions', action, wanted),
      notActions: texts(members, 'NotActions', action, wanted),
    };
  };
  const nested: unknown = role['permissions'];
  const permissions = Array.isArray(nested)
    ? nested.map(one => permissionOf(lowered(object(one))))
    : [permissionOf(role)];
  if (permissions.every(({ actions }) => actions.length === 0)) problem('The role has no Actions.');
  const assignableScopes = texts(
    role,
    'AssignableScopes',
    scope,
    "scopes such as '/subscriptions/{subscriptionId}' or '/subscriptions/{subscriptionId}/resourceGroups/web'",
  );
  if (assignableScopes.length === 0)
    problem('The role has no AssignableScopes, so it can be assigned nowhere.');
  return { name, permissions, assignableScopes };
}

function lowered(value: Json): Json {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
}
