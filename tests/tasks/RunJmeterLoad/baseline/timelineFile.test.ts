import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  fromTimelineData,
  inClasses,
  toTimelineData,
} from '../../../../tasks/RunJmeterLoad/src/baseline/timelineFile.js';
import { collectTimeline } from '../../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { countOf, percentileOf } from '../../../../tasks/RunJmeterLoad/src/timeline/distribution.js';
import { poolFigures, poolLabels, samplesOf } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { makeRun } from './runs.js';

const throughFile = (data: unknown) => fromTimelineData(JSON.parse(JSON.stringify(data)));

describe('the timeline in the summary file', () => {
  it('comes back as it was, times in their classes', () => {
    const run = makeRun(1, 1, index => ({
      kind: index % 50 === 0 ? 'response' : undefined,
      connect: index % 7,
    }));
    const read = throughFile(toTimelineData(run));
    assert.deepEqual(read, {
      ...run,
      labels: run.labels.map(each => ({ ...each, blocks: each.blocks.map(inClasses) })),
    });
  });

  it('keeps counts, errors and bytes exact and times within 0.4 %, however many blocks there were', () => {
    const sample = fc.record({
      start: fc.nat(500_000),
      elapsed: fc.oneof(fc.nat(300), fc.nat(100_000)),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 100 }), samples => {
        const collector = collectTimeline(1000, 10);
        for (const { start, elapsed, failed } of samples)
          collector.add({
            label: 'a',
            transaction: false,
            start,
            elapsed,
            latency: elapsed,
            connect: 1,
            bytes: 3,
            kind: failed ? 'transport' : undefined,
          });
        const made = collector.timeline()!;
        const read = throughFile(toTimelineData(made))!;
        assert.ok(read.labels[0]!.blocks.length <= 48);
        const [before, after] = [made, read].map(each => poolFigures(poolLabels(each.labels)));
        assert.deepEqual(
          [samplesOf(after!), after!.errors, after!.bytes, after!.firstStart, after!.lastEnd],
          [samplesOf(before!), before!.errors, before!.bytes, before!.firstStart, before!.lastEnd],
        );
        assert.equal(countOf(after!.failedTimes), countOf(before!.failedTimes));
        for (const percent of [1, 50, 99, 100]) {
          const exact = percentileOf(before!.times.response_time, percent)!;
          const kept = percentileOf(after!.times.response_time, percent)!;
          assert.ok(Math.abs(kept - exact) <= exact * 0.004, `${kept} for ${exact}`);
        }
      }),
    );
  });

  it('refuses what is no timeline', () => {
    const good = JSON.parse(JSON.stringify(toTimelineData(makeRun(2)))) as Record<string, unknown>;
    assert.notEqual(throughFile(good), undefined);
    const block = { at: 0, span: [0, 1], bytes: 1, errors: [0, 0, 0], times: ['', '', '', ''] };
    const withBlock = (rest: object) => ({
      ...good,
      labels: [{ label: 'a', transaction: false, blocks: [{ ...block, ...rest }] }],
    });
    assert.notEqual(throughFile(withBlock({})), undefined);
    for (const bad of [
      null,
      7,
      [],
      {},
      { ...good, start: 'x' },
      { ...good, labels: [null] },
      { ...good, labels: [{ label: 1, transaction: false, blocks: [] }] },
      withBlock({ at: 1e12 }),
      withBlock({ at: -1 }),
      withBlock({ times: ['', '', ''] }),
      withBlock({ times: [1, 2, 3, 4] }),
      withBlock({ errors: [1] }),
      withBlock({ bytes: '1' }),
    ])
      assert.equal(throughFile(bad), undefined, JSON.stringify(bad).slice(0, 80));
  });
});
