/** The inputs, checked together and made into what the use case works with. */
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import {
  describeKind,
  parseImageReference,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import type { inputs } from './inputs.generated.js';
import { readRollout, type Attempt, type RolloutSettings } from './rolloutSettings.js';

export type { RolloutSettings } from './rolloutSettings.js';

/** The inputs as the agent gives them. */
export type DeployInputs = Inputs<typeof inputs>;

/** An image that a scale set can be given. */
export type RollableImage = ImageReference & { readonly kind: 'managed' | 'gallery' };

/** What is changed before the instances move. */
export type Change =
  | {
      readonly action: 'deployTemplate';
      readonly templateFile: string;
      readonly parametersFile: string | undefined;
      readonly overrides: ReadonlyMap<string, string>;
      readonly location: string | undefined;
      readonly deploymentName: string | undefined;
      readonly mode: 'Incremental' | 'Complete';
      readonly scaleSetName: string | undefined;
    }
  | { readonly action: 'updateImage'; readonly scaleSetName: string; readonly image: RollableImage };

/** All that the step was asked for. */
export interface Settings {
  readonly resourceGroup: string;
  readonly change: Change;
  readonly rollout: RolloutSettings;
  readonly dryRun: boolean;
}

/**
 * Reads the settings.
 * @throws ProblemsError naming everything that does not fit together
 */
export function readSettings(input: DeployInputs): Settings {
  const problems: string[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
      return otherwise;
    }
  };
  const rollout = readRollout(input, problems, attempt);
  if (!/^[-\w._()]{1,90}$/.test(input.resourceGroupName) || input.resourceGroupName.endsWith('.'))
    problems.push(
      `'resourceGroupName' is no name of a resource group: '${input.resourceGroupName}' (letters, digits, . _ - and parentheses, at most 90).`,
    );
  const change =
    input.action === 'updateImage'
      ? readImageChange(input, problems, attempt)
      : readTemplateChange(input, problems, attempt);
  if (problems.length > 0) throw new ProblemsError('The inputs of this task do not fit together', problems);
  return {
    resourceGroup: input.resourceGroupName,
    change,
    rollout,
    dryRun: input.dryRun,
  };
}

function readTemplateChange(input: DeployInputs, problems: string[], attempt: Attempt): Change {
  if (input.templateFile === undefined) problems.push("'action: deployTemplate' needs 'templateFile'.");
  if (input.imageReference !== undefined)
    problems.push(
      "'imageReference' is for 'action: updateImage'; with 'deployTemplate' the image is in the template's parameters (PatchArmImageUri puts it there, or 'overrideParameters').",
    );
  const name = input.deploymentName;
  if (name !== undefined && !/^[-\w._()]{1,64}$/.test(name))
    problems.push(
      `'deploymentName' must be of letters, digits, . _ - and parentheses, at most 64, not '${name}'.`,
    );
  return {
    action: 'deployTemplate',
    templateFile: input.templateFile ?? '',
    parametersFile: input.parametersFile,
    overrides: attempt(
      () => parseNameValues(input.overrideParameters, 'overrideParameters'),
      new Map<string, string>(),
    ),
    location: input.location,
    deploymentName: name,
    mode: input.deploymentMode,
    scaleSetName: input.scaleSetName,
  };
}

function readImageChange(input: DeployInputs, problems: string[], attempt: Attempt): Change {
  const { scaleSetName = '', imageReference } = input;
  if (scaleSetName === '') problems.push("'action: updateImage' needs 'scaleSetName'.");
  if (imageReference === undefined) problems.push("'action: updateImage' needs 'imageReference'.");
  const nothing: RollableImage = { kind: 'managed', id: '' };
  const image = attempt<ImageReference>(
    () =>
      imageReference === undefined ? nothing : parseImageReference(imageReference, "Input 'imageReference'"),
    nothing,
  );
  return { action: 'updateImage', scaleSetName, image: rollable(image, problems) ?? nothing };
}

function rollable(image: ImageReference, problems: string[]): RollableImage | undefined {
  if (image.kind === 'vhd') {
    problems.push(
      `'imageReference' is ${describeKind(image.kind)} (${image.uri}); a scale set with managed disks takes none, and Azure has retired unmanaged disks. Have Packer make a managed image ('managed_image_name') or a gallery version ('shared_image_gallery_destination').`,
    );
    return undefined;
  }
  if (image.kind === 'gallery' && !/\/versions\/\d+\.\d+\.\d+$/i.test(image.id)) {
    problems.push(
      `'imageReference' names no version of the gallery image (${image.id}); with 'latest' Azure never tells which instances are up to date. Add /versions/X.Y.Z.`,
    );
    return undefined;
  }
  return image;
}
