/** Sets the image of an existing scale set's model, and waits where something else is changing it. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import { isBusy } from '../../../shared/azure/failure.js';
import { lookDelay, type Operation } from '../../../shared/azure/operation.js';
import {
  formatModelImage,
  type ModelImage,
  type ScaleSet,
  type UpgradeChange,
} from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { UserError } from '../../../shared/core/errors.js';
import type { Tags } from '../../../shared/core/rolloutRecord.js';
import type { Clock } from '../../../shared/core/wait.js';

const settleTime = 30 * 60_000;
/** In Manual mode the change is over at once, unless an instance that hangs holds it up. */
const modelTime = 120_000;
const conflictTime = 10 * 60_000;

/**
 * The scale set, once nothing else is changing it.
 * @throws UserError when there is none, or it does not settle
 */
export async function settledScaleSet(
  name: string,
  resourceGroup: string,
  azure: Azure,
  host: { readonly agent: Agent; readonly clock: Clock },
): Promise<ScaleSet> {
  const start = host.clock.now();
  for (let told = false; ; told = true) {
    const scaleSet = await azure.scaleSets.find(name);
    if (scaleSet === undefined) {
      throw new UserError(
        `Resource group '${resourceGroup}' has no scale set '${name}' that this connection can see. Check 'scaleSetName' and 'resourceGroupName', or deploy it first ('action: deployTemplate').`,
      );
    }
    if (!/^(updating|creating)$/i.test(scaleSet.provisioningState)) return scaleSet;
    if (host.clock.now() - start > settleTime) {
      throw new UserError(
        `Scale set '${name}' has been ${scaleSet.provisioningState} for ${settleTime / 60_000} minutes: something else is changing it. Nothing was changed by this step.`,
      );
    }
    if (!told)
      host.agent.info(`Scale set '${name}' is ${scaleSet.provisioningState}: waiting for it to settle.`);
    await host.clock.sleep(5000, host.agent.signal);
  }
}

/**
 * Puts an image into the model.
 * @param upgrade another upgrade mode, in the same request
 * @param tags all tags of the scale set from then on, in the same request; they stay as they are when absent
 * @returns what is still under way: nothing in Manual mode, where it is over at once; else Azure's moving of the instances
 * @throws AzureError when Azure refuses it
 */
export async function setModelImage(
  scaleSet: ScaleSet,
  image: ModelImage,
  azure: Azure,
  host: { readonly agent: Agent; readonly clock: Clock },
  upgrade?: UpgradeChange,
  tags?: Tags,
): Promise<readonly Operation[]> {
  const { agent, clock } = host;
  const mode = upgrade?.mode ?? scaleSet.upgradeMode;
  agent.info(
    `Setting the image of '${scaleSet.name}' to ${formatModelImage(image)}${mode === scaleSet.upgradeMode ? '' : `, and its upgrade policy to ${mode}`}`,
  );
  const operation = await patiently(
    () => azure.scaleSets.setImage(scaleSet.name, image, tags, upgrade),
    host,
  );
  if (mode !== 'Manual') return [operation];
  const start = clock.now();
  while (!(await operation.check())) {
    const elapsed = clock.now() - start;
    if (elapsed > modelTime) {
      agent.info(
        `Azure has not finished the change of the model of '${scaleSet.name}' in ${formatDuration(elapsed)}; it is looked at beside the instances.`,
      );
      return [operation];
    }
    await clock.sleep(lookDelay(elapsed, 250, 5000), agent.signal);
  }
  return [];
}

/** Azure refuses a change of the model while something else changes the scale set, such as upgrades that are still under way. */
async function patiently<T>(
  send: () => Promise<T>,
  host: { readonly agent: Agent; readonly clock: Clock },
): Promise<T> {
  const start = host.clock.now();
  for (let told = false; ; told = true) {
    try {
      return await send();
    } catch (error) {
      if (!isBusy(error) || host.clock.now() - start > conflictTime) throw error;
      if (!told) host.agent.info(`${error.message} Trying again until it is free.`);
      await host.clock.sleep(10_000, host.agent.signal);
    }
  }
}
