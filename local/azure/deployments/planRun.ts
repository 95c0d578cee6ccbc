/** One run of a deployment's plan: every resource as soon as what it depends on is there, and a record of each. */
import { randomUUID } from 'node:crypto';
import { ArmError, asArmError } from '../arm/armError.js';
import { compact, object, type Json } from '../arm/json.js';
import { key, lastName } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import { refusalOf } from './refusal.js';
import type { DeploymentPlan, PlannedResource } from '../template/deploymentPlan.js';
import type { Runtime } from '../template/scope.js';

export interface PlanRun {
  readonly started: Date;
  /** From its making until `start` has settled. */
  readonly active: boolean;
  /**
   * Carries the plan out.
   * @returns the outputs
   * @throws ArmError DeploymentFailed with the error of each failed resource, or DeploymentCanceled
   */
  start(): Promise<Json>;
  /** Starts no further resource; `start` rejects when those under way have ended. */
  cancel(): void;
  /** The deployment operations, newest first. */
  operations(): readonly Json[];
}

interface Step {
  readonly operationId: string;
  readonly resource: PlannedResource;
  readonly started: Date;
  ended: Date | undefined;
  state: 'Running' | 'Succeeded' | 'Failed';
  statusCode: string;
  error: Json | undefined;
}

const statusNames: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
};

export function runPlan(
  plan: DeploymentPlan,
  resources: Resources,
  deploymentId: string,
  now: () => Date,
): PlanRun {
  const started = now();
  const steps: Step[] = [];
  let active = true;
  let canceled = false;
  const runtime = runtimeOf(resources);

  const deploy = async (planned: PlannedResource): Promise<void> => {
    const step: Step = {
      operationId: randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
      resource: planned,
      started: now(),
      ended: undefined,
      state: 'Running',
      statusCode: 'Accepted',
      error: undefined,
    };
    steps.push(step);
    try {
      const accepted = resources.put(planned.id, planned.body(runtime));
      step.statusCode = statusName(accepted.existed ? 200 : 201);
      await accepted.operation?.done;
      const state = accepted.operation?.state;
      if (state !== undefined && 'error' in state) throw resourceFailed(planned, state.error);
      step.state = 'Succeeded';
    } catch (cause) {
      const error = refusalOf(cause);
      step.state = 'Failed';
      step.statusCode = statusName(error.status);
      step.error = error.body;
      throw error;
    } finally {
      step.ended = now();
    }
  };

  const start = async (): Promise<Json> => {
    const runs = new Map<string, Promise<boolean>>();
    const failures: ArmError[] = [];
    const run = async (planned: PlannedResource): Promise<boolean> => {
      const ready = await Promise.all(planned.dependsOn.map(id => runOf(id)));
      if (canceled || ready.includes(false)) return false;
      return deploy(planned).then(
        () => true,
        (error: unknown) => {
          failures.push(asArmError(error));
          return false;
        },
      );
    };
    const runOf = (id: string): Promise<boolean> => {
      const planned = plan.resources.find(one => key(one.id) === key(id));
      if (planned === undefined) return Promise.resolve(true);
      const known = runs.get(key(id));
      if (known !== undefined) return known;
      const begun = run(planned);
      runs.set(key(id), begun);
      return begun;
    };
    await Promise.all(plan.resources.map(one => runOf(one.id)));
    if (canceled)
      throw new ArmError(
        409,
        'DeploymentCanceled',
        `The deployment '${lastName(deploymentId)}' was canceled.`,
      );
    if (failures.length > 0) throw deploymentFailed(deploymentId, failures);
    try {
      return plan.outputs(runtime);
    } catch (error) {
      throw deploymentFailed(deploymentId, [refusalOf(error)]);
    }
  };

  return {
    started,
    get active() {
      return active;
    },
    start: () => start().finally(() => (active = false)),
    cancel: () => (canceled = true),
    operations: () => [...steps].reverse().map(step => operationOf(step, deploymentId, now())),
  };
}

function runtimeOf(resources: Resources): Runtime {
  return {
    reference: (id, apiVersion, full) => {
      const resource = resources.get(id);
      if (full !== true) return resource.properties;
      const { id: _id, name: _name, type: _type, ...rest } = resource;
      return compact({ ...rest, apiVersion });
    },
    list: (operation, id, _apiVersion, body) => {
      const acted = resources.act(id, operation, object(body));
      if ('result' in acted) return acted.result;
      throw new ArmError(400, 'BadRequest', `'${operation}' of ${id} lists nothing.`);
    },
  };
}

function operationOf(step: Step, deploymentId: string, now: Date): Json {
  const { resource } = step;
  const end = step.ended ?? now;
  return {
    id: `${deploymentId}/operations/${step.operationId}`,
    operationId: step.operationId,
    properties: compact({
      provisioningOperation: 'Create',
      provisioningState: step.state,
      timestamp: end.toISOString(),
      duration: `PT${(end.getTime() - step.started.getTime()) / 1000}S`,
      trackingId: randomUUID(),
      statusCode: step.statusCode,
      statusMessage: step.error === undefined ? undefined : { error: step.error },
      targetResource: { id: resource.id, resourceType: resource.type, resourceName: resource.name },
    }),
  };
}

/** A resource that was accepted and failed later. */
function resourceFailed(planned: PlannedResource, error: ArmError): ArmError {
  return new ArmError(
    409,
    'ResourceDeploymentFailure',
    "The resource write operation failed to complete successfully, because it reached terminal provisioning state 'Failed'.",
    { target: planned.id, details: [error.body] },
  );
}

function deploymentFailed(deploymentId: string, failures: readonly ArmError[]): ArmError {
  return new ArmError(
    409,
    'DeploymentFailed',
    'At least one resource deployment operation failed. Please list deployment operations for details. ' +
      'Please see https://aka.ms/arm-deployment-operations for usage details.',
    { target: deploymentId, details: failures.map(failure => failure.body) },
  );
}

function statusName(status: number): string {
  return statusNames[status] ?? 'InternalServerError';
}
