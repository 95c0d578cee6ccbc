/** `deployTemplate`: foretold, checked, deployed, then the instances of its scale set. */
import type { DeploymentOutput } from '../../../shared/azure/deployments.js';
import { isSameImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { UserError } from '../../../shared/core/errors.js';
import {
  chooseScaleSet,
  deployTemplate,
  validateDeployment,
  type PreparedDeployment,
  type TemplateChange,
} from './deployTemplate.js';
import { checkForetold } from './checkForetold.js';
import { foretell } from './foretell.js';
import { begun, foundOf, notThere, type Found } from './lastGood.js';
import { describePlan } from './planLines.js';
import { rollAndRecord, writeRecord, writerOf } from './rollAndRecord.js';
import type { World } from './world.js';

/** Deploys and moves the instances; returns the sentence that says what was done. */
export async function deployAndRoll(
  change: TemplateChange,
  prepared: PreparedDeployment,
  world: World,
): Promise<string> {
  const { agent, azure, ports, settings } = world;
  const { clock } = ports;
  agent.output('deploymentName', prepared.name);
  const group = await agent.group('Validate the template', () =>
    validateDeployment(prepared, change, settings.resourceGroup, azure, { agent, dryRun: settings.dryRun }),
  );
  const views = group.exists
    ? await agent.group('What the deployment would change', () => foretell(prepared, change, world))
    : [];
  const before = await lookAround(change, group.scaleSets, world);
  await checkForetold(prepared, { change, views, location: group.location, before }, world);
  if (settings.dryRun) {
    for (const { scaleSet, instances } of before.values())
      if (change.scaleSetName === undefined || isNamed(scaleSet, change.scaleSetName))
        for (const line of describePlan(scaleSet, instances, settings.rollout)) agent.info(line);
    return `Dry run: deployment '${prepared.name}' is valid as far as it could be checked; nothing was changed.`;
  }

  const since = clock.now();
  const state = await agent.group(`Deploy '${prepared.name}'`, async () => {
    try {
      return await deployTemplate(prepared, azure, { agent, clock });
    } catch (error) {
      if (!agent.signal.aborted) await keepRecords(before, world);
      throw error;
    }
  });
  tellOutputs(state.outputs, world);
  const name = chooseScaleSet(change.scaleSetName, state.resources, settings.rollout.strategy);
  if (name === undefined) return withoutScaleSet(prepared.name, world);
  const scaleSet = await azure.scaleSets.find(name);
  if (scaleSet === undefined) {
    throw new UserError(
      `The template is deployed, but its resource group has no scale set '${name}' (input 'scaleSetName').`,
    );
  }
  const found = before.get(name.toLowerCase())?.found ?? notThere;
  const record =
    scaleSet.image === undefined
      ? found.record
      : begun(
          found,
          scaleSet.image,
          settings.rollout.strategy === 'modelOnly' ? 'modelSet' : 'rolling',
          writerOf(world),
        );
  // A template without tags has removed those that were there.
  await writeRecord(name, record, world);
  const siteUrl = siteUrlIn(state.outputs);
  const changesModel = found.model !== undefined && !isSameImage(found.model, scaleSet.image);
  const changed = { scaleSet, previous: found.good, changesModel, since, underWay: [], siteUrl };
  return rollAndRecord(changed, record, world);
}

/** A scale set of the group before the deployment. */
export interface ScaleSetBefore {
  readonly scaleSet: ScaleSet;
  readonly instances: Awaited<ReturnType<World['azure']['scaleSets']['instances']>>;
  readonly found: Found;
}

/** The group's scale sets by name in lower case: the named one, or all where the deployment tells only later which it is. */
async function lookAround(
  { scaleSetName }: TemplateChange,
  scaleSets: readonly ScaleSet[],
  { azure }: World,
): Promise<ReadonlyMap<string, ScaleSetBefore>> {
  const before = new Map<string, ScaleSetBefore>();
  for (const scaleSet of scaleSets) {
    if (scaleSetName !== undefined && !isNamed(scaleSet, scaleSetName)) continue;
    const instances = await azure.scaleSets.instances(scaleSet);
    before.set(scaleSet.name.toLowerCase(), { scaleSet, instances, found: foundOf(scaleSet, instances) });
  }
  return before;
}

function isNamed(scaleSet: ScaleSet, name: string): boolean {
  return scaleSet.name.toLowerCase() === name.toLowerCase();
}

/** A deployment that failed half way may have changed models, and removed the tags with what was good before. */
async function keepRecords(before: ReadonlyMap<string, ScaleSetBefore>, world: World): Promise<void> {
  for (const { scaleSet, found } of before.values()) {
    const now = await world.azure.scaleSets.find(scaleSet.name);
    if (now?.image === undefined) continue;
    await writeRecord(scaleSet.name, begun(found, now.image, 'rolling', writerOf(world)), world);
  }
}

function withoutScaleSet(name: string, { settings }: World): string {
  if (settings.rollout.strategy === 'modelOnly') return `Deployed '${name}'; no instances were moved.`;
  throw new UserError(
    `Deployment '${name}' succeeded, but it holds no scale set whose instances could be moved. Name one of the group in 'scaleSetName', or set 'strategy: modelOnly' when only the template matters.`,
  );
}

/** Every output that is not secure becomes an output variable of the step. */
function tellOutputs(outputs: readonly DeploymentOutput[], { agent }: World): void {
  for (const { name, type, value } of outputs) {
    if (type.startsWith('secure') || value === undefined) continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const variable = `deployment_${name.replace(/\W/g, '_')}`;
    agent.output(variable, text);
    agent.info(`Output ${variable} = ${text}`);
  }
}

function siteUrlIn(outputs: readonly DeploymentOutput[]): string | undefined {
  const output = outputs.find(({ name }) => name.toLowerCase() === 'siteurl');
  return typeof output?.value === 'string' && output.value !== '' ? output.value : undefined;
}
