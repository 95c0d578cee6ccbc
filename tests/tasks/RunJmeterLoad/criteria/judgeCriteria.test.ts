import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorKind } from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { judgeCriteria, stepFor } from '../../../../tasks/RunJmeterLoad/src/criteria/judgeCriteria.js';
import { parseCriteria } from '../../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import { timelineOf, type MadeSample } from '../timelineOf.js';

const kinds: readonly ErrorKind[] = ['assertion', 'response', 'transport'];

function sample(start: number, elapsed: number, rest: Partial<MadeSample> = {}): MadeSample {
  return {
    label: 'GET /data',
    transaction: false,
    start: 1_700_000_000_000 + start,
    elapsed,
    latency: elapsed,
    connect: 0,
    bytes: 100,
    kind: undefined,
    ...rest,
  };
}

function judge(text: string, samples: readonly MadeSample[], countedErrors = kinds, unlisted = 0) {
  const { criteria, problems } = parseCriteria(text);
  assert.deepEqual(problems, []);
  const compare = () => assert.fail('no criterion has a baseline');
  return judgeCriteria(criteria, timelineOf(samples, stepFor(criteria)), {
    countedErrors,
    unlisted,
    compare,
  });
}

function verdict(text: string, samples: readonly MadeSample[], countedErrors = kinds) {
  const [outcome, ...more] = judge(text, samples, countedErrors);
  assert.ok(outcome !== undefined && more.length === 0);
  return [outcome.passed, outcome.detail];
}

/** Samples of 1 to 100 ms, one every 100 ms. */
const hundred = Array.from({ length: 100 }, (_, index) => sample(index * 100, index + 1));

