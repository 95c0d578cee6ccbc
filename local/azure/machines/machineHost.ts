/** The machines behind the local Azure: build VMs and scale-set instances as namespaced overlays of a base image. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { writeEmulationLayer } from './emulationLayer.js';
import { findLeftDisks, noteMachine, takeLeftDisk } from './leftDisks.js';
import { createLayerStore, type LayerStore } from './layerStore.js';
import { startMachine } from './machine.js';
import { checkMachine } from './provisioning.js';

/** A disk as a stack of directories, uppermost first; the last is the base root file system. */
export interface Disk {
  readonly layers: readonly string[];
}

/** The administrator that provisioning makes: with `sudo` without a password. */
export interface Login {
  readonly userName: string;
  readonly publicKeys: readonly string[];
  /** Only with a password does sshd accept passwords at all. */
  readonly password?: string;
}

export interface MachineOptions {
  /** Its host name. */
  readonly name: string;
  /** Its own address, 127.x.y.z, which stands for its network interface. */
  readonly address: string;
  readonly disk: Disk;
  readonly login?: Login;
  /** `ssh`: a build VM with sshd on port 22; `services`: an instance that runs the image's enabled systemd units. */
  readonly boot: 'ssh' | 'services';
  /** Of a machine that an earlier process had: it goes on as it was, and is not booted when it was stopped. */
  readonly resumed?: 'running' | 'stopped';
}

export interface CommandResult {
  readonly exitCode: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly running: boolean;
  /** Of a simulated machine, which has nothing to probe: whether its service answers as a healthy one. */
  readonly answers?: () => boolean;
  /** Called when the machine ends without `stop`, `remove` or the host's `close` having been asked for. */
  onExit(listener: (reason: string) => void): void;
  /** Runs a command inside the machine as root, in an environment of its own (PATH, HOME and `environment`). */
  run(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CommandResult>;
  /** Ends every process; the disk is kept. */
  stop(): Promise<void>;
  /** Starts a stopped machine again from its disk. */
  start(): Promise<void>;
  /** Freezes the changes of a stopped machine as a new layer; the machine goes on above it. */
  capture(): Promise<Disk>;
  /** Ends the machine and deletes its disk. */
  remove(): Promise<void>;
  /** The last lines of its console. */
  log(): readonly string[];
}

export interface MachineHost {
  readonly base: Disk;
  /** Resolves when sshd answers or, for an instance, when its services were started. */
  start(options: MachineOptions): Promise<Machine>;
  /** Gives up a captured disk; a layer is deleted when no other disk and no machine stands on it. */
  discard(disk: Disk): Promise<void>;
  /** Takes a captured disk of an earlier process as its own, where disks are kept. */
  adopt?(disk: Disk): void;
  /** Ends every machine; removes their disks and every captured layer unless they are kept. */
  close(): Promise<void>;
}

export interface MachineHostOptions {
  /** Directory of the base root file system; never written to. */
  readonly baseImage: string;
  /** Where disks live; on a file system that can be the upper side of an overlay. */
  readonly stateDirectory: string;
  /** Whether disks outlive the host: a machine of the same name on the same image goes on from what an earlier one left. */
  readonly keep?: boolean;
}

/** Makes no machine yet. Needs root (mount and namespaces), which is checked at the first machine. */
export function createMachineHost({
  baseImage,
  stateDirectory,
  keep = false,
}: MachineHostOptions): MachineHost {
  const base: Disk = { layers: [baseImage] };
  const machines = new Set<Machine>();
  const starting = new Set<Promise<Machine>>();
  let home: Promise<string> | undefined;
  let layers: LayerStore | undefined;
  let closed = false;
  const left: Awaited<ReturnType<typeof findLeftDisks>> = [];
  const adopted: Disk[] = [];

  /** Made at the first machine: a host that runs none leaves no trace. */
  const prepare = async () => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      throw new UserError(
        'Local machines need Linux and root, for mounts and namespaces: run this as root, for example with sudo.',
      );
    }
    if (!existsSync(join(baseImage, 'usr'))) {
      throw new UserError(
        `The base image is not at '${baseImage}': run the set-up (npm run setup) to make it.`,
      );
    }
    await mkdir(stateDirectory, { recursive: true });
    const directory = keep
      ? join(stateDirectory, 'machines')
      : await mkdtemp(join(stateDirectory, 'machines-'));
    await mkdir(directory, { recursive: true });
    if (keep) left.push(...(await findLeftDisks(directory)));
    await rm(join(directory, 'emulation'), { recursive: true, force: true });
    await writeEmulationLayer(join(directory, 'emulation'));
    return directory;
  };

  const start = async (options: MachineOptions): Promise<Machine> => {
    checkMachine(options);
    home ??= prepare();
    const directory = await home;
    if (layers === undefined) {
      layers = createLayerStore(join(directory, 'layers'));
      for (const disk of adopted) layers.adopt(disk);
    }
    if (closed) throw new UserError(`The local Azure is closing: machine '${options.name}' is not started.`);
    const taken = await takeLeftDisk(left, options, layers);
    const own = await mkdtemp(join(directory, `${options.name}-`));
    const note = (disk: Disk) => {
      if (keep) noteMachine(own, options.name, disk);
    };
    note(taken ?? options.disk);
    const machine = await startMachine(taken === undefined ? options : { ...options, disk: taken }, {
      directory: own,
      provisioned: taken !== undefined,
      baseDirectory: baseImage,
      emulationLayer: join(directory, 'emulation'),
      layers,
    });
    // The machine holds it from here on.
    if (taken !== undefined) await layers.discard(taken);
    const registered: Machine = {
      ...machine,
      async capture() {
        const disk = await machine.capture();
        note(disk);
        return disk;
      },
      get running() {
        return machine.running;
      },
      async remove() {
        await machine.remove();
        machines.delete(registered);
      },
    };
    machines.add(registered);
    return registered;
  };

  return {
    base,
    start(options) {
      const started = start(options);
      starting.add(started);
      const settle = () => starting.delete(started);
      started.then(settle, settle);
      return started;
    },
    adopt(disk) {
      if (layers === undefined) adopted.push(disk);
      else layers.adopt(disk);
    },
    async discard(disk) {
      await layers?.discard(disk);
    },
    async close() {
      closed = true;
      await Promise.allSettled(starting);
      if (keep) {
        await Promise.all([...machines].map(machine => machine.stop()));
        return;
      }
      await Promise.all([...machines].map(machine => machine.remove()));
      const directory = await home?.catch(() => undefined);
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
