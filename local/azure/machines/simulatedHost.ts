/** Scale set instances without processes: the same states as real ones, for sets of hundreds. Build VMs stay real. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../shared/core/errors.js';
import type { Disk, Machine, MachineHost, MachineOptions } from './machineHost.js';

export interface SimulatedInstances {
  /** From the start of an instance until it is up, in Azure's seconds. */
  readonly bootSeconds: number;
  /** From when it is up until its service answers probes, in Azure's seconds. */
  readonly warmUpSeconds: number;
  /** Factor on these times; 1 is Azure's own pace. */
  readonly timeScale: number;
}

/** A host whose machines of boot kind `services` are simulated, and all others those of the given host. */
export function simulateInstances(real: MachineHost, times: SimulatedInstances): MachineHost {
  const ending = new AbortController();
  // Every instance that boots listens.
  setMaxListeners(0, ending.signal);
  return {
    base: real.base,
    start: options =>
      options.boot === 'services' ? startSimulated(options, times, ending.signal) : real.start(options),
    discard: disk => real.discard(disk),
    adopt: disk => {
      real.adopt?.(disk);
    },
    async close() {
      ending.abort();
      await real.close();
    },
  };
}

async function startSimulated(
  { name, address, resumed }: MachineOptions,
  { bootSeconds, warmUpSeconds, timeScale }: SimulatedInstances,
  signal: AbortSignal,
): Promise<Machine> {
  let upSince = resumed === 'running' ? 0 : undefined;
  const start = async () => {
    if (upSince !== undefined) return;
    await delay(bootSeconds * timeScale * 1000, undefined, { signal });
    upSince = Date.now();
  };
  const stop = () => {
    upSince = undefined;
    return Promise.resolve();
  };
  if (resumed === undefined) await start();
  return {
    name,
    address,
    get running() {
      return upSince !== undefined;
    },
    answers: () => upSince !== undefined && Date.now() - upSince >= warmUpSeconds * timeScale * 1000,
    // It ends only when it is told to.
    onExit: () => undefined,
    run: () => Promise.resolve({ exitCode: 0, output: 'simulated: nothing was run' }),
    start,
    stop,
    remove: stop,
    capture: (): Promise<Disk> =>
      Promise.reject(
        new UserError(`Instance '${name}' is simulated and has no disk: capture a virtual machine instead.`),
      ),
    log: () => [],
  };
}
