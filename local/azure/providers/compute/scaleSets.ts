/** Virtual machine scale sets. */
import { randomUUID } from 'node:crypto';
import { entityNotFound, notAllowed } from '../../arm/armError.js';
import { at, compact, isObject, object, string, type Json } from '../../arm/json.js';
import type { Action, ActionRequest, Provider, PutRequest } from '../../arm/provider.js';
import { key } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { apiVersion, checkReferences, givenProperties, resourceOf } from '../envelope.js';
import type { Balancing } from '../network/loadBalancers.js';
import { chosenInstances } from './chosenInstances.js';
import { Fleet, type FleetRules } from './fleet.js';
import { findImage, imageKind } from './imageSource.js';
import { isUnprotected, type Instance } from './instance.js';
import { keptScaleSets } from './keptScaleSets.js';
import { rollingPolicy, shownPolicy } from './rollingPolicy.js';
import { scaleInRule } from './scaleIn.js';
import {
  capacityOf,
  checkPlacement,
  modelOf,
  orchestrationOf,
  references,
  refuseImageKindChange,
  refuseRollingWithoutHealth,
  sameModel,
  upgradeModeOf,
  type Model,
} from './scaleSetModel.js';
import { setView } from './scaleSetView.js';
import { shownScaleSet } from './shownScaleSet.js';
import { SetUpgrades } from './setUpgrades.js';

const type = 'Microsoft.Compute/virtualMachineScaleSets';

/** A scale set with its instances and its upgrades. */
export interface ScaleSet {
  readonly fleet: Fleet;
  readonly upgrades: SetUpgrades;
}

/** The scale sets, and what the types below them need. */
export interface ScaleSets {
  readonly provider: Provider;
  /** By the id of the set. */
  find(id: string): ScaleSet | undefined;
  /** The set's own resource. */
  resource(fleet: Fleet): Resource;
  /** Deletes instances and lowers the capacity by as many. Those that hang are let go at once. */
  deleteInstances(fleet: Fleet, instanceIds: readonly string[]): () => Promise<void>;
}

