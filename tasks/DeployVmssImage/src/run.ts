/** The use case: change the model, move the instances, go back when that fails, tell all of it. */
import type { Agent } from '../../../shared/agent/agent.js';
import { deployAndRoll } from './deployAndRoll.js';
import { prepareDeployment } from './deployTemplate.js';
import { imageAndRoll } from './imageAndRoll.js';
import { findHealthCommand } from './rolloutSettings.js';
import { readSettings, type DeployInputs } from './settings.js';
import type { DeployPorts, World } from './world.js';

export type { DeployPorts } from './world.js';

/** Deploys, and returns the sentence that says what was done. */
export async function deployVmssImage(
  input: DeployInputs,
  agent: Agent,
  ports: DeployPorts,
): Promise<string> {
  const settings = readSettings(input);
  const { change, rollout } = settings;
  findHealthCommand(rollout, agent);
  const world = (): World => ({
    agent,
    azure: ports.openAzure(input.azureSubscription, settings.resourceGroup),
    ports,
    settings,
  });
  if (change.action !== 'deployTemplate') return imageAndRoll(change, world());
  // The files first: what is wrong with them is known without asking Azure anything.
  const prepared = prepareDeployment(change, rollout.strategy, agent, ports.clock.now());
  return deployAndRoll(change, prepared, world());
}
