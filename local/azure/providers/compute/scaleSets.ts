/** Virtual machine scale sets of orchestration mode Uniform. */
import { randomUUID } from 'node:crypto';
import { entityNotFound, invalidParameter, notAllowed } from '../../arm/armError.js';
import { compact, object, string, type Json } from '../../arm/json.js';
import type { Action, ActionRequest, Provider, PutRequest } from '../../arm/provider.js';
import { key, lastName, parentId } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { checkReferences, givenProperties, resourceOf } from '../envelope.js';
import type { Balancing } from '../network/loadBalancers.js';
import { Fleet, unknownInstance, type Instance } from './fleet.js';
import { findImage } from './imageSource.js';
import { provisioningStatus } from './instanceView.js';
import {
  capacityOf,
  modelOf,
  references,
  refuseImageKindChange,
  sameModel,
  upgradeModeOf,
} from './scaleSetModel.js';
import { instanceResource, instanceViewOf } from './scaleSetInstance.js';

const type = 'Microsoft.Compute/virtualMachineScaleSets';

/** The two resource types of scale sets. */
export function scaleSets(cloud: Cloud, balancing: Balancing): readonly [Provider, Provider] {
  const { store } = cloud;
  const fleets = new Map<string, Fleet>();
  const fleetOf = (id: string): Fleet => {
    const fleet = fleets.get(key(id));
    if (fleet === undefined) throw entityNotFound();
    return fleet;
  };

  const put = (request: PutRequest) => {
    const given = givenProperties(request.body);
    const mode = upgradeModeOf(given);
    const before = request.existing?.properties ?? {};
    const location = string(request.body['location']) ?? '';
    const known = fleets.get(key(request.id));
    const model = modelOf(
      request,
      storageProfile => findImage(cloud, storageProfile, location),
      known?.model,
    );
    checkReferences(store, request.id, references(model));
    if (known !== undefined) refuseImageKindChange(known.model, model);
    const fleet = known ?? new Fleet(request.id, request.name, model, cloud, balancing);
    const changed = known !== undefined && !sameModel(known.model, model);
    const version = Number(/\d+/.exec(request.existing?.etag ?? '"0"')?.[0]);
    const resource: Resource = {
      ...resourceOf(type, request, {
        singlePlacementGroup: true,
        orchestrationMode: 'Uniform',
        overprovision: true,
        doNotRunExtensionsOnOverprovisionedVMs: false,
        platformFaultDomainCount: 5,
        ...given,
        upgradePolicy: { ...object(given['upgradePolicy']), mode },
        virtualMachineProfile: model.profile,
        uniqueId: before['uniqueId'] ?? randomUUID(),
        timeCreated: before['timeCreated'] ?? cloud.now().toISOString(),
      }),
      sku: model.sku,
      etag: `"${request.existing === undefined || changed ? version + 1 : version}"`,
    };
    fleet.model = model;
    fleets.set(key(request.id), fleet);
    const work = async () => {
      await fleet.scaleTo(Number(model.sku['capacity']));
      if (mode === 'Automatic')
        await fleet.upgrade(fleet.instances.filter(isUnprotected).map(one => one.instanceId));
    };
    return { resource, work };
  };

  /** An action on the instances that the body names, on all unprotected ones when it names none. */
  const onInstances =
    (run: (fleet: Fleet, instanceIds: readonly string[]) => Promise<void>, idsRequired = false) =>
    ({ resource, body }: ActionRequest): Action => {
      const fleet = fleetOf(resource.id);
      const instanceIds = chosen(fleet, body, idsRequired);
      return { work: () => run(fleet, instanceIds) };
    };

  const setProvider: Provider = {
    type,
    protocol: 'compute',
    patchable: ['tags', 'sku', 'plan', 'identity', 'properties'],
    put,
    reads: {
      instanceview: ({ resource }) => setView(resource),
      skus: ({ resource }) => ({
        value: [
          {
            resourceType: type,
            sku: resource.sku ?? {},
            capacity: { minimum: 0, maximum: 1000, defaultCapacity: 1, scaleType: 'Automatic' },
          },
        ],
      }),
    },
    actions: {
      manualupgrade: onInstances((fleet, ids) => fleet.upgrade(ids), true),
      reimage: onInstances((fleet, ids) => fleet.reimage(ids)),
      reimageall: onInstances((fleet, ids) => fleet.reimage(ids)),
      restart: onInstances((fleet, ids) => fleet.restart(ids)),
      redeploy: onInstances((fleet, ids) => fleet.restart(ids)),
      start: onInstances((fleet, ids) => fleet.start(ids)),
      poweroff: onInstances((fleet, ids) => fleet.stop(ids, 'stopped')),
      deallocate: onInstances((fleet, ids) => fleet.stop(ids, 'deallocated')),
      delete: onInstances((fleet, ids) => deleteInstances(fleet, ids), true),
    },
    remove: resource => async () => {
      await fleets.get(key(resource.id))?.deleteAll();
      fleets.delete(key(resource.id));
    },
  };

  const onOne =
    (run: (fleet: Fleet, instanceIds: readonly string[]) => Promise<void>) =>
    ({ resource }: ActionRequest): Action => ({
      work: () => run(fleetOf(parentId(resource.id)), [lastName(resource.id)]),
    });

  const instanceProvider: Provider = {
    type: `${type}/virtualMachines`,
    protocol: 'compute',
    find: id => {
      const fleet = fleets.get(key(parentId(id)));
      const instance = fleet?.find(lastName(id));
      return fleet === undefined || instance === undefined
        ? undefined
        : instanceResource(fleet, instance, setOf(fleet));
    },
    list: parent => {
      const fleet = fleetOf(parent);
      return fleet.instances.map(instance => instanceResource(fleet, instance, setOf(fleet)));
    },
    show: (resource, query) => {
      if (!/instanceView/i.test(query.get('$expand') ?? '')) return resource;
      return { ...resource, properties: { ...resource.properties, instanceView: instanceView(resource) } };
    },
    reads: { instanceview: ({ resource }) => instanceView(resource) },
    put: ({ id, body, existing }) => {
      const fleet = fleetOf(parentId(id));
      const instance = fleet.find(lastName(id));
      if (existing === undefined || instance === undefined) throw unknownInstance(lastName(id));
      fleet.protect(instance.instanceId, object(object(body['properties'])['protectionPolicy']));
      const changed = fleet.find(instance.instanceId) ?? instance;
      return { resource: instanceResource(fleet, changed, setOf(fleet)), work: () => Promise.resolve() };
    },
    actions: {
      restart: onOne((fleet, ids) => fleet.restart(ids)),
      redeploy: onOne((fleet, ids) => fleet.restart(ids)),
      start: onOne((fleet, ids) => fleet.start(ids)),
      poweroff: onOne((fleet, ids) => fleet.stop(ids, 'stopped')),
      deallocate: onOne((fleet, ids) => fleet.stop(ids, 'deallocated')),
      reimage: onOne((fleet, ids) => fleet.reimage(ids)),
    },
    remove: resource => () => deleteInstances(fleetOf(parentId(resource.id)), [lastName(resource.id)]),
  };
  return [setProvider, instanceProvider];

  function setOf(fleet: Fleet): Resource {
    const resource = store.get(fleet.id);
    if (resource === undefined) throw entityNotFound();
    return resource;
  }

  function instanceView(resource: Resource): Json {
    const fleet = fleetOf(parentId(resource.id));
    const instance = fleet.find(lastName(resource.id));
    if (instance === undefined) throw unknownInstance(lastName(resource.id));
    return instanceViewOf(instance, fleet.health(instance), cloud.now());
  }

  function setView(resource: Resource): Json {
    const { instances } = fleetOf(resource.id);
    const counts = new Map<string, number>();
    for (const { provisioningState } of instances) {
      const code = `ProvisioningState/${provisioningState.toLowerCase()}`;
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    return compact({
      virtualMachine: { statusesSummary: [...counts].map(([code, count]) => ({ code, count })) },
      statuses: [provisioningStatus(string(resource.properties['provisioningState']) ?? '', cloud.now())],
    });
  }

  async function deleteInstances(fleet: Fleet, instanceIds: readonly string[]): Promise<void> {
    await Promise.all(instanceIds.map(instanceId => fleet.delete(instanceId)));
    const resource = setOf(fleet);
    const sku = {
      ...resource.sku,
      capacity: Math.max(0, capacityOf(resource.sku ?? {}) - instanceIds.length),
    };
    fleet.model = { ...fleet.model, sku };
    store.set({ ...resource, sku });
  }
}

function isUnprotected(instance: Instance): boolean {
  return instance.protection['protectFromScaleSetActions'] !== true;
}

/** The instances that `{ instanceIds }` names; `*` and no list at all are all that are not protected from it. */
function chosen(fleet: Fleet, body: Json, required: boolean): readonly string[] {
  const given = body['instanceIds'];
  if (required && (!Array.isArray(given) || given.length === 0)) {
    throw invalidParameter('instanceIds', "Required parameter 'instanceIds' is missing (null).");
  }
  const instanceIds = Array.isArray(given) ? [...new Set(given.map(String))] : ['*'];
  if (instanceIds.includes('*')) return fleet.instances.filter(isUnprotected).map(one => one.instanceId);
  for (const instanceId of instanceIds) {
    const instance = fleet.find(instanceId);
    if (instance === undefined) throw unknownInstance(instanceId);
    if (!isUnprotected(instance)) {
      throw notAllowed(
        `The instance '${instanceId}' is protected from scale set actions (protectFromScaleSetActions); take its protection away first.`,
        'instanceIds',
      );
    }
  }
  return instanceIds;
}