/** @param changed called after each change of an instance, and with undefined when it is gone */
export function createScaleSets(
  cloud: Cloud,
  balancing: Balancing,
  changed: (fleet: Fleet, instanceId: string, instance: Instance | undefined) => void,
): ScaleSets {
  const { store } = cloud;
  const sets = new Map<string, ScaleSet>();
  const setOf = (id: string): ScaleSet => {
    const found = sets.get(key(id));
    if (found === undefined) throw entityNotFound();
    return found;
  };

  const create = (
    { id, name }: Pick<Resource, 'id' | 'name'>,
    { model, rules }: { readonly model: Model; readonly rules: FleetRules },
  ): ScaleSet => {
    const fleet: Fleet = new Fleet(id, name, model, rules, cloud, balancing, (instanceId, instance) => {
      changed(fleet, instanceId, instance);
      store.onChange();
    });
    return { fleet, upgrades: new SetUpgrades(fleet, cloud) };
  };

  const put = (asked: PutRequest) => {
    const request = withKeptProperties(asked);
    const given = givenProperties(request.body);
    const mode = upgradeModeOf(given);
    const orchestration = orchestrationOf(given);
    const before = request.existing?.properties;
    const location = string(request.body['location']) ?? '';
    const known = sets.get(key(request.id));
    refuseRetiredDisks(cloud, object(at(given, 'virtualMachineProfile', 'storageProfile')));
    const model = modelOf(
      request,
      storageProfile => findImage(cloud, storageProfile, location),
      known?.fleet.model,
    );
    checkReferences(store, request.id, references(model));
    if (known !== undefined) {
      refuseImageKindChange(known.fleet.model, model);
      if (known.fleet.rules.orchestration !== orchestration)
        throw notAllowed("Changing property 'orchestrationMode' is not allowed.", 'orchestrationMode');
    }
    checkPlacement(given, model, before);
    if (mode === 'Rolling') refuseRollingWithoutHealth(model, orchestration);
    const rules: FleetRules = {
      orchestration,
      overprovision: orchestration === 'Uniform' && given['overprovision'] !== false,
      scaleIn: scaleInRule(given),
    };
    rollingPolicy(given);
    const set = known ?? create(request, { model, rules });
    const isChanged = known !== undefined && !sameModel(known.fleet.model, model);
    const version = Number(/\d+/.exec(request.existing?.etag ?? '"0"')?.[0]);
    const properties: Json = {
      ...(orchestration === 'Uniform'
        ? {
            singlePlacementGroup: true,
            overprovision: true,
            doNotRunExtensionsOnOverprovisionedVMs: false,
            platformFaultDomainCount: 5,
          }
        : { singlePlacementGroup: false, platformFaultDomainCount: 1 }),
      ...given,
      orchestrationMode: orchestration,
      upgradePolicy: compact({
        ...object(given['upgradePolicy']),
        mode,
        automaticOSUpgradePolicy: shownOsUpgradePolicy(given),
        rollingUpgradePolicy:
          mode === 'Rolling' ? shownPolicy(given) : at(given, 'upgradePolicy', 'rollingUpgradePolicy'),
      }),
      virtualMachineProfile: {
        ...model.profile,
        timeCreated:
          (known === undefined || isChanged
            ? undefined
            : at(before, 'virtualMachineProfile', 'timeCreated')) ?? cloud.now().toISOString(),
      },
      uniqueId: before?.['uniqueId'] ?? randomUUID(),
      timeCreated: before?.['timeCreated'] ?? cloud.now().toISOString(),
    };
    const resource: Resource = {
      ...resourceOf(type, request, properties),
      sku: model.sku,
      etag: `"${request.existing === undefined || isChanged ? version + 1 : version}"`,
    };
    const { fleet, upgrades } = set;
    // An unchanged model stays the same object: comparing each of a thousand instances with it is then cheap.
    fleet.model = known !== undefined && !isChanged ? { ...known.fleet.model, sku: model.sku } : model;
    fleet.rules = rules;
    sets.set(key(request.id), set);
    const work = async () => {
      await fleet.scaleTo(capacityOf(model.sku));
      if (mode === 'Automatic')
        await fleet.upgrade(fleet.instances.filter(isUnprotected).map(one => one.instanceId));
      if (mode === 'Rolling') await upgrades.roll(properties, 'outdated');
    };
    return { resource, work };
  };

  /**
   * An action on the instances that the body names, on all unprotected ones when it names none. Other instances may have theirs at the
   * same time; the fleet keeps those of one instance apart.
   */
  const onInstances =
    (run: (fleet: Fleet, instanceIds: readonly string[]) => Promise<void>, idsRequired = false) =>
    ({ resource, body }: ActionRequest): Action => {
      const { fleet } = setOf(resource.id);
      const instanceIds = chosenInstances(fleet, body, idsRequired);
      return { work: () => run(fleet, instanceIds), company: 'beside' };
    };

  const rollingUpgrade =
    (what: 'model' | 'extensions') =>
    ({ resource }: ActionRequest): Action => {
      const { fleet, upgrades } = setOf(resource.id);
      refuseRollingWithoutHealth(fleet.model, fleet.rules.orchestration);
      upgrades.refuseWhileRunning();
      return { work: () => upgrades.roll(resource.properties, 'all', what) };
    };

  const deleteInstances = (fleet: Fleet, instanceIds: readonly string[]) => {
    fleet.preempt(instanceIds);
    return async () => {
      await Promise.all(instanceIds.map(instanceId => fleet.delete(instanceId)));
      const resource = store.get(fleet.id);
      if (resource === undefined) return;
      const capacity = Math.max(0, capacityOf(resource.sku ?? {}) - instanceIds.length);
      const sku = { ...resource.sku, capacity };
      fleet.model = { ...fleet.model, sku };
      store.set({ ...resource, sku });
    };
  };

  const provider: Provider = {
    type,
    protocol: 'compute',
    patchable: ['tags', 'sku', 'plan', 'identity', 'properties'],
    put,
    show: (resource, query) => shownScaleSet(resource, apiVersion(query)),
    kept: keptScaleSets(store, sets, create),
    reads: {
      instanceview: ({ resource }) => setView(setOf(resource.id).fleet, resource, cloud.now()),
      osupgradehistory: ({ resource }) => setOf(resource.id).upgrades.history(resource),
      'rollingupgrades/latest': ({ resource }) => setOf(resource.id).upgrades.latest(resource),
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
      delete: ({ resource, body }) => {
        const { fleet } = setOf(resource.id);
        return { work: deleteInstances(fleet, chosenInstances(fleet, body, true)), company: 'beside' };
      },
      osrollingupgrade: rollingUpgrade('model'),
      extensionrollingupgrade: rollingUpgrade('extensions'),
      'rollingupgrades/cancel': ({ resource }) => {
        setOf(resource.id).upgrades.cancel();
        return { work: () => Promise.resolve() };
      },
    },
    remove: resource => {
      const set = sets.get(key(resource.id));
      set?.fleet.preempt(set.fleet.instances.map(one => one.instanceId));
      return async () => {
        await set?.fleet.deleteAll();
        sets.delete(key(resource.id));
      };
    },
  };

  return {
    provider,
    find: id => sets.get(key(id)),
    resource: fleet => {
      const resource = store.get(fleet.id);
      if (resource === undefined) throw entityNotFound();
      return resource;
    },
    deleteInstances,
  };
}

