/** The shape in which an image is written: a text, a member of an object, or the object itself. */
import { UserError } from '../../../shared/core/errors.js';
import { formatImageReference, type ImageReference } from '../../../shared/core/imageReference.js';
import { formatPath } from './jsonPath.js';
import { nodeAt, propertiesOf, type JSONPath, type NewValue, type Node } from './jsonText.js';

/** What may become of the value that stands there. */
export interface PlaceOptions {
  /** The place takes the object as a whole: one that names another image gives way. */
  readonly isWhole: boolean;
  /** The template declares the value's type, so that one of another type gives way. */
  readonly mayReshape: boolean;
  /** The value, for messages. */
  readonly what: string;
}

/**
 * Where the image is written, and what.
 * @param path the value, which may not be there yet
 * @param members the members of the value that lead to the image; empty when the value is the image
 * @throws UserError when the value has another shape
 */
export function imagePlace(
  root: Node,
  path: JSONPath,
  members: readonly string[],
  image: ImageReference,
  options: PlaceOptions,
): { readonly path: JSONPath; readonly value: NewValue } {
  const node = nodeAt(root, path);
  const [member, ...others] = members;
  const value = around(members, image);
  if (node === undefined || node.type === 'null') return { path, value };
  if (member === undefined) {
    if (node.type === 'string' || options.mayReshape) return { path, value };
    throw new UserError(
      `${options.what} holds ${article(node.type)}, not a text that an image could replace. ` +
        `Name the member that takes the image with 'jsonPath', such as ${formatPath([...path, 'id'])}`,
    );
  }
  if (node.type !== 'object') {
    if (node.type === 'string' || options.mayReshape) return { path, value };
    throw new UserError(`${options.what} holds ${article(node.type)}, not an object with '${member}'`);
  }
  const found = propertiesOf(node).find(each => each.name.toLowerCase() === member.toLowerCase());
  // A publisher, an offer and a sku beside an id would contradict it.
  if (found === undefined && options.isWhole && others.length === 0) return { path, value };
  return imagePlace(root, [...path, found?.name ?? member], others, image, options);
}

/** The image inside the members that lead to it. */
export function around(members: readonly string[], image: ImageReference): NewValue {
  return members.reduceRight<NewValue>((value, name) => ({ [name]: value }), formatImageReference(image));
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
