import assert from 'node:assert/strict';
import { compareRuns, studentQuantile } from '../../../../tasks/RunJmeterLoad/src/baseline/compareRuns.js';
import { spreadOf } from '../../../../tasks/RunJmeterLoad/src/baseline/resampling.js';
import { errorKinds } from '../../../../tasks/RunJmeterLoad/src/criteria/criterion.js';
import { parseCriteria } from '../../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import { poolLabels, type Timeline } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { timelineOf } from '../timelineOf.js';
import { makeRun } from './runs.js';

const runOf = ({ labels, blockMilliseconds }: Timeline) => ({
  blocks: poolLabels(labels),
  blockMilliseconds,
});

function compare(text: string, now: Timeline, before: Timeline) {
  const { criteria, problems } = parseCriteria(text);
  assert.deepEqual(problems, []);
  return compareRuns(criteria[0]!, runOf(now), runOf(before), errorKinds);
}

const before = makeRun(1);
const same = makeRun(2);
const slower = makeRun(3, 1.2);

describe('compareRuns', () => {
  for (const measure of [
    'p50(response_time)',
    'p95(response_time)',
    'avg(latency)',
    'stddev(response_time)',
  ]) {
    it(`sees 20 % more of ${measure}, and allows them when told`, () => {
      assert.equal(compare(`${measure} <= baseline`, slower, before).passed, false);
      assert.equal(compare(`${measure} <= baseline + 10%`, slower, before).passed, false);
      assert.equal(compare(`${measure} <= baseline + 30%`, slower, before).passed, true);
      assert.equal(compare(`${measure} <= baseline`, same, before).passed, true);
    });
  }

  it('sees throughput go down and apdex with it, not up', () => {
    assert.equal(compare('throughput >= baseline - 5%', slower, before).passed, false);
    assert.equal(compare('throughput >= baseline - 25%', slower, before).passed, true);
    assert.equal(compare('throughput >= baseline', before, slower).passed, true);
    assert.equal(compare('apdex(200ms) >= baseline', slower, before).passed, false);
    assert.equal(compare('apdex(200ms) >= baseline', same, before).passed, true);
  });

  it('takes a margin of an error rate for percentage points', () => {
    const failing = (every: number) =>
      makeRun(4, 1, index => ({ kind: index % every === 0 ? 'response' : undefined }));
    assert.equal(compare('error_rate <= baseline', failing(20), failing(100)).passed, false);
    assert.equal(compare('error_rate <= baseline + 1%', failing(20), failing(100)).passed, false);
    assert.equal(compare('error_rate <= baseline + 4.5%', failing(20), failing(100)).passed, true);
    assert.equal(compare('error_rate <= baseline', before, failing(100)).passed, true);
  });

  it('says the figures and that chance alone does not explain them', () => {
    assert.match(
      compare('p95(response_time) <= baseline + 10%', slower, before).detail,
      /^it was 3\d\d(\.\d)? ms, the baseline 2\d\d(\.\d)? ms \(\+\d\d\.\d %\), the limit \d+(\.\d)? ms; chance alone explains no more than [\d.]+ ms beyond the limit$/,
    );
  });

  it('does not fail one bad moment in a run of few independent ones', () => {
    // One slow tenth of a minute: the mean is far above, but it is one event.
    const once = makeRun(5, 1, index => (index < 120 ? { elapsed: 400 } : {}));
    const outcome = compare('avg(response_time) <= baseline', once, before);
    assert.equal(outcome.passed, true);
    assert.match(outcome.detail, /not certain: chance alone explains up to/);
  });

  it('compares a run that is too short as it is', () => {
    const short = timelineOf(
      Array.from({ length: 30 }, (_, index) => ({
        label: 'a',
        transaction: false,
        start: index * 100,
        elapsed: 300,
        latency: 1,
        connect: 0,
        bytes: 1,
        kind: undefined,
      })),
    )!;
    const outcome = compare('p95(response_time) <= baseline', short, before);
    assert.deepEqual([outcome.passed, /cannot be told/.test(outcome.detail)], [false, true]);
    assert.equal(compare('p95(response_time) <= baseline + 20%', short, before).passed, true);
  });

  it('gives the same two runs the same verdict', () => {
    const text = 'p99(response_time) <= baseline + 1%';
    assert.deepEqual(compare(text, slower, before), compare(text, slower, before));
  });
});

describe('spreadOf', () => {
  it('is the textbook standard error where samples are independent', () => {
    const spread = spreadOf(
      { of: 'response_time', aggregate: 'avg' },
      runOf(before).blocks,
      before.blockMilliseconds,
      errorKinds,
    )!;
    // Uniform plus uniform over 100 ms each: a deviation of 40.8 ms, of 1200 samples a standard error of 1.18 ms.
    assert.ok(spread.error > 0.8 && spread.error < 2.5, String(spread.error));
  });

  it('does not take the blocks in which a test begins and ends for pauses', () => {
    // Twenty a second, to the second: throughput does not move, but the first of the file is not the first that began.
    const samples = Array.from({ length: 700 }, (_, index) => ({
      label: 'GET /data',
      transaction: false,
      start: 1_700_000_000_000 + index * 50,
      elapsed: 100,
      latency: 100,
      connect: 0,
      bytes: 1000,
      kind: undefined,
    }));
    const run = timelineOf([...samples.slice(1), ...samples.slice(0, 1)])!;
    assert.equal(run.labels[0]!.blocks[0]!.times.response_time.counts[0], 1);
    const spread = spreadOf({ of: 'throughput' }, runOf(run).blocks, run.blockMilliseconds, errorKinds)!;
    assert.equal(spread.error, 0);
  });
});

describe('studentQuantile', () => {
  for (const [freedom, quantile] of [
    [3, 4.541],
    [5, 3.365],
    [10, 2.764],
    [30, 2.457],
    [1e6, 2.326],
  ] as const) {
    it(`is near ${quantile} for ${freedom} degrees of freedom`, () => {
      assert.ok(Math.abs(studentQuantile(freedom) / quantile - 1) < 0.03);
    });
  }
});
