/** The paths of Azure Resource Manager, as a table. Case is ignored throughout. */
import { deploymentRoutes } from '../deployments/deploymentRoutes.js';
import type { Reply } from '../front/http.js';
import { ArmError, resourceNotFound } from './armError.js';
import { platformImageRoutes } from '../providers/compute/platformImageRoutes.js';
import { checkAccountName } from '../providers/storageAccounts.js';
import { filterResources } from './resourceFilter.js';
import { namespaces, showNamespace, showSubscription } from './subscription.js';
import { patchGroup, putGroup, removeGroup, showGroup, shownGroup } from './groups.js';
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
import {
  group,
  named,
  noContent,
  ok,
  operationOf,
  route,
  subscription,
  type Route,
  type Visit,
} from './route.js';
import type { Resource } from './store.js';

export const routes: readonly Route[] = [
  ...deploymentRoutes,
  ...platformImageRoutes,

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
  route('POST', `${subscription}/providers/microsoft.storage/checknameavailability`, ({ resources, body }) =>
    ok(checkAccountName(resources.store, body)),
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

  route('GET HEAD PUT PATCH DELETE POST', `${group}/providers/{rest*}`, answerResource),
];

function answerGroup({ request, resources, values, body, query }: Visit): Reply {
  const name = values['group'] ?? '';
  const subscriptionId = values['subscription'] ?? '';
  switch (request.method) {
    case 'HEAD':
      return resources.store.group(name) === undefined ? { status: 404 } : noContent;
    case 'PUT': {
      const { group: made, existed } = putGroup(resources, subscriptionId, name, body);
      return { status: existed ? 200 : 201, body: shownGroup(made, query) };
    }
    case 'PATCH':
      return ok(shownGroup(patchGroup(resources, name, body), query));
    case 'DELETE':
      return locationReply(request, subscriptionId, removeGroup(resources, name));
    default:
      return ok(shownGroup(showGroup(resources, name), query));
  }
}

function answerResource(visit: Visit): Reply {
  const { request, resources, query, body } = visit;
  const segments = named(visit, 'rest').split('/');
  const groupId = showGroup(resources, named(visit, 'group')).id;
  const id = `${groupId}/providers/${segments.join('/')}`;
  const owner = `${groupId}/providers/${segments.slice(0, -2).join('/')}`;
  const what = segments.slice(-2).join('/');
  if (request.method === 'GET' && resources.reads(owner, what)) return ok(resources.read(owner, what, query));
  if (request.method === 'POST' && segments.length === 5)
    return actionReply(request, resources.act(owner, what, body, query));
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
    query,
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
