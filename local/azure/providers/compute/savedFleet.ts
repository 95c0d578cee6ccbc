/** The instances of a scale set as they are written into the saved state, and as the next process takes them up. Pure. */
import { interrupted, restoredError, savedError, type SavedError } from '../../arm/armError.js';
import type { FleetRules } from './fleet.js';
import type { Instance } from './instance.js';
import type { Model } from './scaleSetModel.js';

/** What a fleet consists of. */
export interface FleetState {
  /** The number of the next instance. */
  readonly next: number;
  readonly rules: FleetRules;
  readonly model: Model;
  readonly instances: readonly Instance[];
}

export interface SavedFleet {
  readonly next: number;
  readonly rules: FleetRules;
  /** Each model once; a thousand instances share few. */
  readonly models: readonly Model[];
  /** Index of the set's own in `models`. */
  readonly model: number;
  readonly instances: readonly SavedInstance[];
}

interface SavedInstance extends Omit<
  Instance,
  'timeCreated' | 'model' | 'previous' | 'machine' | 'watch' | 'failure'
> {
  readonly timeCreated: string;
  readonly model: number;
  readonly previous?: number;
  readonly failure?: SavedError;
  readonly hadMachine: boolean;
}

export function saveFleet({ next, rules, model, instances }: FleetState): SavedFleet {
  const models: Model[] = [];
  const indexOf = (one: Model) => {
    const index = models.indexOf(one);
    return index < 0 ? models.push(one) - 1 : index;
  };
  return {
    next,
    rules,
    model: indexOf(model),
    instances: instances.map(({ machine, watch: _watch, previous, failure, ...instance }) => ({
      ...instance,
      timeCreated: instance.timeCreated.toISOString(),
      model: indexOf(instance.model),
      ...(previous === undefined ? {} : { previous: indexOf(previous) }),
      ...(failure === undefined ? {} : { failure: savedError(failure) }),
      hadMachine: machine !== undefined,
    })),
    models,
  };
}

/** @returns the fleet without its machines, and the ids of the instances that had one; what was under way has failed */
export function restoreFleet(saved: SavedFleet): {
  readonly state: FleetState;
  readonly withMachine: ReadonlySet<string>;
} {
  const { next, rules, models } = saved;
  const modelAt = (index: number): Model => {
    const model = models[index];
    if (model === undefined) throw new Error(`the saved state has no model ${index}`);
    return model;
  };
  const instances = saved.instances.map(({ hadMachine, previous, failure, ...one }): Instance => {
    const settled = one.provisioningState === 'Succeeded' || one.provisioningState === 'Failed';
    return {
      ...one,
      timeCreated: new Date(one.timeCreated),
      model: modelAt(one.model),
      previous: previous === undefined ? undefined : modelAt(previous),
      provisioningState: settled ? one.provisioningState : 'Failed',
      failure: settled ? failure && restoredError(failure) : interrupted(),
      power: hadMachine && one.power !== 'starting' ? one.power : 'stopped',
      machine: undefined,
      watch: undefined,
    };
  });
  return {
    state: { next, rules, model: modelAt(saved.model), instances },
    withMachine: new Set(saved.instances.filter(one => one.hadMachine).map(one => one.instanceId)),
  };
}
