/** What goes wrong on Azure, and where a rollout ends then. */
import assert from 'node:assert/strict';
import { CancelledError } from '../../../shared/core/errors.js';
import { startRollWorld, type RollWorld } from './rollWorld.js';
import { reportOf } from './taskRuns.js';

interface Row {
  readonly fault: string;
  readonly rules: readonly unknown[];
  /** Whether it comes to light only when an instance has taken too long. */
  readonly waits?: boolean;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Found in the sentence or the message that the step ends with. */
  readonly ends: RegExp;
  /** What the four instances run then. */
  readonly running: readonly string[];
}

const upgrade = { method: 'POST', url: '/manualupgrade' };
const list = { method: 'GET', url: 'virtualMachineScaleSets/web/virtualMachines' };
const instance = (id: number) => ({ url: `/virtualMachines/${id}$` });
const one = ['one', 'one', 'one', 'one'];
const two = ['two', 'two', 'two', 'two'];

const rows: readonly Row[] = [
  {
    fault: 'an instance boots and is never healthy',
    waits: true,
    rules: [{ match: instance(1), times: 1, effect: { kind: 'unhealthy' } }],
    ends: /1 instance failed, .*\n {2}instance 1: not in service on the new model after .*\n[\s\S]*Rolled back to .*one: 4 instances/,
    running: one,
  },
  {
    fault: 'a canary dies after it was healthy',
    waits: true,
    rules: [{ match: instance(0), times: 1, effect: { kind: 'dies', afterSeconds: 60 } }],
    inputs: { canarySize: '1', canarySoakSeconds: '600' },
    ends: /A canary failed; no other instance was touched\.\n[\s\S]*Rolled back to .*one: 4 instances in service on it, 1 of them moved back/,
    running: one,
  },
  {
    fault: 'an instance cannot be provisioned',
    rules: [
      {
        match: instance(2),
        times: 1,
        effect: {
          kind: 'instance-fails',
          code: 'OSProvisioningTimedOut',
          message: 'it did not boot in time',
        },
      },
    ],
    ends: /instance 2: .*OSProvisioningTimedOut.*it did not boot in time[\s\S]*Rolled back/,
    running: one,
  },
  {
    fault: 'there is no capacity for the upgrade',
    rules: [{ match: upgrade, times: 1, effect: { kind: 'capacity', code: 'AllocationFailed' } }],
    ends: /AllocationFailed[\s\S]*Rolled back/,
    running: one,
  },
  {
    fault: 'the operation fails',
    rules: [
      {
        match: upgrade,
        times: 1,
        effect: { kind: 'fails', code: 'InternalExecutionError', message: 'oops' },
      },
    ],
    ends: /InternalExecutionError.*oops[\s\S]*Rolled back/,
    running: one,
  },
  {
    fault: 'the operation never says that it has ended',
    waits: true,
    rules: [{ match: upgrade, times: 1, effect: { kind: 'never-ends' } }],
    ends: /failed: 1 instance failed[\s\S]*Rolled back/,
    running: one,
  },
  {
    fault: 'Azure throttles lists and upgrades',
    rules: [
      { match: list, after: 2, times: 2, effect: { kind: 'throttle', retryAfterSeconds: 30 } },
      { match: upgrade, times: 2, effect: { kind: 'throttle', retryAfterSeconds: 30 } },
    ],
    ends: /^Moved 4 of 4/,
    running: two,
  },
  {
    fault: 'Azure answers with gateway errors and broken connections',
    rules: [
      { match: list, after: 2, times: 2, effect: { kind: 'error', status: 503 } },
      { match: list, after: 5, times: 1, effect: { kind: 'html' } },
    ],
    ends: /^Moved 4 of 4/,
    running: two,
  },
  {
    fault: 'within what may fail',
    waits: true,
    rules: [{ match: instance(3), times: 1, effect: { kind: 'unhealthy' } }],
    inputs: { maxUnhealthy: '1', batchSize: '2' },
    ends: /^Moved 3 of 4 instances .* but 1\.$/,
    running: two,
  },
  {
    fault: 'Azure breaks its own rolling upgrade off',
    rules: [{ match: instance(1), times: 1, effect: { kind: 'unhealthy' } }],
    inputs: { strategy: 'platformRolling' },
    ends: /failed: [\s\S]*Rolled back to .*one: 4 instances/,
    running: one,
  },
  {
    fault: 'nothing is rolled back with onFailure: stop',
    waits: true,
    rules: [{ match: instance(1), times: 1, effect: { kind: 'unhealthy' } }],
    inputs: { onFailure: 'stop' },
    ends: /Nothing was rolled back .*2 of 4 instances are on it/,
    running: ['two', 'two', 'one', 'one'],
  },
  {
    fault: 'an instance hangs in Updating, on the way back too',
    waits: true,
    rules: [{ match: instance(1), times: 1, effect: { kind: 'hangs' } }],
    ends: /instance 1: not in service on the new model after .*Updating[\s\S]*The model is on .*one again, but not every instance is in service/,
    // Azure goes on with nothing else of the scale set while it hangs.
    running: ['two', 'one', 'one', 'one'],
  },
];

describe('faults while DeployVmssImage rolls', function () {
  this.timeout(120_000);
  let world: RollWorld;
  before(async () => {
    world = await startRollWorld({ capacity: 4 });
  });
  after(() => world.close());
  afterEach(() => world.reset());
  const short = { batchSize: '1', instanceTimeoutInMinutes: '60' };
  /** For those that fail by not getting well; time goes fast here, and is the longer the busier the machine is. */
  const impatient = { instanceTimeoutInMinutes: '10' };

  for (const { fault, rules, waits, inputs, ends, running } of rows) {
    it(fault, async () => {
      await world.faults(rules);
      const run = await world.run({ ...short, ...(waits === true ? impatient : {}), ...inputs });
      assert.match(run.outcome, ends, run.log.join('\n'));
      assert.deepEqual(await world.running(), running, run.log.join('\n'));
      assert.equal(await world.upgradeMode(), 'Manual');
      const { outcome, forward } = reportOf(run);
      assert.equal(
        outcome,
        run.failed ? (run.outputs['rolledBack'] === 'true' ? 'rolledBack' : 'failed') : 'succeeded',
      );
      assert.equal(forward.instances.length, 4);
    });
  }

  it('a cancelled step stops Azure as well, says so, and the next one goes on', async () => {
    const abort = new AbortController();
    const rolling = { ...short, strategy: 'platformRolling' };
    const pending = world.run(rolling, {
      signal: abort.signal,
      onLine: line => {
        if (line.startsWith('In service on the new model: ')) abort.abort(new CancelledError('cancelled'));
      },
    });
    const run = await pending;
    assert.equal(run.outcome, 'cancelled', run.log.join('\n'));
    assert.equal(reportOf(run).outcome, 'stopped');
    assert.match(run.warnings.at(-1) ?? '', /^The upgrade policy of 'web' stays Rolling; it was Manual/);
    assert.match(
      run.warnings.at(-2) ?? '',
      /^Stopped with [1-3] of 4 instances[\s\S]*Azure's rolling upgrade of 'web' was cancelled/,
    );
    assert.ok((await world.running()).includes('one'));
    const next = await world.run(rolling);
    assert.match(next.outcome, /^Moved [1-3] of 4/, next.log.join('\n'));
    assert.deepEqual(await world.running(), two);
  });
});
