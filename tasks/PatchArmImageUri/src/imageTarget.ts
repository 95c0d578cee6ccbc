/** Which value of a file takes the image, and in what shape. */
import { UserError } from '../../../shared/core/errors.js';
import {
  describeKind,
  formatImageReference,
  tryParseImageReference,
  type ImageKind,
  type ImageReference,
} from '../../../shared/core/imageReference.js';
import { listOf } from '../../../shared/core/text.js';
import { isParametersFile, isTemplate, readTemplate } from './armTemplate.js';
import {
  candidatesOf,
  checkKind,
  checkParameter,
  declared,
  describeCandidate,
  describeSlots,
  onlyFitting,
  type Candidate,
} from './imageFit.js';
import { around, imagePlace } from './imagePlace.js';
import { formatPath, parsePath } from './jsonPath.js';
import { getNodeValue, nodeAt, propertiesOf, type JSONPath, type NewValue, type Node } from './jsonText.js';
import { slotAt, type ImageSlot, type Template } from './template.js';

/** What the author said about the place of the image; nothing is found by itself. */
export interface TargetChoice {
  readonly parameterName?: string | undefined;
  readonly jsonPath?: string | undefined;
  /** The template that the parameters are for, with its name for messages. */
  readonly template?: { readonly name: string; readonly content: Template } | undefined;
  /** Whether a Key Vault reference, or a Bicep expression, gives way to the image. */
  readonly replaceReference?: boolean | undefined;
}

/** The value that takes the image. */
export interface ImageTarget {
  readonly path: JSONPath;
  /** What is written there: the image, or an object around it. */
  readonly value: NewValue;
  /** The parameter's name, else the path. */
  readonly label: string;
  /** The Key Vault reference, or the Bicep expression, that gives way. */
  readonly reference?: Node | undefined;
}

/**
 * Finds the value that takes the image and checks that it can.
 * @param root the file's content; a Bicep parameters file has the tree of a JSON one
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
  const target = find();
  if (target !== undefined) checkOnce(root, target.path);
  return target;

  function find(): ImageTarget | undefined {
    const content: unknown = getNodeValue(root);
    if (choice.jsonPath !== undefined) return byPath(root, image, choice.jsonPath);
    if (isTemplate(content)) return inTemplate(root, image, readTemplate(content), choice);
    if (isParametersFile(content) || choice.parameterName !== undefined)
      return inParameters(root, image, choice, hasToken);
    return undefined;
  }
}

/** The kinds of image that the template takes, the best first; undefined when it says nothing about it. */
export function kindsTaken({ template, parameterName }: TargetChoice): readonly ImageKind[] | undefined {
  if (template === undefined) return undefined;
  const name = parameterName?.toLowerCase();
  const candidates = candidatesOf(template.content).filter(
    each => name === undefined || each.name.toLowerCase() === name,
  );
  return candidates.length === 1 ? candidates[0]?.slots[0]?.kinds : undefined;
}

function byPath(root: Node, image: ImageReference, text: string): ImageTarget {
  const path = parsePath(text);
  const what = `'${text}' (input 'jsonPath')`;
  const node = nodeAt(root, path);
  const parent = nodeAt(root, path.slice(0, -1));
  if (node === undefined && (parent?.type !== 'object' || typeof path.at(-1) === 'number'))
    throw new UserError(`it has nothing at the path ${what}`);
  const slot = slotAt(path, node?.type === 'object' || node?.type === 'string');
  if (slot !== undefined) checkKind(image, slot.kinds, `'${text}'`, slot.property);
  const members = node?.type === 'object' ? (slot?.members ?? []) : [];
  return {
    ...imagePlace(root, path, members, image, { isWhole: true, mayReshape: false, what }),
    label: formatPath(path),
  };
}

interface TemplateTarget extends ImageTarget {
  readonly slots: readonly ImageSlot[];
  readonly check: () => void;
}

