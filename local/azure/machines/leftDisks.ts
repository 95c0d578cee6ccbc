/** The disks of machines that an earlier process ran: taken up by machines of the same name on the same image. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { at, object } from '../arm/json.js';
import type { LayerStore } from './layerStore.js';
import type { Disk, MachineOptions } from './machineHost.js';

const recordName = 'machine.json';

interface LeftDisk {
  readonly directory: string;
  readonly name: string;
  readonly layers: readonly string[];
}

/** Notes what the changes in a machine's directory stand on. */
export function noteMachine(directory: string, name: string, { layers }: Disk): void {
  writeFileSync(join(directory, recordName), JSON.stringify({ name, layers }), { mode: 0o600 });
}

/** What machines left below the directory; directories that are no machine's are passed over. */
export async function findLeftDisks(home: string): Promise<LeftDisk[]> {
  const entries = await readdir(home);
  return entries.flatMap(entry => {
    const directory = join(home, entry);
    try {
      const record = object(JSON.parse(readFileSync(join(directory, recordName), 'utf8')));
      const layers = at(record, 'layers');
      return [
        { directory, name: String(record['name']), layers: Array.isArray(layers) ? layers.map(String) : [] },
      ];
    } catch {
      return [];
    }
  });
}

/** Takes the machine's disk out of those left and makes it one of the store; undefined when there is none. */
export async function takeLeftDisk(
  left: LeftDisk[],
  { name, disk }: Pick<MachineOptions, 'name' | 'disk'>,
  layers: LayerStore,
): Promise<Disk | undefined> {
  const below = disk.layers.join('\n');
  const index = left.findIndex(
    one => one.name === name && `\n${one.layers.join('\n')}`.endsWith(`\n${below}`),
  );
  const [found] = index < 0 ? [] : left.splice(index, 1);
  if (found === undefined) return undefined;
  const taken = await layers.freeze(join(found.directory, 'upper'), { layers: found.layers });
  await rm(found.directory, { recursive: true, force: true });
  return taken;
}
