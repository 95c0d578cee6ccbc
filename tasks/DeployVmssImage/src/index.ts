/** Starts the task. */
import { runTask } from '../../../shared/agent/runTask.js';
import { openAzure } from '../../../shared/azure/azure.js';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { systemClock } from '../../../shared/core/wait.js';
import manifest from '../task.json' with { type: 'json' };
import { inputs } from './inputs.generated.js';
import { deployVmssImage } from './run.js';

void runTask({
  manifest,
  inputs,
  run: (input, agent) =>
    deployVmssImage(input, agent, {
      openAzure: (connection, group) => openAzure(agent, connection, group),
      probe: createSiteProbe(agent),
      clock: systemClock,
    }),
});
