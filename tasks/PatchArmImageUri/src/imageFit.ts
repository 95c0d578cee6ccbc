/** Whether a template's place takes an image of this kind, and whether its parameter does. */
import { UserError } from '../../../shared/core/errors.js';
import {
  describeKind,
  formatImageReference,
  type ImageKind,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { listOf } from '../../../shared/core/text.js';
import { formatPath } from './jsonPath.js';
import type { ImageSlot, Template, TemplateParameter } from './template.js';

/** A parameter, or a member of it, that ends up as an image, and where. */
export interface Candidate {
  readonly name: string;
  readonly members: readonly string[];
  readonly slots: readonly ImageSlot[];
}

/** The parameters that a template's slots take their image from. */
export function candidatesOf(template: Template): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slot of template.slots) {
    for (const source of slot.sources) {
      if (source.type === 'literal') continue;
      const key = [source.name.toLowerCase(), ...source.members].join('.');
      const slots = [...(found.get(key)?.slots ?? []), slot];
      found.set(key, { name: source.name, members: source.members, slots });
    }
  }
  return [...found.values()];
}

/** A candidate as messages name it: `imageId (web.imageReference.id)`. */
export function describeCandidate({ name, members, slots }: Candidate): string {
  return `'${[name, ...members].join('.')}' (${listOf(slots.map(slot => formatPath(slot.path)))})`;
}

/** The only one of several that takes this kind of image; undefined when none or more than one does. */
export function onlyFitting<T extends { readonly slots: readonly ImageSlot[] }>(
  all: readonly T[],
  image: ImageReference,
): T | undefined {
  if (all.length === 1) return all[0];
  const fitting = all.filter(({ slots }) => slots.every(slot => slot.kinds.includes(image.kind)));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/**
 * The declaration of a parameter.
 * @param where the template's name, or `it`
 * @throws UserError when there is none
 */
export function declared(template: Template, name: string, where: string): TemplateParameter {
  const parameter = template.parameters.find(each => each.name.toLowerCase() === name.toLowerCase());
  if (parameter !== undefined) return parameter;
  const names = listOf(template.parameters.map(each => each.name)) || 'none';
  throw new UserError(`${where} declares no parameter '${name}'; it declares ${names}`);
}

/**
 * Checks that a parameter takes this image at these members of its value.
 * @throws UserError when its type, its allowed values, its length or one of its slots does not
 */
export function checkParameter(
  parameter: TemplateParameter,
  { members, slots }: Pick<Candidate, 'members' | 'slots'>,
  image: ImageReference,
  where: string,
): void {
  const { name, type } = parameter;
  const text = formatImageReference(image);
  if (members.length > 0 && !['object', 'secureobject', ''].includes(type))
    throw new UserError(
      `${where} declares the parameter '${name}' as ${type}, but reads its member '${members.join('.')}'`,
    );
  if (members.length === 0 && !['string', 'securestring', ''].includes(type)) {
    throw new UserError(
      `${where} declares the parameter '${name}' as ${type}, and an image is a string. ` +
        `Name the member that takes the image with 'jsonPath', such as parameters.${name}.value.id`,
    );
  }
  if (members.length === 0) checkString(parameter, text, where);
  for (const slot of slots)
    checkKind(image, slot.kinds, `the parameter '${name}'`, `${slot.property} (${formatPath(slot.path)})`);
}

function checkString(
  { name, allowedValues, minLength, maxLength }: TemplateParameter,
  text: string,
  where: string,
): void {
  if (
    allowedValues !== undefined &&
    !allowedValues.some(value => String(value).toLowerCase() === text.toLowerCase())
  ) {
    throw new UserError(
      `${where} allows only ${listOf(
        allowedValues.map(value => `'${String(value)}'`),
        'or',
      )} for the parameter '${name}', not '${text}'`,
    );
  }
  if (minLength !== undefined && text.length < minLength)
    throw new UserError(
      `${where} wants at least ${minLength} characters for the parameter '${name}', and '${text}' has ${text.length}`,
    );
  if (maxLength !== undefined && text.length > maxLength)
    throw new UserError(
      `${where} takes at most ${maxLength} characters for the parameter '${name}', and '${text}' has ${text.length}`,
    );
}

/** @throws UserError when a place does not take this kind of image */
export function checkKind(
  image: ImageReference,
  kinds: readonly ImageKind[],
  what: string,
  slot: string,
): void {
  if (kinds.includes(image.kind)) return;
  const taken = listOf(kinds.map(describeKind), 'or');
  const advice =
    image.kind === 'vhd'
      ? 'Let Packer make a managed image (managed_image_name) or a gallery image version (shared_image_gallery_destination): Azure retired unmanaged disks, and with them VHDs as images of a scale set, on 31 March 2026'
      : 'Change the template: in place of osDisk.image.uri set storageProfile.imageReference.id to the parameter, and leave osDisk.osType and vhdContainers out';
  throw new UserError(
    `${what} ends up in ${slot}, which takes ${taken}, but the image is ${describeKind(image.kind)}: ${formatImageReference(image)}. ${advice}`,
  );
}

/** What a template has in the way of slots when none of them leads to a parameter. */
export function describeSlots(template: Template): string {
  if (template.slots.length === 0) return 'no osDisk.image.uri and no imageReference.id';
  return `${listOf(template.slots.map(slot => formatPath(slot.path)))} computed from something else than one parameter`;
}
