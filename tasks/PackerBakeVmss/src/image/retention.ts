/** Which images of a family may go: decided over plain data, so that it can be proved. Pure. */
import { formatImageReference, type ImageReference } from '../../../../shared/core/imageReference.js';

/** An image of the family. */
export interface FamilyImage {
  readonly image: ImageReference;
  /** `Succeeded`, or why it is no good. */
  readonly state: string;
  /** When it was baked; undefined where nothing tells. */
  readonly bakedAt: Date | undefined;
  /** Who uses it, or may go back to it; undefined for nobody. */
  readonly usedBy: string | undefined;
}

/** What is kept. */
export interface RetentionRule {
  /** So many of the newest good ones; 0 for no limit by number. */
  readonly keepImages: number;
  /** All good ones that are younger; 0 for no limit by age. */
  readonly keepDays: number;
}

/** What becomes of one image, and why in a few words. */
export interface RetentionChoice {
  readonly image: ImageReference;
  readonly remove: boolean;
  readonly why: string;
}

const day = 86_400_000;

/**
 * Chooses. Kept are: the image just baked, what is used, the newest good one besides it, what a rule keeps, what has no known age, and what
 * Azure is still at work on. Failed images count for no rule and go. With two rules an image goes only where neither keeps it; with
 * none, nothing goes.
 */
export function chooseRetained(
  family: readonly FamilyImage[],
  rule: RetentionRule,
  baked: ImageReference | undefined,
  now: Date,
): RetentionChoice[] {
  const own = baked === undefined ? undefined : key(baked);
  const isOn = rule.keepImages > 0 || rule.keepDays > 0;
  const good = family
    .filter(({ state, bakedAt }) => isGood(state) && bakedAt !== undefined)
    .sort((a, b) => timeOf(b) - timeOf(a) || (key(a.image) < key(b.image) ? 1 : -1));
  const lastGood = good.find(({ image }) => key(image) !== own);
  return family.map(candidate => {
    const { image, state, bakedAt, usedBy } = candidate;
    const keep = (why: string): RetentionChoice => ({ image, remove: false, why });
    if (!isOn) return keep('no rule is set');
    if (key(image) === own) return keep('just baked');
    if (usedBy !== undefined) return keep(`used by ${usedBy}`);
    if (/^(creating|updating|deleting|migrating)$/i.test(state)) return keep(`Azure is at it (${state})`);
    if (!isGood(state))
      return { image, remove: true, why: `it is ${state === '' ? 'in no known state' : state}` };
    if (bakedAt === undefined) return keep('nothing tells when it was baked');
    if (candidate === lastGood) return keep('the last good one before');
    const rank = good.indexOf(candidate) + 1;
    if (rule.keepImages > 0 && rank <= rule.keepImages) return keep(`one of the newest ${rule.keepImages}`);
    const age = now.getTime() - bakedAt.getTime();
    if (rule.keepDays > 0 && age <= rule.keepDays * day) return keep(`younger than ${rule.keepDays} days`);
    return { image, remove: true, why: `baked ${bakedAt.toISOString().slice(0, 10)}, the ${rank}. newest` };
  });
}

function isGood(state: string): boolean {
  return /^succeeded$/i.test(state);
}

function timeOf({ bakedAt }: FamilyImage): number {
  return bakedAt?.getTime() ?? 0;
}

function key(image: ImageReference): string {
  return formatImageReference(image).toLowerCase();
}
