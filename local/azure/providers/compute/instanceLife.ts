/** The life of the instances of one scale set: they boot, follow another model, take traffic, and end. */
import { ArmError, asArmError } from '../../arm/armError.js';
import { key } from '../../arm/resourceId.js';
import type { InstanceEffect } from '../../faults/instanceFaults.js';
import type { Machine, MachineOptions } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { Balancing } from '../network/loadBalancers.js';
import type { Instance } from './instance.js';
import { watchHealth } from './instanceHealth.js';
import type { InstanceTable } from './instanceTable.js';
import { runExtension } from './runExtension.js';
import { modelChange, type Model } from './scaleSetModel.js';
import { boot } from './provisioning.js';

export class InstanceLife {
  /** Ends the waiting of an instance that hangs. */
  readonly #hanging = new Map<string, (reason: ArmError) => void>();

  /** @param setId of the scale set */
  constructor(
    private readonly setId: string,
    private readonly instances: InstanceTable,
    private readonly cloud: Cloud,
    private readonly balancing: Balancing,
  ) {}

  /** Starts its machine and all that belongs to it. */
  async boot(instanceId: string, model: Model): Promise<void> {
    const { computerName: name, address } = this.instances.existing(instanceId);
    const effect = this.cloud.faults.instance(this.setId, instanceId);
    await this.instances.settle(instanceId, async () => {
      await this.#suffer(instanceId, effect);
      const machine = await this.#start(instanceId, { name, address, ...model });
      this.#keep(instanceId, machine, { model, power: 'running' });
      if (effect?.kind === 'dies') this.#dieLater(instanceId, machine, effect.afterSeconds);
      await this.#extend(machine, model, undefined);
      return this.#putIn(instanceId, machine, model, effect);
    });
  }

