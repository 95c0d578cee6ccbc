/** The roll's geometry. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeployBody, RollPass } from '../../../shared/report/bodies.js';
import { countRoll, linesOf, rollOf, sharedPrefix, type Segment } from '../../../report/model/roll.js';
import { sitePoints } from '../../../report/model/site.js';
import { deployBody } from '../reports.js';

function told(segments: readonly Segment[] | undefined): string[] {
  return (segments ?? []).map(({ state, from, to }) => `${state} ${from}-${to}`);
}

function passOf(instances: RollPass['instances'], startedAt = 1000): RollPass {
  return { startedAt, mostOutOfService: 1, batches: [], instances, omitted: 0 };
}

function bodyOf(forward: RollPass, back: RollPass | null = null, endedAt = 21_000): DeployBody {
  return deployBody(0, { forward, back, endedAt, site: null });
}

describe('rollOf', () => {
  it('follows an instance through its states, from the beginning of the roll', () => {
    const roll = rollOf(
      bodyOf(passOf([{ id: '0', name: 'w0', asked: 2000, down: 3000, up: 9000, healthy: 12_000 }])),
    );
    assert.equal(roll.length, 20_000);
    assert.deepEqual(told(roll.rows[0]?.segments), [
      'old 0-1000',
      'asked 1000-2000',
      'out 2000-8000',
      'starting 8000-11000',
      'new 11000-20000',
    ]);
    assert.equal(roll.rows[0]?.away, 9000);
  });

  it('shows a failed one from where it got to, one that is gone, one that was never touched', () => {
    const roll = rollOf(
      bodyOf(
        passOf([
          { id: '2', name: 'untouched' },
          { id: '0', name: 'failed', asked: 2000, down: 3000, up: 9000, failed: 'not healthy' },
          { id: '1', name: 'gone', asked: 4000, gone: 5000 },
          { id: '3', name: 'refused', failed: 'protected' },
        ]),
      ),
    );
    const of = (name: string) => told(roll.rows.find(row => row.name === name)?.segments);
    assert.deepEqual(of('failed'), ['old 0-1000', 'asked 1000-2000', 'out 2000-8000', 'failed 8000-20000']);
    assert.deepEqual(of('gone'), ['old 0-3000', 'asked 3000-4000', 'gone 4000-20000']);
    assert.deepEqual(of('untouched'), ['old 0-20000']);
    assert.deepEqual(of('refused'), ['failed 0-20000']);
    assert.deepEqual(countRoll(roll), { instances: 4, reached: 0, failed: 2, untouched: 1, backOnOld: 0 });
  });

  it('puts the way back behind the way there, on the same rows', () => {
    const there = passOf([
      { id: '0', name: 'w0', asked: 2000, down: 2500, up: 5000, healthy: 6000 },
      { id: '1', name: 'w1', asked: 7000, down: 7500, failed: 'unhealthy' },
    ]);
    const back = passOf(
      [{ id: '0', name: 'w0', asked: 11_000, down: 12_000, up: 15_000, healthy: 16_000 }],
      11_000,
    );
    const roll = rollOf(bodyOf(there, back));
    assert.equal(roll.backAt, 10_000);
    assert.deepEqual(told(roll.rows[0]?.segments).slice(-5), [
      'new 5000-10000',
      'asked 10000-11000',
      'out 11000-14000',
      'starting 14000-15000',
      'old 15000-20000',
    ]);
    assert.deepEqual(told(roll.rows[1]?.segments).at(-1), 'failed 6500-20000');
    assert.deepEqual(countRoll(roll).backOnOld, 1);
  });

  it('puts those first that moved first', () => {
    const roll = rollOf(
      bodyOf(
        passOf([
          { id: 'b', name: 'b', asked: 9000 },
          { id: 'c', name: 'c' },
          { id: 'a', name: 'a', asked: 3000 },
        ]),
      ),
    );
    assert.deepEqual(
      roll.rows.map(({ id }) => id),
      ['a', 'b', 'c'],
    );
  });

  const times = fc.option(fc.integer({ min: -5000, max: 60_000 }), { nil: undefined });
  const instance = fc.record({
    asked: times,
    down: times,
    up: times,
    healthy: times,
    gone: times,
    failed: fc.option(fc.constant('why'), { nil: undefined }),
  });
  const instances = fc.array(instance, { maxLength: 12 }).map(all =>
    all.map((times_, at) => ({
      id: String(at),
      name: `w${at}`,
      ...Object.fromEntries(Object.entries(times_).filter(([, value]) => value !== undefined)),
    })),
  );

  it('leaves no gap and no overlap, whatever was seen and when', () => {
    fc.assert(
      fc.property(
        instances,
        fc.option(instances),
        fc.integer({ min: 0, max: 50_000 }),
        (there, back, turn) => {
          const roll = rollOf(bodyOf(passOf(there), back === null ? null : passOf(back, turn), 40_000));
          for (const { segments } of [...roll.rows, ...linesOf(roll.rows, 3)]) {
            assert.equal(segments[0]?.from, 0);
            assert.equal(segments.at(-1)?.to, roll.length);
            for (const [at, segment] of segments.entries()) {
              assert.ok(segment.to > segment.from);
              if (at > 0) assert.equal(segment.from, segments[at - 1]?.to);
            }
          }
        },
      ),
    );
  });
});

describe('linesOf', () => {
  it('has a line for each instance as long as there is room, then shows the least well of several', () => {
    const { rows } = rollOf(
      bodyOf(
        passOf([
          { id: '0', name: 'w0', asked: 2000, down: 3000, up: 9000, healthy: 12_000 },
          { id: '1', name: 'w1' },
        ]),
      ),
    );
    assert.equal(linesOf(rows, 2).length, 2);
    const [line, ...none] = linesOf(rows, 1);
    assert.equal(none.length, 0);
    assert.deepEqual(told(line?.segments), [
      'old 0-1000',
      'asked 1000-2000',
      'out 2000-8000',
      'starting 8000-11000',
      'old 11000-20000',
    ]);
    assert.equal(linesOf(rollOf(deployBody(1000)).rows, 400).length, 334);
  });
});

describe('sharedPrefix', () => {
  it('ends at a separator, and is empty where it would leave a name empty or there is one name only', () => {
    assert.equal(sharedPrefix(['webapp_0', 'webapp_12']), 'webapp_');
    assert.equal(sharedPrefix(['vmss-a_000001', 'vmss-a_000002']), 'vmss-a_');
    assert.equal(sharedPrefix(['webapp_0']), '');
    assert.equal(sharedPrefix(['ab', 'cd']), '');
    assert.equal(sharedPrefix([]), '');
  });
});

describe('sitePoints', () => {
  it('places buckets on the axis of the roll, none past its end, none without a request', () => {
    const body = deployBody(2, {
      site: {
        url: '',
        sent: 27,
        failed: 7,
        failures: [],
        bucketSeconds: 10,
        buckets: [
          [0, 5, 0, 9],
          [10, 20, 5, 40],
          [20, 2, 2, 0],
          [30, 0, 0, 0],
          [40, 1, 0, 7],
        ],
      },
    });
    const told = (length: number) =>
      sitePoints(body, length).map(({ from, to, errorPercent, slowest }) => [
        from,
        to,
        errorPercent,
        slowest,
      ]);
    assert.deepEqual(told(45_000), [
      [0, 10_000, 0, 9],
      [10_000, 20_000, 25, 40],
      [20_000, 30_000, 100, null],
      [40_000, 45_000, 0, 7],
    ]);
    assert.deepEqual(told(10_000), [[0, 10_000, 0, 9]]);
  });
});
