/** The instances of scale sets as resources of their own. */
import { entityNotFound } from '../../arm/armError.js';
import { object, type Json } from '../../arm/json.js';
import type { Action, ActionRequest, Provider } from '../../arm/provider.js';
import { key, lastName, parentId } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { apiVersion } from '../envelope.js';
import type { Fleet } from './fleet.js';
import { attachedMachines } from './flexibleMachines.js';
import { unknownInstance } from './instance.js';
import { instanceViewOf } from './scaleSetInstance.js';
import type { ScaleSets } from './scaleSets.js';
import { createShownInstances } from './shownInstances.js';
import { shownInstance } from './shownScaleSet.js';

export function scaleSetInstances(cloud: Cloud, sets: ScaleSets): Provider {
  const shown = createShownInstances();
  const fleetOf = (id: string): Fleet => {
    const found = sets.find(id);
    if (found === undefined) throw entityNotFound();
    return found.fleet;
  };
  const onOne =
    (run: (fleet: Fleet, instanceIds: readonly string[]) => Promise<void>) =>
    ({ resource }: ActionRequest): Action => ({
      work: () => {
        const fleet = fleetOf(parentId(resource.id));
        return run(fleet, [idOf(fleet, resource)]);
      },
      company: 'beside',
    });
  const idOf = (fleet: Fleet, resource: Pick<Resource, 'id'>): string => {
    const instance = fleet.find(lastName(resource.id));
    if (instance === undefined) throw unknownInstance(lastName(resource.id));
    return instance.instanceId;
  };
  const view = (resource: Resource): Json => {
    const fleet = fleetOf(parentId(resource.id));
    const instance = fleet.find(lastName(resource.id));
    if (instance === undefined) throw unknownInstance(lastName(resource.id));
    return instanceViewOf(instance, fleet.health(instance), cloud.now());
  };

  return {
    type: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
    protocol: 'compute',
    find: id => {
      const fleet = sets.find(parentId(id))?.fleet;
      const instance = fleet?.find(lastName(id));
      return fleet === undefined || instance === undefined
        ? undefined
        : shown.resource(fleet, instance, sets.resource(fleet));
    },
    list: parent => {
      const fleet = fleetOf(parent);
      const set = sets.resource(fleet);
      const own = new Set(fleet.instances.map(one => key(one.instanceId)));
      return [
        ...fleet.instances.map(instance => shown.resource(fleet, instance, set)),
        ...attachedMachines(cloud, set, own).map(one => ({ ...one, instanceId: one.name })),
      ];
    },
    show: (resource, query) =>
      shownInstance(
        /instanceView/i.test(query.get('$expand') ?? '') ? shown.withView(resource, cloud.now()) : resource,
        apiVersion(query),
      ),
    reads: { instanceview: ({ resource }) => view(resource) },
    put: ({ id, body, existing }) => {
      const fleet = fleetOf(parentId(id));
      const instance = fleet.find(lastName(id));
      if (existing === undefined || instance === undefined) throw unknownInstance(lastName(id));
      fleet.describe(instance.instanceId, {
        protection: object(object(body['properties'])['protectionPolicy']),
        tags: body['tags'] === undefined ? instance.tags : object(body['tags']),
      });
      const changed = fleet.find(instance.instanceId) ?? instance;
      return {
        resource: shown.resource(fleet, changed, sets.resource(fleet)),
        work: () => Promise.resolve(),
      };
    },
    actions: {
      restart: onOne((fleet, ids) => fleet.restart(ids)),
      redeploy: onOne((fleet, ids) => fleet.restart(ids)),
      start: onOne((fleet, ids) => fleet.start(ids)),
      poweroff: onOne((fleet, ids) => fleet.stop(ids, 'stopped')),
      deallocate: onOne((fleet, ids) => fleet.stop(ids, 'deallocated')),
      reimage: onOne((fleet, ids) => fleet.reimage(ids)),
      reimageall: onOne((fleet, ids) => fleet.reimage(ids)),
    },
    remove: resource => {
      const fleet = fleetOf(parentId(resource.id));
      return sets.deleteInstances(fleet, [idOf(fleet, resource)]);
    },
  };
}
