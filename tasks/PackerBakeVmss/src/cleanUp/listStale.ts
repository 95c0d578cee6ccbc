/** Finds the groups that earlier builds left behind, by their tags; removes them where that is wanted. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { resourceGroupsOf } from '../../../../shared/azure/resourceGroups.js';
import { describe } from '../../../../shared/core/errors.js';
import { plural } from '../../../../shared/core/text.js';
import { staleGroups } from './buildGroups.js';
import type { TemplateModel } from '../template/templateModel.js';

/** What the pipeline wants. */
export interface StaleWish {
  readonly removeStaleGroups: boolean;
  /** How long no build takes. */
  readonly staleGroupHours: number;
  readonly dryRun: boolean;
}

/**
 * Lists them as a warning, or asks Azure to delete them. What goes wrong here keeps nobody from baking.
 * @param model a template that builds nothing on Azure has left nothing there
 */
export async function listStale(
  model: TemplateModel | undefined,
  wish: StaleWish,
  arm: ArmClient,
  agent: Agent,
): Promise<void> {
  if (model?.sources.some(({ type }) => type.startsWith('azure-')) === false) return;
  const groups = resourceGroupsOf(arm);
  try {
    const stale = staleGroups(await groups.list(), new Date(arm.clock.now()), wish.staleGroupHours);
    if (stale.length === 0) return;
    const list = stale
      .map(({ name, run, startedAt }) => `  - ${name}, since ${startedAt.toISOString()}, of ${run}`)
      .join('\n');
    const what = `${plural(stale.length, 'build group')} of earlier runs ${stale.length === 1 ? 'is' : 'are'} still there`;
    if (!wish.removeStaleGroups || wish.dryRun) {
      agent.warning(
        `${what}:\n${list}\nDelete what no run uses any more, or let this step do it with removeStaleGroups: true.`,
      );
      return;
    }
    agent.info(`${what}; Azure is asked to delete:\n${list}`);
    for (const { name } of stale) await groups.remove(name);
  } catch (error) {
    agent.signal.throwIfAborted();
    agent.info(`Build groups of earlier runs were not looked for: ${describe(error)}`);
  }
}
