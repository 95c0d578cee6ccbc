/** A template, ARM's JSON or Bicep, as far as images go: its parameters, the slots that take an image, and where each slot's value comes from. */
import type { ImageKind } from '../../../shared/core/imageReference.js';
import type { JSONPath } from './jsonText.js';

/** What this task reads of a template. */
export interface Template {
  readonly parameters: readonly TemplateParameter[];
  readonly slots: readonly ImageSlot[];
}

/** A parameter that a template declares. */
export interface TemplateParameter {
  readonly name: string;
  /** In lower case: `string`, `securestring`, `object` …; empty when it is a type of the template's own. */
  readonly type: string;
  readonly nullable?: boolean | undefined;
  readonly allowedValues?: readonly unknown[] | undefined;
  /** Of a string its characters, of a list its items. */
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minValue?: number | undefined;
  readonly maxValue?: number | undefined;
}

/** A place that takes an image. */
export interface ImageSlot extends SlotKind {
  /** Its path in the template, as `resources[2].properties.….imageReference.id`. */
  readonly path: JSONPath;
  /** Everything its value can come from; empty when it is computed. */
  readonly sources: readonly ValueSource[];
}

/** What a place takes. */
export interface SlotKind {
  /** The property itself, for messages. */
  readonly property: string;
  /** The kinds of image it takes, the best first. */
  readonly kinds: readonly ImageKind[];
  /** The member that holds the image, where the place takes a whole object. */
  readonly member?: 'id' | 'uri' | undefined;
}

/** Where a value comes from: a parameter, or a member of it, or a text in the template itself. */
export type ValueSource =
  | { readonly type: 'parameter'; readonly name: string; readonly members: readonly string[] }
  | { readonly type: 'literal'; readonly path: JSONPath; readonly value: string };

const vhdOnly: readonly ImageKind[] = ['vhd'];
const byId: readonly ImageKind[] = ['gallery', 'managed'];

/**
 * Microsoft.Compute: scale sets and virtual machines take an image in two places, image resources a VHD in a third.
 * @param isExpression whether the value is computed: an object that is written out is looked at member by member
 */
export function slotAt(path: JSONPath, isExpression: boolean): SlotKind | undefined {
  const tail = `.${path.slice(-3).join('.').toLowerCase()}`;
  if (tail.endsWith('.osdisk.image.uri')) return { property: 'osDisk.image.uri', kinds: vhdOnly };
  if (tail.endsWith('.storageprofile.osdisk.bloburi')) return { property: 'osDisk.blobUri', kinds: vhdOnly };
  if (tail.endsWith('.creationdata.imagereference.id')) return undefined;
  if (tail.endsWith('.imagereference.id')) return { property: 'imageReference.id', kinds: byId };
  if (!isExpression) return undefined;
  if (tail.endsWith('.osdisk.image')) return { property: 'osDisk.image', kinds: vhdOnly, member: 'uri' };
  if (tail.endsWith('.storageprofile.imagereference'))
    return { property: 'imageReference', kinds: byId, member: 'id' };
  return undefined;
}

/** Each source once. */
export function uniqueSources(sources: readonly ValueSource[]): ValueSource[] {
  return [...new Map(sources.map(source => [JSON.stringify(source), source])).values()];
}
