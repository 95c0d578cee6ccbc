/** The instances of one scale set: machines, made, upgraded and deleted in parallel. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ArmError, asArmError } from '../../arm/armError.js';
import type { Json } from '../../arm/json.js';
import { key } from '../../arm/resourceId.js';
import { createSerial } from '../../arm/serial.js';
import type { InstanceEffect } from '../../faults/instanceFaults.js';
import type { Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { Balancing } from '../network/loadBalancers.js';
import type { Health } from './applicationHealth.js';
import { inParallel, unknownInstance, type Instance } from './instance.js';
import { watchHealth } from './instanceHealth.js';
import type { Power } from './instanceView.js';
import { runExtension } from './runExtension.js';
import { chooseForScaleIn, surplus, type ScaleInRule } from './scaleIn.js';
import { comparisonWith, modelChange, type Model } from './scaleSetModel.js';
import { provisioningFailed } from './virtualMachines.js';

/** What a scale set keeps beside its model. */
export interface FleetRules {
  readonly orchestration: 'Uniform' | 'Flexible';
  readonly overprovision: boolean;
  readonly scaleIn: ScaleInRule;
}

/** How long an upgraded instance may take to become healthy, in Azure's own seconds. */
const healthPatience = 300;
/** In milliseconds, however small the time scale: services start at their own pace. */
const shortestPatience = 2000;
/** How often that is looked at, in milliseconds. */
const healthGlance = 25;

export class Fleet {
  readonly #instances = new Map<string, Instance>();
  /** Ends the waiting of an instance that hangs. */
  readonly #hanging = new Map<string, (reason: ArmError) => void>();
  /** One change of an instance at a time. */
  readonly #turns = createSerial();
  #next = 0;
  #model: Model;
  #latest: (model: Model) => boolean;

  /**
   * @param id of the scale set
   * @param name of the scale set
   * @param model what new and upgraded instances are made of
   * @param changed called after each change of an instance, and with undefined when it is gone
   */
  constructor(
    readonly id: string,
    readonly name: string,
    model: Model,
    public rules: FleetRules,
    private readonly cloud: Cloud,
    private readonly balancing: Balancing,
    private readonly changed: (instanceId: string, instance: Instance | undefined) => void = () => undefined,
  ) {
    this.#model = model;
    this.#latest = comparisonWith(model);
  }

  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  find(instanceId: string): Instance | undefined {
    const exact = this.#instances.get(instanceId);
    if (exact !== undefined || this.rules.orchestration === 'Uniform') return exact;
    return this.instances.find(one => key(one.instanceId) === key(instanceId));
  }

  get model(): Model {
    return this.#model;
  }

  set model(model: Model) {
    this.#model = model;
    this.#latest = comparisonWith(model);
  }

  isLatest(instance: Instance): boolean {
    return this.#latest(instance.model);
  }

  protect(instanceId: string, protection: Json): void {
    this.#change(instanceId, { protection });
  }

  /** Undefined when nothing tells of its health. */
  health(instance: Instance): Health | undefined {
    if (instance.watch !== undefined) return instance.watch.state();
    return instance.model.health === undefined ? undefined : 'unknown';
  }

  /** Makes or deletes instances until there are `capacity`. Instances that never came up are tried again. */
  async scaleTo(capacity: number): Promise<void> {
    const missing = capacity - this.#instances.size;
    if (missing >= 0) {
      const broken = this.instances.filter(one => one.machine === undefined);
      for (const { instanceId } of broken)
        this.#change(instanceId, { provisioningState: 'Updating', power: 'starting' });
      const extra = surplus(missing, this.rules.overprovision);
      const made = Array.from({ length: missing + extra }, () => this.#add());
      const boots = inParallel([...broken, ...made], ({ instanceId }) =>
        this.#turns(instanceId, () => this.#boot(instanceId, this.model)),
      );
      if (extra === 0) return boots;
      await boots.catch(() => undefined);
      return this.#dropSurplus(
        made.map(one => one.instanceId),
        missing,
      );
    }
    const leaving = chooseForScaleIn(this.instances, -missing, this.rules.scaleIn);
    await inParallel(leaving, instance => this.delete(instance.instanceId));
  }

  /** Makes instances beside those that are there. @returns their ids and what kept some from coming up */
  async surge(count: number): Promise<readonly { instanceId: string; error?: ArmError }[]> {
    const made = Array.from({ length: count }, () => this.#add().instanceId);
    return Promise.all(
      made.map(instanceId =>
        this.#outcome(
          instanceId,
          this.#turns(instanceId, () => this.#boot(instanceId, this.model)),
        ),
      ),
    );
  }

  /** Brings the instances to the scale set's model, each at its old address. */
  async upgrade(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId => this.#bringTo(instanceId, this.model));
  }

