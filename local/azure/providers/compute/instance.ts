/** An instance of a scale set, and work on several of them. */
import { ArmError, asArmError } from '../../arm/armError.js';
import type { Json } from '../../arm/json.js';
import type { Machine } from '../../machines/machineHost.js';
import type { HealthWatch } from './instanceHealth.js';
import type { Power } from './instanceView.js';
import type { Model } from './scaleSetModel.js';

export interface Instance {
  /** `0`; of a Flexible set the machine's name. */
  readonly instanceId: string;
  /** As Azure names it: `web_0`, of a Flexible set `web_1a2b3c4d`. */
  readonly name: string;
  /** `web000000` */
  readonly computerName: string;
  readonly vmId: string;
  readonly address: string;
  readonly timeCreated: Date;
  /** What it was made of last. */
  readonly model: Model;
  /** What it was made of before that. */
  readonly previous: Model | undefined;
  readonly provisioningState: 'Creating' | 'Updating' | 'Succeeded' | 'Failed' | 'Deleting';
  readonly power: Power;
  readonly machine: Machine | undefined;
  readonly watch: HealthWatch | undefined;
  /** `protectFromScaleIn`, `protectFromScaleSetActions` */
  readonly protection: Json;
  /** Its own, in place of those of the scale set; undefined until it is given some. */
  readonly tags: Json | undefined;
  readonly failure: ArmError | undefined;
}

/** Whether actions on the whole set reach it. */
export function isUnprotected({ protection }: Pick<Instance, 'protection'>): boolean {
  return protection['protectFromScaleSetActions'] !== true;
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
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const settled = await Promise.allSettled(items.map(work));
  const errors = settled.flatMap(one => (one.status === 'rejected' ? [asArmError(one.reason)] : []));
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  throw new ArmError(
    first.status,
    first.code,
    `${errors.length} instances failed. The first: ${first.message}`,
    { details: errors.map(error => error.body) },
  );
}
