import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  imageMark,
  readRolloutRecord,
  withRolloutRecord,
  type RolloutRecord,
} from '../../../shared/core/rolloutRecord.js';

const managed = '/subscriptions/s/resourceGroups/images/providers/Microsoft.Compute/images/web-1';
const record: RolloutRecord = {
  previous: managed,
  state: 'done',
  target: imageMark('/subscriptions/s/x'),
  at: new Date('2026-11-23T04:12:00Z'),
  run: '20261123.1 https://dev.azure.com/o/p/_build/results?buildId=7',
};

describe('the record of a rollout on its scale set', () => {
  it('is readable in the portal, beside tags of others', () => {
    assert.deepEqual(withRolloutRecord({ owner: 'web team' }, record), {
      owner: 'web team',
      'bake-and-roll-previous-image': managed,
      'bake-and-roll-rollout': `done 2026-11-23T04:12:00Z ${record.target} ${record.run}`,
    });
  });

  it('takes the place of the record before, and leaves no part of a longer one', () => {
    const long = `${managed}${'x'.repeat(400)}`;
    const tags = withRolloutRecord(
      { 'Bake-and-roll-Previous-Image-4': 'rest' },
      { ...record, previous: long },
    );
    assert.deepEqual(Object.keys(tags), [
      'bake-and-roll-previous-image',
      'bake-and-roll-previous-image-2',
      'bake-and-roll-rollout',
    ]);
    assert.equal(readRolloutRecord(tags)?.previous, long);
    assert.equal(readRolloutRecord(withRolloutRecord(tags, record))?.previous, managed);
    assert.deepEqual(withRolloutRecord({ ...tags, a: 'b' }, undefined), { a: 'b' });
  });

  it('comes back whole, whatever image and run it names, within the limits of tags', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-~]{1,1024}$/),
        fc.constantFrom('rolling', 'modelSet', 'done', 'rollingBack', 'rolledBack'),
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
        fc.string(),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string()),
        (previous, state, at, run, others) => {
          const tags = withRolloutRecord(others, { previous, state, at, run, target: imageMark(previous) });
          for (const [name, value] of Object.entries(others)) assert.equal(tags[name], value);
          for (const [name, value] of Object.entries(tags)) assert.ok(name in others || value.length <= 256);
          const read = readRolloutRecord(tags);
          assert.ok(read !== undefined);
          assert.equal(read.previous, previous);
          assert.equal(read.state, state);
          assert.equal(read.target, imageMark(previous));
          assert.ok(Math.abs(read.at.getTime() - at.getTime()) < 1000);
        },
      ),
    );
  });

  it('says nothing where the tags make no sense', () => {
    for (const text of [
      '',
      'done',
      'done soon 0123456789abcdef',
      'weird 2026-01-01T00:00:00Z 0123456789abcdef',
    ])
      assert.equal(readRolloutRecord({ 'bake-and-roll-rollout': text }), undefined);
    assert.equal(readRolloutRecord({}), undefined);
  });

  it('leaves an image out that no tags can hold', () => {
    const tags = withRolloutRecord({}, { ...record, previous: 'x'.repeat(1025) });
    assert.equal(readRolloutRecord(tags)?.previous, undefined);
  });
});
