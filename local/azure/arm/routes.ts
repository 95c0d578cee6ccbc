/** The paths of Azure Resource Manager, as a table. Case is ignored throughout. */
import type { Reply, Request } from '../front/http.js';
import type { ArmParts } from './arm.js';
import { ArmError, resourceNotFound } from './armError.js';
import type { Json } from './json.js';
import { filterResources } from './resourceFilter.js';
import { namespaces, showNamespace, showSubscription } from './subscription.js';
import { patchGroup, putGroup, removeGroup, showGroup } from './groups.js';
import { statusDocument } from './operations.js';
import {
  actionReply,
  locationPollReply,
  locationReply,
  operationReply,
  pace,
  putReply,
  removeReply,
} from './protocol.js';
import { parseResourceId } from './resourceId.js';
import type { Resource } from './store.js';

/** A request that was let in, with what its path says. */
export interface Visit extends ArmParts {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly values: Readonly<Record<string, string | undefined>>;
}

interface Route {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly groupMayBeAbsent: boolean;
  answer(visit: Visit): Reply;
}

/** `{name}` is one segment, `{name*}` the rest of the path. */
function route(
  methods: string,
  path: string,
  answer: (visit: Visit) => Reply,
  groupMayBeAbsent = false,
): Route {
  const pattern = path
    .replace(/[.]/g, '\\.')
    .replace(
      /\{(\w+)(\*?)\}/g,
      (_all, name: string, rest: string) => `(?<${name}>${rest === '*' ? '.+' : '[^/]+'})`,
    );
  return { methods: methods.split(' '), path: new RegExp(`^${pattern}$`, 'i'), groupMayBeAbsent, answer };
}

const subscription = '/subscriptions/{subscription}';
const group = `${subscription}/resourcegroups/{group}`;
const deployment = `${group}/providers/microsoft.resources/deployments/{deployment}`;

const ok = (body: unknown): Reply => ({ status: 200, body });
const noContent: Reply = { status: 204 };

export const routes: readonly Route[] = [
  route('GET', '/tenants', ({ identity }) =>
    ok({ value: [{ id: `/tenants/${identity.tenantId}`, tenantId: identity.tenantId }] }),
  ),
  route('GET', '/subscriptions', visit => ok({ value: [showSubscription(visit.identity)] })),
  route('GET', subscription, visit => ok(showSubscription(visit.identity))),
  route('GET', `${subscription}/resourcegroups`, ({ resources }) => ok({ value: resources.store.groups })),
  route('GET', `${subscription}/resources`, visit =>
    ok({
      value: filterResources(
        visit.query.get('$filter') ?? '',
        visit.resources.store.list(`/subscriptions/${visit.values['subscription'] ?? ''}`),
      ),
    }),
  ),
  route('GET', `${subscription}/providers`, visit =>
    ok({ value: namespaces(visit.resources).map(one => showNamespace(visit, one)) }),
  ),
  route('GET', `${subscription}/providers/{namespace}`, visit =>
    ok(showNamespace(visit, named(visit, 'namespace'))),
  ),
  route('POST', `${subscription}/providers/{namespace}/register`, visit =>
    ok(showNamespace(visit, named(visit, 'namespace'))),
  ),
  route('GET', `${subscription}/operationresults/{operation}`, visit =>
    locationPollReply(visit.request, operationOf(visit)),
  ),
  route('GET', `${subscription}/providers/{namespace}/locations/{location}/{kind}/{operation}`, visit =>
    operationReply(visit.request, operationOf(visit)),
  ),
  route('GET', `${subscription}/providers/{namespace}/{type}`, visit =>
    ok({ value: collection(visit, `/subscriptions/${named(visit, 'subscription')}`) }),
  ),

  route('GET HEAD PUT PATCH DELETE', group, answerGroup, true),
  route('GET', `${group}/resources`, visit =>
    ok({
      value: filterResources(
        visit.query.get('$filter') ?? '',
        visit.resources.store.list(showGroup(visit.resources, named(visit, 'group')).id),
      ),
    }),
  ),

  route('POST', `${deployment}/validate`, visit =>
    ok(
      visit.deployments.validate(
        deploymentId(visit),
        showGroup(visit.resources, named(visit, 'group')),
        visit.body,
        visit.request.text,
      ),
    ),
  ),
  route('POST', `${deployment}/cancel`, visit => {
    existingDeployment(visit);
    visit.deployments.cancel(deploymentId(visit));
    return noContent;
  }),
  ...[deployment, `${group}/deployments/{deployment}`].flatMap(path => [
    route('GET', `${path}/operations`, visit => {
      existingDeployment(visit);
      return ok({ value: visit.deployments.operations(deploymentId(visit)) });
    }),
    route('GET', `${path}/operations/{operation}`, visit => {
      existingDeployment(visit);
      const wanted = named(visit, 'operation').toLowerCase();
      const found = visit.deployments
        .operations(deploymentId(visit))
        .find(one => String(one['operationId']).toLowerCase() === wanted);
      if (found === undefined)
        throw new ArmError(
          404,
          'DeploymentOperationNotFound',
          `Deployment operation '${wanted}' could not be found.`,
        );
      return ok(found);
    }),
  ]),
  route('GET', `${deployment}/operationstatuses/{operation}`, visit => {
    const operation = operationOf(visit);
    const headers = operation.state.status === 'InProgress' ? pace(visit.request) : {};
    return { status: 200, headers, body: statusDocument(operation, 'Running') };
  }),
  route('GET HEAD', deployment, visit => {
    const found = existingDeployment(visit);
    return visit.request.method === 'HEAD' ? noContent : ok(found);
  }),

  route('GET HEAD PUT PATCH DELETE POST', `${group}/providers/{rest*}`, answerResource),
];

