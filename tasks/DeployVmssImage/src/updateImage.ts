/** Sets the image of an existing scale set's model, after all that can be known beforehand has been checked. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import { isBusy } from '../../../shared/azure/failure.js';
import { regionKey, type ImageFacts } from '../../../shared/azure/images.js';
import { untilEnded, type Operation } from '../../../shared/azure/operation.js';
import {
  formatModelImage,
  type ModelImage,
  type ScaleSet,
  type UpgradeChange,
} from '../../../shared/azure/scaleSets.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { describeKind } from '../../../shared/core/imageReference.js';
import { listOf } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import type { RollableImage } from './settings.js';

const settleTime = 30 * 60_000;
const modelTime = 30 * 60_000;
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
 * Checks that the scale set can take the image.
 * @throws ProblemsError with everything that stands against it
 */
export async function checkImage(
  scaleSet: ScaleSet,
  image: RollableImage,
  azure: Azure,
  now: number,
): Promise<void> {
  const facts = await azure.images.find(image);
  const problems = objections(scaleSet, image, facts, now);
  if (problems.length > 0)
    throw new ProblemsError(`Scale set '${scaleSet.name}' cannot be given this image`, problems);
}

/** Everything that stands against giving a scale set this image. Pure. */
export function objections(
  scaleSet: ScaleSet,
  image: RollableImage,
  facts: ImageFacts | undefined,
  now: number,
): string[] {
  const problems: string[] = [];
  const current = scaleSet.image;
  if (facts === undefined) {
    problems.push(`There is no such image, or this connection may not read it: ${image.id}`);
  } else {
    const regions = facts.locations.map(regionKey);
    if (regions.length > 0 && !regions.includes(regionKey(scaleSet.location))) {
      const remedy =
        image.kind === 'gallery' ? 'replicate the version there' : 'bake it there, or use a gallery version';
      problems.push(
        `The image is in ${listOf(facts.locations)}, the scale set in ${scaleSet.location}: ${remedy}.`,
      );
    }
    if (!/^(succeeded|updating)?$/i.test(facts.provisioningState))
      problems.push(`The image is not ready: its provisioning state is ${facts.provisioningState}.`);
    if (facts.endOfLife !== undefined && facts.endOfLife.getTime() < now)
      problems.push(`The image's life ended on ${facts.endOfLife.toISOString().slice(0, 10)}.`);
  }
  if (current?.kind === 'platform' || current?.kind === 'vhd') {
    const from =
      current.kind === 'vhd'
        ? `${describeKind('vhd')} on unmanaged disks`
        : `a marketplace image (${formatModelImage(current)})`;
    problems.push(
      `The scale set runs ${from}, and Azure cannot change a scale set's type of image in place. Make a new scale set whose template takes an image id.`,
    );
  }
  if (scaleSet.automaticOsUpgrade) {
    problems.push(
      "The scale set has automatic OS image upgrades on, which would move its instances off this image again. Set 'upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade' to false.",
    );
  }
  return problems;
}

/**
 * Puts an image into the model.
 * @param upgrade another upgrade mode, in the same request
 * @returns what is still under way: nothing in Manual mode, where it is over at once; else Azure's moving of the instances
 * @throws AzureError when Azure refuses it
 */
export async function setModelImage(
  scaleSet: ScaleSet,
  image: ModelImage,
  azure: Azure,
  host: { readonly agent: Agent; readonly clock: Clock },
  upgrade?: UpgradeChange,
): Promise<readonly Operation[]> {
  const { agent, clock } = host;
  const mode = upgrade?.mode ?? scaleSet.upgradeMode;
  agent.info(
    `Setting the image of '${scaleSet.name}' to ${formatModelImage(image)}${mode === scaleSet.upgradeMode ? '' : `, and its upgrade policy to ${mode}`}`,
  );
  const operation = await patiently(
    () => azure.scaleSets.setImage(scaleSet.name, image, undefined, upgrade),
    host,
  );
  if (mode !== 'Manual') return [operation];
  const doing = `the change of the model of '${scaleSet.name}'`;
  await untilEnded(operation, {
    doing,
    milliseconds: modelTime,
    clock,
    signal: agent.signal,
    onMinute: minutes => {
      agent.info(`Still waiting for ${doing} (${minutes} min)`);
    },
  });
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
