/** The template of a bake with its variables: one's own, or the built-in one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { Inputs } from '../../../../shared/agent/inputs.js';
import { listOf } from '../../../../shared/core/text.js';
import { readBakeVariables, type BakeVariables } from './bakeVariables.js';
import type { BuiltInBake } from '../builtIn/builtInSpec.js';
import { formatBuiltInTemplate } from '../builtIn/builtInTemplate.js';
import type { inputs } from '../inputs.generated.js';
import { hasInit, type PackerVersion } from '../packer/packer.js';
import { checkSignIn, readPackerTemplate, type PackerTemplate } from './packerTemplate.js';
import { hideSensitiveValues } from './sensitiveVariables.js';

type Input = Inputs<typeof inputs>;

/** What Packer is to build. */
export interface BakeTemplate {
  readonly template: PackerTemplate;
  readonly variables: BakeVariables;
  /** `-only` and `-except`. */
  readonly choice: readonly string[];
}

/**
 * Reads a template of one's own at once; the built-in one is written when it is known which Packer is to read it.
 * @throws UserError when one's own is not there, or cannot work
 */
export function openTemplate(
  input: Input,
  builtIn: BuiltInBake | undefined,
  workingDirectory: string,
  agent: Agent,
): (version: PackerVersion) => Promise<BakeTemplate> {
  if (builtIn !== undefined) return version => writeBuiltInTemplate(builtIn, version, agent);
  const own = readOwnTemplate(input, workingDirectory, agent);
  return () => Promise.resolve(own);
}

function readOwnTemplate(input: Input, workingDirectory: string, agent: Agent): BakeTemplate {
  const template = readPackerTemplate(input.templatePath ?? '');
  const variables = readBakeVariables(input, template, workingDirectory);
  hideSensitiveValues(template, variables, agent);
  checkSignIn(template);
  const choice = [
    ...(input.only === undefined ? [] : [`-only=${input.only}`]),
    ...(input.except === undefined ? [] : [`-except=${input.except}`]),
  ];
  return { template, variables, choice };
}

/** Writes the built-in template for this Packer, shows it and keeps it with the run. There are no secrets in it. */
async function writeBuiltInTemplate(
  { spec, variables }: BuiltInBake,
  version: PackerVersion,
  agent: Agent,
): Promise<BakeTemplate> {
  const text = formatBuiltInTemplate(spec, { hasPlugins: hasInit(version) });
  const path = join(agent.resultsDirectory, 'image.pkr.hcl');
  writeFileSync(path, text);
  await agent.group('The built-in template', () => {
    agent.info(text.trimEnd());
    agent.info(`It takes the variables ${listOf([...variables.keys()])}, and those of the connection.`);
    return Promise.resolve();
  });
  agent.keepFile(path);
  agent.output('templateFile', path);
  return { template: readPackerTemplate(path), variables: { values: variables, files: [] }, choice: [] };
}