  /** Upgrades them and waits for the health of each. @returns what became of each */
  async upgradeHealthily(
    instanceIds: readonly string[],
  ): Promise<readonly { instanceId: string; error?: ArmError }[]> {
    return Promise.all(
      instanceIds.map(instanceId => this.#outcome(instanceId, this.#bringTo(instanceId, this.model))),
    );
  }

  /** Brings an instance back to what it was made of before its last upgrade. */
  async rollBack(instanceId: string): Promise<void> {
    const { previous } = this.#existing(instanceId);
    if (previous !== undefined) await this.#bringTo(instanceId, previous);
  }

  /** Makes the instances anew from the models they were made of. */
  async reimage(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId =>
      this.#turns(instanceId, () => this.#renew(instanceId, this.#existing(instanceId).model)),
    );
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

  /** Lets instances that hang go, so that what waits for them ends. */
  preempt(instanceIds: readonly string[]): void {
    const reason = new ArmError(
      409,
      'OperationPreempted',
      'Operation execution has been preempted by a more recent operation.',
    );
    for (const instanceId of instanceIds) this.#hanging.get(instanceId)?.(reason);
  }

  async delete(instanceId: string): Promise<void> {
    if (!this.#instances.has(instanceId)) return;
    this.#change(instanceId, { provisioningState: 'Deleting' });
    this.preempt([instanceId]);
    await this.#turns(instanceId, async () => {
      const instance = this.#instances.get(instanceId);
      if (instance === undefined) return;
      await this.#takeOut(instanceId);
      await instance.machine?.remove();
      this.balancing.leave(this.#backendId(instanceId));
      this.#instances.delete(instanceId);
      this.cloud.addresses.release(instance.address);
      this.changed(instanceId, undefined);
    });
  }

  /** Forgets an instance whose machine lives on without the set. */
  release(instanceId: string): void {
    this.#instances.get(instanceId)?.watch?.stop();
    this.#instances.delete(instanceId);
  }

  async deleteAll(): Promise<void> {
    await inParallel(this.instances, instance => this.delete(instance.instanceId));
  }

  async #dropSurplus(made: readonly string[], wanted: number): Promise<void> {
    const order = [...made].sort((a, b) => Number(this.#failed(a)) - Number(this.#failed(b)));
    await inParallel(order.slice(wanted), instanceId => this.delete(instanceId));
    const failures = order.slice(0, wanted).filter(instanceId => this.#failed(instanceId));
    await inParallel(failures, instanceId =>
      Promise.reject(this.#existing(instanceId).failure ?? unknownInstance(instanceId)),
    );
  }

  #failed(instanceId: string): boolean {
    return this.#existing(instanceId).provisioningState === 'Failed';
  }

  async #power(
    instanceIds: readonly string[],
    after: Power,
    run: (machine: Machine) => Promise<void>,
  ): Promise<void> {
    await inParallel(instanceIds, instanceId =>
      this.#turns(instanceId, async () => {
        const { machine } = this.#existing(instanceId);
        if (machine === undefined) return;
        this.#change(instanceId, { provisioningState: 'Updating' });
        await this.#settle(instanceId, async () => {
          await run(machine);
          return { power: after };
        });
      }),
    );
  }

  #add(): Instance {
    const number = this.#next++;
    const flexible = this.rules.orchestration === 'Flexible';
    const suffix = flexible ? randomBytes(4).toString('hex') : String(number);
    const name = `${this.name}_${suffix}`;
    const instance: Instance = {
      instanceId: flexible ? name : suffix,
      name,
      computerName: `${this.model.computerNamePrefix}${number.toString(36).padStart(6, '0')}`,
      vmId: randomUUID(),
      address: this.cloud.addresses.allocate(),
      timeCreated: this.cloud.now(),
      model: this.model,
      previous: undefined,
      provisioningState: 'Creating',
      power: 'starting',
      machine: undefined,
      watch: undefined,
      protection: {},
      failure: undefined,
    };
    this.#instances.set(instance.instanceId, instance);
    this.changed(instance.instanceId, instance);
    return instance;
  }

  /** Does no more than the difference of the models asks for: a new disk only for another image or guest. */
  #bringTo(instanceId: string, model: Model): Promise<void> {
    return this.#turns(instanceId, () => this.#apply(instanceId, model));
  }

  async #apply(instanceId: string, model: Model): Promise<void> {
    const { model: old, machine, provisioningState } = this.#existing(instanceId);
    const change = modelChange(old, model);
    if (machine === undefined || provisioningState === 'Failed' || change === 'remake') {
      return this.#renew(instanceId, model);
    }
    if (change === 'none') return;
    const effect = this.cloud.faults.instance(this.id, instanceId);
    this.#change(instanceId, { provisioningState: 'Updating', previous: old });
    await this.#settle(instanceId, async () => {
      await this.#suffer(instanceId, effect);
      if (change === 'resize') {
        await machine.stop();
        await machine.start();
      }
      await this.#takeOut(instanceId);
      await this.#extend(machine, model, old);
      return { model, power: 'running', ...this.#putIn(instanceId, machine, model, effect) };
    });
  }

  async #renew(instanceId: string, model: Model): Promise<void> {
    const { machine, model: old } = this.#existing(instanceId);
    this.#change(instanceId, {
      provisioningState: 'Updating',
      machine: undefined,
      power: 'starting',
      previous: old,
    });
    await this.#takeOut(instanceId);
    await machine?.remove();
    await this.#boot(instanceId, model);
  }

  async #boot(instanceId: string, model: Model): Promise<void> {
    const { computerName: name, address } = this.#existing(instanceId);
    const effect = this.cloud.faults.instance(this.id, instanceId);
    await this.#settle(instanceId, async () => {
      await this.#suffer(instanceId, effect);
      const machine = await this.#start(instanceId, { name, address, ...model });
      this.#change(instanceId, { machine, model, power: 'running' });
      machine.onExit(() => {
        this.#stopped(instanceId, machine);
      });
      if (effect?.kind === 'dies') this.#dieLater(instanceId, machine, effect.afterSeconds);
      await this.#extend(machine, model, undefined);
      return this.#putIn(instanceId, machine, model, effect);
    });
  }

  async #start(
    instanceId: string,
    { name, address, disk, login }: Model & { readonly name: string; readonly address: string },
  ): Promise<Machine> {
    try {
      return await this.cloud.host.start({ name, address, disk, login, boot: 'services' });
    } catch (error) {
      this.#change(instanceId, { power: 'stopped' });
      throw provisioningFailed(this.#existing(instanceId).name, error);
    }
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
    const { address } = this.#existing(instanceId);
    const id = this.#backendId(instanceId);
    if (machine.answers === undefined && effect?.kind !== 'unhealthy')
      this.balancing.join(model.backendPools, { id, address }, model.natPools);
    return { watch: watchHealth(model.health, machine, id, effect, this.cloud, this.balancing) };
  }

  /** Lets no more traffic reach it, and waits for open connections a while. */
  async #takeOut(instanceId: string): Promise<void> {
    this.#instances.get(instanceId)?.watch?.stop();
    this.#change(instanceId, { watch: undefined });
    await this.balancing.drain(this.#backendId(instanceId));
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
        if (this.#instances.get(instanceId)?.machine !== machine) return;
        void machine.stop().then(() => {
          this.#stopped(instanceId, machine);
        });
      },
      afterSeconds * 1000 * this.cloud.timeScale,
    );
    timer.unref();
  }

  #stopped(instanceId: string, machine: Machine): void {
    if (this.#instances.get(instanceId)?.machine === machine) this.#change(instanceId, { power: 'stopped' });
  }

  async #outcome(instanceId: string, work: Promise<void>): Promise<{ instanceId: string; error?: ArmError }> {
    try {
      await work;
    } catch (error) {
      return { instanceId, error: asArmError(error) };
    }
    const patience = Math.max(shortestPatience, healthPatience * 1000 * this.cloud.timeScale);
    const deadline = Date.now() + patience;
    for (;;) {
      const instance = this.#instances.get(instanceId);
      const health = instance === undefined ? undefined : this.health(instance);
      if (health === undefined || health === 'healthy') return { instanceId };
      if (Date.now() > deadline) {
        const error = new ArmError(409, 'VMUnhealthy', 'Instance found to be unhealthy or unreachable.');
        return { instanceId, error };
      }
      await delay(healthGlance);
    }
  }

  async #settle(instanceId: string, work: () => Promise<Partial<Instance>>): Promise<void> {
    try {
      const change = await work();
      this.#change(instanceId, { ...change, provisioningState: 'Succeeded', failure: undefined });
    } catch (error) {
      this.#change(instanceId, { provisioningState: 'Failed', failure: asArmError(error) });
      throw error;
    }
  }

  #change(instanceId: string, change: Partial<Instance>): void {
    const instance = this.#instances.get(instanceId);
    if (instance === undefined) return;
    const state = instance.provisioningState === 'Deleting' ? { provisioningState: 'Deleting' as const } : {};
    const after = { ...instance, ...change, ...state };
    this.#instances.set(instanceId, after);
    this.changed(instanceId, after);
  }

  #existing(instanceId: string): Instance {
    const instance = this.#instances.get(instanceId);
    if (instance !== undefined) return instance;
    throw unknownInstance(instanceId);
  }

  #backendId(instanceId: string): string {
    return `${key(this.id)}/virtualmachines/${instanceId}`;
  }
}
