/** The machines of Flexible scale sets: virtual machines like any other, made and kept by their set. */
import { ArmError, invalidReference, notAllowed } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import type { Action, ActionRequest, Provider, PutRequest } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { referredId } from '../envelope.js';
import type { Fleet } from './fleet.js';
import type { Instance } from './instance.js';
import { instanceResource, instanceViewOf } from './scaleSetInstance.js';
import type { ScaleSets } from './scaleSets.js';
import type { VirtualMachines } from './virtualMachines.js';

const type = 'Microsoft.Compute/virtualMachines';
const nicType = 'Microsoft.Network/networkInterfaces';

interface Owner {
  readonly fleet: Fleet;
  readonly instanceId: string;
}

export interface FlexibleMachines {
  /** Shows a change of a set's instance as that of a virtual machine. */
  readonly changed: (fleet: Fleet, instanceId: string, instance: Instance | undefined) => void;
  /** Virtual machines of both kinds: those of a set, and those that stand alone or were attached to one. */
  provider(sets: ScaleSets): Provider;
}

export function createFlexibleMachines(cloud: Cloud, machines: VirtualMachines): FlexibleMachines {
  const { store } = cloud;
  const owners = new Map<string, Owner>();
  const groupOf = (id: string) => id.split('/').slice(0, 5).join('/');

  const changed: FlexibleMachines['changed'] = (fleet, instanceId, instance) => {
    if (fleet.rules.orchestration !== 'Flexible') return;
    const id = `${groupOf(fleet.id)}/providers/${type}/${instanceId}`;
    const nicId = `${groupOf(fleet.id)}/providers/${nicType}/${instanceId}-nic`;
    if (instance === undefined) {
      owners.delete(key(id));
      for (const gone of [id, nicId]) store.delete(gone);
      return;
    }
    const set = store.get(fleet.id);
    if (set === undefined) return;
    owners.set(key(id), { fleet, instanceId });
    const existing = store.get(id);
    store.set(machineResource(fleet, instance, set, id, nicId, existing?.tags));
    if (existing === undefined) store.set(interfaceResource(instance, set, id, nicId));
  };

  const provider: FlexibleMachines['provider'] = sets => {
    const underlying = machines.provider;
    const owned = (id: string): (Owner & { readonly instance: Instance }) | undefined => {
      const owner = owners.get(key(id));
      const instance = owner?.fleet.find(owner.instanceId);
      return owner === undefined || instance === undefined ? undefined : { ...owner, instance };
    };
    const view = (resource: Resource): Json | undefined => {
      const owner = owned(resource.id);
      return owner && instanceViewOf(owner.instance, owner.fleet.health(owner.instance), cloud.now());
    };
    const put = (request: PutRequest) => {
      const wanted = referredId(at(request.body, 'properties', 'virtualMachineScaleSet'));
      const owner = owned(request.id);
      if (owner !== undefined && request.existing !== undefined) {
        const resource = {
          ...request.existing,
          ...(request.body['tags'] === undefined ? {} : { tags: object(request.body['tags']) }),
        };
        if (same(wanted, owner.fleet.id)) return { resource, work: () => Promise.resolve() };
        if (wanted !== undefined) throw changeOfSet(request.name);
        return detach(owner, request, resource, sets);
      }
      if (wanted !== undefined) checkAttachable(wanted, request, sets);
      const made = underlying.put?.(request);
      if (made === undefined) throw notAllowed('Virtual machines cannot be made here.');
      const { virtualMachineScaleSet: _old, ...properties } = made.resource.properties;
      return {
        ...made,
        resource: {
          ...made.resource,
          properties: compact({
            ...properties,
            virtualMachineScaleSet: wanted === undefined ? undefined : { id: wanted },
          }),
        },
      };
    };

    return {
      ...underlying,
      put,
      list: (scope, query) => filtered(store.list(scope, type), query.get('$filter') ?? ''),
      show: (resource, query) => {
        const instanceView = /instanceView/i.test(query.get('$expand') ?? '') ? view(resource) : undefined;
        const shown = underlying.show?.(resource, query) ?? resource;
        return instanceView === undefined
          ? shown
          : { ...shown, properties: { ...shown.properties, instanceView } };
      },
      reads: {
        ...underlying.reads,
        instanceview: request => view(request.resource) ?? underlying.reads?.['instanceview']?.(request),
      },
      actions: Object.fromEntries(
        Object.entries(underlying.actions ?? {}).map(([name, act]) => [
          name,
          (request: ActionRequest): Action => {
            const owner = owned(request.resource.id);
            return owner === undefined ? act(request) : fleetAction(name, owner, request.resource);
          },
        ]),
      ),
      remove: resource => {
        const owner = owned(resource.id);
        if (owner !== undefined) return sets.deleteInstances(owner.fleet, [owner.instanceId]);
        return underlying.remove?.(resource) ?? (() => Promise.resolve());
      },
    };
  };

  return { changed, provider };

  function detach(
    { fleet, instanceId, instance }: Owner & { readonly instance: Instance },
    request: PutRequest,
    resource: Resource,
    sets: ScaleSets,
  ) {
    const { machine } = instance;
    if (machine === undefined)
      throw notAllowed(`The VM '${request.name}' has no machine: its provisioning failed or has not ended.`);
    const { virtualMachineScaleSet: _set, ...properties } = resource.properties;
    return {
      resource: { ...resource, properties },
      work: async () => {
        owners.delete(key(request.id));
        fleet.release(instanceId);
        const { computerName: name, address, model } = instance;
        const options = { name, address, disk: model.disk, login: model.login, boot: 'services' } as const;
        machines.adopt(request.id, options, machine, instance.power);
        await sets.deleteInstances(fleet, [instanceId])();
      },
    };
  }
}

