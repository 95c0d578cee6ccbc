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
  /** The members that lead to the image, where a whole object is computed; empty where the place takes the image itself. */
  readonly members: readonly string[];
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
  const is = (end: string) => tail.endsWith(`.${end}`);
  if (is('osdisk.image.uri')) return { property: 'osDisk.image.uri', kinds: vhdOnly, members: [] };
  if (is('storageprofile.osdisk.bloburi')) return { property: 'osDisk.blobUri', kinds: vhdOnly, members: [] };
  if (is('imagereference.id') && !is('creationdata.imagereference.id'))
    return { property: 'imageReference.id', kinds: byId, members: [] };
  if (isExpression && is('osdisk.image'))
    return { property: 'osDisk.image', kinds: vhdOnly, members: ['uri'] };
  if (isExpression && is('storageprofile.imagereference'))
    return { property: 'imageReference', kinds: byId, members: ['id'] };
  return undefined;
}

/** Where a computed object may hold images further down, if it can be seen that it does. */
export function slotsBelow(path: JSONPath): readonly SlotKind[] {
  const last = String(path.at(-1)).toLowerCase();
  const vhd = { property: 'osDisk.image.uri', kinds: vhdOnly };
  if (last === 'osdisk') return [{ ...vhd, members: ['image', 'uri'] }];
  if (last !== 'storageprofile') return [];
  return [
    { property: 'imageReference.id', kinds: byId, members: ['imageReference', 'id'] },
    { ...vhd, members: ['osDisk', 'image', 'uri'] },
  ];
}

/** Each source once. */
export function uniqueSources(sources: readonly ValueSource[]): ValueSource[] {
  return [...new Map(sources.map(source => [JSON.stringify(source), source])).values()];
}
