/** The use case: change the model, move the instances, go back when that fails, tell all of it. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { DeploymentOutput } from '../../../shared/azure/deployments.js';
import { formatModelImage, type ModelImage, type ScaleSet } from '../../../shared/azure/scaleSets.js';
import type { SiteProbe } from '../../../shared/agent/siteProbe.js';
import { UserError } from '../../../shared/core/errors.js';
import type { Clock } from '../../../shared/core/wait.js';
import { deployTemplate, prepareDeployment, validateDeployment } from './deployTemplate.js';
import { moveInstances, rollingChange } from './moveInstances.js';
import { describePlan } from './planLines.js';
import { findHealthCommand } from './rolloutSettings.js';
import { readSettings, type Change, type DeployInputs, type Settings } from './settings.js';
import { checkImage, setModelImage, settledScaleSet } from './updateImage.js';

/** The world of this task. */
export interface DeployPorts {
  /** Azure for a service connection and a resource group. */
  openAzure(connection: string, resourceGroup: string): Azure;
  readonly probe: SiteProbe;
  readonly clock: Clock;
}

/** Deploys, and returns the sentence that says what was done. */
export async function deployVmssImage(
  input: DeployInputs,
  agent: Agent,
  ports: DeployPorts,
): Promise<string> {
  const settings = readSettings(input);
  const { change } = settings;
  findHealthCommand(settings.rollout, agent);
  // The files first: what is wrong with them is known without asking Azure anything.
  const prepared =
    change.action === 'deployTemplate' ? prepareDeployment(change, agent, ports.clock.now()) : undefined;
  const azure = ports.openAzure(input.azureSubscription, settings.resourceGroup);
  const world: World = { agent, azure, ports, settings };
  return change.action === 'deployTemplate' && prepared !== undefined
    ? await deployAndRoll(change, prepared, world)
    : await setImageAndRoll(change, world);
}

interface World {
  readonly agent: Agent;
  readonly azure: Azure;
  readonly ports: DeployPorts;
  readonly settings: Settings;
}

async function deployAndRoll(
  change: Change & { readonly action: 'deployTemplate' },
  prepared: ReturnType<typeof prepareDeployment>,
  world: World,
): Promise<string> {
  const { agent, azure, ports, settings } = world;
  const { clock } = ports;
  const host = { agent, clock };
  agent.output('deploymentName', prepared.name);
  const before = await agent.group('Validate the template', () =>
    validateDeployment(prepared, change, settings.resourceGroup, azure, { agent, dryRun: settings.dryRun }),
  );
  if (settings.dryRun) {
    const names = change.scaleSetName === undefined ? [...before.keys()] : [change.scaleSetName];
    for (const name of names) await tellPlan(name, undefined, world);
    return `Dry run: deployment '${prepared.name}' is valid as far as it could be checked; nothing was changed.`;
  }
  const since = clock.now();
  const { outputs, scaleSet, previous } = await agent.group(`Deploy '${prepared.name}'`, () =>
    deployTemplate(prepared, change, before, azure, host),
  );
  tellOutputs(outputs, agent);
  if (scaleSet === undefined) {
    if (settings.rollout.strategy === 'modelOnly')
      return `Deployed '${prepared.name}'; it holds no scale set.`;
    throw new UserError(
      `Deployment '${prepared.name}' succeeded, but it holds no scale set whose instances could be moved. Name one of the group in 'scaleSetName', or set 'strategy: modelOnly' when only the template matters.`,
    );
  }
  return moveInstances(
    { scaleSet, previous, since, underWay: [], siteUrl: siteUrlIn(outputs) },
    world.settings,
    {
      ...host,
      azure,
      probe: ports.probe,
    },
  );
}

async function setImageAndRoll(change: Change, world: World): Promise<string> {
  if (change.action !== 'updateImage') throw new TypeError('no image to set');
  const { agent, azure, ports, settings } = world;
  const { clock } = ports;
  const host = { agent, clock };
  const scaleSet = await settledScaleSet(change.scaleSetName, settings.resourceGroup, azure, host);
  await checkImage(scaleSet, change.image, azure, clock.now());
  const isSet = isSameImage(scaleSet.image, change.image);
  if (settings.dryRun) {
    await tellPlan(scaleSet.name, change.image, world);
    return `Dry run: scale set '${scaleSet.name}' can take ${change.image.id}; nothing was changed.`;
  }
  const since = clock.now();
  if (isSet)
    agent.info(`The model of '${scaleSet.name}' has this image already; its instances are looked at.`);
  const underWay = isSet
    ? []
    : await setModelImage(
        scaleSet,
        change.image,
        azure,
        host,
        rollingChange(settings.rollout, scaleSet.capacity),
      );
  return moveInstances(
    {
      scaleSet: { ...scaleSet, image: change.image },
      previous: scaleSet.image,
      since,
      underWay,
      siteUrl: undefined,
    },
    settings,
    { ...host, azure, probe: ports.probe },
  );
}

function isSameImage(a: ModelImage | undefined, b: ModelImage): boolean {
  return a !== undefined && formatModelImage(a).toLowerCase() === formatModelImage(b).toLowerCase();
}

async function tellPlan(name: string, image: ModelImage | undefined, world: World): Promise<void> {
  const { agent, azure, settings } = world;
  const scaleSet: ScaleSet | undefined = await azure.scaleSets.find(name);
  if (scaleSet === undefined) return;
  const instances = await azure.scaleSets.instances(scaleSet);
  const newImage = image !== undefined && !isSameImage(scaleSet.image, image) ? image : undefined;
  for (const line of describePlan(scaleSet, instances, settings.rollout, newImage)) agent.info(line);
}

/** Every output that is not secure becomes an output variable of the step. */
function tellOutputs(outputs: readonly DeploymentOutput[], agent: Agent): void {
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