function inTemplate(
  root: Node,
  image: ImageReference,
  template: Template,
  choice: TargetChoice,
): ImageTarget {
  const wanted = choice.parameterName;
  const candidates = candidatesOf(template);
  if (wanted !== undefined) {
    const { name } = declared(template, wanted, 'it');
    const named = candidates.filter(each => each.name.toLowerCase() === name.toLowerCase());
    const [only = { name, members: [], slots: [] }] = named;
    if (named.length > 1) throw severalPlaces(named.map(describeCandidate));
    const target = inDefault(root, image, template, only);
    target.check();
    return target;
  }
  const targets: TemplateTarget[] = candidates.map(candidate => inDefault(root, image, template, candidate));
  for (const slot of template.slots) {
    for (const source of slot.sources) {
      if (source.type !== 'literal') continue;
      const label = formatPath(source.path);
      const value = formatImageReference(image);
      const check = () => {
        checkKind(image, slot.kinds, `'${label}'`, slot.property);
      };
      if (!targets.some(target => target.label === label))
        targets.push({ path: source.path, value, label, slots: [slot], check });
    }
  }
  if (targets.length === 0)
    throw new UserError(
      `it is a template without a place for an image: it has ${describeSlots(template)}. Name the place with 'jsonPath'`,
    );
  const only = onlyFitting(targets, image);
  if (only === undefined) throw severalPlaces(targets.map(target => formatPath(target.path)));
  only.check();
  return only;
}

function severalPlaces(places: readonly string[]): UserError {
  return new UserError(
    `it has several places for an image: ${listOf(places)}. Say which one is meant with 'parameterName' or 'jsonPath'`,
  );
}

function inDefault(
  root: Node,
  image: ImageReference,
  template: Template,
  candidate: Candidate,
): TemplateTarget {
  const parameter = declared(template, candidate.name, 'it');
  const { members, slots } = candidate;
  const path = ['parameters', parameter.name, 'defaultValue'];
  const options = {
    isWhole: takesWhole(slots),
    mayReshape: false,
    what: `the default of '${parameter.name}'`,
  };
  const check = () => {
    checkParameter(parameter, candidate, image, 'it');
  };
  return { ...imagePlace(root, path, members, image, options), label: parameter.name, slots, check };
}

function inParameters(
  root: Node,
  image: ImageReference,
  choice: TargetChoice,
  hasToken: (text: string) => boolean,
): ImageTarget {
  const entries = propertiesOf(nodeAt(root, ['parameters']));
  const { template, replaceReference = false } = choice;
  const { name, members, slots } = findParameter(entries, image, choice, hasToken);
  const same = entries.filter(entry => entry.name.toLowerCase() === name.toLowerCase());
  if (same.length > 1) throw new UserError(`it gives the parameter '${name}' ${same.length} times`);
  const [entry] = same;
  const parameter = template && declared(template.content, name, template.name);
  const label = entry?.name ?? parameter?.name;
  if (label === undefined) {
    throw new UserError(
      `it has no parameter '${name}', only ${listOf(entries.map(each => each.name)) || 'an empty list'}. ` +
        "Mend 'parameterName', or give 'templateFile': a parameter that the template declares is added",
    );
  }
  const value = memberOf(entry?.value, 'value');
  // An object that holds an image already tells where it goes, also without a word of the template.
  const holder = image.kind === 'vhd' ? 'uri' : 'id';
  const within =
    members.length === 0 && slots.length === 0 && memberOf(value?.value, holder) !== undefined
      ? [holder]
      : members;
  if (template !== undefined && parameter !== undefined)
    checkParameter(parameter, { members: within, slots }, image, template.name);
  else checkLikeness(label, value?.value, image);
  const options = {
    isWhole: takesWhole(slots),
    mayReshape: parameter !== undefined && parameter.type !== '',
    what: `its parameter '${label}'`,
  };
  const path = ['parameters', label, value?.name ?? 'value'];
  const reference = memberOf(entry?.value, 'reference')?.value;
  if (reference === undefined) return { ...imagePlace(root, path, within, image, options), label };
  if (!replaceReference) throw new UserError(referenceProblem(label, reference));
  return { path, value: around(within, image), label, reference };
}