describe('judgeCriteria', () => {
  for (const [text, passed, detail] of [
    ['p95(response_time) < 96ms', true, 'it was 95 ms'],
    ['p95(response_time) < 95ms', false, 'it was 95 ms'],
    ['p95(response_time) <= 95ms', true, 'it was 95 ms'],
    ['median(response_time) == 50ms', true, 'it was 50 ms'],
    ['avg(response_time) <= 50.5ms', true, 'it was 50.5 ms'],
    ['min(response_time) >= 1ms', true, 'it was 1 ms'],
    ['max(response_time) < 100ms', false, 'it was 100 ms'],
    ['stddev(response_time) < 28.86ms', false, 'it was 28.87 ms'],
    ['stddev(response_time) < 28.87ms', true, 'it was 28.866 ms'],
    ['throughput > 9.9/s', true, 'it was 10/s'],
    ['throughput > 10/s', false, 'it was 10/s'],
    ['samples == 100', true, 'it was 100'],
    ['bytes <= 10kB', true, 'it was 10000 B'],
    ['avg(bytes) < 100B', false, 'it was 100 B'],
    ['errors == 0', true, 'it was 0'],
    ['error_rate < 1%', true, 'it was 0 %'],
    ['avg(response_time) <= 50.49ms', false, 'it was 50.5 ms'],
    ['avg(response_time) <= 50.499ms', false, 'it was 50.5 ms'],
    ['throughput > 9.9999/s', true, 'it was 10/s'],
    ['apdex(20ms) > 0.5', false, 'it was 0.5'],
    ['apdex(20ms, 20ms) >= 0.2', true, 'it was 0.2'],
    ['p50(latency) of "GET /data" < 1s', true, 'it was 50 ms'],
  ] as const) {
    it(`${passed ? 'passes' : 'fails'} ${text}`, () => {
      assert.deepEqual(verdict(text, hundred), [passed, detail]);
    });
  }

  it('counts errors by kind, and those told to count unless one is named', () => {
    const samples = [
      ...hundred,
      sample(0, 1, { kind: 'assertion' }),
      sample(0, 1, { kind: 'response' }),
      sample(0, 1, { kind: 'transport' }),
    ];
    const rest: ErrorKind[] = ['response', 'transport'];
    assert.deepEqual(verdict('errors == 3', samples), [true, 'it was 3']);
    assert.deepEqual(verdict('errors == 2', samples, rest), [true, 'it was 2']);
    assert.deepEqual(verdict('errors(assertion) == 1', samples, rest), [true, 'it was 1']);
    assert.deepEqual(verdict('error_rate(transport) < 1%', samples), [true, 'it was 0.97 %']);
  });

  it('compares a percentage exactly', () => {
    const samples = [...hundred.slice(1), sample(0, 1, { kind: 'response' })];
    assert.deepEqual(verdict('error_rate <= 1%', samples), [true, 'it was 1 %']);
    assert.deepEqual(verdict('error_rate < 1%', samples), [false, 'it was 1 %']);
  });

  it('takes whoever got an error for frustrated, however soon it came', () => {
    assert.deepEqual(verdict('apdex(1s) == 0.5', [sample(0, 1), sample(0, 1, { kind: 'response' })]), [
      true,
      'it was 0.5',
    ]);
  });

  it('pools the labels that a pattern finds, counts no transaction twice, and judges each by itself when told', () => {
    const samples = [
      ...[10, 20].map(elapsed => sample(0, elapsed, { label: 'checkout a' })),
      ...[30, 40].map(elapsed => sample(0, elapsed, { label: 'Checkout b' })),
      sample(0, 500, { label: 'checkout all', transaction: true }),
      sample(0, 900, { label: 'home' }),
    ];
    assert.deepEqual(verdict('avg(response_time) of /^checkout/ == 15ms', samples), [true, 'it was 15 ms']);
    assert.deepEqual(verdict('avg(response_time) of /^checkout/i == 25ms', samples), [true, 'it was 25 ms']);
    assert.deepEqual(verdict('samples == 5', samples), [true, 'it was 5']);
    assert.deepEqual(verdict('max(response_time) of "checkout all" == 500ms', samples), [
      true,
      'it was 500 ms',
    ]);
    assert.deepEqual(
      judge('avg(response_time) of each /^checkout/i < 20ms', samples).map(({ text, passed }) => [
        text,
        passed,
      ]),
      [
        ['avg(response_time) of "checkout a" < 20ms', true],
        ['avg(response_time) of "Checkout b" < 20ms', false],
      ],
    );
  });

  it('fails a criterion that no label is meant by, names those there are, and fails without any sample', () => {
    assert.deepEqual(verdict('error_rate of /nowhere/ < 100%', hundred), [
      false,
      'no label of this test is meant by it; there are "GET /data"',
    ]);
    assert.deepEqual(verdict('error_rate of home < 100%', hundred)[0], false);
    assert.deepEqual(verdict('samples >= 1', []), [false, 'there is no sample']);
  });

  it('fails what cannot be measured: no connection was made', () => {
    assert.deepEqual(verdict('max(connect_time) < 1s', hundred), [false, 'no sample to measure']);
  });

  it('finds the worst stretch of a window, wherever it begins, and says which', () => {
    // A minute with a sample each 100 ms, slow from second 23 to 28: within the window that begins at second 20.
    const samples = Array.from({ length: 600 }, (_, index) =>
      sample(index * 100, index >= 230 && index < 280 ? 900 : 10),
    );
    assert.deepEqual(verdict('p99(response_time) < 1s', samples), [true, 'it was 900 ms']);
    assert.deepEqual(verdict('avg(response_time) < 460ms over 10s', samples), [
      true,
      'it was 455 ms from 18.0 s to 28.0 s of the test',
    ]);
    assert.equal(verdict('avg(response_time) < 455ms over 10s', samples)[0], false);
    assert.equal(verdict('avg(response_time) < 85ms', samples)[0], true);
  });

  it('sees a pause in throughput, and not the end of the test as one', () => {
    const samples = Array.from({ length: 600 }, (_, index) => sample(index * 100, 10)).filter(
      ({ start }) => start % 1e6 < 20_000 || start % 1e6 >= 30_000,
    );
    assert.deepEqual(verdict('throughput > 5/s over 10s', samples), [
      false,
      'it was 0/s from 20.0 s to 30.0 s of the test',
    ]);
    const steady = Array.from({ length: 605 }, (_, index) => sample(index * 100, 10));
    assert.equal(verdict('throughput >= 10/s over 10s', steady)[0], true);
  });

  it('sees what went wrong in the last moments, which are no whole block', () => {
    const samples = Array.from({ length: 649 }, (_, index) =>
      sample(index * 100, 10, index === 640 ? { kind: 'response' } : {}),
    );
    assert.deepEqual(verdict('errors == 0 over 30s', samples), [
      false,
      'it was 1 from 35.0 s to 1 min 05 s of the test',
    ]);
    assert.equal(verdict('samples <= 300 over 30s', samples)[0], true);
  });

  it('does not take the beginning of a test for a pause, however the first samples stand in the file', () => {
    const samples = Array.from({ length: 605 }, (_, index) => sample(index * 100, 10));
    const [first, ...others] = samples as [MadeSample, ...MadeSample[]];
    const [second, ...rest] = others as [MadeSample, ...MadeSample[]];
    assert.deepEqual(verdict('throughput >= 10/s over 10s', [second, first, ...rest]), [
      true,
      'it was 10/s from 100 ms to 10.1 s of the test',
    ]);
  });

  it('takes a test without a whole stretch as its only one', () => {
    const samples = Array.from({ length: 104 }, (_, index) => sample(index * 100 + 50, 10));
    const tenthFirst = [...samples.slice(9, 10), ...samples.slice(0, 9), ...samples.slice(10)];
    assert.deepEqual(verdict('samples >= 104 over 10s', tenthFirst), [
      true,
      'it was 104 in the whole test of 10.3 s',
    ]);
  });

  it('does not pass a pattern for labels that were not looked at', () => {
    const why =
      '3 samples of further labels were not looked at, and it may mean them: give samplers names without ids';
    const outcomes = judge(
      [
        'errors of /^GET/ == 0',
        'errors of each /^GET/ == 0',
        'errors of "GET /data" == 0',
        'errors == 0',
      ].join('\n'),
      hundred,
      kinds,
      3,
    );
    assert.deepEqual(
      outcomes.map(({ text, passed, detail }) => [text, passed, detail]),
      [
        ['errors of /^GET/ == 0', false, `it was 0; ${why}`],
        ['errors of "GET /data" == 0', true, 'it was 0'],
        ['errors of each /^GET/ == 0', false, why],
        ['errors of "GET /data" == 0', true, 'it was 0'],
        ['errors == 0', true, 'it was 0'],
      ],
    );
  });

  it('takes a test shorter than the window as its only stretch', () => {
    assert.deepEqual(verdict('max(response_time) <= 100ms over 30s', hundred), [
      true,
      'it was 100 ms in the whole test of 10.0 s',
    ]);
  });

  it('agrees with a naive reference on any samples, labels and limits', () => {
    const any = fc.record({
      start: fc.nat(20_000),
      elapsed: fc.oneof(fc.nat(30), fc.nat(5000)),
      label: fc.constantFrom('a', 'b', 'ab'),
      kind: fc.constantFrom(undefined, undefined, undefined, ...kinds),
    });
    const aggregates = ['avg', 'min', 'max', 'median', 'p1', 'p90', 'p99.9', 'p100'];
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(...aggregates),
        fc.constantFrom('', ' of /a/', ' of each /b/'),
        fc.constantFrom(undefined, 3000, 6000),
        (raw, aggregate, of, window) => {
          const samples = raw.map(({ start, elapsed, label, kind }) =>
            sample(start, elapsed, { label, kind }),
          );
          const over = window === undefined ? '' : ` over ${window / 1000}s`;
          const outcomes = judge(`${aggregate}(response_time)${of} <= 100ms${over}`, samples);
          const groups =
            of === ''
              ? [samples]
              : of === ' of /a/'
                ? [samples.filter(({ label }) => label.includes('a'))]
                : [...new Set(samples.map(({ label }) => label))]
                    .filter(label => label.includes('b'))
                    .map(label => samples.filter(each => each.label === label));
          const expected = groups
            .filter(group => group.length > 0)
            .map(group => worst(group, samples, aggregate, window));
          const values = outcomes.flatMap(({ value }) => (value === undefined ? [] : [value]));
          if (window === undefined) assert.deepEqual(values, expected);
          assert.equal(values.length, expected.length);
          // Of the whole test every millisecond is known; in windows times from a second on are within 0.1 %.
          for (const [index, value] of values.entries()) {
            const exact = expected[index]!;
            assert.ok(Math.abs(value - exact) <= exact * 0.001, `${value} for ${exact}`);
          }
          assert.equal(
            outcomes.every(({ passed }) => passed),
            values.length === outcomes.length && values.every(value => value <= 100),
          );
        },
      ),
    );
  });
});

