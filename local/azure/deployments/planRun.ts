/** One run of a deployment's plan: every resource as soon as what it depends on is there, and a record of each. */
import { randomUUID } from 'node:crypto';
import { ArmError, asArmError } from '../arm/armError.js';
import { compact, type Json } from '../arm/json.js';
import { ticksOf } from '../arm/operations.js';
import { key, lastName } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { Resource } from '../arm/store.js';
import type { Authorization } from '../authorization/authorization.js';
import type { DeploymentPlan, PlannedResource } from '../template/deploymentPlan.js';
import { isDeployment } from '../template/resourceBody.js';
import { durationSince } from './deploymentView.js';
import { outputsSkipped } from './escapedErrors.js';
import { refusalOf } from './refusal.js';
import { runtimeOf } from './runtime.js';

export interface PlanRun {
  readonly started: Date;
  /** From its making until `start` has settled. */
  readonly active: boolean;
  /**
   * Carries the plan out.
   * @returns the outputs
   * @throws ArmError DeploymentFailed with the error of each failed resource, or DeploymentCanceled at once when it is canceled
   */
  start(): Promise<Json>;
  /** Starts no further resource. Providers end what they have begun, as Azure's do. */
  cancel(): void;
  /** The deployment operations, newest first, that of the outputs last. */
  operations(): readonly Json[];
}

/** What a run needs besides its plan. */
export interface PlanRunOptions {
  readonly deploymentId: string;
  readonly resources: Resources;
  readonly now: () => Date;
  /** Whether the application may do what the plan does. */
  readonly authorization: Authorization;
  /** Ids of resources to delete when all others are there, those of one step at once. */
  surplus(): readonly (readonly Resource[])[];
  /** Told of each nested deployment, before it starts. */
  nested(id: string): void;
  /** Told of each nested deployment under way when this one is canceled. */
  cancelNested(id: string): void;
}

