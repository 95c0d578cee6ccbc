/** What Azure tells of scale sets and their instances, in the words of this project. Pure. */
import type {
  ImageReference as SdkImage,
  VirtualMachine,
  VirtualMachineInstanceView,
  VirtualMachineScaleSet,
  VirtualMachineScaleSetVM,
  VirtualMachineScaleSetVMInstanceView,
  VirtualMachineScaleSetVMProfile,
} from '@azure/arm-compute';
import { tryParseImageReference } from '../core/imageReference.js';
import { singleLine } from '../core/text.js';
import { isSameImage, type ModelImage } from './modelImage.js';
import type { HealthSignal, ScaleSet, ScaleSetInstance } from './scaleSets.js';

/** A scale set as the SDK reads it. */
export function scaleSetOf(model: VirtualMachineScaleSet): ScaleSet {
  const profile = model.virtualMachineProfile;
  const pools = (profile?.networkProfile?.networkInterfaceConfigurations ?? [])
    .flatMap(network => network.ipConfigurations ?? [])
    .flatMap(address => address.loadBalancerBackendAddressPools ?? [])
    .flatMap(pool => (pool.id === undefined ? [] : [pool.id]));
  const mode = model.upgradePolicy?.mode;
  const rolling = model.upgradePolicy?.rollingUpgradePolicy;
  return {
    name: model.name ?? '',
    id: model.id ?? '',
    location: model.location,
    orchestrationMode: model.orchestrationMode === 'Flexible' ? 'Flexible' : 'Uniform',
    upgradeMode: mode === 'Automatic' || mode === 'Rolling' ? mode : 'Manual',
    automaticOsUpgrade: model.upgradePolicy?.automaticOSUpgradePolicy?.enableAutomaticOSUpgrade ?? false,
    image: imageOf(profile?.storageProfile?.imageReference, profile?.storageProfile?.osDisk?.image?.uri),
    // What is not set is 20 %, Azure's default for both.
    rollingPolicy: rolling && {
      batchPercent: rolling.maxBatchInstancePercent ?? 20,
      unhealthyPercent: rolling.maxUnhealthyInstancePercent ?? 20,
      maxSurge: rolling.maxSurge ?? false,
    },
    healthSignal: healthSignalOf(profile),
    capacity: model.sku?.capacity ?? 0,
    provisioningState: model.provisioningState ?? '',
    vmSize: model.sku?.name,
    securityType: profile?.securityProfile?.securityType,
    tags: model.tags ?? {},
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

/** A storage profile that names this image and nothing else. */
export function storageOf(image: ModelImage) {
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

/** An instance in Uniform orchestration. */
export function instanceOf(vm: VirtualMachineScaleSetVM): ScaleSetInstance {
  return {
    id: vm.instanceId ?? '',
    name: vm.name ?? vm.instanceId ?? '',
    latestModelApplied: vm.latestModelApplied ?? false,
    image: imageOf(vm.storageProfile?.imageReference, vm.storageProfile?.osDisk?.image?.uri),
    provisioningState: vm.provisioningState ?? '',
    isProtected: vm.protectionPolicy?.protectFromScaleSetActions ?? false,
    ...stateOf(vm.instanceView),
  };
}

/** An instance in Flexible orchestration: a virtual machine, of which Azure does not tell whether it is on the model. */
export function machineOf(vm: VirtualMachine, modelImage: ModelImage | undefined): ScaleSetInstance {
  const image = imageOf(vm.storageProfile?.imageReference, vm.storageProfile?.osDisk?.image?.uri);
  return {
    id: vm.name ?? '',
    name: vm.name ?? '',
    latestModelApplied: isSameImage(image, modelImage),
    image,
    provisioningState: vm.provisioningState ?? '',
    isProtected: false,
    ...stateOf(vm.instanceView),
  };
}

function stateOf(
  view: VirtualMachineScaleSetVMInstanceView | VirtualMachineInstanceView | undefined,
): Pick<ScaleSetInstance, 'powerState' | 'health' | 'message'> {
  const statuses = view?.statuses ?? [];
  const power = statuses.find(status => /^PowerState\//i.test(status.code ?? ''))?.code;
  const health = view?.vmHealth?.status;
  const complaints = [
    ...statuses.filter(status => status.level === 'Error' || /\/failed\//i.test(status.code ?? '')),
    ...(view?.extensions ?? [])
      .flatMap(extension => extension.statuses ?? [])
      .filter(status => status.level === 'Error'),
    ...(health === undefined ? [] : [health]),
  ].flatMap(status => {
    const text = status.message ?? '';
    return text === '' ? [] : [singleLine(text)];
  });
  return {
    powerState: power?.replace(/^PowerState\//i, '').toLowerCase(),
    health: health?.code?.replace(/^HealthState\//i, '').toLowerCase(),
    message: complaints[0],
  };
}