  /** Has its machine again, which ran in an earlier process or was stopped there. */
  async resume(instanceId: string): Promise<void> {
    const { computerName: name, address, model, power } = this.instances.existing(instanceId);
    const resumed = power === 'running' ? 'running' : 'stopped';
    try {
      const machine = await this.#start(instanceId, { name, address, ...model, resumed });
      this.#keep(instanceId, machine, {});
      this.instances.change(instanceId, this.#putIn(instanceId, machine, model, undefined));
    } catch (error) {
      this.instances.change(instanceId, { provisioningState: 'Failed', failure: asArmError(error) });
      throw error;
    }
  }

  /** Does no more than the difference of the models asks for: a new disk only for another image or guest. */
  async bringTo(instanceId: string, model: Model): Promise<void> {
    const { model: old, machine, provisioningState } = this.instances.existing(instanceId);
    const change = modelChange(old, model);
    if (machine === undefined || provisioningState === 'Failed' || change === 'remake') {
      return this.renew(instanceId, model);
    }
    if (change === 'none') return;
    const effect = this.cloud.faults.instance(this.setId, instanceId);
    this.instances.change(instanceId, { provisioningState: 'Updating', previous: old });
    await this.instances.settle(instanceId, async () => {
      await this.#suffer(instanceId, effect);
      if (change === 'resize') {
        await machine.stop();
        await machine.start();
      }
      await this.takeOut(instanceId);
      await this.#extend(machine, model, old);
      return { model, power: 'running', ...this.#putIn(instanceId, machine, model, effect) };
    });
  }

  /** Replaces its machine by one of the model. */
  async renew(instanceId: string, model: Model): Promise<void> {
    const { machine, model: old } = this.instances.existing(instanceId);
    this.instances.change(instanceId, {
      provisioningState: 'Updating',
      machine: undefined,
      power: 'starting',
      previous: old,
    });
    await this.takeOut(instanceId);
    await machine?.remove();
    await this.boot(instanceId, model);
  }

  /** Lets no more traffic reach it, and waits for open connections a while. */
  async takeOut(instanceId: string): Promise<void> {
    this.instances.get(instanceId)?.watch?.stop();
    this.instances.change(instanceId, { watch: undefined });
    await this.balancing.drain(this.#backendId(instanceId));
  }

  /** Ends its machine, and gives back what it held. */
  async end(instanceId: string): Promise<void> {
    const { machine, address } = this.instances.existing(instanceId);
    await this.takeOut(instanceId);
    await machine?.remove();
    this.leave(instanceId);
    this.cloud.addresses.release(address);
  }

  /** Is no backend of load balancers any more, and keeps no port of theirs. */
  leave(instanceId: string): void {
    this.instances.get(instanceId)?.watch?.stop();
    this.balancing.leave(this.#backendId(instanceId));
  }

  /** Lets instances that hang go, so that what waits for them ends. */
  preempt(instanceIds: readonly string[]): void {
    const reason = new ArmError(
      409,
      'OperationPreempted',
      'Operation execution has been preempted by a more recent operation.',
    );
    for (const instanceId of instanceIds) this.#hanging.get(instanceId)?.(reason);
  }

  async #start(
    instanceId: string,
    { name, address, disk, login, resumed }: Model & Pick<MachineOptions, 'name' | 'address' | 'resumed'>,
  ): Promise<Machine> {
    const options = { name, address, disk, login, boot: 'services' } as const;
    try {
      const given = resumed === undefined ? options : { ...options, resumed };
      return await boot(this.cloud.host, this.instances.existing(instanceId).name, given);
    } catch (error) {
      this.instances.change(instanceId, { power: 'stopped' });
      throw error;
    }
  }

  #keep(instanceId: string, machine: Machine, change: Pick<Partial<Instance>, 'model' | 'power'>): void {
    this.instances.change(instanceId, { ...change, machine });
    machine.onExit(() => {
      this.#stopped(instanceId, machine);
    });
  }

  /** Runs the extensions that are new or changed, one after the other. */
  async #extend(machine: Machine, model: Model, old: Model | undefined): Promise<void> {
    for (const extension of model.extensions) {
      const before = old?.extensions.find(one => one.name === extension.name);
      if (JSON.stringify(before) === JSON.stringify(extension)) continue;
      if (machine.answers === undefined) await runExtension(extension, machine);
    }
  }

  /** Lets traffic and probes reach it. */
  #putIn(
    instanceId: string,
    machine: Machine,
    model: Model,
    effect: InstanceEffect | undefined,
  ): Pick<Instance, 'watch'> {
    const { address } = this.instances.existing(instanceId);
    const id = this.#backendId(instanceId);
    if (machine.answers === undefined && effect?.kind !== 'unhealthy')
      this.balancing.join(model.backendPools, { id, address }, model.natPools);
    return { watch: watchHealth(model.health, machine, id, effect, this.cloud, this.balancing) };
  }

  async #suffer(instanceId: string, effect: InstanceEffect | undefined): Promise<void> {
    if (effect?.kind === 'fails') throw new ArmError(effect.status, effect.code, effect.message);
    if (effect?.kind !== 'hangs') return;
    try {
      await new Promise<never>((_resolve, reject) => {
        this.#hanging.set(instanceId, reject);
      });
    } finally {
      this.#hanging.delete(instanceId);
    }
  }

  #dieLater(instanceId: string, machine: Machine, afterSeconds: number): void {
    const timer = setTimeout(
      () => {
        if (this.instances.get(instanceId)?.machine !== machine) return;
        void machine.stop().then(() => {
          this.#stopped(instanceId, machine);
        });
      },
      afterSeconds * 1000 * this.cloud.timeScale,
    );
    timer.unref();
  }

  #stopped(instanceId: string, machine: Machine): void {
    if (this.instances.get(instanceId)?.machine === machine)
      this.instances.change(instanceId, { power: 'stopped' });
  }

  #backendId(instanceId: string): string {
    return `${key(this.setId)}/virtualmachines/${instanceId}`;
  }
}
