import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError } from '../../../shared/core/errors.js';
import { engineStopper, stopPlan, toldBy } from '../../../tasks/RunJmeterLoad/src/stopEngines.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

describe('engineStopper', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stop-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function launcher(script: string): string {
    const path = join(directory, 'jmeter');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
  }

  it('tells each engine once, also when the task is cancelled, and knows which have heard it', async () => {
    const calls = join(directory, 'calls');
    const jmeter = launcher(`echo "$*" >> '${calls}'; echo 'Told to stop: a'; echo 'Told to stop: b:1'`);
    const fake = fakeAgent({ signal: AbortSignal.abort(new CancelledError('cancelled')) });
    const stopper = engineStopper({ jmeter, propertyArguments: ['-q', 'x'], exit: false }, fake.agent);
    await stopper.tell(['a', 'b:1', 'c']);
    await stopper.tell(['c', 'a']);
    await stopper.tell([]);
    const heard = await Promise.all(['a', 'b:1', 'c', 'd'].map(host => stopper.hasBeenTold(host)));
    assert.deepEqual(heard, [true, true, false, false]);
    const [only = '', ...more] = readFileSync(calls, 'utf8').trim().split('\n');
    assert.match(only, / -q x -Jjmeterengine\.nongui\.port=0$/);
    assert.deepEqual(more, []);
    await fake.close();
  });

  it('does not wait for a JMeter that goes on when all have heard, and ends it', async () => {
    const fake = fakeAgent();
    const jmeter = launcher("echo 'Told to stop: a'; exec sleep 1000");
    const stopper = engineStopper({ jmeter, propertyArguments: [], exit: false }, fake.agent);
    await stopper.tell(['a']);
    assert.equal(await stopper.hasBeenTold('a'), true);
    await fake.close();
  });

  it('takes a JMeter that cannot be started for one that nobody hears', async () => {
    const fake = fakeAgent();
    const jmeter = join(directory, 'nowhere');
    const stopper = engineStopper({ jmeter, propertyArguments: [], exit: false }, fake.agent);
    await stopper.tell(['a']);
    assert.equal(await stopper.hasBeenTold('a'), false);
    await fake.close();
  });
});

describe('stopPlan', () => {
  it('speaks to each engine in a thread of its own, and ends its process when that is asked for', () => {
    const plan = stopPlan(['a', '10.0.0.5:1100'], false);
    assert.equal(plan.split('<ThreadGroup ').length - 1, 2);
    assert.ok(plan.includes('ClientJMeterEngine("10.0.0.5:1100")'));
    assert.ok(!plan.includes('.exit()'));
    assert.ok(stopPlan(['a'], true).includes('engine.exit();'));
  });

  it('says who has been told', () => {
    assert.equal(toldBy('Told to stop: 10.0.0.5:1100'), '10.0.0.5:1100');
    assert.equal(toldBy('summary = 1'), undefined);
  });
});
