/** Bakes an image: validates a Packer template, builds it with the service connection's credentials, and tells what was made. */
import { randomUUID } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { openConnection } from '../../../shared/azure/connection.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { describeKind, formatImageReference, imageName } from '../../../shared/core/imageReference.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import type { BakedImage } from '../../../shared/core/packerArtifact.js';
import { listOf } from '../../../shared/core/text.js';
import { findBakedImage } from './bakedImage.js';
import { azureOptions, credentialEnvironment, type AzureOptions } from './credentials.js';
import type { inputs } from './inputs.generated.js';
import { findPacker, hasInit, runPacker, type PackerSession } from './packer.js';
import { buildFailure, commandFailure } from './packerFailure.js';
import { readPackerTemplate, type PackerTemplate } from './packerTemplate.js';

type Input = Inputs<typeof inputs>;

/**
 * Bakes, or with `dryRun` only validates.
 * @returns the sentence that says what was made
 */
export async function bake(input: Input, agent: Agent): Promise<string> {
  const workingDirectory = input.workingDirectory ?? agent.workingDirectory;
  const template = readPackerTemplate(input.templatePath);
  const variables = parseNameValues(input.variables, 'variables');
  const variableFiles = readVariableFiles(input.variableFiles, workingDirectory);
  checkTemplate(template, variables, workingDirectory);
  const connection = openConnection(agent, input.azureSubscription);
  const packer = await findPacker(input.packerPath, agent);
  agent.info(`Packer ${packer.version.text} (${packer.path})`);

  const logFile = join(agent.resultsDirectory, 'packer.log');
  const base: PackerSession = { packer, workingDirectory, environment: proxyEnvironment(agent), logFile };
  writeFileSync(logFile, '', { mode: 0o600 });
  agent.output('packerLog', logFile);
  agent.onCleanUp('keeping packer.log', () => {
    if (statSync(logFile).size > 0) agent.keepFile(logFile);
  });

  await installPlugins(template, base, agent);
  const options = await azureOptions(connection, template, packer.version, agent);
  const session = {
    ...base,
    environment: { ...base.environment, ...environmentOf(template, options, variables) },
  };
  const args = [
    ...(input.only === undefined ? [] : [`-only=${input.only}`]),
    ...(input.except === undefined ? [] : [`-except=${input.except}`]),
    ...variableFiles.map(file => `-var-file=${file}`),
    ...jsonVariables(template, options, variables, agent),
    template.path,
  ];

  const validated = await agent.group('packer validate', () =>
    runPacker(session, ['validate', ...args], agent),
  );
  if (validated.exitCode !== 0) throw commandFailure('validate', validated.run, validated.exitCode);
  agent.info('The template is valid.');
  if (input.dryRun) return 'Dry run: the template is valid, nothing was built.';

  const startedAt = Date.now();
  const force = input.allowOverwrite ? ['-force'] : [];
  const result = await runPacker(session, ['build', ...force, ...args], agent);
  if (result.exitCode !== 0) throw buildFailure(result.run, result.exitCode);
  const image = findBakedImage({ result, session, template, startedAt }, input.buildName, agent);
  setOutputs(image, agent);
  const took = formatDuration(Date.now() - startedAt);
  const kind = image.reference.kind === 'vhd' ? 'a VHD' : describeKind(image.reference.kind);
  return `Baked ${kind} in ${took}: ${formatImageReference(image.reference)}`;
}

function readVariableFiles(text: string | undefined, workingDirectory: string): string[] {
  const files = (text ?? '')
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => resolve(workingDirectory, line));
  const missing = files.filter(file => !existsSync(file));
  if (missing.length > 0)
    throw new ProblemsError("Input 'variableFiles' names files that do not exist", missing);
  return files;
}

function checkTemplate(
  template: PackerTemplate,
  variables: ReadonlyMap<string, string>,
  workingDirectory: string,
): void {
  if (!existsSync(workingDirectory)) {
    throw new UserError(`Input 'workingDirectory': ${workingDirectory} does not exist.`);
  }
  const unknown = [...variables.keys()].filter(name => template.variables?.includes(name) === false);
  if (unknown.length > 0) {
    throw new UserError(
      `Input 'variables' gives ${listOf(unknown)}, which the template does not declare; Packer would ignore it. ` +
        `It declares ${listOf(template.variables ?? []) || 'no variable'}.`,
    );
  }
  if (template.ignoresCredentials) {
    const how =
      template.format === 'json'
        ? '"client_id": "{{user `client_id`}}" (and client_secret, tenant_id, subscription_id) with "variables": {"client_id": "{{env `ARM_CLIENT_ID`}}"}'
        : 'client_id = var.client_id (and client_secret, tenant_id, subscription_id) with a variable block for each';
    throw new UserError(
      `The template never mentions client_id, so its Azure builder would not use the service connection. Write into the builder ${how}.`,
    );
  }
}

async function installPlugins(template: PackerTemplate, session: PackerSession, agent: Agent): Promise<void> {
  if (!template.requiresPlugins || !hasInit(session.packer.version)) return;
  const { exitCode, run } = await agent.group('packer init', () =>
    runPacker(session, ['init', template.path], agent),
  );
  if (exitCode !== 0) throw commandFailure('init', run, exitCode);
}

/** HCL2 takes variables, also typed and secret ones, from the environment; a variable that the template has not is passed over. */
function environmentOf(
  template: PackerTemplate,
  options: AzureOptions,
  variables: ReadonlyMap<string, string>,
): Record<string, string | undefined> {
  const environment = credentialEnvironment(options);
  if (template.format === 'hcl2')
    for (const [name, value] of variables) environment[`PKR_VAR_${name}`] = value;
  return environment;
}

/** The older JSON takes variables from files only; this one is for our eyes only and goes with the run. */
function jsonVariables(
  template: PackerTemplate,
  options: AzureOptions,
  variables: ReadonlyMap<string, string>,
  agent: Agent,
): string[] {
  if (template.format === 'hcl2') return [];
  const declared = Object.entries(options).filter(([name]) => template.variables?.includes(name) === true);
  const content = { ...Object.fromEntries(declared), ...Object.fromEntries(variables) };
  if (Object.keys(content).length === 0) return [];
  const path = join(agent.tempDirectory, `${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
  return [`-var-file=${path}`];
}

/** Where the agent has a proxy of its own, Packer learns of it as Go programs do. */
function proxyEnvironment(agent: Agent): Record<string, string> {
  const proxy = agent.proxyFor('https://management.azure.com/');
  if (proxy === undefined) return {};
  const url = new URL(`${proxy.host}:${proxy.port}`);
  if (proxy.username !== undefined) url.username = encodeURIComponent(proxy.username);
  if (proxy.password !== undefined) {
    url.password = encodeURIComponent(proxy.password);
    agent.secret(proxy.password);
  }
  return { HTTPS_PROXY: url.href, HTTP_PROXY: url.href };
}

function setOutputs({ reference, location }: BakedImage, agent: Agent): void {
  agent.output('imageReference', formatImageReference(reference));
  agent.output('imageKind', reference.kind);
  agent.output('imageName', imageName(reference));
  agent.output('imageLocation', location ?? '');
  if (reference.kind === 'vhd') {
    agent.warning(
      'The image is a VHD. Azure retired unmanaged disks on 31 March 2026, and with them scale sets made from a VHD. Let the template make a ' +
        'managed image (managed_image_name and managed_image_resource_group_name in place of storage_account and capture_…) or a gallery image version.',
    );
  }
}
