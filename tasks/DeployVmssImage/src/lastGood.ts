/** Which image is known good, and what a rollout writes down about it: from the record of the last one, the model and the instances. Pure. */
import { formatModelImage, isSameImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { tryParseImageReference } from '../../../shared/core/imageReference.js';
import { imageMark, readRolloutRecord, type RolloutRecord } from '../../../shared/core/rolloutRecord.js';
import { reachable } from './instances.js';

/** A scale set as a rollout finds it. */
export interface Found {
  /** The image of its model; undefined when there was no such scale set. */
  readonly model: ModelImage | undefined;
  /** The last image that all its instances ran and that no rollout has failed with; a rollout that fails goes back to it. */
  readonly good: ModelImage | undefined;
  /** Whether no instance that takes part is on an older model. */
  readonly allCurrent: boolean;
  readonly record: RolloutRecord | undefined;
}

/** Who writes a record, and when. */
export interface Writer {
  readonly now: number;
  /** The pipeline run, as people know it. */
  readonly run: string;
}

/** A scale set that is not there yet. */
export const notThere: Found = { model: undefined, good: undefined, allCurrent: true, record: undefined };

/** What is known of a scale set before it is changed. */
export function foundOf(
  scaleSet: Pick<ScaleSet, 'image' | 'tags'>,
  instances: readonly ScaleSetInstance[],
): Found {
  const record = readRolloutRecord(scaleSet.tags);
  const { taking } = reachable(instances);
  const old = taking.filter(({ latestModelApplied }) => !latestModelApplied);
  const found = { model: scaleSet.image, record, allCurrent: old.length === 0 };
  return { ...found, good: goodImage(found, old) };
}

function goodImage(
  { model, record, allCurrent }: Omit<Found, 'good'>,
  old: readonly ScaleSetInstance[],
): ModelImage | undefined {
  const isOurs = record !== undefined && isAbout(record, model);
  const previous = record?.previous === undefined ? undefined : parseModelImage(record.previous);
  // A rollout that did not end well says nothing for its own image, however many instances run it.
  if (isOurs && isUnfinished(record) && previous !== undefined) return previous;
  if (isOurs && !isUnfinished(record) && record.state !== 'modelSet') return model;
  if (allCurrent) return model;
  if (isOurs && previous !== undefined) return previous;
  // Somebody else has changed the model: what the instances that did not follow still run was good.
  const [first, ...others] = old.flatMap(({ image }) => image ?? []);
  return first !== undefined && others.every(other => isSameImage(first, other)) ? first : model;
}

/** Whether the record still tells of this model: nobody else has changed it since. */
export function isAbout(record: RolloutRecord, model: ModelImage | undefined): boolean {
  if (model === undefined) return false;
  const mark = imageMark(formatModelImage(model));
  // A rollout that went back has the previous image in the model.
  return (
    mark === record.target ||
    (isUnfinished(record) && record.previous !== undefined && mark === imageMark(record.previous))
  );
}

/** Whether instances may still be on their way. */
export function isUnfinished({ state }: RolloutRecord): boolean {
  return state === 'rolling' || state === 'rollingBack';
}

/** The record once the model has been given an image; the same one where there is nothing new to say. */
export function begun(
  found: Found,
  image: ModelImage,
  state: 'rolling' | 'modelSet' | 'rollingBack',
  { now, run }: Writer,
): RolloutRecord | undefined {
  const { model, good, record, allCurrent } = found;
  if (model === undefined) return record;
  const target = imageMark(formatModelImage(image));
  const goesOn = isSameImage(model, image) && record?.target === target;
  if (goesOn) return record.state === 'modelSet' ? { ...record, state } : record;
  if (isSameImage(model, image) && allCurrent) return record;
  const previous = state === 'rollingBack' ? image : good;
  return {
    previous: previous === undefined ? undefined : formatModelImage(previous),
    state,
    target,
    at: new Date(now),
    run,
  };
}

/** The record once every instance is in service. */
export function ended(
  record: RolloutRecord | undefined,
  end: 'done' | 'rolledBack',
  { now, run }: Writer,
): RolloutRecord | undefined {
  if (record === undefined || record.state === 'done' || record.state === 'rolledBack') return record;
  // One step back is all there is: what came before the previous image nobody vouches for.
  const usedUp =
    end === 'rolledBack' || (record.previous !== undefined && imageMark(record.previous) === record.target);
  const target =
    end === 'rolledBack' && record.previous !== undefined ? imageMark(record.previous) : record.target;
  return { previous: usedUp ? undefined : record.previous, state: end, target, at: new Date(now), run };
}

/** Whether two records say the same, but for when and by whom. */
export function saysTheSame(a: RolloutRecord | undefined, b: RolloutRecord | undefined): boolean {
  return a?.previous === b?.previous && a?.state === b?.state && a?.target === b?.target;
}

/** Reads the text form of a model's image; undefined when it is none. */
export function parseModelImage(text: string): ModelImage | undefined {
  const reference = tryParseImageReference(text);
  if (reference !== undefined) return reference;
  const shared = /^\/(Shared|Community)Galleries\/[^/\s]+\/Images\/[^/\s]+(\/Versions\/[^/\s]+)?$/i.exec(
    text,
  );
  if (shared !== null) return { kind: 'shared', id: text, community: /^community$/i.test(shared[1] ?? '') };
  const [, publisher, offer, sku, version] = /^([^:\s/]+):([^:\s/]+):([^:\s/]+):([^:\s/]+)$/.exec(text) ?? [];
  if (publisher === undefined || offer === undefined || sku === undefined || version === undefined)
    return undefined;
  return { kind: 'platform', publisher, offer, sku, version };
}

/** Where `action: rollback` goes, or why it goes nowhere, a sentence with what to do instead. */
export function wayBack(
  scaleSetName: string,
  { model, allCurrent, record }: Found,
): { readonly image: ModelImage } | { readonly refusal: string } {
  const instead = "Run 'action: updateImage' with the image you want.";
  if (record === undefined || model === undefined) {
    return {
      refusal: `Nothing is recorded on scale set '${scaleSetName}' to roll back to: no rollout of this task has changed its image, or its tags were removed since. ${instead}`,
    };
  }
  const when = `${record.at.toISOString().slice(0, 16).replace('T', ' ')} UTC${record.run === '' ? '' : `, by run ${record.run}`}`;
  const modelText = formatModelImage(model);
  if (record.state === 'rolledBack') {
    return {
      refusal: `Scale set '${scaleSetName}' has been rolled back already (${when}), its model is on ${modelText}. A rollback goes one step back, and there is none after it. ${instead}`,
    };
  }
  if (!isAbout(record, model)) {
    return {
      refusal: `The image of scale set '${scaleSetName}' was changed by something else since its last recorded rollout (${when}); it is ${modelText} now, and what was in service before that is not recorded. ${instead}`,
    };
  }
  const image = record.previous === undefined ? undefined : parseModelImage(record.previous);
  if (image === undefined) {
    return {
      refusal: `The last rollout of scale set '${scaleSetName}' (${when}) has recorded no image to roll back to. ${instead}`,
    };
  }
  if (isSameImage(image, model) && allCurrent) {
    return {
      refusal: `Scale set '${scaleSetName}' runs the image from before its last rollout (${when}) already: ${modelText}. There is nothing to roll back.`,
    };
  }
  return { image };
}
