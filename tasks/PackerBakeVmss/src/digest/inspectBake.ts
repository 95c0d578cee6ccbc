/** All that can be known of a bake before it begins: what the template says, and the digest of what it reads. */
import { basename, isAbsolute, relative, sep } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { AzureError, ProblemsError, UserError, describe } from '../../../../shared/core/errors.js';
import { digestBake, type BakeDigest } from './bakeDigest.js';
import type { PackerSession } from '../packer/packer.js';
import type { PackerTemplate } from '../template/packerTemplate.js';
import type { TemplateModel } from '../template/templateModel.js';
import { readTemplateModel, type BuildSelection } from '../template/templateReader.js';

/** A bake to look at. */
export interface BakePlan {
  readonly template: PackerTemplate;
  readonly selection: BuildSelection;
  readonly variableArguments: readonly string[];
  readonly session: PackerSession;
  /** With their versions. */
  readonly plugins: readonly string[];
  /** Paths and patterns of people's own, one a line. */
  readonly digest: {
    readonly digestIncludes: string | undefined;
    readonly digestExcludes: string | undefined;
  };
}

/** What is known of it. */
export interface BakeFacts {
  /** By what images of this template are known again: the repository and the template's path in it. */
  readonly family: string;
  /** Undefined where this task cannot follow the template, though Packer can. */
  readonly model: TemplateModel | undefined;
  readonly digest: BakeDigest | undefined;
}

/**
 * Looks at a bake. A template that cannot be followed, or a base image that cannot be looked up, does not keep Packer from building.
 * @throws ProblemsError for inputs that are wrong
 */
export async function inspectBake(plan: BakePlan, arm: ArmClient, agent: Agent): Promise<BakeFacts> {
  const { template, session } = plan;
  const family = familyOf(template.path, session.workingDirectory, agent);
  let model: TemplateModel | undefined;
  let digest: BakeDigest | undefined;
  try {
    model = await readTemplateModel(template, plan.selection, plan.variableArguments, session, agent);
    const facts = [
      { name: '<Packer>', text: session.packer.version.text },
      { name: '<plugins>', text: plan.plugins.join('\n') },
    ];
    const { workingDirectory } = session;
    const { digestIncludes: includes, digestExcludes: excludes } = plan.digest;
    digest = await digestBake({ model, workingDirectory, facts, includes, excludes }, arm, agent);
  } catch (error) {
    agent.signal.throwIfAborted();
    if (error instanceof ProblemsError) throw error;
    if (!(error instanceof UserError || error instanceof AzureError || isFileError(error))) throw error;
    agent.info(`What the bake reads cannot be told: ${describe(error)}`);
  }
  return { family, model, digest };
}

/** Two repositories may have a template at the same path, and every pipeline's built-in template has the same name. */
function familyOf(path: string, workingDirectory: string, agent: Agent): string {
  const inside = relative(workingDirectory, path).split(sep).join('/') || '.';
  const isOwn = !inside.startsWith('../') && !isAbsolute(inside);
  const name = isOwn ? inside : `${agent.variable('System.DefinitionId') ?? ''}/${basename(path)}`;
  const repository = agent.variable('Build.Repository.Name');
  return repository === undefined ? name : `${repository}: ${name}`;
}

/** A file that vanished, or that may not be read. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
