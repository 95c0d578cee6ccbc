import assert from 'node:assert/strict';
import { brotliCompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { binEnds, inBins, spreadBlocks } from '../../../../tasks/RunJmeterLoad/src/baseline/blockShapes.js';
import { inClasses } from '../../../../tasks/RunJmeterLoad/src/baseline/classes.js';
import { columnReader, columnWriter } from '../../../../tasks/RunJmeterLoad/src/baseline/columns.js';
import { spreadOf } from '../../../../tasks/RunJmeterLoad/src/baseline/resampling.js';
import {
  fromTimelineData,
  toTimelineData,
} from '../../../../tasks/RunJmeterLoad/src/baseline/timelineFile.js';
import { errorKinds } from '../../../../tasks/RunJmeterLoad/src/criteria/criterion.js';
import { parseCriteria } from '../../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import { countOf, percentileOf } from '../../../../tasks/RunJmeterLoad/src/timeline/distribution.js';
import { poolFigures, poolLabels, samplesOf } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import type { Block, Timeline } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { timelineOf } from '../timelineOf.js';
import { makeRun } from './runs.js';

const throughFile = (data: unknown) => fromTimelineData(JSON.parse(JSON.stringify(data)));

describe('the timeline in the summary file', () => {
  it('comes back as it was as a whole, times in their classes; of blocks what was counted', () => {
    const run = makeRun(1, 1, index => ({
      label: index % 3 === 0 ? 'POST /cart' : 'GET /data',
      transaction: index % 3 === 0,
      kind: index % 50 === 0 ? 'response' : undefined,
      connect: index % 7,
    }));
    const read = throughFile(toTimelineData(run))!;
    const rest = ({ start, end, blockMilliseconds }: Timeline) => ({ start, end, blockMilliseconds });
    assert.deepEqual(rest(read), rest(run));
    for (const [index, { label, transaction, blocks }] of run.labels.entries()) {
      const kept = read.labels[index]!;
      assert.deepEqual([kept.label, kept.transaction], [label, transaction]);
      assert.deepEqual(poolFigures(kept.blocks), poolFigures(blocks.map(inClasses)));
      const counted = (each: readonly Block[]) =>
        each.map(block => [
          block.at,
          samplesOf(block),
          block.errors,
          block.bytes,
          countOf(block.times.connect_time),
        ]);
      assert.deepEqual(counted(kept.blocks), counted(blocks));
    }
  });

  it('tells nearly the same spread as before', () => {
    const { criteria } = parseCriteria(
      ['p50', 'p95', 'avg'].map(each => `${each}(response_time) <= baseline`).join('\n'),
    );
    const runs = Array.from({ length: 7 }, (_, seed) => {
      const run = makeRun(seed);
      return [run, throughFile(toTimelineData(run))!];
    });
    for (const { measure } of criteria) {
      const ratios = runs
        .map(each => {
          const [before = NaN, after = NaN] = each.map(
            ({ labels, blockMilliseconds }) =>
              spreadOf(measure, labels[0]!.blocks.map(inClasses), blockMilliseconds, errorKinds)!.error,
          );
          return after / before;
        })
        .sort((x, y) => x - y);
      assert.ok(ratios[3]! > 0.9 && ratios[3]! < 1.1, `${JSON.stringify(measure)}: ${ratios.join(' ')}`);
    }
  });

  it('keeps counts, errors and bytes exact and times within 0.4 %, however many blocks there were', () => {
    const sample = fc.record({
      start: fc.nat(500_000),
      elapsed: fc.oneof(fc.nat(300), fc.nat(100_000)),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 100 }), samples => {
        const made = timelineOf(
          samples.map(({ start, elapsed, failed }) => ({
            label: 'a',
            transaction: false,
            start,
            elapsed,
            latency: elapsed,
            connect: 1,
            bytes: 3,
            kind: failed ? ('transport' as const) : undefined,
          })),
          1000,
        )!;
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

  it('refuses what is no timeline, and one that is damaged', () => {
    const good = toTimelineData(makeRun(2));
    assert.notEqual(throughFile(good), undefined);
    const columns = ['blocks', 'spans', 'samples', 'errors', 'bytes', 'totals', 'classes', 'counts', 'bins'];
    const packed = (numbers: Readonly<Record<string, readonly number[]>>) => {
      const writer = columnWriter(columns);
      for (const [column, values] of Object.entries(numbers))
        for (const value of values) writer.put(column, value);
      return { ...good, packed: writer.text() };
    };
    // One sample of 5 ms without latency and connection.
    const one = {
      blocks: [1, 0],
      spans: [0, 5],
      samples: [1],
      errors: [0, 0, 0],
      bytes: [9],
      totals: [0],
      classes: [1, 5, 0, 0, 0],
      counts: [1],
    };
    assert.deepEqual(throughFile(packed(one))?.labels[0]?.blocks[0]?.times.response_time, {
      values: [5],
      counts: [1],
    });
    for (const bad of [
      null,
      7,
      [],
      {},
      { ...good, start: 'x' },
      { ...good, labels: [null] },
      { ...good, labels: [{ label: 1, transaction: false }] },
      { ...good, labels: [...good.labels, ...good.labels] },
      { ...good, packed: 7 },
      { ...good, packed: '' },
      { ...good, packed: good.packed.slice(0, good.packed.length / 2) },
      { ...good, packed: 'A'.repeat(1000) },
      packed({ ...one, blocks: [1, 48] }),
      packed({ ...one, blocks: [1e12] }),
      packed({ ...one, samples: [2] }),
      packed({ ...one, totals: [2] }),
      packed({ ...one, classes: [1e9] }),
      packed({ ...one, classes: [1, 1e9, 0, 0, 0] }),
      packed({
        ...one,
        blocks: [2, 0, 0],
        samples: [1, 0],
        errors: [0, 0, 0, 0, 0, 0],
        bytes: [9, 0],
        totals: [0, 0],
        bins: [9],
      }),
    ])
      assert.equal(throughFile(bad), undefined, JSON.stringify(bad).slice(0, 300));
  });

  it('does not fall for a text that unpacks to gigabytes', () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 0 };
    const bomb = brotliCompressSync(Buffer.alloc(130 * 1024 * 1024), { params }).toString('base64');
    assert.equal(columnReader(['a'], bomb), undefined);
  });
});

describe('blocks in bins', () => {
  it('give every block its counts by bin and the run its counts by class', () => {
    const run = fc.array(
      fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(1e6)), { minLength: 12, maxLength: 12 }),
      {
        minLength: 1,
        maxLength: 9,
      },
    );
    fc.assert(
      fc.property(run, fc.nat(11), (rows, used) => {
        // Classes without a sample are not kept.
        const blocks = rows.map(row => row.slice(0, used + 1).map(count => count + 1));
        const sums = (all: readonly (readonly number[])[]) =>
          all[0]!.map((_, at) => all.reduce((sum, row) => sum + row[at]!, 0));
        const ends = binEnds(sums(blocks));
        const bins = blocks.map(row => inBins(row, ends));
        const spread = spreadBlocks(sums(blocks), ends, bins);
        assert.equal(ends.at(-1), used + 1);
        assert.deepEqual(
          spread.map(row => inBins(row, ends)),
          bins,
        );
        assert.deepEqual(sums(spread), sums(blocks));
        assert.ok(spread.flat().every(count => count >= 0 && Number.isInteger(count)));
      }),
    );
  });
});
