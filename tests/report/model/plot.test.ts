/** Values over time as paths. */
import assert from 'node:assert/strict';
import { columnPath, linePath, stepPath } from '../../../report/model/plot.js';

describe('values over time as paths', () => {
  const most = { time: 40, value: 10 };
  const stretches = [5, 10, null, 0].map((value, at) => ({ from: at * 10, to: at * 10 + 10, value }));

  it('are joined from one to the next; a null breaks the line, and what stands alone is a dash', () => {
    assert.equal(linePath([5, 15, 25, 35], [5, 10, null, 0], most), 'M125 50L375 0M873 100h4');
  });

  it('are level over each stretch and step to the next; a null breaks the line', () => {
    assert.equal(stepPath(stretches, most), 'M0 50H250V0H500M750 100H1000');
    assert.equal(stepPath([], most), '');
  });

  it('stand on the axis as columns, none where there is nothing', () => {
    assert.equal(columnPath(stretches, most), 'M0 100v-50h250V100zM250 100v-100h250V100z');
    assert.equal(
      columnPath([{ from: 0, to: 10, value: 0.01 }], most),
      'M0 100v-4h250V100z',
      'little is seen',
    );
  });
});
