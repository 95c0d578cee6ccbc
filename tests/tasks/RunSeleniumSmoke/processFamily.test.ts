import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  endFamily,
  familyOf,
  parseProcess,
  runningFamily,
} from '../../../tasks/RunSeleniumSmoke/src/processFamily.js';

const entry = (pid: number, parent: number, marked = false) => ({ pid, parent, started: '1', marked });

describe('familyOf', () => {
  it('is all marked processes and all that descends from them, wherever their parents went', () => {
    const family = familyOf([
      entry(1, 0),
      entry(10, 1),
      entry(20, 10, true),
      entry(21, 20),
      entry(22, 21),
      entry(30, 1, true),
      entry(31, 10),
    ]);
    assert.deepEqual(
      family.map(({ pid }) => pid).sort((a, b) => a - b),
      [20, 21, 22, 30],
    );
  });
});

describe('parseProcess', () => {
  it('reads a command that looks like fields of its own, and knows that a zombie has ended', () => {
    const rest = `7 7 7 0 -1 4 1 1 1 1 1 1 1 1 20 0 1 0 987654 1 1`;
    assert.deepEqual(parseProcess(`42 (a) S 9 (b) S ${rest}`, true), {
      pid: 42,
      parent: 7,
      started: '987654',
      marked: true,
    });
    assert.equal(parseProcess(`42 (x) Z ${rest}`, true), undefined);
    assert.equal(parseProcess('', false), undefined);
  });
});

describe('endFamily', () => {
  it('ends detached grandchildren, also one that hides its environment and one that ignores SIGTERM', async () => {
    const mark = randomUUID();
    const script = `
      trap '' TERM
      setsid sleep 600 &
      env -i setsid sh -c 'sleep 600 & wait' &
      echo started
      while :; do sleep 1; done`;
    const shell = spawn('sh', ['-c', script], {
      env: { ...process.env, MARK: mark },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(shell.stdout, 'data');
    while (runningFamily(mark).length < 5) await new Promise(resolve => setTimeout(resolve, 20));
    const family = runningFamily(mark);
    assert.ok((await endFamily(mark, family)) >= 5);
    assert.deepEqual(runningFamily(mark), []);
    for (const { pid, started } of family)
      assert.ok(!isRunning(pid, started), `process ${pid} is still there`);
  });

  it('finds nothing to do for an unknown mark', async () => {
    assert.equal(await endFamily(randomUUID(), []), 0);
  });

  function isRunning(pid: number, started: string): boolean {
    // The empty mark is in every environment.
    return runningFamily('').some(other => other.pid === pid && other.started === started);
  }
});
