/** Deployments at resource-group scope: a template's plan, carried out resource by resource. */
import { randomUUID } from 'node:crypto';
import { ArmError, asArmError, notAllowed } from '../arm/armError.js';
import { compact, isObject, object, string, type Json } from '../arm/json.js';
import type { Provider, PutRequest } from '../arm/provider.js';
import { key, lastName } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { Resource, ResourceGroup } from '../arm/store.js';
import type { Identity } from '../signIn/identity.js';
import { planDeployment, type DeploymentPlan } from '../template/deploymentPlan.js';
import { runPlan, type PlanRun } from './planRun.js';
import { sourceOf, unknownSource } from '../template/templateSource.js';
import { refusalOf } from './refusal.js';

const type = 'Microsoft.Resources/deployments';

export interface Deployments {
  readonly provider: Provider;
  /** What a PUT of this body would answer to, without doing it. */
  validate(id: string, group: ResourceGroup, body: Json, text: string): Json;
  /** The operations of a deployment, newest first. */
  operations(id: string): readonly Json[];
  /** @throws ArmError when the deployment is not running */
  cancel(id: string): void;
}

export function createDeployments(
  resources: () => Resources,
  identity: Identity,
  now: () => Date,
): Deployments {
  const runs = new Map<string, PlanRun>();

  const provider: Provider = {
    type,
    protocol: 'deployments',
    put: request => {
      const running = runs.get(key(request.id));
      if (running?.active === true) {
        throw new ArmError(
          409,
          'DeploymentActive',
          `Unable to edit or replace deployment '${request.name}': previous deployment from '${running.started.toISOString()}' is still active. ` +
            'Please see https://aka.ms/arm-deploy for usage details.',
        );
      }
      const plan = planned(request);
      const resource = described(request, plan);
      const run = runPlan(plan, resources(), request.id, now);
      runs.set(key(request.id), run);
      return { resource, work: () => carriedOut(resource, plan, run) };
    },
  };

  return {
    provider,
    validate: (id, group, body, text) => {
      const request = { id, name: lastName(id), group, body, existing: undefined, text };
      const plan = planned(request);
      const { properties, ...rest } = described(request, plan);
      const validatedResources = plan.resources.map(one => ({ id: one.id }));
      return { ...rest, properties: { ...properties, provisioningState: 'Succeeded', validatedResources } };
    },
    operations: id => runs.get(key(id))?.operations() ?? [],
    cancel: id => {
      const run = runs.get(key(id));
      if (run?.active !== true) {
        throw notAllowed(`Unable to cancel deployment '${lastName(id)}': it is not running.`);
      }
      run.cancel();
    },
  };

  async function carriedOut(resource: Resource, plan: DeploymentPlan, run: PlanRun): Promise<unknown> {
    const { store } = resources();
    const finished = (properties: Json) => {
      store.update(resource.id, {
        ...properties,
        timestamp: now().toISOString(),
        duration: durationSince(run.started, now()),
      });
    };
    store.update(resource.id, { provisioningState: 'Running' });
    try {
      const outputs = await run.start();
      finished({
        provisioningState: 'Succeeded',
        ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
        outputResources: plan.resources.map(one => ({ id: one.id })),
      });
      return undefined;
    } catch (cause) {
      const error = asArmError(cause);
      const canceled = error.code === 'DeploymentCanceled';
      finished(
        canceled ? { provisioningState: 'Canceled' } : { provisioningState: 'Failed', error: error.body },
      );
      throw error;
    }
  }

  function planned({ name, group, body, text }: PutRequest): DeploymentPlan {
    const properties = object(body['properties']);
    const mode = string(properties['mode']) ?? '';
    if (!/^(incremental|complete)$/i.test(mode)) {
      throw new ArmError(
        400,
        'InvalidRequestContent',
        `The request content was invalid and could not be deserialized: 'Required property \\'mode\\' must be Incremental or Complete, not \\'${mode}\\'.'.`,
      );
    }
    if (/^complete$/i.test(mode)) throw unsupported('deployments of mode Complete; use Incremental');
    if (properties['templateLink'] !== undefined || properties['parametersLink'] !== undefined) {
      throw unsupported(
        'templateLink and parametersLink; send the template and its parameters in the request',
      );
    }
    if (!isObject(properties['template'])) {
      throw new ArmError(
        400,
        'InvalidTemplate',
        "Deployment template validation failed: 'Required property 'template' not found.'.",
      );
    }
    const { subscriptionId, tenantId } = identity;
    const subscription = {
      id: `/subscriptions/${subscriptionId}`,
      subscriptionId,
      tenantId,
      displayName: 'Local Azure',
    };
    const parameters = object(properties['parameters']) as Record<
      string,
      { value?: unknown; reference?: unknown }
    >;
    const resourceGroup = { ...group, tags: group.tags as Record<string, string> };
    try {
      const plan = planDeployment(
        properties['template'],
        parameters,
        {
          subscription,
          resourceGroup,
          deployment: { name, properties: { template: properties['template'], mode } },
          now: now(),
        },
        text === undefined ? unknownSource : sourceOf(text),
      );
      for (const one of plan.resources) resources().provider(one.type);
      return plan;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  function described({ id, name, body }: PutRequest, plan: DeploymentPlan): Resource {
    const properties = object(body['properties']);
    return {
      id,
      name,
      type,
      ...(body['tags'] === undefined ? {} : { tags: object(body['tags']) }),
      properties: compact({
        // Azure's own hash is opaque, and so is this one.
        templateHash: hash(JSON.stringify(properties['template'])),
        parameters: plan.parameters,
        mode: /^complete$/i.test(string(properties['mode']) ?? '') ? 'Complete' : 'Incremental',
        provisioningState: 'Accepted',
        timestamp: now().toISOString(),
        duration: 'PT0S',
        correlationId: randomUUID(),
        providers: providersOf(plan),
        dependencies: dependenciesOf(plan),
      }),
    };
  }
}

function unsupported(what: string): ArmError {
  return new ArmError(400, 'NotSupported', `This local Azure does not support ${what}.`);
}

function hash(text: string): string {
  let value = 14_695_981_039_346_656_037n;
  for (const byte of Buffer.from(text))
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 1_099_511_628_211n);
  return String(value);
}

function providersOf(plan: DeploymentPlan): readonly Json[] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { type: full } of plan.resources) {
    const [namespace = '', ...rest] = full.split('/');
    byNamespace.set(namespace, (byNamespace.get(namespace) ?? new Set()).add(rest.join('/')));
  }
  return [...byNamespace].map(([namespace, types]) => ({
    namespace,
    resourceTypes: [...types].map(resourceType => ({ resourceType, locations: [null] })),
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
