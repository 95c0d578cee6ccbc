import assert from 'node:assert/strict';
import { shapeProperties } from '../../../tasks/RunJmeterLoad/src/loadShape.js';

describe('shapeProperties', () => {
  const none = { threads: undefined, rampUpSeconds: undefined, durationSeconds: undefined };

  it('gives the properties that the plan reads, by the names it reads them by', () => {
    const { properties, problems } = shapeProperties(
      { threads: 20, rampUpSeconds: 5, durationSeconds: undefined },
      new Set(['users', 'ramp_time', 'duration']),
    );
    assert.deepEqual(
      [...properties],
      [
        ['users', '20'],
        ['ramp_time', '5'],
      ],
    );
    assert.deepEqual(problems, []);
  });

  it('says what a plan would have to read', () => {
    const { properties, problems } = shapeProperties(
      { ...none, threads: 20, durationSeconds: 9 },
      new Set(['host']),
    );
    assert.equal(properties.size, 0);
    assert.equal(problems.length, 2);
    assert.match(
      problems[0] ?? '',
      /^'threads' is 20, but the plan reads no property for it \(threads, users, .*; it reads host\)\. Put \$\{__P\(threads\)\} into its thread group/,
    );
  });

  it('gives all names where the plan includes others', () => {
    const { properties, problems } = shapeProperties({ ...none, threads: 20 }, undefined);
    assert.ok(properties.has('threads') && properties.has('users'));
    assert.deepEqual(problems, []);
  });
});
