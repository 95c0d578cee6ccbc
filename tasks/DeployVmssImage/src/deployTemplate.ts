/** Deploys a template and finds the scale set in it. */
import { readFileSync } from 'node:fs';
import { basename, extname, isAbsolute, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { DeploymentRequest, DeploymentState } from '../../../shared/azure/deployments.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { listOf, plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { isObject, readJson, type JsonFile } from './jsonFile.js';
import type { Change, RolloutSettings } from './settings.js';
import { bindParameters } from './templateParameters.js';
import { watchDeployment } from './watchDeployment.js';

/** The settings of a deployment. */
export type TemplateChange = Change & { readonly action: 'deployTemplate' };

/** A deployment that is ready to be sent. */
export interface PreparedDeployment {
  readonly name: string;
  readonly request: DeploymentRequest;
}

/** The resource group before the deployment. */
export interface GroupBefore {
  /** False in a dry run only, which makes none. */
  readonly exists: boolean;
  readonly location: string;
  readonly scaleSets: readonly ScaleSet[];
}

/**
 * Reads the files and binds the parameters; asks nothing of Azure. Secure values are masked from here on.
 * @throws ProblemsError naming everything that is wrong with them
 */
export function prepareDeployment(
  change: TemplateChange,
  strategy: RolloutSettings['strategy'],
  agent: Agent,
  now: number,
): PreparedDeployment {
  const template = readFile(change.templateFile, agent);
  const parametersFile =
    change.parametersFile === undefined ? undefined : readFile(change.parametersFile, agent);
  const files = [template, ...(parametersFile === undefined ? [] : [parametersFile])];
  const broken = files.flatMap(({ problems }) => problems);
  const bound = broken.length > 0 ? undefined : bindParameters(template, parametersFile, change.overrides);
  for (const secret of bound?.secrets ?? []) agent.secret(secret);
  const sets =
    change.scaleSetName === undefined && strategy !== 'modelOnly' ? certainScaleSets(template.value) : 0;
  const problems = [
    ...(bound?.problems ?? broken),
    ...(sets > 1
      ? [
          `${change.templateFile} makes ${sets} scale sets: name the one whose instances are to be moved in 'scaleSetName'`,
        ]
      : []),
  ];
  if (bound === undefined || problems.length > 0)
    throw new ProblemsError('The template cannot be deployed with these parameters', problems);
  return {
    name: change.deploymentName ?? defaultName(change.templateFile, agent, now),
    request: { template: template.value, parameters: bound.parameters, mode: change.mode },
  };
}

/**
 * Has Azure validate the deployment, creating the group where it is missing.
 * @returns the group as it is before the deployment
 * @throws AzureError with all that the validation found
 */
export async function validateDeployment(
  { name, request }: PreparedDeployment,
  change: TemplateChange,
  resourceGroup: string,
  azure: Azure,
  host: { readonly agent: Agent; readonly dryRun: boolean },
): Promise<GroupBefore> {
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
      return { exists: false, location: change.location, scaleSets: [] };
    }
    agent.info(`Creating resource group '${resourceGroup}' in ${change.location}`);
    await azure.deployments.createGroup(change.location);
  }
  const scaleSets = location === undefined ? [] : await azure.scaleSets.list();
  await azure.deployments.validate(name, request);
  agent.info(`Azure has validated the template ('${name}', ${request.mode}).`);
  return { exists: true, location: location ?? change.location ?? '', scaleSets };
}

/**
 * Deploys and watches.
 * @throws AzureError with the failed operations
 */
export async function deployTemplate(
  { name, request }: PreparedDeployment,
  azure: Azure,
  host: { readonly agent: Agent; readonly clock: Clock },
): Promise<DeploymentState> {
  await azure.deployments.start(name, request);
  return watchDeployment(name, azure.deployments, host);
}

/**
 * The scale set to roll: the named one, else the only one among the deployment's resources. Pure.
 * @throws UserError when there are several, and their instances are to be moved
 */
export function chooseScaleSet(
  named: string | undefined,
  resources: readonly string[],
  strategy: RolloutSettings['strategy'],
): string | undefined {
  if (named !== undefined) return named;
  const names = resources.flatMap(
    id => /\/Microsoft\.Compute\/virtualMachineScaleSets\/([^/]+)$/i.exec(id)?.[1] ?? [],
  );
  if (names.length <= 1) return names[0];
  if (strategy === 'modelOnly') return undefined;
  throw new UserError(
    `The template is deployed; it holds ${plural(names.length, 'scale set')} (${listOf(names)}). Name the one whose instances are to be moved in 'scaleSetName'.`,
  );
}

/** How many scale sets a template makes in any case, as far as its text says; nested templates are not looked into. Pure. */
export function certainScaleSets(template: Readonly<Record<string, unknown>>): number {
  const { resources } = template;
  const all: unknown[] = Array.isArray(resources)
    ? resources
    : Object.values(isObject(resources) ? resources : {});
  return all.filter(
    resource =>
      isObject(resource) &&
      /^Microsoft\.Compute\/virtualMachineScaleSets$/i.test(String(resource['type'])) &&
      resource['condition'] === undefined &&
      resource['existing'] !== true,
  ).length;
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
