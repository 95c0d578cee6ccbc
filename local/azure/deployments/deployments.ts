/** Deployments at resource-group scope: a template's plan, carried out resource by resource. */
import { ArmError, asArmError, interrupted } from '../arm/armError.js';
import { removalSteps } from '../arm/groups.js';
import { object, objects, type Json } from '../arm/json.js';
import type { Operation } from '../arm/operations.js';
import type { Kept, Provider } from '../arm/provider.js';
import { key, lastName } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { ResourceGroup } from '../arm/store.js';
import { jobTiming } from '../arm/timings.js';
import type { Authorization } from '../authorization/authorization.js';
import { apiVersion } from '../providers/envelope.js';
import type { Identity } from '../signIn/identity.js';
import { isDeployment } from '../template/resourceBody.js';
import { surplusOf } from './completeMode.js';
import { planRequest, deploymentType, type DeploymentRequest, type Planned } from './deploymentRequest.js';
import { describeDeployment, describeValidation, durationSince, shownTo } from './deploymentView.js';
import { errorFor } from './escapedErrors.js';
import { exportedTemplate } from './exportTemplate.js';
import { runPlan, type PlanRun } from './planRun.js';
import { runtimeOf } from './runtime.js';
import { resultFormatOf, whatIfChanges } from './whatIf.js';

export interface Deployments {
  readonly provider: Provider;
  /** What a PUT of this request would answer to, without doing it. @throws ArmError */
  validate(request: DeploymentRequest, apiVersion: string): Json;
  /** Starts telling what a PUT of this request would change. @throws ArmError */
  whatIf(request: DeploymentRequest): Operation;
  /** The operations of a deployment, newest first. */
  operations(id: string): readonly Json[];
  /** @throws ArmError when the deployment is not running */
  cancel(id: string): void;
  /** The template of a deployment. @throws ArmError when it is not kept */
  exportTemplate(id: string): Json;
}

/** What is kept of a deployment beside its resource. */
interface Deployed {
  readonly run: Pick<PlanRun, 'started' | 'active' | 'cancel' | 'operations'>;
  /** Its template without secrets. */
  readonly exported: () => Json;
}

interface SavedDeployment {
  /** In lower case. */
  readonly id: string;
  readonly started: string;
  readonly operations: readonly Json[];
  readonly exported: Json;
}

/** How long a deployment runs before its first resource is made, in Azure's seconds. */
const startSeconds = 2;

