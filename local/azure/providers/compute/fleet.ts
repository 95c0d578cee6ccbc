/** The instances of one scale set: real machines, made, upgraded and deleted in parallel. */
import { randomUUID } from 'node:crypto';
import { ArmError, asArmError } from '../../arm/armError.js';
import type { Json } from '../../arm/json.js';
import { key } from '../../arm/resourceId.js';
import type { Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { Balancing } from '../network/loadBalancers.js';
import type { Power } from './instanceView.js';
import { sameModel, type Model } from './scaleSetModel.js';
import { provisioningFailed } from './virtualMachines.js';

export interface Instance {
  readonly instanceId: string;
  /** As Azure names it: `web_0`. */
  readonly name: string;
  /** `web000000` */
  readonly computerName: string;
  readonly vmId: string;
  readonly address: string;
  readonly timeCreated: Date;
  /** What it was made of last. */
  readonly model: Model;
  readonly provisioningState: 'Creating' | 'Updating' | 'Succeeded' | 'Failed' | 'Deleting';
  readonly power: Power;
  readonly machine: Machine | undefined;
  /** `protectFromScaleIn`, `protectFromScaleSetActions` */
  readonly protection: Json;
  readonly failure: ArmError | undefined;
}

export class Fleet {
  readonly #instances = new Map<string, Instance>();
  #next = 0;

  /**
   * @param id of the scale set
   * @param name of the scale set
   * @param model what new and upgraded instances are made of
   */
  constructor(
    readonly id: string,
    readonly name: string,
    public model: Model,
    private readonly cloud: Cloud,
    private readonly balancing: Balancing,
  ) {}

  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId);
  }

  isLatest(instance: Instance): boolean {
    return sameModel(instance.model, this.model);
  }

  protect(instanceId: string, protection: Json): void {
    this.#change(instanceId, { protection });
  }

  health(instance: Instance): 'up' | 'down' | 'unknown' | undefined {
    const probe = this.model.healthProbe;
    return probe === undefined
      ? undefined
      : this.balancing.health(probe, this.#backendId(instance.instanceId));
  }

  /**
   * Makes or deletes instances until there are `capacity`; the ones made last go first, protected ones stay.
   * Instances that never came up are tried again.
   */
  async scaleTo(capacity: number): Promise<void> {
    const missing = capacity - this.#instances.size;
    if (missing >= 0) {
      const broken = this.instances.filter(one => one.machine === undefined);
      for (const { instanceId } of broken)
        this.#change(instanceId, { provisioningState: 'Updating', power: 'starting' });
      const made = Array.from({ length: missing }, () => this.#add());
      await inParallel([...broken, ...made], instance => this.#boot(instance.instanceId, this.model));
      return;
    }
    const deletable = this.instances
      .filter(
        one =>
          one.protection['protectFromScaleIn'] !== true &&
          one.protection['protectFromScaleSetActions'] !== true,
      )
      .sort((a, b) => Number(b.instanceId) - Number(a.instanceId));
    await inParallel(deletable.slice(0, -missing), instance => this.delete(instance.instanceId));
  }

  /** Makes the instances anew from the scale set's model, each at its old address. */
  async upgrade(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId => {
      const instance = this.#existing(instanceId);
      if (this.isLatest(instance) && instance.machine !== undefined) return Promise.resolve();
      return this.#renew(instance, this.model);
    });
  }

  /** Makes the instances anew from the models they were made of. */
  async reimage(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId => {
      const instance = this.#existing(instanceId);
      return this.#renew(instance, instance.model);
    });
  }

  async start(instanceIds: readonly string[]): Promise<void> {
    await this.#power(instanceIds, 'running', async machine => {
      if (!machine.running) await machine.start();
    });
  }

  async restart(instanceIds: readonly string[]): Promise<void> {
    await this.#power(instanceIds, 'running', async machine => {
      await machine.stop();
      await machine.start();
    });
  }

  async stop(instanceIds: readonly string[], power: 'stopped' | 'deallocated'): Promise<void> {
    await this.#power(instanceIds, power, machine => machine.stop());
  }

  async delete(instanceId: string): Promise<void> {
    const instance = this.#existing(instanceId);
    this.#change(instanceId, { provisioningState: 'Deleting' });
    this.balancing.leave(this.#backendId(instanceId));
    await instance.machine?.remove();
    this.#instances.delete(instanceId);
    this.cloud.addresses.release(instance.address);
  }

  async deleteAll(): Promise<void> {
    await inParallel(this.instances, instance => this.delete(instance.instanceId));
  }

  async #power(
    instanceIds: readonly string[],
    after: Power,
    run: (machine: Machine) => Promise<void>,
  ): Promise<void> {
    await inParallel(instanceIds, async instanceId => {
      const { machine } = this.#existing(instanceId);
      if (machine === undefined) return;
      this.#change(instanceId, { provisioningState: 'Updating' });
      await this.#settle(instanceId, async () => {
        await run(machine);
        return { power: after };
      });
    });
  }

  #add(): Instance {
    const number = this.#next++;
    const instance: Instance = {
      instanceId: String(number),
      name: `${this.name}_${number}`,
      computerName: `${this.model.computerNamePrefix}${number.toString(36).padStart(6, '0')}`,
      vmId: randomUUID(),
      address: this.cloud.addresses.allocate(),
      timeCreated: this.cloud.now(),
      model: this.model,
      provisioningState: 'Creating',
      power: 'starting',
      machine: undefined,
      protection: {},
      failure: undefined,
    };
    this.#instances.set(instance.instanceId, instance);
    return instance;
  }

  async #renew({ instanceId, machine }: Instance, model: Model): Promise<void> {
    this.#change(instanceId, { provisioningState: 'Updating', machine: undefined, power: 'starting' });
    await machine?.remove();
    await this.#boot(instanceId, model);
  }

  async #boot(instanceId: string, model: Model): Promise<void> {
    const { computerName: name, address } = this.#existing(instanceId);
    this.balancing.join(model.backendPools, { id: this.#backendId(instanceId), address });
    await this.#settle(instanceId, async () => {
      try {
        const machine = await this.cloud.host.start({
          name,
          address,
          disk: model.disk,
          login: model.login,
          boot: 'services',
        });
        machine.onExit(() => {
          if (this.find(instanceId)?.machine === machine) this.#change(instanceId, { power: 'stopped' });
        });
        return { machine, model, power: 'running' };
      } catch (error) {
        this.#change(instanceId, { power: 'stopped' });
        throw provisioningFailed(this.#existing(instanceId).name, error);
      }
    });
  }

  async #settle(instanceId: string, work: () => Promise<Partial<Instance>>): Promise<void> {
    try {
      this.#change(instanceId, { ...(await work()), provisioningState: 'Succeeded', failure: undefined });
    } catch (error) {
      this.#change(instanceId, { provisioningState: 'Failed', failure: asArmError(error) });
      throw error;
    }
  }

  #change(instanceId: string, change: Partial<Instance>): void {
    const instance = this.#instances.get(instanceId);
    if (instance !== undefined) this.#instances.set(instanceId, { ...instance, ...change });
  }

  #existing(instanceId: string): Instance {
    const instance = this.find(instanceId);
    if (instance !== undefined) return instance;
    throw unknownInstance(instanceId);
  }

  #backendId(instanceId: string): string {
    return `${key(this.id)}/virtualmachines/${instanceId}`;
  }
}

export function unknownInstance(instanceId: string): ArmError {
  return new ArmError(
    400,
    'InvalidParameter',
    `The provided instanceId ${instanceId} is not an active Virtual Machine Scale Set VM instanceId.`,
    { target: 'instanceIds' },
  );
}

/** Waits for all, then fails with the one error, or with all of them inside one. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const settled = await Promise.allSettled(items.map(work));
  const errors = settled.flatMap(one => (one.status === 'rejected' ? [asArmError(one.reason)] : []));
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  throw new ArmError(
    first.status,
    first.code,
    `${errors.length} instances failed. The first: ${first.message}`,
    {
      details: errors.map(error => error.body),
    },
  );
}
