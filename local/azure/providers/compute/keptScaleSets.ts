/** The scale sets over restarts: their instances with what each was made of, and the upgrades they went through. */
import type { Kept } from '../../arm/provider.js';
import { key } from '../../arm/resourceId.js';
import type { Resource, Store } from '../../arm/store.js';
import { restoreFleet, saveFleet, type FleetState, type SavedFleet } from './savedFleet.js';
import type { ScaleSet } from './scaleSets.js';
import type { SavedUpgrade } from './setUpgrades.js';

interface SavedSet {
  /** In lower case. */
  readonly id: string;
  readonly fleet: SavedFleet;
  readonly upgrades: readonly SavedUpgrade[];
}

/** @param create makes a set that has no instances yet */
export function keptScaleSets(
  store: Store,
  sets: Map<string, ScaleSet>,
  create: (resource: Resource, state: FleetState) => ScaleSet,
): Kept {
  const resume = async ({ id, fleet, upgrades }: SavedSet) => {
    const resource = store.get(id);
    if (resource === undefined) return;
    const { state, withMachine } = restoreFleet(fleet);
    const set = create(resource, state);
    sets.set(key(id), set);
    set.upgrades.restore(upgrades);
    await set.fleet.resume(state, withMachine);
  };
  return {
    save: (): readonly SavedSet[] =>
      [...sets].map(([id, { fleet, upgrades }]) => ({
        id,
        fleet: saveFleet(fleet.state),
        upgrades: upgrades.save(),
      })),
    resume: async (saved, report) => {
      const each = async (set: SavedSet) => {
        try {
          await resume(set);
        } catch (error) {
          report(set.id, error);
        }
      };
      await Promise.all((saved as readonly SavedSet[]).map(each));
    },
  };
}
