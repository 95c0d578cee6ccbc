/** Figures as the page writes them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  changeInPercent,
  formatChange,
  formatDifference,
  formatPercent,
  formatRate,
  formatRateTick,
  formatTick,
  formatTime,
  grouped,
  roundSteps,
  timeTicks,
} from '../../../report/model/figures.js';

describe('figures', () => {
  it('groups thousands, and tells percent by two digits that count', () => {
    assert.deepEqual([0, 999, 1000, 1234567, 1234.5].map(grouped), [
      '0',
      '999',
      '1,000',
      '1,234,567',
      '1,234.5',
    ]);
    assert.deepEqual([0, 0.001, 0.02, 0.5, 1.34, 9.96, 12.4, 100, -2.5].map(formatPercent), [
      '0 %',
      '< 0.01 %',
      '0.02 %',
      '0.5 %',
      '1.3 %',
      '10 %',
      '12 %',
      '100 %',
      '−2.5 %',
    ]);
    assert.deepEqual([0, 0.423, 6.31, 1240].map(formatRate), ['0', '0.42', '6.3', '1,240']);
    assert.deepEqual([50, 2.5].map(formatRateTick), ['50', '2.5']);
    assert.deepEqual([null, 85.4, 1240].map(formatTime), ['–', '85 ms', '1.2 s']);
  });

  it('signs differences, and takes for none what nobody can tell', () => {
    assert.deepEqual([0, 99, 2100, -350, -65_000].map(formatDifference), [
      '±0 s',
      '±0 s',
      '+2.1 s',
      '−350 ms',
      '−1 min 05 s',
    ]);
    assert.deepEqual([0.4, 12, -8.4, 899, 900, 9900].map(formatChange), [
      '±0 %',
      '+12 %',
      '−8 %',
      '+899 %',
      '×10',
      '×100',
    ]);
    assert.equal(changeInPercent(110, 100)?.toFixed(6), '10.000000');
    assert.deepEqual(
      [changeInPercent(1, 0), changeInPercent(null, 3), changeInPercent(3, undefined)],
      [undefined, undefined, undefined],
    );
  });

  it('writes moments of an axis as a clock counts', () => {
    assert.deepEqual([0, 45_000, 120_000, 150_000, 3_600_000, 3_900_000].map(formatTick), [
      '0',
      '45 s',
      '2 min',
      '2:30 min',
      '1 h',
      '1:05 h',
    ]);
  });

  it('has few ticks for any length, from 0 and not past the end', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e10, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (length, count) => {
          const ticks = timeTicks(length, count);
          assert.equal(ticks[0], 0);
          assert.ok(ticks.length <= count + 1);
          assert.ok((ticks.at(-1) ?? 0) <= length);
        },
      ),
    );
  });

  it('has round steps that reach the largest value', () => {
    assert.deepEqual(roundSteps(143, 4), [0, 50, 100, 150]);
    assert.deepEqual(roundSteps(0, 4), [0]);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), most => {
        const steps = roundSteps(most, 4);
        assert.ok((steps.at(-1) ?? 0) >= most * (1 - 1e-6));
        assert.ok(steps.length <= 6);
      }),
    );
  });
});