/** @throws ArmError when the storage profile asks for a disk in a storage account, and these are retired */
export function refuseRetiredDisks(
  { unmanagedDisks }: Pick<Cloud, 'unmanagedDisks'>,
  storageProfile: Json,
): void {
  const unmanaged =
    imageKind(storageProfile) === 'vhd' || at(storageProfile, 'osDisk', 'vhd', 'uri') !== undefined;
  if (unmanagedDisks === 'allow' || !unmanaged) return;
  throw notAllowed(
    'Unmanaged disks are retired: virtual machines and scale sets with disks in storage accounts can no longer be created. ' +
      'Use a managed image or a gallery image instead.',
    'storageProfile.osDisk',
  );
}

/** Shown where one was given, with its defaults. */
function shownOsUpgradePolicy(properties: Json): Json | undefined {
  const policy = at(properties, 'upgradePolicy', 'automaticOSUpgradePolicy');
  const defaults = {
    enableAutomaticOSUpgrade: false,
    useRollingUpgradePolicy: false,
    disableAutomaticRollback: false,
  };
  return policy === undefined ? undefined : { ...defaults, ...object(policy) };
}

/**
 * A PUT without properties (`az vmss scale`) leaves those of the scale set as they are; one whose storage profile has no image (any
 * `az vmss update`, which spares the caller the permission to read it) leaves the image.
 */
function withKeptProperties(request: PutRequest): PutRequest {
  const kept = request.existing?.properties;
  if (kept === undefined) return request;
  const properties = request.body['properties'];
  if (properties === undefined) return { ...request, body: { ...request.body, properties: kept } };
  const profile = object(at(properties, 'virtualMachineProfile'));
  const storageProfile = object(profile['storageProfile']);
  const imageReference = at(kept, 'virtualMachineProfile', 'storageProfile', 'imageReference');
  const named = isObject(storageProfile['imageReference']) || imageKind(storageProfile) === 'vhd';
  if (named || !isObject(imageReference) || profile['storageProfile'] === undefined) return request;
  const virtualMachineProfile = { ...profile, storageProfile: { ...storageProfile, imageReference } };
  return {
    ...request,
    body: { ...request.body, properties: { ...object(properties), virtualMachineProfile } },
  };
}
