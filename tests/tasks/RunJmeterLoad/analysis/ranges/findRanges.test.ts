import assert from 'node:assert/strict';
import { layoutOf } from '../../../../../tasks/RunJmeterLoad/src/analysis/csvColumns.js';
import { findRanges } from '../../../../../tasks/RunJmeterLoad/src/analysis/ranges/findRanges.js';
import { failed, header, sample, time } from './inRanges.js';

describe('findRanges', () => {
  const find = (text: string, count: number, layout = layoutOf(header)) => {
    const bytes = Buffer.from(text);
    return findRanges(
      (into, position) => bytes.copy(into, 0, position, position + into.length),
      { from: 0, to: bytes.length },
      count,
      layout,
    ).map(({ from, to }) => text.slice(from, to));
  };

  it('parts a file where records begin', () => {
    const rows = Array.from({ length: 100 }, (_, index) => sample(time + index)).join('');
    for (const count of [1, 2, 3, 7]) {
      const ranges = find(rows, count);
      assert.equal(ranges.length, count);
      assert.equal(ranges.join(''), rows);
      for (const range of ranges) assert.match(range, /^17000000000\d\d,10,a,[^]*\n$/);
    }
  });

  it('passes by the lines of a message, and parts nothing where no record begins', () => {
    const message = failed(time, `"${'a line,\n'.repeat(50)}12,34\n"`);
    assert.deepEqual(find(`${message}${sample(time + 1)}`, 2), [message, sample(time + 1)]);
    assert.deepEqual(find(message, 3), [message]);
    assert.deepEqual(find('', 3), ['']);
  });

  it('takes any line for a record where the start does not come first', () => {
    const line = 'a,1700000000000,5,true\n';
    const layout = layoutOf('label,timeStamp,elapsed,success');
    assert.deepEqual(find(line.repeat(4), 2, layout), [line.repeat(3), line]);
  });
});
