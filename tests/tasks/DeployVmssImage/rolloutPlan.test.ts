import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decide,
  noteAsked,
  noteRefused,
  noteRefusedTogether,
  openLedger,
  type Ledger,
  type PlanInstance,
  type RolloutPolicy,
  type Step,
} from '../../../tasks/DeployVmssImage/src/rolloutPlan.js';

const minute = 60_000;
const policy: RolloutPolicy = {
  drives: true,
  batchSize: 2,
  canarySize: 0,
  canarySoak: 0,
  pause: 0,
  maxUnhealthy: 0,
  besideFailed: false,
  instanceTimeout: 10 * minute,
};
const old = (id: string): PlanInstance => ({ id, current: false, inService: true });
const oldDown = (id: string): PlanInstance => ({ id, current: false, inService: false });
const fresh = (id: string): PlanInstance => ({ id, current: true, inService: true });
const freshDown = (id: string): PlanInstance => ({ id, current: true, inService: false });

describe('rolloutPlan', () => {
  it('finishes at once when every instance is on the model and in service', () => {
    assert.deepEqual(decide(policy, openLedger(0), [fresh('0'), fresh('1')], 0).step, {
      do: 'finish',
      failed: [],
    });
    assert.deepEqual(decide(policy, openLedger(0), [], 0).step, { do: 'finish', failed: [] });
  });

  it('slides: the next go as soon as one is back, not when the whole batch is', () => {
    const first = decide(policy, openLedger(0), ['0', '1', '2', '3'].map(old), 0);
    assert.deepEqual(first.step, { do: 'upgrade', ids: ['0', '1'] });
    const asked = noteAsked(first.ledger, ['0', '1'], 0);
    const second = decide(policy, asked, [fresh('0'), oldDown('1'), old('2'), old('3')], minute);
    assert.deepEqual(second.step, { do: 'upgrade', ids: ['2'] });
  });

  it('takes those that are out of service anyway first, and counts them', () => {
    const { step } = decide(policy, openLedger(0), [old('0'), old('1'), oldDown('2')], 0);
    assert.deepEqual(step, { do: 'upgrade', ids: ['2', '0'] });
  });

  it('never has more under way than a batch, even of those that are out of service anyway', () => {
    const { step } = decide(policy, openLedger(0), ['0', '1', '2', '3'].map(oldDown), 0);
    assert.deepEqual(step, { do: 'upgrade', ids: ['0', '1'] });
  });

  it('lets the canaries soak before the others follow', () => {
    const canary = { ...policy, canarySize: 1, canarySoak: 5 * minute };
    const first = decide(canary, openLedger(0), [old('0'), old('1'), old('2')], 0);
    assert.deepEqual(first.step, { do: 'upgrade', ids: ['0'] });
    let ledger = noteAsked(first.ledger, ['0'], 0);
    const soak = decide(canary, ledger, [fresh('0'), old('1'), old('2')], minute);
    assert.deepEqual(soak.step, { do: 'wait', for: 'soak', until: 6 * minute });
    ledger = soak.ledger;
    const after = decide(canary, ledger, [fresh('0'), old('1'), old('2')], 6 * minute);
    assert.deepEqual(after.step, { do: 'upgrade', ids: ['1', '2'] });
  });

  it('soaks anew when a canary was out of service meanwhile', () => {
    const canary = { ...policy, canarySize: 1, canarySoak: 5 * minute };
    let ledger = noteAsked(decide(canary, openLedger(0), [old('0'), old('1')], 0).ledger, ['0'], 0);
    ledger = decide(canary, ledger, [fresh('0'), old('1')], minute).ledger;
    ledger = decide(canary, ledger, [freshDown('0'), old('1')], 2 * minute).ledger;
    const again = decide(canary, ledger, [fresh('0'), old('1')], 3 * minute);
    assert.deepEqual(again.step, { do: 'wait', for: 'soak', until: 8 * minute });
  });

  it('gives up when a canary fails, whatever maxUnhealthy allows', () => {
    const canary = { ...policy, canarySize: 1, maxUnhealthy: 5 };
    const ledger = noteAsked(decide(canary, openLedger(0), [old('0'), old('1')], 0).ledger, ['0'], 0);
    const { step } = decide(canary, ledger, [freshDown('0'), old('1')], 11 * minute);
    assert.equal(step.do, 'giveUp');
    assert.equal('why' in step && step.why, 'canary');
  });

  it('pauses between whole batches when asked to', () => {
    const paused = { ...policy, pause: 2 * minute };
    const first = decide(paused, openLedger(0), [old('0'), old('1'), old('2')], 0);
    let ledger = noteAsked(first.ledger, ['0', '1'], 0);
    const half = decide(paused, ledger, [fresh('0'), oldDown('1'), old('2')], minute);
    assert.deepEqual(half.step, { do: 'wait', for: 'instances' });
    const whole = decide(paused, half.ledger, [fresh('0'), fresh('1'), old('2')], 2 * minute);
    assert.deepEqual(whole.step, { do: 'wait', for: 'pause', until: 4 * minute });
    ledger = whole.ledger;
    assert.deepEqual(decide(paused, ledger, [fresh('0'), fresh('1'), old('2')], 4 * minute).step, {
      do: 'upgrade',
      ids: ['2'],
    });
  });

  it('goes on past the failures that it allows, and tells them at the end', () => {
    const lenient = { ...policy, maxUnhealthy: 1 };
    let ledger = noteAsked(decide(lenient, openLedger(0), [old('0'), old('1')], 0).ledger, ['0', '1'], 0);
    ledger = noteRefused(ledger, ['0'], 'quota');
    assert.deepEqual(decide(lenient, ledger, [old('0'), fresh('1')], minute).step, {
      do: 'finish',
      failed: [{ id: '0', reason: 'quota' }],
    });
  });

  it('leaves failed instances out of account on the way back', () => {
    const back = { ...policy, batchSize: 1, maxUnhealthy: Infinity, besideFailed: true };
    const ledger = noteAsked(decide(back, openLedger(0), [old('0'), old('1')], 0).ledger, ['0'], 0);
    const { step } = decide(back, ledger, [freshDown('0'), old('1')], 11 * minute);
    assert.deepEqual(step, { do: 'upgrade', ids: ['1'] });
  });

  it('asks one by one for those that Azure would not take together', () => {
    const first = decide(policy, openLedger(0), ['0', '1', '2'].map(old), 0);
    const apart = noteRefusedTogether(first.ledger, ['0', '1']);
    assert.deepEqual(decide(policy, apart, ['0', '1', '2'].map(old), 0).step, { do: 'upgrade', ids: ['0'] });
    const asked = noteAsked(apart, ['0'], 0);
    assert.deepEqual(decide(policy, asked, ['0', '1', '2'].map(old), 0).step, { do: 'upgrade', ids: ['1'] });
  });

  it('gives up when failed instances leave no room in the batch', () => {
    const one = { ...policy, batchSize: 1, maxUnhealthy: 3 };
    const ledger = noteAsked(decide(one, openLedger(0), [old('0'), old('1')], 0).ledger, ['0'], 0);
    const { step } = decide(one, ledger, [freshDown('0'), old('1')], 11 * minute);
    assert.equal('why' in step && step.why, 'noRoom');
  });

  it('forgives an instance that comes back late', () => {
    const lenient = { ...policy, maxUnhealthy: 1 };
    let ledger = noteAsked(decide(lenient, openLedger(0), [old('0'), old('1')], 0).ledger, ['0', '1'], 0);
    ledger = decide(lenient, ledger, [freshDown('0'), fresh('1')], 9 * minute).ledger;
    assert.deepEqual(decide(lenient, ledger, [fresh('0'), fresh('1')], 20 * minute).step, {
      do: 'finish',
      failed: [],
    });
  });

  it('only watches where Azure moves the instances, and gives up when nothing moves any more', () => {
    const watching = { ...policy, drives: false };
    const first = decide(watching, openLedger(0), [old('0'), old('1')], 0);
    assert.deepEqual(first.step, { do: 'wait', for: 'instances' });
    const second = decide(watching, first.ledger, [fresh('0'), old('1')], 5 * minute);
    assert.deepEqual(second.step, { do: 'wait', for: 'instances' });
    const third = decide(watching, second.ledger, [fresh('0'), old('1')], 16 * minute);
    assert.equal('why' in third.step && third.step.why, 'standstill');
  });

  it('keeps its promises over random scale sets, durations and faults', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 0, max: 30 }),
          batchSize: fc.integer({ min: 1, max: 10 }),
          canarySize: fc.integer({ min: 0, max: 5 }),
          canarySoak: fc.constantFrom(0, 3 * minute),
          pause: fc.constantFrom(0, minute),
          maxUnhealthy: fc.integer({ min: 0, max: 30 }),
          durations: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 30, maxLength: 30 }),
          faults: fc.array(
            fc.oneof(
              { weight: 6, arbitrary: fc.constant('none' as const) },
              { weight: 1, arbitrary: fc.constant('sick' as const) },
              { weight: 1, arbitrary: fc.constant('refused' as const) },
            ),
            { minLength: 30, maxLength: 30 },
          ),
        }),
        ({ count, durations, faults, ...limits }) => {
          const rules: RolloutPolicy = { ...policy, ...limits };
          const run = simulate(rules, count, durations, faults);
          assert.ok(run.peak <= rules.batchSize, `${run.peak} of ${rules.batchSize} out of service`);
          assert.ok(run.ended, 'it ends');
          const anyFault = faults.slice(0, count).some(fault => fault !== 'none');
          if (!anyFault) {
            assert.deepEqual(run.last, { do: 'finish', failed: [] });
            assert.equal(run.moved, count);
          }
          if (run.last.do === 'finish') assert.ok(run.last.failed.length <= rules.maxUnhealthy);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function simulate(
  rules: RolloutPolicy,
  count: number,
  durations: readonly number[],
  faults: readonly ('none' | 'sick' | 'refused')[],
) {
  const readyAt = new Map<string, number>();
  const isDown = (index: number, now: number) => {
    const ready = readyAt.get(String(index));
    return ready !== undefined && faults[index] !== 'refused' && (faults[index] === 'sick' || now < ready);
  };
  const look = (now: number): PlanInstance[] =>
    Array.from({ length: count }, (_, index) => ({
      id: String(index),
      current: readyAt.has(String(index)) && faults[index] !== 'refused',
      inService: !isDown(index, now),
    }));
  let ledger: Ledger = openLedger(0);
  let last: Step = { do: 'wait', for: 'instances' };
  let peak = 0;
  for (let now = 0; now < 3000 * minute; now += minute) {
    const next = decide(rules, ledger, look(now), now);
    ledger = next.ledger;
    last = next.step;
    if (last.do === 'finish' || last.do === 'giveUp') return { peak, last, moved: readyAt.size, ended: true };
    if (last.do !== 'upgrade') continue;
    for (const id of last.ids) {
      assert.ok(!readyAt.has(id), `${id} is upgraded twice`);
      readyAt.set(id, now + (durations[Number(id)] ?? 1) * minute);
    }
    ledger = noteAsked(ledger, last.ids, now);
    const refused = last.ids.filter(id => faults[Number(id)] === 'refused');
    if (refused.length > 0) ledger = noteRefused(ledger, refused, 'refused');
    peak = Math.max(peak, look(now).filter(({ inService }) => !inService).length);
  }
  return { peak, last, moved: readyAt.size, ended: false };
}
