/** One machine: its overlay's directories, and its namespaces and services while it runs. */
import { chmod, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../shared/core/errors.js';
import type { LayerStore } from './layerStore.js';
import { createConsole } from './machineConsole.js';
import type { Machine, MachineOptions } from './machineHost.js';
import { machineServices } from './machineServices.js';
import { createNamespaces, describeEnding, runInside, type Namespaces } from './namespaces.js';
import { bootScript } from './provisioning.js';
import { awaitSsh } from './sshService.js';
import type { Supervisor } from './units/supervisor.js';

/** How long an instance's services may take before it counts as started all the same, in milliseconds. */
const servicesPatience = 30_000;

/** Asks every process to end and waits for that, two seconds at most; the first process stays. */
const endInOrder = `
kill -TERM -1
for turn in $(seq 100); do
  set -- /proc/[0-9]*
  [ $# -gt 2 ] || break
  sleep 0.02
done`;

export interface MachineParts {
  /** The machine's own directory, which it makes and deletes. */
  readonly directory: string;
  readonly baseDirectory: string;
  readonly emulationLayer: string;
  readonly layers: LayerStore;
  /** Whether the disk is that of an earlier machine, provisioned already. */
  readonly provisioned?: boolean;
}

/**
 * Makes a machine and boots it; nothing is left of one that does not boot.
 * @throws ToolError with the console's last lines when it does not boot
 */
export async function startMachine(options: MachineOptions, parts: MachineParts): Promise<Machine> {
  const { name, address } = options;
  const { directory, layers } = parts;
  const console = createConsole();
  const exitListeners: ((reason: string) => void)[] = [];
  let disk = options.disk;
  let firstBoot = parts.provisioned !== true;
  let removed = false;
  /** Whether it has not run since it was captured, so that the capture is what there is to capture again. */
  let untouched = options.resumed === 'stopped';
  let current: { readonly namespaces: Namespaces; readonly supervisor: Supervisor } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** One change of state at a time, in the order they were asked for. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const turn = queue.then(change);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const boot = async () => {
    if (removed) throw new UserError(`Machine '${name}' was removed and cannot be started.`);
    if (current !== undefined) return;
    untouched = false;
    const lower = await makeDirectories(directory, [parts.emulationLayer, ...disk.layers]);
    const nameServers = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
    const script = bootScript(options, { firstBoot, nameServers });
    const namespaces = await createNamespaces(directory, lower, script, console);
    try {
      await startServices(namespaces);
    } catch (error) {
      current = undefined;
      await namespaces.kill();
      throw error;
    }
    firstBoot = false;
  };

  const startServices = async (namespaces: Namespaces) => {
    const supervisor = await machineServices(options, namespaces, parts.baseDirectory, console);
    const running = { namespaces, supervisor };
    current = running;
    void namespaces.ended.then(ending => {
      supervisor.halt();
      if (current !== running) return;
      current = undefined;
      const reason = `Machine '${name}' ended by itself with ${describeEnding(ending)}.`;
      console.write('boot', reason);
      for (const listener of exitListeners) listener(reason);
    });
    const started = supervisor.start();
    if (options.boot === 'ssh') {
      await awaitSsh(address, () => current === running, console);
    } else {
      const patience = new AbortController();
      const over = delay(servicesPatience, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([started, over, namespaces.ended]);
      patience.abort();
    }
  };

  const halt = async () => {
    const running = current;
    if (running === undefined) return;
    current = undefined;
    running.supervisor.halt();
    await runInside(running.namespaces, ['/bin/sh', '-c', endInOrder], {});
    await running.namespaces.kill();
  };

  const remove = async () => {
    if (removed) return;
    const running = current;
    current = undefined;
    running?.supervisor.halt();
    await running?.namespaces.kill();
    removed = true;
    await rm(directory, { recursive: true, force: true });
    await layers.release(disk);
  };

  layers.hold(disk);
  try {
    if (options.resumed === 'stopped') await makeUpper(directory);
    else await boot();
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    name,
    address,
    get running() {
      return current !== undefined;
    },
    onExit(listener) {
      exitListeners.push(listener);
    },
    async run(command, environment = {}) {
      if (current === undefined)
        throw new UserError(`Machine '${name}' does not run: it cannot run ${command[0] ?? ''}.`);
      const defaults = { HOME: '/root', USER: 'root', SYSTEMD_OFFLINE: '1' };
      return runInside(current.namespaces, command, { ...defaults, ...environment });
    },
    start: () => inTurn(boot),
    stop: () => inTurn(halt),
    remove: () => inTurn(remove),
    capture: () =>
      inTurn(async () => {
        if (current !== undefined)
          throw new UserError(`Machine '${name}' is running: stop it before it is captured.`);
        if (removed) throw new UserError(`Machine '${name}' was removed and cannot be captured.`);
        if (untouched) {
          layers.adopt(disk);
          return disk;
        }
        const before = disk;
        const captured = await layers.freeze(join(directory, 'upper'), before);
        // The receiver of the captured disk holds it, and so does the machine, which goes on above it.
        layers.hold(captured);
        disk = captured;
        untouched = true;
        await layers.release(before);
        return captured;
      }),
    log: () => console.lines(),
  };
}

/** Where the machine's changes go. */
async function makeUpper(directory: string): Promise<void> {
  const upper = join(directory, 'upper');
  await mkdir(upper, { recursive: true });
  // Its permissions are those of the machine's `/`.
  await chmod(upper, 0o755);
}

/**
 * Makes the overlay's directories and a short link to each lower one: `mount` takes a page of options at most, and a path in
 * them may have no comma and no colon.
 * @returns the links' names, uppermost first
 */
async function makeDirectories(directory: string, lower: readonly string[]): Promise<string[]> {
  await makeUpper(directory);
  for (const part of ['work', 'root']) await mkdir(join(directory, part), { recursive: true });
  return Promise.all(
    lower.map(async (layer, index) => {
      const link = `l${index}`;
      await rm(join(directory, link), { force: true });
      await symlink(layer, join(directory, link));
      return link;
    }),
  );
}
