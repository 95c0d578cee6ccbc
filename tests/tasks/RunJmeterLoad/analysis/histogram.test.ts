import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Histogram } from '../../../../tasks/RunJmeterLoad/src/analysis/histogram.js';

/** Nearest rank over the sorted values. */
function exact(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100)) - 1];
}

function store(values: readonly number[]) {
  const times = new Histogram();
  for (const value of values) times.add(value);
  return times;
}

const percents = [1, 50, 90, 95, 99, 99.9, 100];

describe('Histogram', () => {
  it('has nothing to say of no times', () => {
    const times = new Histogram();
    assert.deepEqual(
      [times.count, times.percentile(50), times.minimum, times.maximum, times.mean],
      [0, undefined, undefined, undefined, undefined],
    );
  });

  it('takes the nearest rank', () => {
    const times = store(Array.from({ length: 100 }, (_, index) => index + 1));
    assert.deepEqual(
      percents.map(percent => times.percentile(percent)),
      [1, 50, 90, 95, 99, 100, 100],
    );
    assert.deepEqual([times.minimum, times.maximum, times.mean], [1, 100, 50.5]);
  });

  it('is exact up to two minutes, for any times', () => {
    const time = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 131_071 }));
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), values => {
        const times = store(values);
        for (const percent of percents) assert.equal(times.percentile(percent), exact(values, percent));
        assert.equal(times.minimum, Math.min(...values));
        assert.equal(times.maximum, Math.max(...values));
      }),
    );
  });

  it('is within 0.1 % above that', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 90_000_000 }), { minLength: 1, maxLength: 50 }),
        values => {
          const times = store(values);
          for (const percent of percents) {
            const truth = exact(values, percent)!;
            assert.ok(Math.abs(times.percentile(percent)! - truth) <= truth / 1000);
          }
        },
      ),
    );
  });
});
