import assert from 'node:assert/strict';
import { startOperation, untilEnded, type Poller } from '../../../shared/azure/operation.js';
import { Refusal } from '../../../shared/azure/failure.js';
import { AzureError, UserError } from '../../../shared/core/errors.js';
import type { Clock } from '../../../shared/core/wait.js';

const { signal } = new AbortController();

function clockOf(): Clock & { pass(milliseconds: number): void } {
  let time = 0;
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return {
    now: () => time,
    pass,
    sleep: milliseconds => {
      pass(milliseconds);
      return Promise.resolve();
    },
  };
}

/** A poller that is done after so many looks, or fails then. */
function pollerOf(looks: number, failure?: Error) {
  const seen: { looks: number } = { looks: 0 };
  const poller: Poller = {
    submitted: () => Promise.resolve(),
    poll: () => {
      seen.looks++;
      return failure !== undefined && seen.looks >= looks ? Promise.reject(failure) : Promise.resolve();
    },
    get isDone() {
      return failure === undefined && seen.looks >= looks;
    },
  };
  return { poller, seen };
}

describe('startOperation', () => {
  it('looks at once, then ever less often, and never more often than it was asked to', async () => {
    const clock = clockOf();
    const { poller, seen } = pollerOf(1000);
    const operation = await startOperation('x', () => poller, clock, signal);
    await operation.check();
    await operation.check();
    const first: number = seen.looks;
    assert.equal(first, 1);
    for (let minute = 0; minute < 600; minute++) {
      clock.pass(1000);
      await operation.check();
    }
    assert.ok(seen.looks > 60 && seen.looks < 200, String(seen.looks));
  });

  it('is done once, and asks no more', async () => {
    const { poller, seen } = pollerOf(1);
    const operation = await startOperation('x', () => poller, clockOf(), signal);
    assert.equal(await operation.check(), true);
    assert.equal(await operation.check(), true);
    assert.equal(seen.looks, 1);
  });

  it('fails with the whole error of the status document', async () => {
    const refusal = new Refusal(200, '{"status":"Failed","error":{"code":"A","message":"b"}}', 'id');
    const { poller } = pollerOf(1, refusal);
    const operation = await startOperation('upgrading', () => poller, clockOf(), signal);
    await assert.rejects(operation.check(), (error: unknown) => {
      assert.ok(error instanceof AzureError);
      assert.deepEqual([error.doing, error.detail.code, error.status], ['upgrading', 'A', undefined]);
      return true;
    });
  });
});

describe('untilEnded', () => {
  const wait = { doing: 'the change', milliseconds: 300_000, signal };

  it('waits for the end and tells every minute', async () => {
    const minutes: number[] = [];
    const clock = clockOf();
    let looks = 0;
    const operation = { check: () => Promise.resolve(++looks > 3 && clock.now() > 130_000) };
    await untilEnded(operation, { ...wait, clock, onMinute: minute => void minutes.push(minute) });
    assert.deepEqual(minutes, [1, 2]);
  });

  it('gives up when its time is over', async () => {
    const never = { check: () => Promise.resolve(false) };
    await assert.rejects(untilEnded(never, { ...wait, clock: clockOf() }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /has not finished the change within 5 minutes/);
      return true;
    });
  });
});
