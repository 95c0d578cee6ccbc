/** The instances of one scale set by their ids: each is replaced, never changed, and every change is told. */
import { asArmError } from '../../arm/armError.js';
import { unknownInstance, type Instance } from './instance.js';

export class InstanceTable {
  readonly #instances = new Map<string, Instance>();

  /** @param changed called after each change of an instance, and with undefined when it is gone */
  constructor(private readonly changed: (instanceId: string, instance: Instance | undefined) => void) {}

  get all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  get size(): number {
    return this.#instances.size;
  }

  get(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId);
  }

  /** @throws ArmError when it is not there */
  existing(instanceId: string): Instance {
    const instance = this.#instances.get(instanceId);
    if (instance !== undefined) return instance;
    throw unknownInstance(instanceId);
  }

  add(instance: Instance): void {
    this.#instances.set(instance.instanceId, instance);
    this.changed(instance.instanceId, instance);
  }

  /** One that is being deleted stays so; nothing when it is gone. */
  change(instanceId: string, change: Partial<Instance>): void {
    const instance = this.#instances.get(instanceId);
    if (instance === undefined) return;
    const state = instance.provisioningState === 'Deleting' ? { provisioningState: 'Deleting' as const } : {};
    this.add({ ...instance, ...change, ...state });
  }

  /** Makes the change that comes of the work, and notes how it ended. */
  async settle(instanceId: string, work: () => Promise<Partial<Instance>>): Promise<void> {
    try {
      const change = await work();
      this.change(instanceId, { ...change, provisioningState: 'Succeeded', failure: undefined });
    } catch (error) {
      this.change(instanceId, { provisioningState: 'Failed', failure: asArmError(error) });
      throw error;
    }
  }

  delete(instanceId: string): void {
    this.#instances.delete(instanceId);
    this.changed(instanceId, undefined);
  }

  /** As if it had never been, without telling. */
  forget(instanceId: string): void {
    this.#instances.delete(instanceId);
  }
}
