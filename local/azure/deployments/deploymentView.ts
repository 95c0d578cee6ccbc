/** A deployment as answers show it. */
import { createHash, randomUUID } from 'node:crypto';
import { compact, object, string, type Json } from '../arm/json.js';
import { key, lastName } from '../arm/resourceId.js';
import type { Resource } from '../arm/store.js';
import type { DeploymentPlan } from '../template/deploymentPlan.js';
import { deploymentType, type DeploymentRequest, type Planned } from './deploymentRequest.js';

/** The deployment as it is when its request has been accepted. */
export function describeDeployment(
  { id, name, body }: DeploymentRequest,
  { mode, template, plan }: Planned,
  now: Date,
): Resource {
  return {
    id,
    name,
    type: deploymentType,
    ...(body['tags'] === undefined ? {} : { tags: object(body['tags']) }),
    properties: compact({
      templateHash: opaqueHash(JSON.stringify(template)),
      parameters: plan.parameters,
      mode,
      provisioningState: 'Accepted',
      timestamp: now.toISOString(),
      duration: 'PT0S',
      correlationId: randomUUID(),
      providers: providersOf(plan),
      dependencies: dependenciesOf(plan),
    }),
  };
}

/** Twenty digits at most that are the same for the same template; nobody can tell them from Azure's. */
function opaqueHash(text: string): string {
  return String(createHash('sha256').update(text).digest().readBigUInt64LE());
}

function providersOf(plan: DeploymentPlan): readonly Json[] {
  const byNamespace = new Map<string, Map<string, Set<string | null>>>();
  for (const one of plan.resources) {
    const [namespace = '', ...rest] = one.type.split('/');
    const types = byNamespace.get(namespace) ?? new Map<string, Set<string | null>>();
    const locations = types.get(rest.join('/')) ?? new Set();
    locations.add(string(one.preview()['location'])?.replaceAll(' ', '').toLowerCase() ?? null);
    byNamespace.set(namespace, types.set(rest.join('/'), locations));
  }
  return [...byNamespace].map(([namespace, types]) => ({
    namespace,
    resourceTypes: [...types].map(([resourceType, locations]) => ({
      resourceType,
      locations: [...locations],
    })),
  }));
}

function dependenciesOf(plan: DeploymentPlan): readonly Json[] {
  const named = (id: string) => {
    const resource = plan.resources.find(one => key(one.id) === key(id));
    return {
      id: resource?.id ?? id,
      resourceType: resource?.type ?? '',
      resourceName: resource?.name ?? lastName(id),
    };
  };
  return plan.resources
    .filter(one => one.dependsOn.length > 0)
    .map(one => ({ dependsOn: one.dependsOn.map(named), ...named(one.id) }));
}

/** ISO 8601, `PT7.366S`. */
export function durationSince(start: Date, end: Date): string {
  return `PT${(end.getTime() - start.getTime()) / 1000}S`;
}
