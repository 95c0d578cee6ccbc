import assert from 'node:assert/strict';
import { noSample, someSample, Threads } from '../../../../tasks/RunJmeterLoad/src/analysis/threads.js';

const limit = 262_144;

function named(count: number, prefix: string, assumed = noSample): Threads {
  const threads = new Threads(assumed);
  for (let index = 0; index < count; index += 1) threads.entry(`${prefix} ${index}`).latest = index;
  return threads;
}

describe('Threads', () => {
  it('tells a transaction that repeats samples from one that is the sample', () => {
    const threads = new Threads(noSample);
    const thread = threads.entry('T 1-1');
    assert.equal(threads.repeats(thread, 5), false);
    thread.latest = 7;
    assert.deepEqual([threads.repeats(thread, 7), threads.repeats(thread, 8)], [true, false]);
  });

  it('holds what a range took for granted against what was before', () => {
    for (const [assumed, starts, right] of [
      [someSample, [5, 7], [7, 8]],
      [noSample, [7, 5], [noSample, 4]],
    ] as const) {
      const range = new Threads(assumed);
      for (const start of starts) range.repeats(range.entry('T 1-1'), start);
      for (const latest of [noSample, 4, 5, 6, 7, 8]) {
        const before = new Threads(noSample);
        before.entry('T 1-1').latest = latest;
        assert.equal(before.precede(range.data()), latest >= right[0] && latest <= right[1], `${latest}`);
      }
    }
  });

  it('goes on with what they did in a range, and with what they did before where they did nothing', () => {
    const before = named(3, 'T');
    const range = named(2, 'T', someSample);
    range.entry('T 0').latest = 9;
    range.entry('T 1').latest = someSample;
    before.add(range.data());
    assert.deepEqual([...before.data().latest], [9, 1, 2]);
  });

  it('forgets the first when there are too many, and takes no range with which there would be', () => {
    const threads = named(limit - 1, 'T');
    const more = named(2, 'U', someSample).data();
    assert.deepEqual([threads.precede(named(1, 'U').data()), threads.precede(more)], [true, false]);
    threads.add(more);
    assert.equal(threads.forgetful, true);
    assert.equal(threads.data().names.length, limit / 2 + 1);
  });
});
