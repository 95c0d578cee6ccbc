/** Scale sets as a rollout needs them: the model, its image, the instances, and the calls that change them. */
import type {
  ImageReference as SdkImage,
  VirtualMachineScaleSet,
  VirtualMachineScaleSetVM,
  VirtualMachineScaleSetVMProfile,
} from '@azure/arm-compute';
import type { AzureErrorDetail } from '../core/errors.js';
import { formatImageReference, tryParseImageReference, type ImageReference } from '../core/imageReference.js';
import { singleLine } from '../core/text.js';
import { all, type ArmClient } from './armClient.js';
import { errorDetail } from './failure.js';
import type { Operation } from './operation.js';

/** The image in a scale set's model: one of ours, or one from the marketplace. */
export type ModelImage =
  | ImageReference
  | {
      readonly kind: 'platform';
      readonly publisher: string;
      readonly offer: string;
      readonly sku: string;
      readonly version: string;
    }
  /** An image shared to the subscription or a community gallery's. */
  | { readonly kind: 'shared'; readonly id: string; readonly community: boolean };

/** The text form of a model's image; of a marketplace image `publisher:offer:sku:version`. */
export function formatModelImage(image: ModelImage): string {
  if (image.kind === 'platform') return [image.publisher, image.offer, image.sku, image.version].join(':');
  return image.kind === 'shared' ? image.id : formatImageReference(image);
}

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
  /** Where Azure gets each instance's health from; undefined when nothing tells it. */
  readonly healthSignal: HealthSignal | undefined;
  readonly capacity: number;
  readonly provisioningState: string;
  /** ARM ids of the load balancer backend pools that its instances are in. */
  readonly backendPools: readonly string[];
}

/** One instance of a scale set. */
export interface ScaleSetInstance {
  /** What `manualupgrade` takes: a number in Uniform orchestration. */
  readonly id: string;
  readonly name: string;
  readonly latestModelApplied: boolean;
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
}

/** Scale sets of one resource group. */
export interface ScaleSets {
  /** Undefined when there is none of this name, or no such group. */
  find(name: string): Promise<ScaleSet | undefined>;
  /** Empty when there is no such group. */
  list(): Promise<ScaleSet[]>;
  /** All instances with their state, in one list. */
  instances(name: string): Promise<ScaleSetInstance[]>;
  /** Sets the model's image; what that does to instances is up to the upgrade mode. */
  setImage(name: string, image: ModelImage): Promise<Operation>;
  /** Brings instances to the current model, all at once. */
  upgrade(name: string, instanceIds: readonly string[]): Promise<Operation>;
  /** Undefined when there has been none. */
  latestRollingUpgrade(name: string): Promise<RollingUpgrade | undefined>;
}

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
    async instances(name) {
      const found = await arm.call(`listing the instances of '${name}'`, () =>
        all(compute.virtualMachineScaleSetVMs.list(group, name, { expand: 'instanceView' })),
      );
      return found.map(instanceOf);
    },
    setImage: (name, image) =>
      arm.start(`setting the image of scale set '${name}'`, () =>
        compute.virtualMachineScaleSets.update(group, name, {
          virtualMachineProfile: { storageProfile: storageOf(image) },
        }),
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
      };
    },
  };
}

function scaleSetOf(model: VirtualMachineScaleSet): ScaleSet {
  const profile = model.virtualMachineProfile;
  const pools = (profile?.networkProfile?.networkInterfaceConfigurations ?? [])
    .flatMap(network => network.ipConfigurations ?? [])
    .flatMap(address => address.loadBalancerBackendAddressPools ?? [])
    .flatMap(pool => (pool.id === undefined ? [] : [pool.id]));
  const mode = model.upgradePolicy?.mode;
  return {
    name: model.name ?? '',
    id: model.id ?? '',
    location: model.location,
    orchestrationMode: model.orchestrationMode === 'Flexible' ? 'Flexible' : 'Uniform',
    upgradeMode: mode === 'Automatic' || mode === 'Rolling' ? mode : 'Manual',
    automaticOsUpgrade: model.upgradePolicy?.automaticOSUpgradePolicy?.enableAutomaticOSUpgrade ?? false,
    image: imageOf(profile?.storageProfile?.imageReference, profile?.storageProfile?.osDisk?.image?.uri),
    healthSignal: healthSignalOf(profile),
    capacity: model.sku?.capacity ?? 0,
    provisioningState: model.provisioningState ?? '',
    backendPools: [...new Set(pools)],
  };
}