function answerGroup({ request, resources, values, body }: Visit): Reply {
  const name = values['group'] ?? '';
  const subscriptionId = values['subscription'] ?? '';
  switch (request.method) {
    case 'HEAD':
      return resources.store.group(name) === undefined ? { status: 404 } : noContent;
    case 'PUT': {
      const { group: made, existed } = putGroup(resources, subscriptionId, name, body);
      return { status: existed ? 200 : 201, body: made };
    }
    case 'PATCH':
      return ok(patchGroup(resources, name, body));
    case 'DELETE':
      return locationReply(request, subscriptionId, removeGroup(resources, name));
    default:
      return ok(showGroup(resources, name));
  }
}

function answerResource(visit: Visit): Reply {
  const { request, resources, query, body } = visit;
  const segments = named(visit, 'rest').split('/');
  const groupId = showGroup(resources, named(visit, 'group')).id;
  const id = `${groupId}/providers/${segments.join('/')}`;
  if (segments.length % 2 === 0) {
    const last = segments.at(-1) ?? '';
    const parent = id.slice(0, -last.length - 1);
    if (request.method === 'POST') return actionReply(request, resources.act(parent, last, body, query));
    if (request.method !== 'GET')
      throw new ArmError(
        405,
        'MethodNotAllowed',
        `The request method ${request.method} is not allowed here.`,
      );
    return ok(below(visit, parent, last, segments));
  }
  const details = {
    ifMatch: request.headers['if-match'],
    ifNoneMatch: request.headers['if-none-match'],
    text: request.text,
  };
  switch (request.method) {
    case 'PUT':
      return putReply(request, resources.put(id, body, details));
    case 'PATCH':
      return putReply(request, resources.patch(id, body, details));
    case 'DELETE': {
      const removed = resources.remove(id, details);
      return removed === undefined
        ? noContent
        : removeReply(request, removed.provider.protocol, removed.resource, removed.operation);
    }
    case 'HEAD':
      return resources.find(id) === undefined ? { status: 404 } : noContent;
    case 'GET': {
      const resource = resources.get(id, query);
      return { status: 200, headers: pace(request), body: resource };
    }
    default:
      throw new ArmError(
        405,
        'MethodNotAllowed',
        `The request method ${request.method} is not allowed here.`,
      );
  }
}

/** What a GET finds one segment below a resource or a group: a collection of children, or a view. */
function below(
  { resources, query, values }: Visit,
  parent: string,
  last: string,
  segments: readonly string[],
): unknown {
  const namespace = segments[0] ?? '';
  const parsed = parseResourceId(parent);
  if (parsed === undefined) {
    const scope = showGroup(resources, values['group'] ?? '').id;
    return { value: resources.list(scope, `${namespace}/${last}`, query) };
  }
  const childType = `${parsed.type}/${last}`;
  if (!resources.types.some(type => type.toLowerCase() === childType.toLowerCase()))
    return resources.read(parent, last, query);
  const resource = resources.find(parent);
  if (resource === undefined) throw resourceNotFound(parsed.type, parsed.name, parsed.resourceGroup);
  return { value: resources.list(resource.id, childType, query) };
}

function collection(visit: Visit, scope: string): readonly Resource[] {
  return visit.resources.list(scope, `${named(visit, 'namespace')}/${named(visit, 'type')}`, visit.query);
}

function existingDeployment(visit: Visit): Resource {
  const found = visit.resources.find(deploymentId(visit));
  if (found !== undefined) return found;
  throw new ArmError(
    404,
    'DeploymentNotFound',
    `Deployment '${named(visit, 'deployment')}' could not be found.`,
  );
}

function deploymentId(visit: Visit): string {
  const { id } = showGroup(visit.resources, named(visit, 'group'));
  return `${id}/providers/Microsoft.Resources/deployments/${named(visit, 'deployment')}`;
}

function operationOf({ resources, values }: Visit) {
  const id = values['operation'] ?? '';
  const operation = resources.operations.find(id);
  if (operation === undefined) throw new ArmError(404, 'NotFound', `The operation '${id}' was not found.`);
  return operation;
}

function named({ values }: Visit, name: string): string {
  return values[name] ?? '';
}
