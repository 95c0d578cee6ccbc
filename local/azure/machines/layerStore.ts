/** The captured layers and who stands on them: a layer goes when the last disk or machine on it has gone. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from './machineHost.js';

export interface LayerStore {
  /** Counts one more user of each layer of the disk. */
  hold(disk: Disk): void;
  /** Counts one user less; deletes own layers that nobody uses any more. */
  release(disk: Disk): Promise<void>;
  /** Gives up what `freeze` returned; a second time, or for any other disk, it does nothing. */
  discard(disk: Disk): Promise<void>;
  /** Takes a disk as one that `freeze` returned, held by its receiver: one of an earlier process, or one that is given out again. */
  adopt(disk: Disk): void;
  /** Makes a directory of changes the uppermost layer of a new disk, held by its receiver. */
  freeze(changes: string, below: Disk): Promise<Disk>;
}

/** Layers that an earlier process left in the directory are this store's own. */
export function createLayerStore(directory: string): LayerStore {
  const left = existsSync(directory) ? readdirSync(directory) : [];
  const own = new Set(left.map(name => join(directory, name)));
  const captured = new Set<string>();
  const users = new Map<string, number>();
  let made = Math.max(0, ...left.map(name => Number(/\d+/.exec(name)?.[0] ?? 0)));
  const hold = (disk: Disk) => {
    for (const layer of disk.layers) users.set(layer, (users.get(layer) ?? 0) + 1);
  };
  const release = async (disk: Disk) => {
    const unused: string[] = [];
    for (const layer of disk.layers) {
      const left = (users.get(layer) ?? 0) - 1;
      if (left > 0) users.set(layer, left);
      else users.delete(layer);
      if (left <= 0 && own.delete(layer)) unused.push(layer);
    }
    await Promise.all(unused.map(layer => rm(layer, { recursive: true, force: true })));
  };
  return {
    hold,
    release,
    adopt(disk) {
      captured.add(disk.layers[0] ?? '');
      hold(disk);
    },
    async discard(disk) {
      // Each capture has an uppermost layer of its own.
      if (captured.delete(disk.layers[0] ?? '')) await release(disk);
    },
    async freeze(changes, below) {
      made += 1;
      const layer = join(directory, `layer-${made}`);
      await mkdir(directory, { recursive: true });
      await rename(changes, layer);
      own.add(layer);
      captured.add(layer);
      const disk = { layers: [layer, ...below.layers] };
      hold(disk);
      return disk;
    },
  };
}
