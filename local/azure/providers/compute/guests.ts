/** The machines behind the virtual machines, each by the id of its resource. */
import { ArmError, notAllowed } from '../../arm/armError.js';
import { key } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import type { Disk, Machine, MachineHost, MachineOptions } from '../../machines/machineHost.js';
import type { Power } from './instanceView.js';

/** A machine as its provider keeps it. */
export interface Guest {
  /** What it was made of, to make it again in another process. */
  readonly options: MachineOptions;
  machine: Machine | undefined;
  power: Power;
  generalized: boolean;
  /** It did not come up. */
  failed: boolean;
}

/** What other resource types ask of them. */
export interface Guests {
  /**
   * Freezes the OS disk of a generalized machine.
   * @throws ArmError when it is no machine here, or not generalized
   */
  checkCapture(id: string): Resource;
  capture(id: string): Promise<Disk>;
  /** @throws ArmError when it does not run */
  running(id: string): Machine;
  /** Takes over a machine that a scale set has let go. */
  adopt(id: string, options: MachineOptions, machine: Machine, power: Power): void;
  /**
   * Freezes the OS disk of a stopped machine as it is, for a copy of it.
   * @throws ArmError when the machine runs
   */
  freeze(id: string): () => Promise<Disk>;
  /** The same for a disk that is a blob; of a machine that runs nothing can be taken, and Azure does not refuse it. */
  freezeBlob(uri: string): () => Promise<Disk | undefined>;
}

/** The guests and, for the provider of virtual machines, their table. */
export interface GuestTable extends Guests {
  readonly table: Map<string, Guest>;
  /** @throws ArmError when it has no machine */
  of(resource: Resource): Guest & { readonly machine: Machine };
  save(): readonly SavedGuest[];
  /** Starts it unless it was stopped. @throws when it does not come up, and then counts as one that never did */
  resume(saved: SavedGuest, host: MachineHost): Promise<void>;
}

export interface SavedGuest extends Omit<Guest, 'machine'> {
  /** In lower case. */
  readonly id: string;
}

/** @param type of the resources that have them */
export function createGuests(store: Store, type: string): GuestTable {
  const guests = new Map<string, Guest>();
  const of = (resource: Resource): Guest & { readonly machine: Machine } => {
    const guest = guests.get(key(resource.id));
    if (guest !== undefined && hasMachine(guest)) return guest;
    throw notAllowed(`The VM '${resource.name}' has no machine: its provisioning failed or has not ended.`);
  };

  const checkCapture = (id: string): Resource => {
    const resource = store.get(id);
    if (resource === undefined || key(resource.type) !== key(type)) {
      throw new ArmError(404, 'NotFound', `The source virtual machine '${id}' was not found.`, {
        target: 'sourceVirtualMachine',
      });
    }
    const { generalized } = of(resource);
    if (!generalized)
      throw notAllowed(`Capture of VM '${resource.name}' is not allowed: the VM must be generalized first.`);
    return resource;
  };
  const capture = async (id: string) => {
    const resource = checkCapture(id);
    return of(resource).machine.capture();
  };

  const freeze = (id: string) => {
    const resource = store.get(id);
    if (resource === undefined) throw notAllowed(`The machine '${id}' of the disk is gone.`);
    const { machine, power: now } = of(resource);
    if (now === 'running' || now === 'starting') {
      throw notAllowed(
        `The disk is attached to VM '${resource.name}', which runs. This local Azure copies disks of stopped machines only: stop ` +
          'or deallocate the VM first.',
      );
    }
    return () => machine.capture();
  };
  const freezeBlob = (uri: string) => async () => {
    const [owner] = store.referrers(uri).filter(one => guests.has(key(one.id)));
    const machine = owner && guests.get(key(owner.id))?.machine;
    return machine === undefined || machine.running ? undefined : machine.capture();
  };

  const running = (id: string): Machine => {
    const guest = guests.get(key(id));
    if (guest !== undefined && hasMachine(guest) && guest.power === 'running') return guest.machine;
    throw notAllowed('Cannot modify extensions in the VM when the VM is not running.');
  };
  const adopt = (id: string, options: MachineOptions, machine: Machine, current: Power) => {
    const guest: Guest = { options, machine, power: current, generalized: false, failed: false };
    machine.onExit(() => (guest.power = 'stopped'));
    guests.set(key(id), guest);
  };

  const save = () =>
    [...guests].map(([id, { machine, ...guest }]) => ({
      id,
      ...guest,
      failed: guest.failed || machine === undefined,
    }));
  const resume = async ({ id, ...saved }: SavedGuest, host: MachineHost) => {
    const guest: Guest = { ...saved, machine: undefined };
    guests.set(id, guest);
    if (guest.failed) return;
    const resumed = guest.power === 'running' ? 'running' : 'stopped';
    try {
      guest.machine = await host.start({ ...guest.options, resumed });
    } catch (error) {
      guest.failed = true;
      guest.power = 'stopped';
      throw error;
    }
    guest.machine.onExit(() => (guest.power = 'stopped'));
  };
  return { table: guests, of, checkCapture, capture, running, adopt, freeze, freezeBlob, save, resume };
}

function hasMachine(guest: Guest): guest is Guest & { readonly machine: Machine } {
  return guest.machine !== undefined;
}
