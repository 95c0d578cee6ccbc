/** Resource groups and template deployments, as the service tells of them. */
import { AzureError, type AzureErrorDetail } from '../core/errors.js';
import { all, type ArmClient } from './armClient.js';
import { errorDetail } from './failure.js';

/** What is deployed. */
export interface DeploymentRequest {
  readonly template: Readonly<Record<string, unknown>>;
  /** By name: `{value}` or a Key Vault `{reference}`. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly mode: 'Incremental' | 'Complete';
}

/** A parameter's value, or the Key Vault secret that Azure takes it from. */
export interface ParameterValue {
  readonly value?: unknown;
  readonly reference?: {
    readonly keyVault: { readonly id: string };
    readonly secretName: string;
    readonly secretVersion?: string;
  };
}

/** How a deployment stands. */
export interface DeploymentState {
  /** `Accepted`, `Running`, `Succeeded`, `Failed`, `Canceled` … */
  readonly state: string;
  readonly error: AzureErrorDetail | undefined;
  readonly correlationId: string | undefined;
  readonly outputs: readonly DeploymentOutput[];
  /** ARM ids of what it has made or kept, nested deployments' included; known when it has ended. */
  readonly resources: readonly string[];
}

/** One output of a deployment; of a secure one Azure gives no value. */
export interface DeploymentOutput {
  readonly name: string;
  /** As the template declares it, in lower case. */
  readonly type: string;
  readonly value: unknown;
}

/** One step of a deployment: a resource that it makes. */
export interface DeploymentOperation {
  readonly id: string;
  /** `Create`, `Read`, `EvaluateDeploymentOutput` … */
  readonly kind: string;
  readonly state: string;
  readonly resourceType: string;
  readonly resourceName: string;
  readonly resourceId: string;
  /** ISO 8601, as `PT1M4S`. */
  readonly duration: string | undefined;
  readonly error: AzureErrorDetail | undefined;
}

/** What a deployment would do to one resource. */
export interface ResourceChange {
  readonly id: string;
  /** `Create`, `Delete`, `Ignore`, `Deploy`, `NoChange`, `Modify`, `Unsupported`. */
  readonly kind: string;
  /** As it is, as far as Azure tells. */
  readonly before: unknown;
  /** As it would be; what is known only while deploying stands there as an expression, `[reference(…)]`. */
  readonly after: unknown;
  /** Of `Modify`, and what `NoChange` ignored. */
  readonly delta: readonly PropertyChange[];
  /** Why nothing can be told, of `Unsupported`. */
  readonly unsupportedReason: string | undefined;
}

/** What a deployment would do to one property. */
export interface PropertyChange {
  /** From the resource's root, as `sku.capacity`; of an array's item its index. */
  readonly path: string;
  /** `Create`, `Delete`, `Modify`, `Array`, `NoEffect`. */
  readonly kind: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly children: readonly PropertyChange[];
}

/** Deployments into one resource group. */
export interface Deployments {
  /** The group's region, undefined when there is no such group. */
  groupLocation(): Promise<string | undefined>;
  createGroup(location: string): Promise<void>;
  /** @throws AzureError with all that Azure's validation found */
  validate(name: string, request: DeploymentRequest): Promise<void>;
  /**
   * What the deployment would change.
   * @throws AzureError with all that Azure's validation found
   */
  whatIf(name: string, request: DeploymentRequest): Promise<ResourceChange[]>;
  /** Starts it; resolves when Azure has accepted it. */
  start(name: string, request: DeploymentRequest): Promise<void>;
  state(name: string): Promise<DeploymentState>;
  operations(name: string): Promise<DeploymentOperation[]>;
  /** Stops what has not begun; what has been made stays. */
  cancel(name: string): Promise<void>;
}

/** The deployments of a resource group on Azure. */
export function deploymentsOf(arm: ArmClient, group: string): Deployments {
  const { deployments, deploymentOperations, resourceGroups } = arm.resources;
  return {
    async groupLocation() {
      const found = await arm.find(`reading resource group '${group}'`, () => resourceGroups.get(group));
      return found?.location;
    },
    async createGroup(location) {
      await arm.call(`creating resource group '${group}'`, () =>
        resourceGroups.createOrUpdate(group, { location }),
      );
    },
    async validate(name, request) {
      const doing = `the validation of deployment '${name}'`;
      const documents = await arm.documents(doing, () =>
        deployments.beginValidateAndWait(group, name, bodyOf(request), {
          updateIntervalInMs: 500,
          abortSignal: arm.signal,
        }),
      );
      // Older services answer 200 and put the error inside.
      const answer = documents.at(-1);
      if (hasError(answer)) throw new AzureError(doing, errorDetail(answer, 'InvalidTemplate'));
    },
    async whatIf(name, request) {
      const doing = `the what-if of deployment '${name}'`;
      const documents = await arm.documents(doing, () =>
        deployments.beginWhatIfAndWait(group, name, bodyOf(request), { abortSignal: arm.signal }),
      );
      const answer = documents.at(-1) as WhatIfDocument | undefined;
      if (hasError(answer)) throw new AzureError(doing, errorDetail(answer, 'WhatIfFailed'));
      return (answer?.properties?.changes ?? []).map(changeOf);
    },
    async start(name, request) {
      // Only the request itself: the deployment is watched by its operations, which tell more than a poller does.
      try {
        await arm.call(`deployment '${name}'`, async () => {
          await deployments.beginCreateOrUpdate(group, name, bodyOf(request), { abortSignal: arm.signal });
        });
      } catch (error) {
        // The SDK looks at it once; a deployment that has failed by then was accepted all the same, and its operations tell why.
        if (!(error instanceof AzureError) || error.status !== undefined) throw error;
      }
    },
    async state(name) {
      const [document] = await arm.documents(`reading deployment '${name}'`, () =>
        deployments.get(group, name),
      );
      return stateOf(document);
    },
    async operations(name) {
      const pages = await arm.documents(`reading the operations of deployment '${name}'`, () =>
        all(deploymentOperations.list(group, name)),
      );
      return pages.flatMap(page => ((page as OperationsDocument).value ?? []).map(operationOf));
    },
    async cancel(name) {
      await arm.resources.deployments.cancel(group, name);
    },
  };
}

function bodyOf({ template, parameters, mode }: DeploymentRequest) {
  return { properties: { template: { ...template }, parameters: { ...parameters }, mode } };
}

interface DeploymentDocument {
  readonly properties?: {
    readonly provisioningState?: string;
    readonly correlationId?: string;
    readonly error?: unknown;
    readonly outputs?: Readonly<Record<string, { readonly type?: string; readonly value?: unknown }>> | null;
    readonly outputResources?: readonly { readonly id?: string }[];
  };
}

interface OperationsDocument {
  readonly value?: readonly OperationDocument[];
}

interface OperationDocument {
  readonly operationId?: string;
  readonly properties?: {
    readonly provisioningOperation?: string;
    readonly provisioningState?: string;
    readonly duration?: string;
    readonly statusCode?: string;
    readonly statusMessage?: unknown;
    readonly targetResource?: {
      readonly id?: string;
      readonly resourceType?: string;
      readonly resourceName?: string;
    };
  };
}

interface WhatIfDocument {
  readonly properties?: { readonly changes?: readonly ChangeDocument[] };
}

interface ChangeDocument {
  readonly resourceId?: string;
  readonly changeType?: string;
  readonly unsupportedReason?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly delta?: readonly DeltaDocument[] | null;
}

interface DeltaDocument {
  readonly path?: string;
  readonly propertyChangeType?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children?: readonly DeltaDocument[] | null;
}

function changeOf(document: ChangeDocument): ResourceChange {
  return {
    id: document.resourceId ?? '',
    kind: document.changeType ?? '',
    before: document.before ?? undefined,
    after: document.after ?? undefined,
    delta: (document.delta ?? []).map(deltaOf),
    unsupportedReason: document.unsupportedReason,
  };
}

function deltaOf(document: DeltaDocument): PropertyChange {
  return {
    path: document.path ?? '',
    kind: document.propertyChangeType ?? '',
    before: document.before ?? undefined,
    after: document.after ?? undefined,
    children: (document.children ?? []).map(deltaOf),
  };
}

function hasError(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'error' in document && Boolean(document.error);
}

function stateOf(document: unknown): DeploymentState {
  const properties = (document as DeploymentDocument | undefined)?.properties;
  return {
    state: properties?.provisioningState ?? 'Unknown',
    error:
      properties?.error === undefined || properties.error === null
        ? undefined
        : errorDetail(properties.error, 'DeploymentFailed'),
    correlationId: properties?.correlationId,
    outputs: Object.entries(properties?.outputs ?? {}).map(([name, output]) => ({
      name,
      type: (output.type ?? '').toLowerCase(),
      value: output.value,
    })),
    resources: (properties?.outputResources ?? []).flatMap(resource => resource.id ?? []),
  };
}

function operationOf({ operationId, properties }: OperationDocument): DeploymentOperation {
  const { targetResource: target, statusMessage } = properties ?? {};
  const state = properties?.provisioningState ?? '';
  const failed = /^(failed|canceled)$/i.test(state);
  return {
    id: operationId ?? '',
    kind: properties?.provisioningOperation ?? '',
    state,
    resourceType: target?.resourceType ?? '',
    resourceName: target?.resourceName ?? '',
    resourceId: target?.id ?? '',
    duration: properties?.duration,
    error:
      failed && statusMessage !== undefined && statusMessage !== null
        ? errorDetail(statusMessage, properties?.statusCode ?? 'Failed')
        : undefined,
  };
}