function referenceProblem(name: string, reference: Node): string {
  const [what, instead] =
    reference.type === 'string'
      ? [`is computed (${String(reference.value)})`, 'a literal']
      : ['is a reference to a Key Vault secret', 'a "value"'];
  return `its parameter '${name}' ${what}, which is not overwritten. Name another parameter with 'parameterName', make this one ${instead}, or set replaceReference: true`;
}

/** Where no template tells what a place takes, the image that stands there does. */
function checkLikeness(name: string, value: Node | undefined, image: ImageReference): void {
  const old = value?.type === 'string' ? tryParseImageReference(String(value.value)) : undefined;
  if (old === undefined || (old.kind === 'vhd') === (image.kind === 'vhd')) return;
  throw new UserError(
    `its parameter '${name}' holds ${describeKind(old.kind)} and would become ${describeKind(image.kind)} (${formatImageReference(image)}), ` +
      `which does not fit the same place of a template. If the template takes it, give 'templateFile' so that this can be checked`,
  );
}

type Entry = ReturnType<typeof propertiesOf>[number];

/** The parameter that the template's image slot asks for, else the only one whose value or name speaks of an image. */
function findParameter(
  entries: readonly Entry[],
  image: ImageReference,
  choice: TargetChoice,
  hasToken: (text: string) => boolean,
): Candidate {
  const { template, parameterName } = choice;
  const all = template === undefined ? [] : candidatesOf(template.content);
  const named = all.filter(each => each.name.toLowerCase() === parameterName?.toLowerCase());
  const candidates = parameterName === undefined ? all : named;
  if (candidates.length > 0 && template !== undefined) {
    const only = onlyFitting(candidates, image);
    if (only !== undefined) return only;
    throw new UserError(
      `${template.name} has several parameters that end up as an image: ${listOf(candidates.map(describeCandidate))}. Say which one is meant with ${parameterName === undefined ? "'parameterName'" : "'jsonPath'"}`,
    );
  }
  const only = (name: string) => ({ name, members: [], slots: [] });
  if (parameterName !== undefined) return only(parameterName);
  const speaking = entries.filter(entry => speaksOfImage(entry, hasToken)).map(entry => entry.name);
  if (speaking.length === 1 && speaking[0] !== undefined) return only(speaking[0]);
  const advice =
    "Say which one is meant with 'parameterName', or give 'templateFile' so that it can be found";
  if (speaking.length > 1)
    throw new UserError(`several of its parameters may take the image: ${listOf(speaking)}. ${advice}`);
  const list = listOf(entries.map(entry => entry.name)) || 'none at all';
  const has = template === undefined ? '' : ` and ${template.name} has ${describeSlots(template.content)}`;
  throw new UserError(`none of its parameters (${list}) speaks of an image${has}. ${advice}`);
}

function speaksOfImage(entry: Entry, hasToken: (text: string) => boolean): boolean {
  const value = memberOf(entry.value, 'value')?.value;
  const held = value?.type === 'object' ? (memberOf(value, 'id') ?? memberOf(value, 'uri'))?.value : value;
  if (held !== undefined && held.type !== 'string') return false;
  const text = String(held?.value ?? '');
  if (tryParseImageReference(text) !== undefined) return true;
  if (value?.type === 'object') return false;
  if (hasToken(text) && /image|vhd/i.test(text)) return true;
  return /(image|vhd)(reference|resource|version|definition)?(uri|url|id)$|imagereference$/i.test(entry.name);
}

/** ARM reads the members of an entry without regard to case. */
function memberOf(node: Node | undefined, name: string): Entry | undefined {
  return propertiesOf(node).find(member => member.name.toLowerCase() === name);
}

function takesWhole(slots: readonly ImageSlot[]): boolean {
  return slots.length > 0 && slots.every(slot => slot.members.length > 0);
}

/** Readers differ in which of two equal names counts. */
function checkOnce(root: Node, path: JSONPath): void {
  for (const [depth, step] of path.entries()) {
    const same = propertiesOf(nodeAt(root, path.slice(0, depth))).filter(each => each.name === step).length;
    if (same > 1)
      throw new UserError(`it has '${formatPath(path.slice(0, depth + 1))}' ${same} times; leave one`);
  }
}
