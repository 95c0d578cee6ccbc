/** Ends and removes what a bake left behind that was cancelled hard or killed: Packer itself, private files, groups on Azure. */
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { createArmClient } from '../../../../shared/azure/armClient.js';
import { openConnection } from '../../../../shared/azure/connection.js';
import { resourceGroupsOf } from '../../../../shared/azure/resourceGroups.js';
import { plural } from '../../../../shared/core/text.js';
import { runMark } from './buildGroups.js';
import { takeOver } from './handOver.js';
import { sweep } from './sweep.js';

/** Packer's own clean-up is given this long; what it has not done by then is done here, by Azure alone. */
const graceMilliseconds = 60_000;

/**
 * Clears away what the task handed over.
 * @returns the sentence that says what was done
 */
export async function sweepUp(agent: Agent): Promise<string> {
  const left = takeOver(agent);
  if (left === undefined) return 'There is nothing to clear away: no build was begun.';
  // A killed task leaves its own directory, with the certificate in it.
  if (/^bake-and-roll-/.test(basename(left.temporaryDirectory)))
    rmSync(left.temporaryDirectory, { recursive: true, force: true });
  if (left.program !== undefined) {
    const how = { stopSignal: 'SIGINT', graceMilliseconds } as const;
    if (await agent.endLeftProgram(left.program, how))
      agent.info(`Packer was still running (process ${left.program.pid}) and was ended.`);
  }
  if (left.groups.length === 0) return 'There is nothing to clear away on Azure.';
  const arm = createArmClient(agent, openConnection(agent, left.connectionId));
  const found = await sweep(
    left.groups,
    runMark(name => agent.variable(name)),
    {
      groups: resourceGroupsOf(arm),
      clock: arm.clock,
      signal: agent.signal,
      info: line => {
        agent.info(line);
      },
      warning: line => {
        agent.warning(line);
      },
    },
  );
  if (found === 0) return 'There is nothing to clear away: Packer has deleted what it made.';
  return `Cleared away what the build left in ${plural(found, 'resource group')}.`;
}
