/** Clears away what a build left on Azure: a group that Packer made, or its resources in one that was there. */
import type { GroupResource, ResourceGroups } from '../../../../shared/azure/resourceGroups.js';
import { describe } from '../../../../shared/core/errors.js';
import { plural } from '../../../../shared/core/text.js';
import type { Clock } from '../../../../shared/core/wait.js';
import { isOfBuild, isOfJob, type BuildGroup, type RunMark } from './buildGroups.js';

/** What a sweep works with. */
export interface Sweeper {
  readonly groups: Pick<ResourceGroups, 'find' | 'remove' | 'resources' | 'removeResource'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  info(line: string): void;
  warning(line: string): void;
}

/** Azure takes minutes for a group; once it has accepted the removal it comes to its end without us. */
const patience = 15 * 60_000;
/** A request that was on its way when Packer was killed may still make the group. */
const secondLook = 3000;

/**
 * Removes what is left of these groups. Says what it did; warns where something stays, with what to do. Rejects only when it is aborted.
 * @returns how many groups had something left
 */
export async function sweep(groups: readonly BuildGroup[], mark: RunMark, sweeper: Sweeper): Promise<number> {
  let found = 0;
  for (const group of groups) {
    try {
      const had = group.isOwn
        ? await removeGroup(group.name, mark, sweeper)
        : await removeResources(group, sweeper);
      if (had) found += 1;
    } catch (error) {
      sweeper.signal.throwIfAborted();
      found += 1;
      sweeper.warning(
        `What Packer left in resource group '${group.name}' could not be deleted; look at the group and delete it by hand. ${describe(error)}`,
      );
    }
  }
  return found;
}

async function removeGroup(name: string, mark: RunMark, sweeper: Sweeper): Promise<boolean> {
  const { groups, clock, signal } = sweeper;
  let group = await groups.find(name);
  if (group === undefined) {
    await clock.sleep(secondLook, signal);
    group = await groups.find(name);
  }
  if (group === undefined) return false;
  if (!isOfJob(group.tags, mark)) {
    sweeper.info(
      `Resource group '${name}' has the name of this build's, but is by its tags of another run: it stays.`,
    );
    return false;
  }
  if (group.state !== 'Deleting') {
    sweeper.info(`Deleting resource group '${name}', which Packer left behind.`);
    await groups.remove(name);
  } else sweeper.info(`Azure is deleting resource group '${name}'.`);
  const start = clock.now();
  for (let pause = 500; (await groups.find(name)) !== undefined; pause = Math.min(pause * 1.5, 10_000)) {
    if (clock.now() - start > patience) {
      sweeper.warning(
        `Azure has accepted to delete resource group '${name}' and is not done after ${patience / 60_000} minutes; look in the portal later whether it is gone.`,
      );
      return true;
    }
    await clock.sleep(pause, signal);
  }
  sweeper.info(`Resource group '${name}' is gone.`);
  return true;
}

/** What uses others goes before what is used. */
const order = [/\/virtualMachines$/i, /\/networkInterfaces$/i];

async function removeResources(group: BuildGroup, { groups, ...sweeper }: Sweeper): Promise<boolean> {
  const left = (await groups.resources(group.name)).filter(({ name }) => isOfBuild(name, group));
  if (left.length === 0) return false;
  sweeper.info(
    `Deleting ${plural(left.length, 'resource')} that Packer left in '${group.name}': ${left.map(({ name }) => name).join(', ')}.`,
  );
  for (const resource of [...left].sort((a, b) => rank(a) - rank(b))) await groups.removeResource(resource);
  return true;
}

function rank({ type }: GroupResource): number {
  const index = order.findIndex(each => each.test(type));
  return index < 0 ? order.length : index;
}