/** Where a model names both, Azure goes by the extension. */
function healthSignalOf(profile: VirtualMachineScaleSetVMProfile | undefined): HealthSignal | undefined {
  const extension = profile?.extensionProfile?.extensions?.find(({ typePropertiesType }) =>
    /^ApplicationHealth(Linux|Windows)$/i.test(typePropertiesType ?? ''),
  );
  if (extension !== undefined) {
    const { protocol, port, requestPath } = (extension.settings ?? {}) as Readonly<Record<string, unknown>>;
    return {
      kind: 'extension',
      name: extension.name ?? '',
      endpoint: {
        protocol: typeof protocol === 'string' ? protocol.toLowerCase() : 'tcp',
        port: port === undefined || port === null ? undefined : Number(port),
        path: typeof requestPath === 'string' ? requestPath : undefined,
      },
    };
  }
  const id = profile?.networkProfile?.healthProbe?.id;
  return id === undefined ? undefined : { kind: 'probe', id };
}

function imageOf(image: SdkImage | undefined, vhd: string | undefined): ModelImage | undefined {
  if (vhd !== undefined) return { kind: 'vhd', uri: vhd };
  if (image === undefined) return undefined;
  if (image.communityGalleryImageId !== undefined)
    return { kind: 'shared', id: image.communityGalleryImageId, community: true };
  if (image.sharedGalleryImageId !== undefined)
    return { kind: 'shared', id: image.sharedGalleryImageId, community: false };
  if (image.id !== undefined) return tryParseImageReference(image.id);
  const { publisher, offer, sku, version } = image;
  if (publisher === undefined || offer === undefined || sku === undefined) return undefined;
  return { kind: 'platform', publisher, offer, sku, version: version ?? 'latest' };
}

function storageOf(image: ModelImage) {
  switch (image.kind) {
    case 'vhd':
      return { osDisk: { image: { uri: image.uri } } };
    case 'managed':
    case 'gallery':
      return { imageReference: { id: image.id } };
    case 'shared':
      return {
        imageReference: image.community
          ? { communityGalleryImageId: image.id }
          : { sharedGalleryImageId: image.id },
      };
    case 'platform': {
      const { publisher, offer, sku, version } = image;
      return { imageReference: { publisher, offer, sku, version } };
    }
  }
}

function instanceOf(vm: VirtualMachineScaleSetVM): ScaleSetInstance {
  const statuses = vm.instanceView?.statuses ?? [];
  const power = statuses.find(status => /^PowerState\//i.test(status.code ?? ''))?.code;
  const health = vm.instanceView?.vmHealth?.status;
  const complaints = [
    ...statuses.filter(status => status.level === 'Error' || /\/failed\//i.test(status.code ?? '')),
    ...(vm.instanceView?.extensions ?? [])
      .flatMap(extension => extension.statuses ?? [])
      .filter(status => status.level === 'Error'),
    ...(health === undefined ? [] : [health]),
  ].flatMap(status => {
    const text = status.message ?? '';
    return text === '' ? [] : [singleLine(text)];
  });
  return {
    id: vm.instanceId ?? '',
    name: vm.name ?? vm.instanceId ?? '',
    latestModelApplied: vm.latestModelApplied ?? false,
    provisioningState: vm.provisioningState ?? '',
    powerState: power?.replace(/^PowerState\//i, '').toLowerCase(),
    health: health?.code?.replace(/^HealthState\//i, '').toLowerCase(),
    isProtected: vm.protectionPolicy?.protectFromScaleSetActions ?? false,
    message: complaints[0],
  };
}
