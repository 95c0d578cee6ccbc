/** Whether the application may do what it asks for, by the roles it was given. */
import { UserError } from '../../../shared/core/errors.js';
import { ArmError } from '../arm/armError.js';
import { isObject, object, string, type Json } from '../arm/json.js';
import { key } from '../arm/resourceId.js';
import type { Identity } from '../signIn/identity.js';
import { linkedActions } from './linkedActions.js';
import { requestedAction } from './requestedAction.js';
import { owner, type Permission, type RoleDefinition } from './roleDefinition.js';

export interface Authorization {
  /** The roles of the application; none when it owns everything. */
  readonly roles: readonly RoleDefinition[];
  /**
   * Gives the application these roles instead of those it has, each wherever it can be assigned; with none it owns everything.
   * @throws UserError when one can be assigned nowhere
   */
  assign(roles: readonly RoleDefinition[]): void;
  /**
   * @param path of a request, or the id of a resource that a deployment writes
   * @throws ArmError AuthorizationFailed, or LinkedAuthorizationFailed when only something that the body refers to is off limits
   */
  check(method: string, path: string, body: Json): void;
  /**
   * Before a deployment begins: whether all that its template names may be written.
   * @throws ArmError InvalidTemplateDeployment naming all that may not
   */
  checkTemplate(resources: readonly TemplateResource[]): void;
  /** The answer to a request as the application gets to see it: lists without what it may not read. */
  shown(method: string, path: string, body: unknown): unknown;
}

interface TemplateResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
}

/** A role at a scope. */
interface Assignment {
  /** Lower case; empty for everything. */
  readonly scope: string;
  readonly permissions: readonly { allows(action: string): boolean }[];
}

/** @param types of resources there are, as Azure spells them */
export function createAuthorization(identity: Identity, types: () => readonly string[]): Authorization {
  const { clientId, objectId, subscriptionId } = identity;
  let roles: readonly RoleDefinition[] = [];
  let assignments = assignmentsOf(owner, subscriptionId);
  const allowed = (action: string, scope: string): boolean =>
    assignments.some(one => covers(one.scope, key(scope)) && one.permissions.some(it => it.allows(action)));
  const allowedBelow = (action: string, scope: string): boolean =>
    assignments.some(
      one =>
        (covers(one.scope, key(scope)) || covers(key(scope), one.scope)) &&
        one.permissions.some(it => it.allows(action)),
    );
  const client = `The client '${clientId}' with object id '${objectId}'`;
  const spelled = (type: string): string => {
    const all = types();
    const whole = all.find(one => key(one) === key(type));
    if (whole !== undefined) return whole;
    // A view or an action below a type, or of a namespace alone.
    const parent =
      all.find(one => key(type).startsWith(`${key(one)}/`)) ?? all.find(one => isBelow(one, type));
    return parent === undefined ? type : respelled(type, parent);
  };

  const check: Authorization['check'] = (method, path, body) => {
    const asked = requestedAction(method, path, spelled);
    if (asked === undefined || asked.where === 'shown') return;
    const { action, scope, where } = asked;
    if (!(where === 'anywhere' ? allowedBelow : allowed)(action, scope)) {
      throw new ArmError(
        403,
        'AuthorizationFailed',
        `${client} does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. ` +
          'If access was recently granted, please refresh your credentials.',
      );
    }
    if (method !== 'PUT' && method !== 'PATCH') return;
    const refused = linkedActions(scope, body).filter(one => !allowed(one.action, one.scope));
    if (refused.length === 0) return;
    throw new ArmError(
      403,
      'LinkedAuthorizationFailed',
      `${client} has permission to perform action '${action}' on scope '${scope}'; however, it does not have permission to ` +
        `perform action(s) '${refused.map(one => one.action).join(', ')}' on the linked scope(s) ` +
        `'${refused.map(one => one.scope).join(', ')}' (respectively) or the linked scope(s) are invalid.`,
    );
  };

  return {
    get roles() {
      return roles;
    },
    assign: given => {
      const all = given.length === 0 ? [owner] : given;
      assignments = all.flatMap(role => assignmentsOf(role, subscriptionId));
      roles = given;
    },
    check,
    checkTemplate: resources => {
      const refused = resources
        .map(one => ({ ...one, action: `${one.type}/write` }))
        .filter(({ action, id }) => !allowed(action, id))
        .map(
          ({ id, type, name, action }) =>
            `Authorization failed for template resource '${name}' of type '${type}'. ${client} does not have permission to ` +
            `perform action '${action}' at scope '${id}'.`,
        );
      if (refused.length === 0) return;
      throw new ArmError(
        400,
        'InvalidTemplateDeployment',
        `The template deployment failed with error: '${refused.join(':')}'.`,
      );
    },
    shown: (method, path, body) => {
      const asked = requestedAction(method, path, spelled);
      if (asked?.where !== 'shown' || !isObject(body) || !Array.isArray(body['value'])) return body;
      const readable = (value: unknown): boolean => {
        const { id, type } = object(value);
        const read = asked.action.endsWith('/resources/read') ? `${string(type) ?? ''}/read` : asked.action;
        return string(id) === undefined || allowed(read, string(id) ?? '');
      };
      return { ...body, value: body['value'].filter(readable) };
    },
  };
}

function assignmentsOf(role: RoleDefinition, subscriptionId: string): readonly Assignment[] {
  const permissions = role.permissions.map(compiled);
  const own = `/subscriptions/${subscriptionId}`;
  const scopes = role.assignableScopes
    .map(scope => key(scope.replace(/^\/subscriptions\/\{[^/]*\}/i, own)))
    // A management group's is taken for one above the subscription.
    .map(scope => (scope === '/' || scope.startsWith('/providers/') ? '' : scope))
    .filter(scope => covers(own, scope) || scope === '');
  if (scopes.length > 0) return scopes.map(scope => ({ scope, permissions }));
  throw new UserError(
    `The role '${role.name}' can be assigned nowhere in this local Azure: its AssignableScopes (${role.assignableScopes.join(', ')}) ` +
      `are all outside of ${own}. Write '/subscriptions/{subscriptionId}' for the subscription there is.`,
  );
}

function compiled({ actions, notActions }: Permission): { allows(action: string): boolean } {
  const matches = (patterns: readonly string[]) => {
    const regular = patterns.map(
      pattern => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i'),
    );
    return (action: string) => regular.some(one => one.test(action));
  };
  const [given, taken] = [matches(actions), matches(notActions)];
  return { allows: action => given(action) && !taken(action) };
}

/** Whether a scope is the other one, or one above it; both lower case. */
function covers(scope: string, inner: string): boolean {
  return scope === '' || inner === scope || inner.startsWith(`${scope}/`);
}

function isBelow(known: string, type: string): boolean {
  return key(known).startsWith(`${key(type.split('/')[0] ?? '')}/`);
}

/** The type with as many of its first segments spelled as the parent's as are the same. */
function respelled(type: string, parent: string): string {
  const known = parent.split('/');
  return type
    .split('/')
    .map((segment, index) => (key(known[index] ?? '') === key(segment) ? (known[index] ?? segment) : segment))
    .join('/');
}
