/** The template's variables on their way to Packer: by environment for HCL2, by a private file for the older JSON, never by the command line. */
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { ProblemsError, UserError } from '../../../../shared/core/errors.js';
import { parseNameValues } from '../../../../shared/core/nameValues.js';
import { listOf } from '../../../../shared/core/text.js';
import { credentialEnvironment, type AzureOptions } from '../signIn/credentials.js';
import type { PackerTemplate } from './packerTemplate.js';

/** The variables that the pipeline gives. */
export interface BakeVariables {
  readonly values: ReadonlyMap<string, string>;
  /** Full paths, in the order they were named. */
  readonly files: readonly string[];
}

/**
 * Reads the inputs `variables` and `variableFiles`.
 * @throws UserError for files that do not exist and names that the template does not declare
 */
export function readBakeVariables(
  given: { readonly variables: string | undefined; readonly variableFiles: string | undefined },
  template: PackerTemplate,
  workingDirectory: string,
): BakeVariables {
  const values = parseNameValues(given.variables, 'variables');
  const unknown = [...values.keys()].filter(name => template.variables?.includes(name) === false);
  if (unknown.length > 0) {
    throw new UserError(
      `Input 'variables' gives ${listOf(unknown)}, which the template does not declare; Packer would ignore it. ` +
        `It declares ${listOf(template.variables ?? []) || 'no variable'}.`,
    );
  }
  const files = (given.variableFiles ?? '')
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => resolve(workingDirectory, line));
  const missing = files.filter(file => !existsSync(file));
  if (missing.length > 0)
    throw new ProblemsError("Input 'variableFiles' names files that do not exist", missing);
  return { values, files };
}

/** HCL2 takes variables, also typed and secret ones, from the environment; a variable that the template has not is passed over. */
export function variableEnvironment(
  template: PackerTemplate,
  options: AzureOptions,
  { values }: BakeVariables,
): Record<string, string | undefined> {
  const environment = credentialEnvironment(options);
  if (template.format === 'hcl2') for (const [name, value] of values) environment[`PKR_VAR_${name}`] = value;
  return environment;
}

/** The arguments that name variable files. The older JSON takes variables from files only; that one is for our eyes only and goes with the run. */
export function variableArguments(
  template: PackerTemplate,
  options: AzureOptions,
  { values, files }: BakeVariables,
  agent: Agent,
): string[] {
  const named = files.map(file => `-var-file=${file}`);
  if (template.format === 'hcl2') return named;
  const declared = Object.entries(options).filter(([name]) => template.variables?.includes(name) === true);
  const content = { ...Object.fromEntries(declared), ...Object.fromEntries(values) };
  if (Object.keys(content).length === 0) return named;
  const path = join(agent.tempDirectory, `${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
  return [...named, `-var-file=${path}`];
}
