/** Which value of a file takes the image. */
import { UserError } from '../../../shared/core/errors.js';
import {
  describeKind,
  formatImageReference,
  tryParseImageReference,
  type ImageKind,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { listOf } from '../../../shared/core/text.js';
import {
  isParametersFile,
  isTemplate,
  readTemplate,
  type ArmTemplate,
  type ImageSlot,
  type TemplateParameter,
} from './armTemplate.js';
import { formatPath, parsePath } from './jsonPath.js';
import { getNodeValue, nodeAt, propertiesOf, type JSONPath, type Node } from './jsonText.js';

/** What the author said about the place of the image; nothing is found by itself. */
export interface TargetChoice {
  readonly parameterName?: string | undefined;
  readonly jsonPath?: string | undefined;
  /** The template that the parameters are for, with its name for messages. */
  readonly template?: { readonly name: string; readonly content: ArmTemplate } | undefined;
}

/** The value that takes the image. */
export interface ImageTarget {
  readonly path: JSONPath;
  /** The parameter's name, else the path. */
  readonly label: string;
}

/**
 * Finds the value that takes the image and checks that it can.
 * @param root the file's content
 * @param hasToken whether a text holds a token, which marks a value still to be filled
 * @returns undefined when nothing was said about the place and the file is neither a template nor a parameters file
 * @throws UserError when there is no such place, several, or one that cannot take this image
 */
export function findImageTarget(
  root: Node,
  image: ImageReference,
  choice: TargetChoice,
  hasToken: (text: string) => boolean,
): ImageTarget | undefined {
  const content: unknown = getNodeValue(root);
  if (choice.jsonPath !== undefined) return byPath(root, image, choice.jsonPath);
  if (isTemplate(content)) return inTemplate(root, image, readTemplate(content), choice);
  if (isParametersFile(content) || choice.parameterName !== undefined)
    return inParameters(root, image, choice, hasToken);
  return undefined;
}

/** The kinds of image that the template's slots of a parameter take, the best first; undefined when it says nothing about it. */
export function kindsTaken(choice: TargetChoice): readonly ImageKind[] | undefined {
  const template = choice.template?.content;
  if (template === undefined) return undefined;
  const name = choice.parameterName ?? onlyParameter(template);
  return name === undefined ? undefined : slotsOf(template, name)[0]?.kinds;
}

function byPath(root: Node, image: ImageReference, text: string): ImageTarget {
  const path = parsePath(text);
  const parent = nodeAt(root, path.slice(0, -1));
  const node = nodeAt(root, path);
  if (node === undefined && (parent?.type !== 'object' || typeof path.at(-1) === 'number'))
    throw new UserError(`it has nothing at the path '${text}' (input 'jsonPath')`);
  if (node !== undefined && node.type !== 'string' && node.type !== 'null')
    throw new UserError(
      `'${text}' (input 'jsonPath') is ${node.type}, not a text that an image could replace`,
    );
  const tail = formatPath(path).toLowerCase();
  const slot = tail.endsWith('osdisk.image.uri')
    ? 'vhd'
    : tail.endsWith('imagereference.id')
      ? 'id'
      : undefined;
  if (slot === 'vhd') checkKind(image, ['vhd'], `'${text}'`, 'osDisk.image.uri');
  if (slot === 'id') checkKind(image, ['gallery', 'managed'], `'${text}'`, 'imageReference.id');
  return { path, label: formatPath(path) };
}

function inTemplate(
  root: Node,
  image: ImageReference,
  template: ArmTemplate,
  choice: TargetChoice,
): ImageTarget {
  if (choice.parameterName !== undefined) {
    const parameter = declared(template, choice.parameterName, 'it');
    checkParameter(parameter, image, template);
    return { path: ['parameters', parameter.name, 'defaultValue'], label: parameter.name };
  }
  const targets = new Map<string, { target: ImageTarget; slot: ImageSlot; parameter?: TemplateParameter }>();
  for (const slot of template.slots) {
    for (const source of slot.sources) {
      if (source.type === 'literal') {
        const target = { path: source.path, label: formatPath(source.path) };
        targets.set(target.label, { target, slot });
      } else {
        const parameter = declared(template, source.name, 'it');
        const path = ['parameters', parameter.name, 'defaultValue'];
        targets.set(formatPath(path), { target: { path, label: parameter.name }, slot, parameter });
      }
    }
  }
  const [only] = targets.values();
  if (only === undefined)
    throw new UserError(`it is a template without a place for an image: ${describeSlots(template)}`);
  if (targets.size > 1) {
    throw new UserError(
      `it has several places for an image: ${listOf([...targets.keys()])}. Say which one is meant with 'parameterName' or 'jsonPath'`,
    );
  }
  if (only.parameter !== undefined) checkParameter(only.parameter, image, template);
  else checkKind(image, only.slot.kinds, `'${only.target.label}'`, only.slot.property);
  const node = nodeAt(root, only.target.path);
  if (node !== undefined && node.type !== 'string')
    throw new UserError(`'${only.target.label}' is ${node.type}, not a text that an image could replace`);
  return only.target;
}

function inParameters(
  root: Node,
  image: ImageReference,
  choice: TargetChoice,
  hasToken: (text: string) => boolean,
): ImageTarget {
  const entries = propertiesOf(nodeAt(root, ['parameters']));
  const name = choice.parameterName ?? foundParameter(entries, choice, hasToken);
  const same = entries.filter(entry => entry.name.toLowerCase() === name.toLowerCase());
  if (same.length > 1) throw new UserError(`it gives the parameter '${name}' ${same.length} times`);
  const entry = same[0];
  const { template } = choice;
  if (template !== undefined) {
    checkParameter(declared(template.content, name, template.name), image, template.content, template.name);
  } else if (entry === undefined) {
    throw new UserError(
      `it has no parameter '${name}', only ${listOf(entries.map(each => each.name)) || 'an empty list'}. ` +
        "Mend 'parameterName', or give 'templateFile': a parameter that the template declares is added",
    );
  }
  if (entry === undefined) {
    const declaredName = template === undefined ? name : declared(template.content, name, template.name).name;
    return { path: ['parameters', declaredName, 'value'], label: declaredName };
  }
  const members = propertiesOf(entry.value);
  if (members.some(member => member.name === 'reference')) {
    throw new UserError(
      `its parameter '${entry.name}' is a reference to a Key Vault secret, which is not overwritten. Name another parameter with 'parameterName', or make this one a "value"`,
    );
  }
  const value = members.find(member => member.name === 'value')?.value;
  if (value !== undefined && value.type !== 'string' && value.type !== 'null') {
    throw new UserError(
      `its parameter '${entry.name}' holds ${article(value.type)}, not a text. Name the member that takes the image with 'jsonPath', such as parameters.${entry.name}.value.id`,
    );
  }
  const old = value?.type === 'string' ? tryParseImageReference(String(value.value)) : undefined;
  if (template === undefined && old !== undefined && (old.kind === 'vhd') !== (image.kind === 'vhd')) {
    throw new UserError(
      `its parameter '${entry.name}' holds ${describeKind(old.kind)} and would become ${describeKind(image.kind)} (${formatImageReference(image)}), ` +
        `which does not fit the same place of a template. If the template takes it, give 'templateFile' so that this can be checked`,
    );
  }
  return { path: ['parameters', entry.name, 'value'], label: entry.name };
}

type Entry = ReturnType<typeof propertiesOf>[number];

/** The parameter that the template's image slot asks for, else the only one whose value or name speaks of an image. */
function foundParameter(
  entries: readonly Entry[],
  choice: TargetChoice,
  hasToken: (text: string) => boolean,
): string {
  const { template } = choice;
  if (template !== undefined) {
    const names = imageParameters(template.content);
    if (names.length > 1) {
      throw new UserError(
        `${template.name} has several parameters that end up as an image: ${listOf(names)}. Say which one is meant with 'parameterName'`,
      );
    }
    if (names[0] !== undefined) return names[0];
  }
  const speaking = entries.filter(entry => speaksOfImage(entry, hasToken)).map(entry => entry.name);
  if (speaking.length === 1 && speaking[0] !== undefined) return speaking[0];
  const advice =
    "Say which one is meant with 'parameterName', or give 'templateFile' so that it can be found";
  if (speaking.length > 1)
    throw new UserError(`several of its parameters may take the image: ${listOf(speaking)}. ${advice}`);
  const all = listOf(entries.map(entry => entry.name)) || 'none at all';
  const slots = template === undefined ? '' : ` and ${template.name} has ${describeSlots(template.content)}`;
  throw new UserError(`none of its parameters (${all}) speaks of an image${slots}. ${advice}`);
}

function speaksOfImage(entry: Entry, hasToken: (text: string) => boolean): boolean {
  const value = propertiesOf(entry.value).find(member => member.name === 'value')?.value;
  if (value !== undefined && value.type !== 'string') return false;
  const text = String(value?.value ?? '');
  if (tryParseImageReference(text) !== undefined) return true;
  if (hasToken(text) && /image|vhd/i.test(text)) return true;
  return /(image|vhd)(reference|resource|version|definition)?(uri|url|id)$|imagereference$/i.test(entry.name);
}

function imageParameters(template: ArmTemplate): string[] {
  const names = template.slots.flatMap(slot =>
    slot.sources.flatMap(source => (source.type === 'parameter' ? [source.name] : [])),
  );
  return [...new Set(names)];
}

function onlyParameter(template: ArmTemplate): string | undefined {
  const names = imageParameters(template);
  return names.length === 1 ? names[0] : undefined;
}

function slotsOf(template: ArmTemplate, name: string): ImageSlot[] {
  return template.slots.filter(slot =>
    slot.sources.some(
      source => source.type === 'parameter' && source.name.toLowerCase() === name.toLowerCase(),
    ),
  );
}

function declared(template: ArmTemplate, name: string, where: string): TemplateParameter {
  const parameter = template.parameters.find(each => each.name.toLowerCase() === name.toLowerCase());
  if (parameter !== undefined) return parameter;
  const names = listOf(template.parameters.map(each => each.name)) || 'none';
  throw new UserError(`${where} declares no parameter '${name}'; it declares ${names}`);
}

function checkParameter(
  parameter: TemplateParameter,
  image: ImageReference,
  template: ArmTemplate,
  where = 'it',
): void {
  const { name, type, allowedValues } = parameter;
  const text = formatImageReference(image);
  if (type !== 'string' && type !== 'securestring') {
    throw new UserError(
      `${where} declares the parameter '${name}' as ${type === '' ? 'nothing' : type}, and an image is a string. ` +
        `Name the member that takes the image with 'jsonPath', such as parameters.${name}.value.id`,
    );
  }
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
  for (const slot of slotsOf(template, name))
    checkKind(image, slot.kinds, `the parameter '${name}'`, `${slot.property} (${formatPath(slot.path)})`);
}

function checkKind(image: ImageReference, kinds: readonly ImageKind[], what: string, slot: string): void {
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

function describeSlots(template: ArmTemplate): string {
  if (template.slots.length === 0) return 'no osDisk.image.uri and no imageReference.id';
  return `${listOf(template.slots.map(slot => formatPath(slot.path)))} computed from something else than one parameter`;
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
