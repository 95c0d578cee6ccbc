/** The step before the build that looks at where the images go, and makes what is to be made there first. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { imageStoresOf } from '../../../../shared/azure/imageStores.js';
import { imageUses } from '../../../../shared/azure/imageUse.js';
import { untilEnded } from '../../../../shared/azure/operation.js';
import { resourceGroupsOf } from '../../../../shared/azure/resourceGroups.js';
import { AzureError, ProblemsError, UserError, describe } from '../../../../shared/core/errors.js';
import { listOf } from '../../../../shared/core/text.js';
import type { BakeVariables } from '../template/bakeVariables.js';
import { builtInVariables } from '../builtIn/builtInSpec.js';
import { withConversion, type ConversionWish } from './conversion.js';
import { destinationsOf } from './destinations.js';
import { preflight, type Preflight } from './preflight.js';
import type { PackerTemplate } from '../template/packerTemplate.js';
import type { TemplateModel } from '../template/templateModel.js';

/** What the pipeline wants. */
export interface TargetWish extends ConversionWish {
  readonly allowOverwrite: boolean;
  readonly createImageDefinition: boolean;
  readonly dryRun: boolean;
  /** The template's variable for the gallery version; undefined where the template has a version of its own. */
  readonly versionVariable: string | undefined;
}

/** What a version variable holds until the next version is known; so the template can be read before. */
const placeholder = '0.0.0';
const patience = 10 * 60_000;

/**
 * The template's variable that gets the next version of the gallery's image.
 * @throws UserError when the template does not declare it
 */
export function versionVariableOf(
  input: {
    readonly templateType: 'custom' | 'builtIn';
    readonly galleryImageVersion: string | undefined;
    readonly galleryVersionVariable: string | undefined;
  },
  template: PackerTemplate,
): string | undefined {
  if (input.templateType === 'builtIn')
    return input.galleryImageVersion === 'auto' ? builtInVariables.galleryVersion : undefined;
  const name = input.galleryVersionVariable;
  if (name !== undefined && template.variables?.includes(name) === false) {
    throw new UserError(
      `Input 'galleryVersionVariable' names '${name}', which the template does not declare. It declares ${listOf(template.variables) || 'no variable'}.`,
    );
  }
  return name;
}

/** The variables with one for the gallery version, whose value is known only later. */
export function withGalleryVersion(
  variables: BakeVariables,
  name: string | undefined,
  version = placeholder,
): BakeVariables {
  return name === undefined
    ? variables
    : { ...variables, values: new Map([...variables.values, [name, version]]) };
}

/**
 * Looks at the targets; makes missing image definitions where that is wanted.
 * @param model undefined where this task cannot follow the template
 * @returns the next version of the gallery's image, where it was asked for
 * @throws ProblemsError with everything that stands in the way
 */
export async function checkTargets(
  model: TemplateModel | undefined,
  wish: TargetWish,
  arm: ArmClient,
  agent: Agent,
): Promise<string | undefined> {
  if (model === undefined) {
    if (wish.versionVariable === undefined) return undefined;
    throw new UserError(
      "The next version of the gallery's image cannot be told, because this task cannot follow the template; the log says why. Give the version yourself.",
    );
  }
  const found = await look(model, wish, arm, agent);
  if (found === undefined) return undefined;
  for (const note of found.notes) agent.info(note);
  if (found.problems.length > 0)
    throw new ProblemsError('The image cannot be made where it is meant to go', found.problems);
  for (const missing of found.missing) await createDefinition(missing, wish.dryRun, arm, agent);
  if (found.nextVersion !== undefined)
    agent.info(`Next version of the gallery's image: ${found.nextVersion}`);
  return found.nextVersion;
}

/** Who may bake but not list must not be kept from baking, unless something hangs on the answer. */
async function look(
  model: TemplateModel,
  wish: TargetWish,
  arm: ArmClient,
  agent: Agent,
): Promise<Preflight | undefined> {
  const { subscriptionId } = arm;
  try {
    return await preflight(
      withConversion(destinationsOf(model), wish),
      { ...wish, subscriptionId, createDefinition: wish.createImageDefinition },
      { groups: resourceGroupsOf(arm), stores: imageStoresOf(arm), uses: () => imageUses(arm) },
    );
  } catch (error) {
    agent.signal.throwIfAborted();
    const isNeeded = wish.versionVariable !== undefined || wish.createImageDefinition || wish.allowOverwrite;
    if (isNeeded || !(error instanceof AzureError && error.status === 403)) throw error;
    agent.info(`The image's destination was not looked at: ${describe(error)}`);
    return undefined;
  }
}

async function createDefinition(
  { name, location, destination }: Preflight['missing'][number],
  dryRun: boolean,
  arm: ArmClient,
  agent: Agent,
): Promise<void> {
  const { shape, generation } = destination;
  const what = `image definition '${name.definition}' in gallery '${name.gallery}'`;
  if (dryRun) {
    agent.info(`Would create ${what}.`);
    return;
  }
  const operation = await imageStoresOf(arm).createDefinition(name, {
    location,
    osType: shape.osType ?? 'Linux',
    osState: shape.osState,
    generation,
    securityType: shape.securityType,
  });
  const { clock, signal } = arm;
  await untilEnded(operation, { doing: `creating ${what}`, milliseconds: patience, clock, signal });
  agent.info(`Created ${what}.`);
}
