import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classesOf, classFilter } from '../../../tasks/RunSeleniumSmoke/src/runners/phpunit.js';
import { filesOf } from '../../../tasks/RunSeleniumSmoke/src/runners/pytest.js';
import { withoutBraces } from '../../../tasks/RunSeleniumSmoke/src/runners/mocha.js';
import {
  describeShard,
  numberedShards,
  shardCount,
  splitUnits,
} from '../../../tasks/RunSeleniumSmoke/src/shards.js';

const unit = fc.record({ name: fc.string({ minLength: 1 }), tests: fc.integer({ min: 1, max: 50 }) });
const units = fc.uniqueArray(unit, { selector: ({ name }) => name, minLength: 1, maxLength: 30 });

describe('splitting tests', () => {
  it('puts every unit into exactly one part, none empty, and always the same way', () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 2, max: 12 }), (all, count) => {
        const shards = splitUnits(all, count);
        assert.deepEqual(splitUnits([...all].reverse(), count), shards);
        if (shards.length === 1) {
          assert.equal(shards[0]?.units, undefined);
          return;
        }
        assert.equal(shards.length, Math.min(count, all.length));
        assert.deepEqual(
          shards.map(({ number, of }) => [number, of]),
          shards.map((_shard, index) => [index + 1, shards.length]),
        );
        assert.ok(shards.every(shard => (shard.units?.length ?? 0) > 0));
        const names = shards.flatMap(shard => shard.units ?? []);
        assert.deepEqual(names.sort(), all.map(({ name }) => name).sort());
      }),
    );
  });

  it('gives no part more than the least one and its own largest unit', () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 2, max: 12 }), (all, count) => {
        const size = new Map(all.map(({ name, tests }) => [name, tests]));
        const loads = splitUnits(all, count).map(shard =>
          (shard.units ?? [...size.keys()]).reduce((sum, name) => sum + (size.get(name) ?? 0), 0),
        );
        assert.ok(Math.max(...loads) <= Math.min(...loads) + Math.max(...size.values()));
      }),
    );
  });

  it('takes as many parts as are asked for, or as can run at once', () => {
    assert.deepEqual(
      [shardCount(3, 8, 2), shardCount(0, 8, 2), shardCount(0, 1, 2), shardCount(0, 5, 2)],
      [3, 4, 1, 2],
    );
    assert.deepEqual(numberedShards(2), [
      { number: 1, of: 2, units: undefined },
      { number: 2, of: 2, units: undefined },
    ]);
  });

  it('names a part by what it runs', () => {
    const shard = { number: 2, of: 3, units: ['/src/smoke/test_a.py', 'App\\LoginTest'] };
    assert.equal(describeShard(shard), 'shard 2 of 3 (test_a.py, App\\LoginTest)');
    assert.equal(describeShard({ ...shard, units: undefined }), 'shard 2 of 3');
    assert.match(describeShard({ ...shard, units: ['a', 'b', 'c', 'd', 'e', 'f'] }), /\(a, b, c, d, e, …\)$/);
  });

  it("reads PHPUnit's list: classes, data sets with any name", () => {
    const lines = [
      'PHPUnit 9.6.7',
      'Available test(s):',
      ' - A\\B::testOne',
      ' - A\\B::testRow"x::y - z"',
      ' - C::t',
    ];
    assert.deepEqual(classesOf(lines), [
      { name: 'A\\B', tests: 2 },
      { name: 'C', tests: 1 },
    ]);
    assert.equal(classFilter(['A\\B', 'C']), String.raw`/^(?:A\\B|C)::/`);
    assert.throws(() => classesOf([' - /src/a.phpt']), /which is no test of a class/);
  });

  it("reads pytest's list, with the verbosity that a project may set", () => {
    assert.deepEqual(filesOf(['smoke/test_a.py: 3', '', '3 tests collected']), [
      { name: 'smoke/test_a.py', tests: 3 },
    ]);
    assert.deepEqual(filesOf(['a b/test_a.py::test_x[1::2]', 'a b/test_a.py::T::test_y']), [
      { name: 'a b/test_a.py', tests: 2 },
    ]);
    assert.deepEqual(filesOf(['no tests collected in 0.01s']), []);
    assert.throws(() => filesOf(['<Module test_a.py>', '  <Function test_x>']), /lists its tests as a tree/);
  });

  it('knows the alternatives of a pattern', () => {
    assert.deepEqual(withoutBraces('smoke/{a,b}/*.{js,mjs}'), [
      'smoke/a/*.js',
      'smoke/a/*.mjs',
      'smoke/b/*.js',
      'smoke/b/*.mjs',
    ]);
    assert.deepEqual(withoutBraces('smoke/{a}/*.js'), ['smoke/{a}/*.js']);
  });
});
