/** Scale sets as a rollout needs them: the model, its image, the instances, and the calls that change them. */
import type { AzureErrorDetail } from '../core/errors.js';
import type { Tags } from '../core/rolloutRecord.js';
import { all, type ArmClient } from './armClient.js';
import { azureFailure, errorDetail } from './failure.js';
import type { ModelImage } from './modelImage.js';
import type { Operation } from './operation.js';
import { instanceOf, machineOf, scaleSetOf, storageOf } from './scaleSetModel.js';

export { formatModelImage, type ModelImage } from './modelImage.js';

/** Where an instance is asked for its health; a part that Azure does not tell is undefined. */
export interface HealthEndpoint {
  /** `http`, `https` or `tcp`. */
  readonly protocol: string;
  readonly port: number | undefined;
  /** Of `http` and `https`, as `/health`. */
  readonly path: string | undefined;
}

/** What tells Azure each instance's health. */
export type HealthSignal =
  /** The application health extension, which asks from inside the instance. */
  | { readonly kind: 'extension'; readonly name: string; readonly endpoint: HealthEndpoint }
  /** A load balancer's probe, by its ARM id. */
  | { readonly kind: 'probe'; readonly id: string };

/** A scale set's model, as far as a rollout is concerned. */
export interface ScaleSet {
  readonly name: string;
  readonly id: string;
  readonly location: string;
  readonly orchestrationMode: 'Uniform' | 'Flexible';
  readonly upgradeMode: 'Manual' | 'Automatic' | 'Rolling';
  readonly automaticOsUpgrade: boolean;
  /** Undefined when the model names none, as of a scale set made without a profile. */
  readonly image: ModelImage | undefined;
  /** By which rules Azure rolls by itself; undefined where none are set. */
  readonly rollingPolicy:
    Pick<RollingUpgradePolicy, 'batchPercent' | 'unhealthyPercent' | 'maxSurge'> | undefined;
  /** Where Azure gets each instance's health from; undefined when nothing tells it. */
  readonly healthSignal: HealthSignal | undefined;
  readonly capacity: number;
  readonly provisioningState: string;
  /** The size of its machines, as `Standard_B2s`; undefined in a Flexible set without a profile. */
  readonly vmSize: string | undefined;
  /** `TrustedLaunch`, `ConfidentialVM`; undefined for neither. */
  readonly securityType: string | undefined;
  readonly tags: Tags;
  /** ARM ids of the load balancer backend pools that its instances are in. */
  readonly backendPools: readonly string[];
}

/** One instance of a scale set. */
export interface ScaleSetInstance {
  /** What `manualupgrade` takes: a number in Uniform orchestration, the machine's name in Flexible. */
  readonly id: string;
  readonly name: string;
  /** In Flexible orchestration, where Azure does not tell: whether it runs the model's image. */
  readonly latestModelApplied: boolean;
  /** The image that it was made from; undefined where Azure does not tell. */
  readonly image: ModelImage | undefined;
  /** `Succeeded`, `Creating`, `Updating`, `Deleting`, `Failed`. */
  readonly provisioningState: string;
  /** `running`, `starting`, `stopped`, `deallocated` …; undefined while Azure does not say. */
  readonly powerState: string | undefined;
  /** `healthy`, `unhealthy`, `unknown`, `initializing`; undefined when nothing reports health. */
  readonly health: string | undefined;
  /** Protected from scale set actions: no upgrade reaches it. */
  readonly isProtected: boolean;
  /** What Azure says is wrong with it. */
  readonly message: string | undefined;
}

/** How Azure's own rolling upgrade stands. */
export interface RollingUpgrade {
  /** `RollingForward`, `Cancelled`, `Completed`, `Faulted`. */
  readonly state: string;
  readonly startedAt: Date | undefined;
  readonly error: AzureErrorDetail | undefined;
  /** Instances by what has become of them. */
  readonly progress: {
    readonly successful: number;
    readonly failed: number;
    readonly inProgress: number;
    readonly pending: number;
  };
}

/** By which rules Azure rolls by itself (`upgradePolicy.rollingUpgradePolicy`); percentages are of all instances. */
export interface RollingUpgradePolicy {
  /** 5 to 100; of the instances this many, rounded down and at least one, are upgraded at a time. */
  readonly batchPercent: number;
  /** 5 to 100 and not below `batchPercent`. */
  readonly unhealthyPercent: number;
  /** 0 to 100, of those that have been upgraded. */
  readonly unhealthyUpgradedPercent: number;
  readonly pauseSeconds: number;
  /** New instances are made beside the old ones, which go when these are healthy. */
  readonly maxSurge: boolean;
}

/** Another upgrade mode; the rules of Azure's rolling upgrades stay as they are when absent. */
export interface UpgradeChange {
  readonly mode: ScaleSet['upgradeMode'];
  readonly rolling?: RollingUpgradePolicy;
}

