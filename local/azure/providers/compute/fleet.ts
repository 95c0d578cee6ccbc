/** The instances of one scale set: machines, made, upgraded and deleted in parallel. */
import { randomBytes, randomUUID } from 'node:crypto';
import { key } from '../../arm/resourceId.js';
import { createSerial } from '../../arm/serial.js';
import type { Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import type { Balancing } from '../network/loadBalancers.js';
import type { Health } from './applicationHealth.js';
import { inParallel, unknownInstance, type Instance } from './instance.js';
import { InstanceLife } from './instanceLife.js';
import { outcomeOf, type Outcome } from './instanceOutcome.js';
import { InstanceTable } from './instanceTable.js';
import type { Power } from './instanceView.js';
import type { FleetState } from './savedFleet.js';
import { chooseForScaleIn, surplus, type ScaleInRule } from './scaleIn.js';
import { comparisonWith, type Model } from './scaleSetModel.js';

/** What a scale set keeps beside its model. */
export interface FleetRules {
  readonly orchestration: 'Uniform' | 'Flexible';
  readonly overprovision: boolean;
  readonly scaleIn: ScaleInRule;
}

export class Fleet {
  readonly #instances: InstanceTable;
  readonly #life: InstanceLife;
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
    balancing: Balancing,
    changed: (instanceId: string, instance: Instance | undefined) => void = () => undefined,
  ) {
    this.#instances = new InstanceTable(changed);
    this.#life = new InstanceLife(id, this.#instances, cloud, balancing);
    this.#model = model;
    this.#latest = comparisonWith(model);
  }

  get instances(): readonly Instance[] {
    return this.#instances.all;
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

  get state(): FleetState {
    return { next: this.#next, rules: this.rules, model: this.#model, instances: this.instances };
  }

  /**
   * Takes up the instances of an earlier process, each as it was.
   * @throws ArmError when machines do not come up again; their instances have failed then
   */
  async resume({ next, instances }: FleetState, withMachine: ReadonlySet<string>): Promise<void> {
    this.#next = next;
    for (const instance of instances) this.#instances.add(instance);
    const living = instances.filter(one => withMachine.has(one.instanceId));
    await inParallel(living, ({ instanceId }) =>
      this.#turns(instanceId, () => this.#life.resume(instanceId)),
    );
  }

  isLatest(instance: Instance): boolean {
    return this.#latest(instance.model);
  }

  /** Gives an instance protection and tags. */
  describe(instanceId: string, change: Pick<Instance, 'protection' | 'tags'>): void {
    this.#instances.change(instanceId, change);
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
        this.#instances.change(instanceId, { provisioningState: 'Updating', power: 'starting' });
      const extra = surplus(missing, this.rules.overprovision);
      const made = Array.from({ length: missing + extra }, () => this.#add());
      const boots = inParallel([...broken, ...made], ({ instanceId }) =>
        this.#turns(instanceId, () => this.#life.boot(instanceId, this.model)),
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
  async surge(count: number): Promise<readonly Outcome[]> {
    const made = Array.from({ length: count }, () => this.#add().instanceId);
    return Promise.all(
      made.map(instanceId =>
        this.#outcome(
          instanceId,
          this.#turns(instanceId, () => this.#life.boot(instanceId, this.model)),
        ),
      ),
    );
  }

  /** Brings the instances to the scale set's model, each at its old address. */
  async upgrade(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId => this.#bringTo(instanceId, () => this.model));
  }

  /** Brings each to a model of its own and waits for its health. @returns what became of each */
  async upgradeHealthily(
    instanceIds: readonly string[],
    modelFor: (instance: Instance) => Model,
  ): Promise<readonly Outcome[]> {
    return Promise.all(
      instanceIds.map(instanceId => this.#outcome(instanceId, this.#bringTo(instanceId, modelFor))),
    );
  }

  /** Brings an instance back to what it was made of before its last upgrade. */
  async rollBack(instanceId: string): Promise<void> {
    const { previous } = this.#instances.existing(instanceId);
    if (previous !== undefined) await this.#bringTo(instanceId, () => previous);
  }

  /** Makes the instances anew from the models they were made of. */
  async reimage(instanceIds: readonly string[]): Promise<void> {
    await inParallel(instanceIds, instanceId =>
      this.#turns(instanceId, () => this.#life.renew(instanceId, this.#instances.existing(instanceId).model)),
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
    this.#life.preempt(instanceIds);
  }

  async delete(instanceId: string): Promise<void> {
    if (this.#instances.get(instanceId) === undefined) return;
    this.#instances.change(instanceId, { provisioningState: 'Deleting' });
    this.preempt([instanceId]);
    await this.#turns(instanceId, async () => {
      if (this.#instances.get(instanceId) === undefined) return;
      await this.#life.end(instanceId);
      this.#instances.delete(instanceId);
    });
  }

  /** Forgets an instance whose machine lives on without the set. */
  release(instanceId: string): void {
    this.#life.leave(instanceId);
    this.#instances.forget(instanceId);
  }

  async deleteAll(): Promise<void> {
    await inParallel(this.instances, instance => this.delete(instance.instanceId));
  }

  async #dropSurplus(made: readonly string[], wanted: number): Promise<void> {
    const order = [...made].sort((a, b) => Number(this.#failed(a)) - Number(this.#failed(b)));
    await inParallel(order.slice(wanted), instanceId => this.delete(instanceId));
    const failures = order.slice(0, wanted).filter(instanceId => this.#failed(instanceId));
    await inParallel(failures, instanceId =>
      Promise.reject(this.#instances.existing(instanceId).failure ?? unknownInstance(instanceId)),
    );
  }

  #failed(instanceId: string): boolean {
    return this.#instances.existing(instanceId).provisioningState === 'Failed';
  }

  async #power(
    instanceIds: readonly string[],
    after: Power,
    run: (machine: Machine) => Promise<void>,
  ): Promise<void> {
    await inParallel(instanceIds, instanceId =>
      this.#turns(instanceId, async () => {
        const { machine } = this.#instances.existing(instanceId);
        if (machine === undefined) return;
        this.#instances.change(instanceId, { provisioningState: 'Updating' });
        await this.#instances.settle(instanceId, async () => {
          await run(machine);
          return { power: after };
        });
      }),
    );
  }

  #outcome(instanceId: string, work: Promise<void>): Promise<Outcome> {
    const health = () => {
      const instance = this.#instances.get(instanceId);
      return instance && this.health(instance);
    };
    const runs = () => {
      const machine = this.#instances.get(instanceId)?.machine;
      return machine !== undefined && machine.answers === undefined;
    };
    return outcomeOf(instanceId, work, health, runs, this.cloud.timeScale);
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
      tags: undefined,
      failure: undefined,
    };
    this.#instances.add(instance);
    return instance;
  }

  #bringTo(instanceId: string, modelFor: (instance: Instance) => Model): Promise<void> {
    return this.#turns(instanceId, () =>
      this.#life.bringTo(instanceId, modelFor(this.#instances.existing(instanceId))),
    );
  }
}