export function createDeployments(
  resources: () => Resources,
  identity: Identity,
  now: () => Date,
  authorization: Authorization,
): Deployments {
  const deployed = new Map<string, Deployed>();
  /** Secrets that an outer deployment has filled in, by the id of the nested one. */
  const inherited = new Map<string, readonly string[]>();
  const plan = (request: DeploymentRequest) => planRequest(request, resources(), identity, now());
  const permitted = (request: DeploymentRequest) => {
    const planned = plan(request);
    authorization.checkTemplate(planned.plan.resources);
    return planned;
  };

  const cancel = (id: string): void => {
    const run = deployed.get(key(id))?.run;
    if (run?.active !== true) {
      const state = String(resources().store.get(id)?.properties['provisioningState']);
      throw new ArmError(
        409,
        'DeploymentCannotBeCancelled',
        `The deployment '${lastName(id)}' cannot be canceled because it is not running: its provisioning state is '${state}'.`,
      );
    }
    run.cancel();
    finish(id, run, { provisioningState: 'Canceled' });
  };

  const begin = (request: DeploymentRequest, planned: Planned): PlanRun => {
    const { id, group } = request;
    const { mode, template, plan: made } = planned;
    const secrets = [...made.secrets, ...(inherited.get(key(id)) ?? [])];
    inherited.delete(key(id));
    const run = runPlan(made, {
      deploymentId: id,
      resources: resources(),
      now,
      authorization,
      surplus: () =>
        mode === 'Complete' ? removalSteps(surplusOf(made, resources().store.list(group.id))) : [],
      nested: nestedId => {
        inherited.set(key(nestedId), secrets);
      },
      cancelNested: nestedId => {
        if (deployed.get(key(nestedId))?.run.active === true) cancel(nestedId);
      },
    });
    // It is asked for at each save of the state.
    let exported: Json | undefined;
    deployed.set(key(id), { run, exported: () => (exported ??= exportedTemplate(template, secrets)) });
    return run;
  };

  const finish = (id: string, run: Pick<PlanRun, 'started'>, properties: Json): void => {
    const time = now();
    resources().store.update(id, {
      ...properties,
      timestamp: time.toISOString(),
      duration: durationSince(run.started, time),
    });
  };

  const carryOut = async (id: string, run: PlanRun, { plan: made }: Planned): Promise<undefined> => {
    const refuseCanceled = () => {
      if (!run.active) throw notStarted(id);
    };
    refuseCanceled();
    resources().store.update(id, { provisioningState: 'Running' });
    // Until then it can be canceled, however little there is to do.
    await resources().pace.wait(startSeconds);
    refuseCanceled();
    try {
      const outputs = await run.start();
      finish(id, run, {
        provisioningState: 'Succeeded',
        ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
        outputResources: made.resources.flatMap(one => outputResources(one.id, one.type)),
      });
      return undefined;
    } catch (cause) {
      const error = asArmError(cause);
      if (error.code !== 'DeploymentCanceled')
        finish(id, run, { provisioningState: 'Failed', error: error.body });
      throw error;
    }
  };

  /** Of a nested deployment: what that has deployed. */
  const outputResources = (id: string, type: string): readonly Json[] =>
    isDeployment(type) ? objects(resources().store.get(id)?.properties['outputResources']) : [{ id }];

  const kept: Kept = {
    save: (): readonly SavedDeployment[] =>
      [...deployed].map(([id, { run, exported }]) => ({
        id,
        started: run.started.toISOString(),
        operations: run.operations().map(one => (run.active ? brokenOff(one) : one)),
        exported: exported(),
      })),
    resume: saved => {
      for (const { id, started, operations, exported } of saved as readonly SavedDeployment[]) {
        const run = {
          started: new Date(started),
          active: false,
          cancel: () => undefined,
          operations: () => operations,
        };
        deployed.set(id, { run, exported: () => exported });
      }
      return Promise.resolve();
    },
  };

  const provider: Provider = {
    type: deploymentType,
    protocol: 'deployments',
    kept,
    put: request => {
      const earlier = deployed.get(key(request.id))?.run;
      const ended = request.existing?.properties['provisioningState'] === 'Failed';
      if (earlier?.active === true && !ended) throw stillActive(request.name, earlier.started);
      const planned = permitted(request);
      const resource = describeDeployment(request, planned, now());
      const run = begin(request, planned);
      return { resource, work: () => carryOut(resource.id, run, planned) };
    },
    remove: resource => () => {
      deployed.delete(key(resource.id));
      return Promise.resolve();
    },
    refuseRemoval: resource => {
      const run = deployed.get(key(resource.id))?.run;
      if (run?.active === true) throw stillActive(resource.name, run.started);
    },
    show: (resource, query) => {
      const version = apiVersion(query);
      const error = resource.properties['error'];
      const told = error === undefined ? {} : { error: errorFor(version, object(error)) };
      return shownTo(version, { ...resource, properties: { ...resource.properties, ...told } });
    },
  };

  return {
    provider,
    validate: (request, apiVersion) => describeValidation(request, permitted(request), now(), apiVersion),
    whatIf: request => {
      const planned = permitted(request);
      const format = resultFormatOf(object(request.body['properties']));
      const work = async () => {
        await resources().pace.wait(jobTiming.seconds);
        const changes = whatIfChanges(
          {
            resources: resources(),
            runtime: runtimeOf(resources(), authorization),
            requested: id => resources().requested(id),
            plan,
          },
          request.group,
          planned,
          format,
        );
        return { status: 'Succeeded', properties: { changes } };
      };
      const id = jobId(request.group, request.name, now());
      return resources().operations.start(work, { id, timing: jobTiming });
    },
    operations: id => deployed.get(key(id))?.run.operations() ?? [],
    cancel,
    exportTemplate: id => {
      const found = deployed.get(key(id));
      if (found === undefined) {
        throw new ArmError(
          404,
          'DeploymentTemplateNotFound',
          `The template of the deployment '${lastName(id)}' is not kept.`,
        );
      }
      return { template: found.exported() };
    },
  };
}

/** An operation as it is when the process that carried it out has ended. */
function brokenOff(operation: Json): Json {
  const properties = object(operation['properties']);
  if (properties['provisioningState'] !== 'Running') return operation;
  const statusMessage = { status: 'Failed', error: interrupted().body };
  return {
    ...operation,
    properties: {
      ...properties,
      provisioningState: 'Failed',
      statusCode: 'InternalServerError',
      statusMessage,
    },
  };
}

/** The job's name as ARM puts it into the URL that is polled. */
function jobId({ name, location }: ResourceGroup, deployment: string, now: Date): string {
  const job = {
    jobId: `DeploymentWhatIfJob-${name.toUpperCase()}-${deployment.toUpperCase()}-${now.getTime().toString(16).toUpperCase()}`,
    jobLocation: location,
  };
  return Buffer.from(JSON.stringify(job)).toString('base64url');
}

function stillActive(name: string, started: Date): ArmError {
  return new ArmError(
    409,
    'DeploymentActive',
    `Unable to edit or replace deployment '${name}': previous deployment from '${usTime(started)}' is still active ` +
      `(expiration time is '${usTime(new Date(started.getTime() + 7 * 86_400_000))}'). ` +
      'Please see https://aka.ms/arm-deploy for usage details.',
  );
}

/** `8/24/2018 8:48:13 AM`, in UTC. */
function usTime(time: Date): string {
  return time.toLocaleString('en-US', { timeZone: 'UTC' }).replace(',', '').replace('\u202f', ' ');
}

function notStarted(id: string): ArmError {
  return new ArmError(409, 'DeploymentCanceled', `The deployment '${lastName(id)}' was canceled.`);
}
