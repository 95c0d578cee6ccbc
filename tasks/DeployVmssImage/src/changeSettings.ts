/** The inputs about what is changed before the instances move. */
import {
  describeKind,
  parseImageReference,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import type { Attempt } from './rolloutSettings.js';
import type { DeployInputs } from './settings.js';

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
      readonly whatIf: 'off' | 'report' | 'gate';
    }
  | { readonly action: 'updateImage'; readonly scaleSetName: string; readonly image: RollableImage }
  | { readonly action: 'rollback'; readonly scaleSetName: string };

/** @param problems is given everything that does not fit together */
export function readChange(input: DeployInputs, problems: string[], attempt: Attempt): Change {
  if (input.action !== 'deployTemplate' && input.whatIf !== 'off')
    problems.push(
      `'whatIf: ${input.whatIf}' is for 'action: deployTemplate'; Azure foretells nothing but deployments. 'dryRun: true' says what '${input.action}' would do.`,
    );
  switch (input.action) {
    case 'updateImage':
      return readImageChange(input, problems, attempt);
    case 'rollback':
      return readRollback(input, problems);
    case 'deployTemplate':
      return readTemplateChange(input, problems, attempt);
  }
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
    whatIf: input.whatIf,
  };
}

function readRollback(input: DeployInputs, problems: string[]): Change {
  const { scaleSetName = '', imageReference, templateFile } = input;
  if (scaleSetName === '') problems.push("'action: rollback' needs 'scaleSetName'.");
  if (imageReference !== undefined)
    problems.push(
      "'imageReference' is not for 'action: rollback', which takes the image that is recorded on the scale set; use 'action: updateImage' for another one.",
    );
  if (templateFile !== undefined)
    problems.push("'templateFile' is for 'action: deployTemplate'; a rollback deploys no template.");
  if (input.strategy === 'modelOnly')
    problems.push(
      "'strategy: modelOnly' is not for 'action: rollback': it is the instances that have to go back.",
    );
  return { action: 'rollback', scaleSetName };
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
