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

/** What a deployment of the request would be, without its being made; see recorded answers of 2016 and of 2022. */
export function describeValidation(
  request: DeploymentRequest,
  planned: Planned,
  now: Date,
  apiVersion: string,
): Json {
  const { properties, ...rest }: Resource = describeDeployment(request, planned, now);
  const { resources } = planned.plan;
  if (isFirst(apiVersion)) {
    const validatedResources = resources.map(one => ({
      apiVersion: one.apiVersion,
      id: one.id,
      name: one.name,
      type: one.type,
      ...one.preview(),
    }));
    const { type: _type, ...shown } = shownTo(apiVersion, {
      ...rest,
      properties: { ...properties, validatedResources },
    });
    return shown;
  }
  return {
    ...rest,
    properties: {
      ...properties,
      provisioningState: 'Succeeded',
      timestamp: '0001-01-01T00:00:00Z',
      validatedResources: resources.map(({ id }) => ({ id })),
    },
  };
}

/** The deployment with what the api-version knows of it. */
export function shownTo(apiVersion: string, resource: Resource): Resource {
  if (!isFirst(apiVersion)) return resource;
  const { templateHash: _hash, ...properties } = resource.properties;
  return { ...resource, properties };
}

/** The api-versions of 2016 and before. */
function isFirst(apiVersion: string): boolean {
  return apiVersion < '2017';
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
