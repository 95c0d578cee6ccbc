/** The rolling upgrades of scale sets: the latest of each, and those before it. */
import { ArmError, interrupted, notAllowed } from '../../arm/armError.js';
import { compact, object, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import type { Fleet } from './fleet.js';
import { isUnprotected, type Instance } from './instance.js';
import { rollingPolicy } from './rollingPolicy.js';
import { startRollingUpgrade, type RollingUpgrade, type RollPort } from './rollingUpgrade.js';
import { withExtensionsOf } from './scaleSetModel.js';

const type = 'Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades';

interface Entry {
  readonly upgrade: Pick<RollingUpgrade, 'running' | 'cancel' | 'show' | 'historical'>;
  /** Absent when extensions alone were upgraded. */
  readonly targetImageReference: Json | undefined;
}

/** An upgrade as it is written into the saved state; one that was running has been broken off by then. */
export interface SavedUpgrade {
  readonly latest: Json;
  readonly historical: Json;
  readonly targetImageReference?: Json;
}

export class SetUpgrades {
  readonly #entries: Entry[] = [];

  constructor(
    private readonly fleet: Fleet,
    private readonly cloud: Pick<Cloud, 'now' | 'timeScale'>,
  ) {}

  /** @throws ArmError when one is running */
  refuseWhileRunning(): void {
    if (this.#latest?.running !== true) return;
    throw notAllowed(
      `A rolling upgrade of scale set '${this.fleet.name}' is in progress. Wait for its end, or cancel it.`,
    );
  }

  /**
   * Rolls through the instances to its end.
   * @param which `outdated` ones only, or `all`; those that are up to date then are only looked at
   * @param what the whole model, or its extensions alone: the instances then keep their disks and sizes
   * @throws ArmError when it was broken off
   */
  async roll(
    properties: Json,
    which: 'outdated' | 'all',
    what: 'model' | 'extensions' = 'model',
  ): Promise<void> {
    const pending = this.fleet.instances.filter(
      one => isUnprotected(one) && (which === 'all' || !this.fleet.isLatest(one)),
    );
    if (which === 'outdated' && pending.length === 0) return;
    const upgrade = startRollingUpgrade(
      rollPort(this.fleet, what, this.cloud),
      rollingPolicy(properties),
      pending.map(one => one.instanceId),
      this.fleet.name,
    );
    const { imageReference } = object(this.fleet.model.profile['storageProfile']);
    this.#entries.push({
      upgrade,
      targetImageReference: what === 'model' ? object(imageReference) : undefined,
    });
    await upgrade.ended;
  }

  /** @throws ArmError when none is running */
  cancel(): void {
    const latest = this.#latest;
    if (latest?.running !== true) throw notAllowed('There is no ongoing Rolling Upgrade to cancel.');
    latest.cancel();
  }

  /** The answer of `rollingUpgrades/latest`. @throws ArmError when there was none */
  latest(set: Resource): Json {
    if (this.#latest === undefined)
      throw new ArmError(404, 'NotFound', `There was no rolling upgrade of scale set '${set.name}' yet.`);
    return { type, location: set.location, properties: this.#latest.show() };
  }

  /** The answer of `osUpgradeHistory`, the latest first. */
  history(set: Resource): Json {
    const ended = this.#entries.flatMap(({ upgrade, targetImageReference }) => {
      const properties = upgrade.historical();
      if (properties === undefined || targetImageReference === undefined) return [];
      return [
        {
          type,
          location: set.location,
          properties: compact({ ...properties, targetImageReference }),
        },
      ];
    });
    return { value: ended.reverse() };
  }

  save(): readonly SavedUpgrade[] {
    return this.#entries.map(({ upgrade, targetImageReference }) => ({
      latest: upgrade.running ? brokenOff(upgrade.show()) : upgrade.show(),
      historical: upgrade.historical() ?? historicalOf(brokenOff(upgrade.show()), this.cloud.now()),
      ...(targetImageReference === undefined ? {} : { targetImageReference }),
    }));
  }

  restore(saved: readonly SavedUpgrade[]): void {
    for (const { latest, historical, targetImageReference } of saved) {
      const upgrade = {
        running: false,
        cancel: () => undefined,
        show: () => latest,
        historical: () => historical,
      };
      this.#entries.push({ upgrade, targetImageReference });
    }
  }

  get #latest(): Entry['upgrade'] | undefined {
    return this.#entries.at(-1)?.upgrade;
  }
}

/** What a running upgrade tells of itself after the process that ran it has ended. */
function brokenOff(latest: Json): Json {
  return {
    ...latest,
    runningStatus: { ...object(latest['runningStatus']), code: 'Faulted' },
    error: { details: [], ...interrupted().body },
  };
}

function historicalOf({ runningStatus, progress, error }: Json, now: Date): Json {
  const { code, startTime } = object(runningStatus);
  return {
    runningStatus: { code, startTime, endTime: now.toISOString() },
    progress,
    error,
    startedBy: 'User',
  };
}

function rollPort(
  fleet: Fleet,
  what: 'model' | 'extensions',
  { now, timeScale }: Pick<Cloud, 'now' | 'timeScale'>,
): RollPort {
  const modelFor = ({ model }: Instance) =>
    what === 'model' ? fleet.model : withExtensionsOf(model, fleet.model);
  return {
    instances: () =>
      fleet.instances.map(instance => {
        const health = fleet.health(instance);
        return { instanceId: instance.instanceId, healthy: health === undefined || health === 'healthy' };
      }),
    upgrade: async (instanceIds, surge) => {
      // New instances would be made of the whole model.
      if (!surge || what === 'extensions') return fleet.upgradeHealthily(instanceIds, modelFor);
      const made = await fleet.surge(instanceIds.length);
      const good = made.filter(one => one.error === undefined).length;
      await Promise.all(instanceIds.slice(0, good).map(instanceId => fleet.delete(instanceId)));
      return made;
    },
    rollBack: instanceId => fleet.rollBack(instanceId),
    now,
    timeScale,
  };
}
