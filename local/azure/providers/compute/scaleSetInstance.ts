/** An instance of a scale set as it is shown. Pure. */
import { compact, object, string, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';
import { osDiskSize } from './disks.js';
import type { Health } from './applicationHealth.js';
import type { Instance } from './instance.js';
import {
  agentView,
  diskView,
  extensionViews,
  healthView,
  powerStatus,
  provisioningStatus,
} from './instanceView.js';

/**
 * The instance as a resource of its own.
 * @param latest whether it is made of the scale set's present model
 */
export function instanceResource(
  instance: Instance,
  scaleSet: Resource,
  latest: boolean,
): Resource & { readonly instanceId: string } {
  const { instanceId, name, model, computerName, tags = scaleSet.tags } = instance;
  const id = `${scaleSet.id}/virtualMachines/${instanceId}`;
  const { networkProfile, osProfile, storageProfile } = model.profile;
  const { computerNamePrefix: _prefix, ...guest } = object(osProfile);
  const { capacity: _capacity, ...sku } = model.sku;
  const configurations = object(networkProfile)['networkInterfaceConfigurations'];
  const interfaces = Array.isArray(configurations)
    ? configurations.map(one => string(object(one)['name']) ?? '')
    : [];
  return {
    id,
    instanceId,
    name,
    type: `${scaleSet.type}/virtualMachines`,
    ...(scaleSet.location === undefined ? {} : { location: scaleSet.location }),
    ...(tags === undefined ? {} : { tags }),
    sku,
    properties: compact({
      latestModelApplied: latest,
      modelDefinitionApplied: 'VirtualMachineScaleSet',
      networkProfileConfiguration: { networkInterfaceConfigurations: configurations },
      hardwareProfile: {},
      vmId: instance.vmId,
      storageProfile: shownDisk(object(storageProfile), instance, scaleSet),
      osProfile: { ...guest, computerName },
      networkProfile: {
        networkInterfaces: interfaces.map(one => ({ id: `${id}/networkInterfaces/${one}` })),
      },
      protectionPolicy: Object.keys(instance.protection).length === 0 ? undefined : instance.protection,
      provisioningState: instance.provisioningState,
      timeCreated: instance.timeCreated.toISOString(),
    }),
  };
}

/** @param health undefined when nothing tells of it */
export function instanceViewOf(instance: Instance, health: Health | undefined, now: Date): Json {
  const running = instance.power === 'running';
  const { handlers, views } = extensionViews(instance.model.extensions, instance.provisioningState, now);
  return compact({
    ...(running ? { computerName: instance.computerName, osName: 'debian', osVersion: '12' } : {}),
    ...domains(instance),
    vmAgent: agentView(running, now, handlers),
    disks: [diskView(osDiskName(instance), now)],
    extensions: running && views.length > 0 ? views : undefined,
    vmHealth: health === undefined ? undefined : healthView(health, now),
    statuses: [
      provisioningStatus(instance.provisioningState, now, instance.failure?.message),
      powerStatus(instance.power),
    ],
  });
}

/** A Flexible set's machines have none. */
function domains({ instanceId }: Instance): Json {
  const number = Number(instanceId);
  return /^\d+$/.test(instanceId)
    ? { platformUpdateDomain: number % 5, platformFaultDomain: number % 5 }
    : {};
}

function shownDisk(storageProfile: Json, instance: Instance, scaleSet: Resource): Json {
  const osDisk = object(storageProfile['osDisk']);
  const name = osDiskName(instance);
  const group = scaleSet.id.split('/').slice(0, 5).join('/');
  const managedDisk =
    osDisk['managedDisk'] === undefined
      ? undefined
      : { ...object(osDisk['managedDisk']), id: `${group}/providers/Microsoft.Compute/disks/${name}` };
  return compact({
    imageReference: storageProfile['imageReference'],
    osDisk: compact({ ...osDisk, name, diskSizeGB: osDiskSize, managedDisk }),
    dataDisks: [],
  });
}

function osDiskName({ name, vmId }: Instance): string {
  return `${name}_OsDisk_1_${vmId.replaceAll('-', '')}`;
}