interface Step {
  readonly operationId: string;
  readonly trackingId: string;
  readonly operation: 'Create' | 'Delete' | 'EvaluateDeploymentOutput';
  /** Absent for the outputs. */
  readonly target?: Pick<Resource, 'id' | 'type' | 'name'>;
  readonly serviceRequestId: string;
  readonly started: Date;
  ended: Date | undefined;
  state: 'Running' | 'Succeeded' | 'Failed' | 'Canceled';
  statusCode: string;
  statusMessage: Json | undefined;
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

export function runPlan(plan: DeploymentPlan, options: PlanRunOptions): PlanRun {
  const { deploymentId, resources, now, authorization } = options;
  const started = now();
  const steps: Step[] = [];
  let active = true;
  let stop: (reason: ArmError) => void = () => undefined;
  const canceled = new Promise<never>((_resolve, reject) => (stop = reject));
  canceled.catch(() => undefined);
  let isCanceled = false;
  const runtime = runtimeOf(resources, authorization);

  /** Records what the work does under one operation; a throw of it fails the operation and is passed on as an ArmError. */
  const recorded = async (
    operation: Step['operation'],
    target: Step['target'],
    work: (step: Step) => Promise<void>,
  ): Promise<void> => {
    const step = newStep(operation, target, now());
    steps.push(step);
    try {
      await work(step);
      settle(step, 'Succeeded', now());
    } catch (cause) {
      const error = refusalOf(cause);
      step.statusCode = statusName(error.status);
      step.statusMessage = {
        ...(error.code === 'ResourceDeploymentFailure' ? { status: 'Failed' } : {}),
        error: error.body,
      };
      settle(step, 'Failed', now());
      throw error;
    }
  };

  const deploy = (planned: PlannedResource): Promise<void> =>
    recorded('Create', planned, async step => {
      if (isDeployment(planned.type)) options.nested(planned.id);
      const body = planned.body(runtime);
      authorization.check('PUT', planned.id, body);
      const accepted = resources.put(planned.id, body);
      step.statusCode = statusName(accepted.existed ? 200 : 201);
      await accepted.operation?.done;
      const state = accepted.operation?.state;
      if (state !== undefined && 'error' in state) throw resourceFailed(planned.id, state);
    });

  const remove = (resource: Resource): Promise<void> =>
    recorded('Delete', resource, async step => {
      authorization.check('DELETE', resource.id, {});
      const removed = resources.remove(resource.id);
      await removed?.operation.done;
      const state = removed?.operation.state;
      if (state !== undefined && 'error' in state) throw resourceFailed(resource.id, state);
      step.statusCode = statusName(200);
    });

  const deployAll = async (): Promise<readonly ArmError[]> => {
    const runs = new Map<string, Promise<boolean>>();
    const failures: ArmError[] = [];
    const run = async (planned: PlannedResource): Promise<boolean> => {
      const ready = await Promise.all(planned.dependsOn.map(id => runOf(id)));
      if (isCanceled || ready.includes(false)) return false;
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
    return failures;
  };

  const removeSurplus = async (): Promise<readonly ArmError[]> => {
    const failures: ArmError[] = [];
    for (const step of options.surplus()) {
      if (isCanceled || failures.length > 0) break;
      await Promise.all(
        step.map(one => remove(one).catch((error: unknown) => failures.push(asArmError(error)))),
      );
    }
    return failures;
  };

  const evaluateOutputs = async (failures: readonly ArmError[]): Promise<Json> => {
    let outputs: Json = {};
    await recorded('EvaluateDeploymentOutput', undefined, step => {
      if (failures.length > 0) throw outputsNotEvaluated();
      outputs = plan.outputs(runtime);
      step.statusCode = statusName(200);
      return Promise.resolve();
    }).catch((error: unknown) => {
      if (failures.length === 0) throw deploymentFailed(deploymentId, [asArmError(error)]);
    });
    return outputs;
  };

  const run = async (): Promise<Json> => {
    const failed = await deployAll();
    const failures = failed.length > 0 ? failed : await removeSurplus();
    const outputs = plan.hasOutputs ? await evaluateOutputs(failures) : {};
    if (failures.length > 0) throw deploymentFailed(deploymentId, failures);
    return outputs;
  };

  return {
    started,
    get active() {
      return active;
    },
    start: () => Promise.race([run(), canceled]).finally(() => (active = false)),
    cancel: () => {
      isCanceled = true;
      active = false;
      for (const step of steps.filter(one => one.state === 'Running')) {
        if (step.target !== undefined && isDeployment(step.target.type)) options.cancelNested(step.target.id);
        step.statusCode = statusName(409);
        settle(step, 'Canceled', now());
      }
      const name = lastName(deploymentId);
      stop(new ArmError(409, 'DeploymentCanceled', `The deployment '${name}' was canceled.`));
    },
    operations: () => {
      const shown = (all: readonly Step[]) => all.map(step => operationOf(step, deploymentId, now()));
      const outputs = steps.filter(step => step.target === undefined);
      return [...shown(steps.filter(step => step.target !== undefined).reverse()), ...shown(outputs)];
    },
  };
}

function newStep(operation: Step['operation'], target: Step['target'], now: Date): Step {
  return {
    operationId:
      target === undefined
        ? String(9_223_372_036_854_775_807n - ticksOf(now)).padStart(20, '0')
        : randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
    trackingId: randomUUID(),
    serviceRequestId: randomUUID(),
    operation,
    ...(target === undefined ? {} : { target }),
    started: now,
    ended: undefined,
    state: 'Running',
    statusCode: 'Accepted',
    statusMessage: undefined,
  };
}

/** What has ended once does so no second time: a canceled operation stays one. */
function settle(step: Step, state: Step['state'], now: Date): void {
  if (step.ended !== undefined) return;
  step.state = state;
  step.ended = now;
}

function operationOf(step: Step, deploymentId: string, now: Date): Json {
  const { target } = step;
  return {
    id: `${deploymentId}/operations/${step.operationId}`,
    operationId: step.operationId,
    properties: compact({
      provisioningOperation: step.operation,
      provisioningState: step.state,
      timestamp: (step.ended ?? now).toISOString(),
      duration: durationSince(step.started, step.ended ?? now),
      trackingId: step.trackingId,
      serviceRequestId: target === undefined ? undefined : step.serviceRequestId,
      statusCode: step.statusCode,
      statusMessage: step.statusMessage,
      targetResource:
        target === undefined
          ? undefined
          : { id: target.id, resourceType: target.type, resourceName: target.name },
    }),
  };
}

/** A resource whose operation was accepted and did not succeed. */
function resourceFailed(id: string, { status, error }: { status: string; error: ArmError }): ArmError {
  return new ArmError(
    409,
    'ResourceDeploymentFailure',
    `The resource write operation failed to complete successfully, because it reached terminal provisioning state '${status}'.`,
    { target: id, details: [error.body] },
  );
}

function outputsNotEvaluated(): ArmError {
  return new ArmError(
    409,
    outputsSkipped,
    'Template output evaluation skipped: at least one resource deployment operation failed. ' +
      'Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
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
