import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ImageReference } from '../../../../shared/core/imageReference.js';
import { chooseRetained, type FamilyImage } from '../../../../tasks/PackerBakeVmss/src/image/retention.js';

const now = new Date('2026-11-23T00:00:00Z');
const image = (number: number): ImageReference => ({
  kind: 'managed',
  id: `/subscriptions/s/resourceGroups/images/providers/Microsoft.Compute/images/web-${number}`,
});
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const good = (number: number, days: number, more: Partial<FamilyImage> = {}): FamilyImage => ({
  image: image(number),
  state: 'Succeeded',
  bakedAt: daysAgo(days),
  usedBy: undefined,
  ...more,
});
const removed = (
  family: readonly FamilyImage[],
  rule: { keepImages?: number; keepDays?: number },
  baked?: ImageReference,
) =>
  chooseRetained(family, { keepImages: 0, keepDays: 0, ...rule }, baked, now)
    .filter(choice => choice.remove)
    .map(choice => /web-\d+$/.exec(choice.image.kind === 'vhd' ? '' : choice.image.id)?.[0]);

describe('which images of a family may go', () => {
  const family = [good(1, 40), good(2, 30), good(3, 20), good(4, 10), good(5, 0)];

  it('keeps the newest, by number, by age, or by either', () => {
    assert.deepEqual(removed(family, { keepImages: 2 }, image(5)), ['web-1', 'web-2', 'web-3']);
    assert.deepEqual(removed(family, { keepDays: 25 }, image(5)), ['web-1', 'web-2']);
    assert.deepEqual(removed(family, { keepImages: 4, keepDays: 5 }, image(5)), ['web-1']);
  });

  it('removes nothing without a rule', () => {
    assert.deepEqual(removed(family, {}), []);
  });

  it('does not count failed versions as kept: three failures do not push out the last good one', () => {
    const failed = [6, 7, 8].map(number => good(number, 1, { state: 'Failed' }));
    assert.deepEqual(removed([good(1, 40), good(2, 30), ...failed], { keepImages: 3 }), [
      'web-6',
      'web-7',
      'web-8',
    ]);
    assert.deepEqual(removed([good(1, 40), ...failed], { keepImages: 1 }), ['web-6', 'web-7', 'web-8']);
  });

  it('keeps what is used or may be gone back to, and the last good one before the image just baked', () => {
    const used = family.map((each, index) => (index === 0 ? { ...each, usedBy: "scale set 'web'" } : each));
    assert.deepEqual(removed(used, { keepImages: 1 }, image(5)), ['web-2', 'web-3']);
    assert.deepEqual(removed(family, { keepImages: 1 }, image(5)), ['web-1', 'web-2', 'web-3']);
    assert.deepEqual(removed([good(1, 400), good(2, 300)], { keepDays: 1 }, image(2)), []);
  });

  it('leaves alone what Azure is at work on and what has no date', () => {
    const odd = [good(1, 40, { state: 'Creating' }), good(2, 30, { bakedAt: undefined }), ...family.slice(2)];
    assert.deepEqual(removed(odd, { keepImages: 1 }, image(5)), ['web-3']);
  });

  it('holds for any family and rule', () => {
    const member = fc.record({
      state: fc.constantFrom('Succeeded', 'Failed', 'Creating', ''),
      days: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
      used: fc.boolean(),
    });
    const rules = fc.record({ keepImages: fc.nat(6), keepDays: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), rules, fc.nat(11), (members, rule, ownIndex) => {
        const all = members.map(({ state, days, used }, index) =>
          good(index, 0, {
            state,
            bakedAt: days === undefined ? undefined : daysAgo(days),
            usedBy: used ? 'somebody' : undefined,
          }),
        );
        const own = all[ownIndex]?.image;
        const choices = chooseRetained(all, rule, own, now);
        assert.equal(choices.length, all.length);
        const kept = all.filter((_, index) => choices[index]?.remove === false);
        const gone = all.filter((_, index) => choices[index]?.remove === true);
        assert.ok(
          gone.every(each => each.usedBy === undefined && each.image !== own && each.state !== 'Creating'),
        );
        const isGood = ({ state, bakedAt }: FamilyImage) => state === 'Succeeded' && bakedAt !== undefined;
        // The last good one besides the image just baked survives every rule.
        const goodOnes = all.filter(each => isGood(each) && each.image !== own);
        const newest = Math.max(...goodOnes.map(each => each.bakedAt?.getTime() ?? 0));
        assert.ok(
          goodOnes.length === 0 || kept.some(each => isGood(each) && each.bakedAt?.getTime() === newest),
        );
        if (rule.keepImages === 0 && rule.keepDays === 0) assert.deepEqual(gone, []);
        // Of the good ones no older one stays for its number while a younger one goes.
        const goodGone = gone.filter(isGood);
        if (rule.keepImages > 0)
          assert.ok(
            all.filter(isGood).length - goodGone.length >=
              Math.min(rule.keepImages, all.filter(isGood).length),
          );
        if (rule.keepDays > 0)
          assert.ok(
            goodGone.every(
              each => now.getTime() - (each.bakedAt?.getTime() ?? 0) > rule.keepDays * 86_400_000,
            ),
          );
      }),
    );
  });
});
