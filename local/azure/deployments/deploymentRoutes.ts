/** The paths of deployments at resource-group scope. */
import { ArmError } from '../arm/armError.js';
import { showGroup } from '../arm/groups.js';
import { object, type Json } from '../arm/json.js';
import { statusDocument } from '../arm/operations.js';
import { locationReply, pollPace } from '../arm/protocol.js';
import { same } from '../arm/resourceId.js';
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
} from '../arm/route.js';
import type { Resource } from '../arm/store.js';
import { apiVersion } from '../providers/envelope.js';
import { deploymentPage } from './deploymentList.js';
import { deploymentType, unsupported, type DeploymentRequest } from './deploymentRequest.js';
import { errorFor, statusMessageFor } from './escapedErrors.js';
import { exportRequestOf, templateOfGroup } from './exportTemplate.js';

const deployment = `${group}/providers/microsoft.resources/deployments/{deployment}`;

/** Deployments that would make resource groups or reach beyond one. */
const elsewhere = [
  `${subscription}/providers/microsoft.resources/deployments/{rest*}`,
  '/providers/microsoft.resources/deployments/{rest*}',
  '/providers/microsoft.management/managementgroups/{rest*}',
];

export const deploymentRoutes: readonly Route[] = [
  ...elsewhere.map(path =>
    route('GET HEAD PUT POST DELETE', path, () => {
      throw unsupported(
        'deployments at the scope of a subscription, a management group or a tenant; deploy to a resource group',
      );
    }),
  ),
  route('GET', `${subscription}/providers/microsoft.resources/deployments`, () => ok({ value: [] })),
  ...[`${group}/providers/microsoft.resources/deployments`, `${group}/deployments`].map(path =>
    route('GET', path, visit => {
      const { id } = showGroup(visit.resources, named(visit, 'group'));
      return ok(deploymentPage(visit.resources.list(id, deploymentType, visit.query), visit.request.url));
    }),
  ),
  route('POST', `${deployment}/validate`, visit =>
    ok(visit.deployments.validate(requestOf(visit), apiVersion(visit.query))),
  ),
  route('POST', `${deployment}/whatif`, visit =>
    locationReply(visit.request, named(visit, 'subscription'), visit.deployments.whatIf(requestOf(visit))),
  ),
  route('POST', `${deployment}/exporttemplate`, visit =>
    ok(visit.deployments.exportTemplate(existingDeployment(visit).id)),
  ),
  route('POST', `${group}/exporttemplate`, visit => {
    const { id } = showGroup(visit.resources, named(visit, 'group'));
    return ok({ template: templateOfGroup(visit.resources.store.list(id), exportRequestOf(visit.body)) });
  }),
  route('POST', `${deployment}/cancel`, visit => {
    visit.deployments.cancel(existingDeployment(visit).id);
    return noContent;
  }),
  ...[deployment, `${group}/deployments/{deployment}`].flatMap(path => [
    route('GET', `${path}/operations`, visit => {
      const all = operationsOf(visit).map(one => {
        const { serviceRequestId: _one, ...properties } = object(one['properties']);
        return { ...one, properties };
      });
      const top = Number(visit.query.get('$top') ?? all.length);
      return ok({ value: Number.isInteger(top) && top >= 0 ? all.slice(0, top) : all });
    }),
    route('GET', `${path}/operations/{operation}`, visit => {
      const wanted = named(visit, 'operation');
      const found = operationsOf(visit).find(one => same(String(one['operationId']), wanted));
      if (found !== undefined) return ok(found);
      throw new ArmError(
        404,
        'DeploymentOperationNotFound',
        `Deployment operation '${wanted}' could not be found.`,
      );
    }),
  ]),
  route('GET', `${deployment}/operationstatuses/{operation}`, visit => {
    const operation = operationOf(visit);
    const headers = operation.state.status === 'InProgress' ? pollPace(visit.request, operation) : {};
    const { error, ...status } = statusDocument(operation, 'Running');
    const told =
      error === undefined ? {} : { error: errorFor(visit.query.get('api-version'), object(error)) };
    return { status: 200, headers, body: { ...status, ...told } };
  }),
  route('GET HEAD', deployment, visit => {
    const found = existingDeployment(visit);
    return visit.request.method === 'HEAD' ? noContent : ok(visit.resources.get(found.id, visit.query));
  }),
];

function requestOf(visit: Visit): DeploymentRequest {
  return {
    id: deploymentId(visit),
    name: named(visit, 'deployment'),
    group: showGroup(visit.resources, named(visit, 'group')),
    body: visit.body,
    text: visit.request.text,
  };
}

/** The operations of the deployment, errors as the api-version tells them. */
function operationsOf(visit: Visit): readonly Json[] {
  return visit.deployments.operations(existingDeployment(visit).id).map(one => {
    const { statusMessage, ...properties } = object(one['properties']);
    if (statusMessage === undefined) return one;
    const told = statusMessageFor(visit.query.get('api-version'), statusMessage);
    return { ...one, properties: { ...properties, statusMessage: told } };
  });
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
