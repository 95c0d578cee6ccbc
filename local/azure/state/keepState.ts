/** Takes a saved state up, and saves what changes from then on. */
import { describe } from '../../../shared/core/errors.js';
import { asArmError, interrupted } from '../arm/armError.js';
import { isObject, string, type Json } from '../arm/json.js';
import type { Resources } from '../arm/resources.js';
import { key } from '../arm/resourceId.js';
import type { Resource } from '../arm/store.js';
import type { Disk, MachineHost } from '../machines/machineHost.js';
import type { Cloud } from '../providers/cloud.js';
import type { Trust } from '../signIn/trust.js';
import type { SavedState, StateFile } from './savedState.js';

/** How long changes are gathered before they are saved, in milliseconds; longer where the saving itself takes long. */
const gathering = 200;
const leisure = 10;

type Disks = Pick<Cloud, 'images' | 'blobs' | 'osBlobs' | 'storageKeys'>;

/**
 * Has everything again that was saved, and runs what ran. What was on its way is Failed, since nobody goes on with it.
 * @param report told of each resource that did not come up again
 */
export async function resume(
  saved: SavedState,
  resources: Resources,
  disks: Disks,
  host: MachineHost,
  report: (problem: string) => void,
): Promise<void> {
  const { store, operations, providers } = resources;
  for (const group of saved.groups)
    store.setGroup({ ...group, properties: { provisioningState: 'Succeeded' } });
  for (const resource of saved.resources) store.set(settled(resource));
  resumeDisks(saved, disks, host);
  operations.restore(saved.operations);
  resources.remember(saved.requested);
  const failed = (id: string, cause: unknown) => {
    const { code, message } = asArmError(cause);
    report(`${id} did not come up again: ${code}: ${message}`);
    store.update(id, { provisioningState: 'Failed' });
  };
  // In the providers' order: balancers are there before the machines that join them.
  for (const { type, kept } of providers) {
    const own = saved.kept[type];
    if (own !== undefined) await kept?.resume(own, failed);
  }
}

function resumeDisks(saved: SavedState, disks: Disks, host: MachineHost): void {
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
}

function settled(resource: Resource): Resource {
  const state = string(resource.properties['provisioningState']);
  if (state === undefined || /^(Succeeded|Failed|Canceled)$/.test(state)) return resource;
  const error = key(resource.type) === 'microsoft.resources/deployments' ? { error: interrupted().body } : {};
  return { ...resource, properties: { ...resource.properties, provisioningState: 'Failed', ...error } };
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
  trust: Trust,
  resources: Resources,
  disks: Disks,
  report: (problem: string) => void,
): Keeper {
  const { store, operations, providers } = resources;
  let timer: NodeJS.Timeout | undefined;
  let pause = gathering;
  let ended = false;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    if (ended) return;
    const begun = performance.now();
    file.write({
      version: 2,
      trust,
      groups: store.groups,
      resources: store.groups.flatMap(group => store.list(group.id)),
      images: [...disks.images],
      blobs: [...disks.blobs],
      osBlobs: [...disks.osBlobs],
      storageKeys: [...disks.storageKeys],
      operations: operations.save(),
      requested: resources.allRequested.map(([id, body]) => [id, withoutSecrets(body) as Json]),
      kept: Object.fromEntries(
        providers.flatMap(({ type, kept }) => (kept === undefined ? [] : [[type, kept.save()]])),
      ),
    });
    pause = Math.max(gathering, leisure * (performance.now() - begun));
  };
  return {
    save,
    changed: () => {
      timer ??= setTimeout(() => {
        try {
          save();
        } catch (error) {
          report(`The state could not be saved: ${describe(error)}`);
        }
      }, pause).unref();
    },
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** What is kept of requests is for comparison with later ones, in which secrets are never shown. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      /^(adminPassword|protectedSettings|customData)$/i.test(name) ? [] : [[name, withoutSecrets(member)]],
    ),
  );
}