/** Scale sets of one resource group. */
export interface ScaleSets {
  /** Undefined when there is none of this name, or no such group. */
  find(name: string): Promise<ScaleSet | undefined>;
  /** Empty when there is no such group. */
  list(): Promise<ScaleSet[]>;
  /** All instances with their state, in one list. */
  instances(scaleSet: InstanceOwner): Promise<ScaleSetInstance[]>;
  /**
   * Sets the model's image; what that does to instances is up to the upgrade mode.
   * @param tags all tags of the scale set from then on; they stay as they are when absent
   * @param upgrade changes the upgrade mode in the same request
   */
  setImage(name: string, image: ModelImage, tags?: Tags, upgrade?: UpgradeChange): Promise<Operation>;
  /** Sets all tags of the scale set and nothing else. */
  setTags(name: string, tags: Tags): Promise<Operation>;
  /** Brings instances to the current model, all at once. */
  upgrade(name: string, instanceIds: readonly string[]): Promise<Operation>;
  /** Undefined when there has been none. */
  latestRollingUpgrade(name: string): Promise<RollingUpgrade | undefined>;
  /**
   * Stops Azure's own rolling upgrade: batches that have begun go on, no other begins. Works also for a step that is cancelled.
   * @throws AzureError with status 409 when none is running
   */
  cancelRollingUpgrade(name: string): Promise<void>;
}

/** As much of a scale set as its instances are listed by. */
export type InstanceOwner = Pick<ScaleSet, 'name' | 'id' | 'orchestrationMode' | 'image'>;

/** The scale sets of a resource group on Azure. */
export function scaleSetsOf(arm: ArmClient, group: string): ScaleSets {
  const { compute } = arm;
  return {
    async find(name) {
      const found = await arm.find(`reading scale set '${name}'`, () =>
        compute.virtualMachineScaleSets.get(group, name),
      );
      return found === undefined ? undefined : scaleSetOf(found);
    },
    async list() {
      const found = await arm.find(`listing the scale sets of '${group}'`, () =>
        all(compute.virtualMachineScaleSets.list(group)),
      );
      return (found ?? []).map(scaleSetOf);
    },
    async instances(scaleSet) {
      const { name, id, orchestrationMode } = scaleSet;
      const doing = `listing the instances of '${name}'`;
      if (orchestrationMode === 'Uniform') {
        const found = await arm.call(doing, () =>
          all(compute.virtualMachineScaleSetVMs.list(group, name, { expand: 'instanceView' })),
        );
        return found.map(instanceOf);
      }
      const filter = `'virtualMachineScaleSet/id' eq '${id}'`;
      const found = await arm.call(doing, () =>
        all(compute.virtualMachines.list(group, { filter, expand: 'instanceView' })),
      );
      return found.map(machine => machineOf(machine, scaleSet.image));
    },
    setImage: (name, image, tags, upgrade) =>
      arm.start(`setting the image of scale set '${name}'`, () =>
        compute.virtualMachineScaleSets.update(group, name, {
          ...(tags === undefined ? {} : { tags: { ...tags } }),
          ...(upgrade === undefined ? {} : { upgradePolicy: policyOf(upgrade) }),
          virtualMachineProfile: { storageProfile: storageOf(image) },
        }),
      ),
    setTags: (name, tags) =>
      arm.start(`setting the tags of scale set '${name}'`, () =>
        compute.virtualMachineScaleSets.update(group, name, { tags: { ...tags } }),
      ),
    upgrade: (name, instanceIds) =>
      arm.start(`upgrading ${instanceIds.length} of the instances of '${name}'`, () =>
        compute.virtualMachineScaleSets.updateInstances(group, name, { instanceIds: [...instanceIds] }),
      ),
    async latestRollingUpgrade(name) {
      const found = await arm.find(`reading the rolling upgrade of '${name}'`, () =>
        compute.virtualMachineScaleSetRollingUpgrades.getLatest(group, name),
      );
      if (found === undefined) return undefined;
      return {
        state: found.runningStatus?.code ?? 'Unknown',
        startedAt: found.runningStatus?.startTime,
        error: found.error === undefined ? undefined : errorDetail(found.error, 'RollingUpgradeFailed'),
        progress: {
          successful: found.progress?.successfulInstanceCount ?? 0,
          failed: found.progress?.failedInstanceCount ?? 0,
          inProgress: found.progress?.inProgressInstanceCount ?? 0,
          pending: found.progress?.pendingInstanceCount ?? 0,
        },
      };
    },
    async cancelRollingUpgrade(name) {
      try {
        await compute.virtualMachineScaleSetRollingUpgrades.cancel(group, name).submitted();
      } catch (error) {
        throw azureFailure(`cancelling the rolling upgrade of '${name}'`, error);
      }
    },
  };
}

function policyOf({ mode, rolling }: UpgradeChange) {
  if (rolling === undefined) return { mode };
  return {
    mode,
    rollingUpgradePolicy: {
      maxBatchInstancePercent: rolling.batchPercent,
      maxUnhealthyInstancePercent: rolling.unhealthyPercent,
      maxUnhealthyUpgradedInstancePercent: rolling.unhealthyUpgradedPercent,
      pauseTimeBetweenBatches: `PT${rolling.pauseSeconds}S`,
      prioritizeUnhealthyInstances: true,
      maxSurge: rolling.maxSurge,
    },
  };
}
