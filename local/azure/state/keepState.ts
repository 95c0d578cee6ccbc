/** Takes a saved state up, and saves what changes from then on. */
import { randomBytes } from 'node:crypto';
import { asArmError } from '../arm/armError.js';
import { at, object, objects, string, type Json } from '../arm/json.js';
import { key } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { Resource, Store } from '../arm/store.js';
import type { Disk, MachineHost } from '../machines/machineHost.js';
import type { Cloud } from '../providers/cloud.js';
import type { Identity } from '../signIn/identity.js';
import type { Resting, SavedState, StateFile } from './savedState.js';

const machines = 'microsoft.compute/virtualmachines';
const scaleSets = 'microsoft.compute/virtualmachinescalesets';
const balancers = 'microsoft.network/loadbalancers';

/** How long changes are gathered before they are saved, in milliseconds. */
const gathering = 200;

type Disks = Pick<Cloud, 'images' | 'blobs' | 'osBlobs' | 'storageKeys'>;

/** Puts the saved resources and disks back; what was on its way is Failed, since nobody goes on with it. */
export function restore(saved: SavedState, store: Store, disks: Disks, host: MachineHost): void {
  for (const group of saved.groups)
    store.setGroup({ ...group, properties: { provisioningState: 'Succeeded' } });
  for (const resource of saved.resources) store.set(settled(resource));
  // Maps that held one disk hold one again: it is given up when the last of them lets it go.
  const known = new Map<string, Disk>();
  const same = (disk: Disk): Disk => {
    const id = disk.layers.join('\n');
    const first = known.get(id);
    if (first !== undefined) return first;
    known.set(id, disk);
    host.adopt?.(disk);
    return disk;
  };
  for (const [id, disk] of saved.images) disks.images.set(id, same(disk));
  for (const [uri, disk] of saved.blobs) disks.blobs.set(uri, same(disk));
  for (const uri of saved.osBlobs) disks.osBlobs.add(uri);
  for (const [account, keys] of saved.storageKeys) disks.storageKeys.set(account, keys);
}

function settled(resource: Resource): Resource {
  const state = string(resource.properties['provisioningState']);
  if (state === undefined || /^(Succeeded|Failed|Canceled)$/.test(state)) return resource;
  return { ...resource, properties: { ...resource.properties, provisioningState: 'Failed' } };
}

/**
 * Starts what ran: balancers, machines from their disks, instances of scale sets. What does not come up is Failed.
 * @param report told of each that did not
 */
export async function resume(
  resources: Resources,
  saved: SavedState,
  report: (problem: string) => void,
): Promise<void> {
  const resting = new Map(saved.resting);
  const again = async (resource: Resource, anew: boolean) => {
    const { store } = resources;
    try {
      // To its provider a machine is a new one; its disk is not.
      if (anew) store.delete(resource.id);
      const { operation } = resources.put(resource.id, withPassword(resource));
      await operation?.done;
      if (operation !== undefined && 'error' in operation.state) throw operation.state.error;
      const now = store.get(resource.id);
      if (now !== undefined) store.set(anew ? withOldNames(now, resource) : resource);
      const how = resting.get(key(resource.id));
      if (how !== undefined) await rest(resources, resource.id, how);
    } catch (error) {
      const { code, message } = asArmError(error);
      report(`${resource.id} did not come up again: ${code}: ${message}`);
      store.set({ ...resource, properties: { ...resource.properties, provisioningState: 'Failed' } });
    }
  };
  for (const [type, anew] of [
    [balancers, false],
    [machines, true],
    [scaleSets, true],
  ] as const) {
    const found = saved.resources.filter(one => key(one.type) === type);
    await Promise.all(found.map(resource => again(resource, anew)));
  }
}

/** No password is saved, and a machine's disk knows its own: one that nobody knows stands in where one has to be given. */
function withPassword(resource: Resource): Json {
  const adminPassword = `Aa1-${randomBytes(18).toString('base64url')}`;
  const { properties } = resource;
  const profile = object(properties['virtualMachineProfile']);
  const guest = object(properties['osProfile'] ?? profile['osProfile']);
  if (guest['adminUsername'] === undefined || object(guest['linuxConfiguration'])['ssh'] !== undefined)
    return { ...resource };
  const osProfile = { ...guest, adminPassword };
  return properties['osProfile'] === undefined
    ? { ...resource, properties: { ...properties, virtualMachineProfile: { ...profile, osProfile } } }
    : { ...resource, properties: { ...properties, osProfile } };
}

/** What identifies it to its clients is as it was. */
function withOldNames(now: Resource, before: Resource): Resource {
  const names = ['vmId', 'uniqueId', 'timeCreated'].filter(name => before.properties[name] !== undefined);
  const kept = Object.fromEntries(names.map(name => [name, before.properties[name]]));
  return {
    ...now,
    ...(before.etag === undefined ? {} : { etag: before.etag }),
    properties: { ...now.properties, ...kept },
  };
}

async function rest(resources: Resources, id: string, how: Resting): Promise<void> {
  const actions =
    how === 'generalized' ? ['deallocate', 'generalize'] : [how === 'stopped' ? 'powerOff' : 'deallocate'];
  for (const action of actions) {
    const acted = resources.act(id, action, {});
    if ('operation' in acted) await acted.operation.done;
  }
}

export interface Keeper {
  /** Saves soon. */
  changed(): void;
  /** Saves now. */
  save(): void;
  /** Saves no more. */
  end(): void;
}

/** @param report told when changes could not be saved */
export function keepState(
  file: StateFile,
  identity: Identity,
  resources: Resources,
  disks: Disks,
  report: (problem: string) => void,
): Keeper {
  const { store } = resources;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    if (ended) return;
    const all = store.groups.flatMap(group => store.list(group.id));
    file.write({
      version: 1,
      identity,
      groups: store.groups,
      resources: all,
      images: [...disks.images],
      blobs: [...disks.blobs],
      osBlobs: [...disks.osBlobs],
      storageKeys: [...disks.storageKeys],
      resting: all
        .filter(one => key(one.type) === machines)
        .flatMap(({ id }) => {
          const how = restingOf(resources, id);
          return how === undefined ? [] : [[key(id), how] as const];
        }),
    });
  };
  return {
    save,
    changed: () => {
      timer ??= setTimeout(() => {
        try {
          save();
        } catch (error) {
          report(`The state could not be saved: ${error instanceof Error ? error.message : String(error)}`);
        }
      }, gathering).unref();
    },
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

function restingOf(resources: Resources, id: string): Resting | undefined {
  let codes: readonly (string | undefined)[];
  try {
    codes = objects(at(resources.read(id, 'instanceView'), 'statuses')).map(one => string(one['code']));
  } catch {
    // One that never came up has no view.
    return undefined;
  }
  if (codes.includes('OSState/generalized')) return 'generalized';
  if (codes.includes('PowerState/deallocated')) return 'deallocated';
  return codes.includes('PowerState/stopped') ? 'stopped' : undefined;
}
