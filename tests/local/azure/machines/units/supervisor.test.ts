/** The supervisor against a runner that tells it how each process ended. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ending } from '../../../../../local/azure/machines/namespaces.js';
import { readServiceUnit } from '../../../../../local/azure/machines/units/serviceUnit.js';
import { createSupervisor } from '../../../../../local/azure/machines/units/supervisor.js';
import { parseUnitFile } from '../../../../../local/azure/machines/units/unitFile.js';

const service = (name: string, text: string) =>
  readServiceUnit(`${name}.service`, parseUnitFile(text), 'host');
const ok: Ending = { code: 0, signal: null };
const bad: Ending = { code: 1, signal: null };

/** Launches by script: each program's endings in turn; when they run out the process keeps running. */
function runner(endings: Record<string, Ending[]>) {
  const launched: string[] = [];
  const said: string[] = [];
  return {
    launched,
    said,
    now: () => 0,
    say: (name: string, line: string) => said.push(`${name}: ${line}`),
    launch: (_: unknown, command: { words: readonly string[] }) => {
      const program = command.words[0] ?? '';
      launched.push(program);
      const ending = endings[program]?.shift();
      return Promise.resolve({
        ended: ending === undefined ? new Promise<Ending>(() => undefined) : Promise.resolve(ending),
      });
    },
  };
}

/** Lets promises and timers of no length run until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let left = 5000; !condition(); left -= 1) {
    assert.ok(left > 0, `waited in vain for ${condition.toString()}`);
    await delay(1);
  }
}

describe('supervisor', () => {
  it('waits for a oneshot before those that come after it', async () => {
    const run = runner({ '/migrate': [ok], '/pre': [ok] });
    const supervisor = createSupervisor(
      [
        service(
          'web',
          '[Unit]\nAfter=migrate.service\nRequires=migrate.service\n[Service]\nExecStartPre=/pre\nExecStart=/web',
        ),
        service('migrate', '[Service]\nType=oneshot\nExecStart=/migrate'),
      ],
      run,
    );
    await supervisor.start();
    assert.deepEqual(run.launched, ['/migrate', '/pre', '/web']);
    supervisor.halt();
  });

  it('does not start what requires a failed service, and says so', async () => {
    const run = runner({ '/migrate': [bad] });
    const supervisor = createSupervisor(
      [
        service('web', '[Unit]\nAfter=migrate.service\nRequires=migrate.service\n[Service]\nExecStart=/web'),
        service('other', '[Unit]\nAfter=migrate.service\n[Service]\nExecStart=/other'),
        service('migrate', '[Service]\nType=oneshot\nExecStart=/migrate'),
      ],
      run,
    );
    await supervisor.start();
    assert.deepEqual(run.launched, ['/migrate', '/other']);
    assert.ok(
      run.said.includes('web.service: is not started because it requires migrate.service, which failed'),
    );
    supervisor.halt();
  });

  it('survives a circle of services that require each other', async () => {
    const run = runner({});
    const supervisor = createSupervisor(
      [
        service('a', '[Unit]\nAfter=b.service\nRequires=b.service\n[Service]\nExecStart=/a'),
        service('b', '[Unit]\nAfter=a.service\nRequires=a.service\n[Service]\nExecStart=/b'),
      ],
      run,
    );
    await supervisor.start();
    assert.deepEqual(run.launched, ['/b', '/a']);
    supervisor.halt();
  });

  it('starts a service again until its start limit', async () => {
    const run = runner({ '/web': Array.from({ length: 10 }, () => bad) });
    const supervisor = createSupervisor(
      [
        service(
          'web',
          '[Unit]\nStartLimitBurst=3\n[Service]\nExecStart=/web\nRestart=on-failure\nRestartSec=0',
        ),
      ],
      run,
    );
    await supervisor.start();
    await until(() => run.said.some(line => line.includes('is started no more')));
    assert.deepEqual(run.launched, ['/web', '/web', '/web']);
    supervisor.halt();
  });

  it('starts a service again when only a preparing command failed', async () => {
    const run = runner({ '/pre': [bad, ok] });
    const supervisor = createSupervisor(
      [service('web', '[Service]\nExecStartPre=/pre\nExecStart=/web\nRestart=always\nRestartSec=0')],
      run,
    );
    await supervisor.start();
    await until(() => run.launched.includes('/web'));
    assert.deepEqual(run.launched, ['/pre', '/pre', '/web']);
    supervisor.halt();
  });

  it('leaves an ignored failure alone and starts nothing once halted', async () => {
    const run = runner({ '/a': [bad], '/b': [ok] });
    const supervisor = createSupervisor(
      [
        service('x', '[Service]\nType=oneshot\nExecStart=-/a\nExecStart=/b'),
        service('y', '[Service]\nExecStart=/y\nRestart=always'),
      ],
      run,
    );
    await supervisor.start();
    assert.deepEqual([...run.launched].sort(), ['/a', '/b', '/y']);
    supervisor.halt();
    await supervisor.start();
    assert.equal(run.launched.length, 3);
  });
});
