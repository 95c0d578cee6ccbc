/** Deploys a template and finds the scale set in it. */
import { readFileSync } from 'node:fs';
import { basename, extname, isAbsolute, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { DeploymentOutput, DeploymentRequest } from '../../../shared/azure/deployments.js';
import type { ModelImage, ScaleSet } from '../../../shared/azure/scaleSets.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { listOf, plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { readJson, type JsonFile } from './jsonFile.js';
import type { Change } from './settings.js';
import { bindParameters } from './templateParameters.js';
import { watchDeployment } from './watchDeployment.js';

type TemplateChange = Change & { readonly action: 'deployTemplate' };

/** A deployment that is ready to be sent. */
export interface PreparedDeployment {
  readonly name: string;
  readonly request: DeploymentRequest;
}

/** What a deployment left. */
export interface Deployed {
  readonly outputs: readonly DeploymentOutput[];
  /** The scale set to roll, as its model is now; undefined when the deployment holds none. */
  readonly scaleSet: ScaleSet | undefined;
  /** The image in that scale set's model before; undefined when there was no such scale set. */
  readonly previous: ModelImage | undefined;
}

/**
 * Reads the files and binds the parameters; asks nothing of Azure. Secure values are masked from here on.
 * @throws ProblemsError naming everything that is wrong with them
 */
export function prepareDeployment(change: TemplateChange, agent: Agent, now: number): PreparedDeployment {
  const template = readFile(change.templateFile, agent);
  const parametersFile =
    change.parametersFile === undefined ? undefined : readFile(change.parametersFile, agent);
  const files = [template, ...(parametersFile === undefined ? [] : [parametersFile])];
  const broken = files.flatMap(({ problems }) => problems);
  const bound = broken.length > 0 ? undefined : bindParameters(template, parametersFile, change.overrides);
  for (const secret of bound?.secrets ?? []) agent.secret(secret);
  const problems = bound?.problems ?? broken;
  if (bound === undefined || problems.length > 0)
    throw new ProblemsError('The template cannot be deployed with these parameters', problems);
  return {
    name: change.deploymentName ?? defaultName(change.templateFile, agent, now),
    request: { template: template.value, parameters: bound.parameters, mode: change.mode },
  };
}

/**
 * Has Azure validate the deployment, creating the group where it is missing.
 * @returns the images of the group's scale sets before the deployment, by name in lower case
 * @throws AzureError with all that the validation found
 */
export async function validateDeployment(
  { name, request }: PreparedDeployment,
  change: TemplateChange,
  resourceGroup: string,
  azure: Azure,
  host: { readonly agent: Agent; readonly dryRun: boolean },
): Promise<ReadonlyMap<string, ModelImage | undefined>> {
  const { agent, dryRun } = host;
  const location = await azure.deployments.groupLocation();
  if (location === undefined) {
    if (change.location === undefined) {
      throw new UserError(
        `Resource group '${resourceGroup}' does not exist and the input 'location' is empty. Give the region to create it in, or correct 'resourceGroupName'.`,
      );
    }
    if (dryRun) {
      agent.info(
        `Resource group '${resourceGroup}' would be created in ${change.location}; Azure validates a template only in a group that exists, so that was left out.`,
      );
      return new Map();
    }
    agent.info(`Creating resource group '${resourceGroup}' in ${change.location}`);
    await azure.deployments.createGroup(change.location);
  }
  const before = location === undefined ? [] : await azure.scaleSets.list();
  await azure.deployments.validate(name, request);
  agent.info(`Azure has validated the template ('${name}', ${request.mode}).`);
  return new Map(before.map(scaleSet => [scaleSet.name.toLowerCase(), scaleSet.image]));
}

/**
 * Deploys and watches.
 * @param before images of the group's scale sets, as {@link validateDeployment} gives them
 * @throws AzureError with the failed operations; UserError when it is not clear which scale set to roll
 */
export async function deployTemplate(
  { name, request }: PreparedDeployment,
  change: TemplateChange,
  before: ReadonlyMap<string, ModelImage | undefined>,
  azure: Azure,
  host: { readonly agent: Agent; readonly clock: Clock },
): Promise<Deployed> {
  await azure.deployments.start(name, request);
  const state = await watchDeployment(name, azure.deployments, host);
  const scaleSetName = chooseScaleSet(change.scaleSetName, state.resources);
  const scaleSet = scaleSetName === undefined ? undefined : await azure.scaleSets.find(scaleSetName);
  if (scaleSetName !== undefined && scaleSet === undefined) {
    throw new UserError(
      `The template is deployed, but its resource group has no scale set '${scaleSetName}' (input 'scaleSetName').`,
    );
  }
  return { outputs: state.outputs, scaleSet, previous: before.get((scaleSetName ?? '').toLowerCase()) };
}

/**
 * The scale set to roll: the named one, else the only one among the deployment's resources. Pure.
 * @throws UserError when there are several
 */
export function chooseScaleSet(named: string | undefined, resources: readonly string[]): string | undefined {
  if (named !== undefined) return named;
  const names = resources.flatMap(
    id => /\/Microsoft\.Compute\/virtualMachineScaleSets\/([^/]+)$/i.exec(id)?.[1] ?? [],
  );
  if (names.length > 1) {
    throw new UserError(
      `The template is deployed; it holds ${plural(names.length, 'scale set')} (${listOf(names)}). Name the one whose instances are to be moved in 'scaleSetName'.`,
    );
  }
  return names[0];
}

function readFile(path: string, agent: Agent): JsonFile {
  const full = isAbsolute(path) ? path : join(agent.workingDirectory, path);
  const extension = extname(full).toLowerCase();
  if (extension === '.bicep' || extension === '.bicepparam') {
    throw new UserError(
      `${path} is Bicep; this task deploys ARM JSON. Compile it in a step before ('az bicep build', 'az bicep build-params') and give the result.`,
    );
  }
  try {
    return readJson(path, readFileSync(full, 'utf8'));
  } catch (error) {
    throw new UserError(
      `${path} could not be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** The template's name with the run's: two runs never take each other's deployment for their own. */
function defaultName(templateFile: string, agent: Agent, now: number): string {
  const run =
    agent.variable('Build.BuildNumber') ??
    agent.variable('Release.ReleaseName') ??
    new Date(now).toISOString().replace(/\D/g, '').slice(0, 14);
  const name = `${basename(templateFile, extname(templateFile))}-${run}`;
  return name.replace(/[^-\w._()]+/g, '-').slice(-64);
}