function machineResource(
  fleet: Fleet,
  instance: Instance,
  set: Resource,
  id: string,
  nicId: string,
  tags: Json | undefined,
): Resource {
  const { instanceId: _id, sku: _sku, ...shown } = instanceResource(instance, set, fleet.isLatest(instance));
  const {
    latestModelApplied: _latest,
    modelDefinitionApplied: _definition,
    networkProfileConfiguration: _network,
    protectionPolicy: _protection,
    ...properties
  } = shown.properties;
  return {
    ...shown,
    id,
    type,
    ...(tags === undefined ? {} : { tags }),
    properties: {
      ...properties,
      hardwareProfile: { vmSize: instance.model.sku['name'] },
      virtualMachineScaleSet: { id: set.id },
      networkProfile: {
        networkInterfaces: [{ id: nicId, properties: { primary: true, deleteOption: 'Delete' } }],
      },
    },
  };
}

function interfaceResource(instance: Instance, set: Resource, machineId: string, id: string): Resource {
  const [configuration] = objects(
    at(instance.model.profile, 'networkProfile', 'networkInterfaceConfigurations'),
  );
  const properties = object(configuration?.['properties']);
  const ipConfigurations = objects(properties['ipConfigurations']).map(one => ({
    ...one,
    id: `${id}/ipConfigurations/${string(one['name']) ?? ''}`,
    type: `${nicType}/ipConfigurations`,
    properties: {
      ...object(one['properties']),
      privateIPAddress: instance.address,
      privateIPAllocationMethod: 'Dynamic',
      provisioningState: 'Succeeded',
    },
  }));
  return {
    id,
    name: `${instance.name}-nic`,
    type: nicType,
    ...(set.location === undefined ? {} : { location: set.location }),
    properties: {
      ...properties,
      provisioningState: 'Succeeded',
      ipConfigurations,
      virtualMachine: { id: machineId },
    },
  };
}

function fleetAction(name: string, { fleet, instanceId }: Owner, { name: machine }: Resource): Action {
  const works: Readonly<Record<string, () => Promise<void>>> = {
    start: () => fleet.start([instanceId]),
    restart: () => fleet.restart([instanceId]),
    redeploy: () => fleet.restart([instanceId]),
    poweroff: () => fleet.stop([instanceId], 'stopped'),
    deallocate: () => fleet.stop([instanceId], 'deallocated'),
    reimage: () => fleet.reimage([instanceId]),
  };
  const work = works[name];
  if (work !== undefined) return { work };
  throw notAllowed(
    `Operation '${name}' is not allowed on VM '${machine}' since it belongs to a scale set; detach it first.`,
  );
}

/** @throws ArmError when the set is not there, or not one that machines can be attached to */
function checkAttachable(setId: string, request: PutRequest, sets: ScaleSets): void {
  const set = sets.find(setId);
  if (set === undefined) throw invalidReference(setId, request.id);
  const before = referredId(at(request.existing?.properties, 'virtualMachineScaleSet'));
  if (before !== undefined && !same(before, setId)) throw changeOfSet(request.name);
  if (set.fleet.rules.orchestration === 'Flexible') return;
  throw new ArmError(
    400,
    'BadRequest',
    `VM '${request.name}' cannot be attached to scale set '${set.fleet.name}': its orchestration mode is Uniform, and only sets ` +
      'of orchestration mode Flexible take machines.',
  );
}

function changeOfSet(name: string): ArmError {
  return new ArmError(
    409,
    'PropertyChangeNotAllowed',
    `Changing property 'virtualMachineScaleSet.id' is not allowed: detach VM '${name}' first.`,
    { target: 'virtualMachineScaleSet.id' },
  );
}

/** @param filter none, or `'virtualMachineScaleSet/id' eq '…'` */
function filtered(resources: readonly Resource[], filter: string): readonly Resource[] {
  if (filter.trim() === '') return resources;
  const [, id] = /^'?virtualMachineScaleSet\/id'?\s+eq\s+'([^']*)'$/i.exec(filter.trim()) ?? [];
  if (id === undefined) {
    throw new ArmError(
      400,
      'BadRequest',
      `The $filter '${filter}' is not supported: give 'virtualMachineScaleSet/id' eq '…'.`,
    );
  }
  return resources.filter(one => same(referredId(one.properties['virtualMachineScaleSet']), id));
}

/** Machines that stand by themselves and were attached to a set. */
export function attachedMachines(
  { store }: Pick<Cloud, 'store'>,
  set: Resource,
  own: ReadonlySet<string>,
): readonly Resource[] {
  return store
    .list(set.id.split('/').slice(0, 5).join('/'), type)
    .filter(
      one => same(referredId(one.properties['virtualMachineScaleSet']), set.id) && !own.has(key(one.name)),
    );
}
