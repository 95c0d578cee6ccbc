/** Stand-ins for the ports of the local Azure: machines and balancers that are no more than what was asked of them. */
import type { AddressPool } from '../../../local/azure/machines/addressPool.js';
import type {
  Backend,
  LoadBalancer,
  LoadBalancerOptions,
} from '../../../local/azure/machines/loadBalancer.js';
import type { Forward } from '../../../local/azure/machines/natForwards.js';
import type {
  Disk,
  Machine,
  MachineHost,
  MachineOptions,
} from '../../../local/azure/machines/machineHost.js';

export class FakeHost implements MachineHost {
  readonly base: Disk = { layers: ['base'] };
  readonly machines = new Map<string, FakeMachine>();
  readonly started: MachineOptions[] = [];
  readonly discarded: Disk[] = [];
  /** Says why a machine must not come up. */
  refuse: (options: MachineOptions) => string | undefined = () => undefined;
  /** Waited for before a machine comes up. */
  gate: Promise<unknown> = Promise.resolve();
  #layers = 0;

  async start(options: MachineOptions): Promise<Machine> {
    this.started.push(options);
    await this.gate;
    const reason = this.refuse(options);
    if (reason !== undefined) throw new Error(reason);
    const machine = new FakeMachine(options, this);
    this.machines.set(options.address, machine);
    return machine;
  }

  freeze(disk: Disk): Disk {
    return { layers: [`layer-${++this.#layers}`, ...disk.layers] };
  }

  discard(disk: Disk): Promise<void> {
    this.discarded.push(disk);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.machines.clear();
    return Promise.resolve();
  }
}

export class FakeMachine implements Machine {
  running = true;
  /** Those of the commands that were run in it. */
  readonly environments: Readonly<Record<string, string>>[] = [];
  readonly #listeners: ((reason: string) => void)[] = [];
  constructor(
    readonly options: MachineOptions,
    readonly host: FakeHost,
  ) {}
  get name() {
    return this.options.name;
  }
  get address() {
    return this.options.address;
  }
  onExit(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }
  crash(): void {
    this.running = false;
    for (const listener of this.#listeners) listener('crashed');
  }
  run(_command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.environments.push(environment);
    return Promise.resolve({ exitCode: 0, output: '' });
  }
  stop(): Promise<void> {
    this.running = false;
    return Promise.resolve();
  }
  start(): Promise<void> {
    this.running = true;
    return Promise.resolve();
  }
  capture(): Promise<Disk> {
    return Promise.resolve(this.host.freeze(this.options.disk));
  }
  remove(): Promise<void> {
    this.running = false;
    this.host.machines.delete(this.address);
    return Promise.resolve();
  }
  log(): readonly string[] {
    return [];
  }
}

export class FakeBalancer implements LoadBalancer {
  backends: readonly Backend[] = [];
  forwards: readonly Forward[] = [];
  closed = false;
  readonly states = new Map<string, 'up' | 'down'>();
  constructor(readonly options: LoadBalancerOptions) {}
  setBackends(backends: readonly Backend[]): void {
    this.backends = backends;
  }
  setForwards(forwards: readonly Forward[]): Promise<void> {
    this.forwards = forwards;
    return Promise.resolve();
  }
  health(backendId: string): 'up' | 'down' | 'unknown' {
    return this.states.get(backendId) ?? 'unknown';
  }
  onHealth(): () => void {
    return () => undefined;
  }
  connections(): number {
    return 0;
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export function fakeAddresses(): AddressPool & { readonly held: Set<string> } {
  const held = new Set<string>();
  let next = 0;
  return {
    held,
    allocate: () => {
      const address = `127.1.${Math.floor(next / 250)}.${(next++ % 250) + 1}`;
      held.add(address);
      return address;
    },
    release: address => {
      held.delete(address);
    },
    close: () => undefined,
  };
}
