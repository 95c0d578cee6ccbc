/** The paths of deployments at resource-group scope. */
import { ArmError } from '../arm/armError.js';
import { showGroup } from '../arm/groups.js';
import { statusDocument } from '../arm/operations.js';
import { pace } from '../arm/protocol.js';
import { group, named, noContent, ok, operationOf, route, type Route, type Visit } from '../arm/route.js';
import type { Resource } from '../arm/store.js';

const deployment = `${group}/providers/microsoft.resources/deployments/{deployment}`;

export const deploymentRoutes: readonly Route[] = [
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
];

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