/** The worst value over all stretches, by sorting every one of them anew. */
function worst(
  group: readonly MadeSample[],
  all: readonly MadeSample[],
  aggregate: string,
  window: number | undefined,
) {
  const step =
    window === undefined ? 1 : stepFor(parseCriteria(`samples > 1 over ${window / 1000}s`).criteria)!;
  // Blocks are counted from the first sample of the file.
  const origin = all[0]!.start;
  const begin = origin + Math.floor((Math.min(...all.map(({ start }) => start)) - origin) / step) * step;
  const length =
    Math.max(...all.map(({ start, elapsed }) => start + elapsed)) -
    Math.min(...all.map(({ start }) => start));
  if (window === undefined || length <= window) return aggregated(group, aggregate)!;
  const lastBlock = Math.max(...group.map(({ start }) => Math.floor((start - begin) / step)));
  const values: number[] = [];
  for (let at = 0; at === 0 || at + window / step <= lastBlock + 1; at += 1) {
    const from = begin + at * step;
    const value = aggregated(
      group.filter(({ start }) => start >= from && start < from + window),
      aggregate,
    );
    if (value !== undefined) values.push(value);
  }
  return Math.max(...values);
}

function aggregated(group: readonly MadeSample[], aggregate: string): number | undefined {
  if (group.length === 0) return undefined;
  const times = group.map(({ elapsed }) => elapsed).sort((a, b) => a - b);
  const at = { min: 0, median: 50, max: 100 }[aggregate] ?? Number(aggregate.slice(1));
  if (aggregate === 'avg') return times.reduce((sum, time) => sum + time, 0) / times.length;
  return times[Math.max(1, Math.ceil(Math.round(at * times.length * 10) / 1000)) - 1];
}
