/** What a unit means: the service, when it restarts, which ones start and in which order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  inOrder,
  isMachineService,
  servicesToStart,
} from '../../../../../local/azure/machines/units/bootPlan.js';
import {
  asksForRestart,
  endedWell,
  tooManyStarts,
} from '../../../../../local/azure/machines/units/restart.js';
import { processRequest } from '../../../../../local/azure/machines/units/serviceProcess.js';
import { readServiceUnit } from '../../../../../local/azure/machines/units/serviceUnit.js';
import { parseUnitFile } from '../../../../../local/azure/machines/units/unitFile.js';

const read = (text: string, name = 'web.service') => readServiceUnit(name, parseUnitFile(text), 'web000000');

describe('service unit', () => {
  it('reads what a service of an application usually says', () => {
    const unit = read(`
[Unit]
Description=Web
After=network.target migrate.service
Requires=migrate.service
Wants=worker.service
StartLimitBurst=3
StartLimitIntervalSec=1min
[Service]
Type=exec
User=app
Group=www
WorkingDirectory=-/srv/app
RuntimeDirectory=app
StateDirectory=app app/data
StateDirectoryMode=0700
Environment=PORT=80 "NAME=two words"
Environment=HOST=0.0.0.0
EnvironmentFile=-/etc/default/app
EnvironmentFile=/etc/app.env
ExecStartPre=-/bin/rm -f /run/old
ExecStart=/srv/app/run --host \${HOST}
Restart=on-failure
RestartSec=2
AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_CHOWN
SuccessExitStatus=3 SIGUSR1
[Install]
WantedBy=multi-user.target
`);
    assert.deepEqual(unit, {
      name: 'web.service',
      kind: 'simple',
      before: [
        { words: ['/bin/rm', '-f', '/run/old'], ignoreFailure: true, privileged: false, expand: true },
      ],
      commands: [
        {
          words: ['/srv/app/run', '--host', '${HOST}'],
          ignoreFailure: false,
          privileged: false,
          expand: true,
        },
      ],
      user: 'app',
      group: 'www',
      workingDirectory: '/srv/app',
      workingDirectoryOptional: true,
      directories: [
        { path: '/run/app', mode: '0755' },
        { path: '/var/lib/app', mode: '0700' },
        { path: '/var/lib/app/data', mode: '0700' },
      ],
      ambientCapabilities: ['CAP_NET_BIND_SERVICE', 'CAP_CHOWN'],
      environment: { PORT: '80', NAME: 'two words', HOST: '0.0.0.0' },
      environmentFiles: [
        { path: '/etc/default/app', optional: true },
        { path: '/etc/app.env', optional: false },
      ],
      restart: 'on-failure',
      restartDelay: 2000,
      startLimit: { burst: 3, interval: 60_000 },
      successStatus: ['3', 'SIGUSR1'],
      after: ['network.target', 'migrate.service'],
      requires: ['migrate.service'],
      wants: ['worker.service'],
      remarks: [],
    });
  });

  it('replaces specifiers of a template', () => {
    const unit = read('[Service]\nExecStart=/bin/a %i %p %n %H %t 100%%', 'app@blue.service');
    assert.deepEqual(unit.commands[0]?.words, [
      '/bin/a',
      'blue',
      'app',
      'app@blue.service',
      'web000000',
      '/run',
      '100%',
    ]);
  });

  for (const [text, reason] of [
    ['[Service]\nType=simple', /no ExecStart=/],
    ['[Service]\nType=magic\nExecStart=/bin/a', /Type=magic is not known/],
    ['[Service]\nExecStart=/bin/a\nExecStart=/bin/b', /more than one ExecStart=/],
    ['[Service]\nExecStart=/bin/a "b', /ExecStart=\/bin\/a "b: the quote " is not closed/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => read(text), reason);
    });
  }

  it('keeps directories inside their root', () => {
    assert.deepEqual(read('[Service]\nExecStart=/a\nRuntimeDirectory=../etc /etc ok').directories, [
      { path: '/run/ok', mode: '0755' },
    ]);
  });

  it('runs a command with its variables, on the own address, as its user', () => {
    const unit = read(
      '[Service]\nUser=app\nEnvironment=HOST=0.0.0.0 A=1\nExecStart=/bin/web ${HOST}:80 *:81 ${A}',
    );
    const request = processRequest(unit, unit.commands[0]!, { A: '2' }, '127.9.0.4');
    assert.deepEqual(request.environment, { HOST: '127.9.0.4', A: '2' });
    assert.deepEqual(request.command.slice(-4), ['/bin/web', '127.9.0.4:80', '127.9.0.4:81', '2']);
    assert.equal(request.command[4], 'app');
    const privileged = { ...unit.commands[0]!, privileged: true };
    assert.equal(processRequest(unit, privileged, {}, '127.9.0.4').command[4], '');
  });
});

describe('restart', () => {
  const cases = [
    // The table of Restart= in systemd.service(5): clean exit, unclean exit code, unclean signal.
    ['no', false, false, false],
    ['always', true, true, true],
    ['on-success', true, false, false],
    ['on-failure', false, true, true],
    ['on-abnormal', false, false, true],
    ['on-abort', false, false, true],
    ['on-watchdog', false, false, false],
  ] as const;
  for (const [policy, ...expected] of cases) {
    it(`follows Restart=${policy}`, () => {
      const endings = [
        { code: 0, signal: null },
        { code: 1, signal: null },
        { code: null, signal: 'SIGSEGV' as const },
      ];
      const service = { successStatus: [], kind: 'simple' as const };
      assert.deepEqual(
        endings.map(ending => asksForRestart(policy, ending, endedWell(ending, service))),
        expected,
      );
    });
  }

  it('knows clean signals and listed success', () => {
    const ended = (signal: NodeJS.Signals, kind: 'simple' | 'oneshot', successStatus: string[] = []) =>
      endedWell({ code: null, signal }, { kind, successStatus });
    assert.equal(ended('SIGTERM', 'simple'), true);
    assert.equal(ended('SIGTERM', 'oneshot'), false);
    assert.equal(ended('SIGUSR1', 'simple', ['SIGUSR1']), true);
    assert.equal(endedWell({ code: 3, signal: null }, { kind: 'simple', successStatus: ['3'] }), true);
  });

  it('limits starts within the interval', () => {
    const limit = { burst: 2, interval: 1000 };
    assert.equal(tooManyStarts(limit, [0, 500], 900), true);
    assert.equal(tooManyStarts(limit, [0, 500], 1000), false);
    assert.equal(tooManyStarts({ burst: 2, interval: 0 }, [0, 0, 0], 0), false);
  });
});

describe('boot plan', () => {
  it('starts what the image brought and nothing that stands for the machine', () => {
    const enabled = [
      'web.service',
      'ssh.service',
      'cron.service',
      'walinuxagent.service',
      'x.socket',
      'getty@tty1.service',
    ];
    assert.deepEqual(servicesToStart(enabled, ['ssh.service', 'cron.service']), ['web.service']);
    assert.equal(isMachineService('systemd-resolved.service'), true);
    assert.equal(isMachineService('sshfs-mount.service'), false);
  });

  it('puts services behind those they come after, whatever the order they were found in', () => {
    const unit = (name: string, after: string[]) => ({ ...read('[Service]\nExecStart=/a', name), after });
    const names = (units: readonly { name: string }[]) => units.map(({ name }) => name);
    assert.deepEqual(names(inOrder([unit('a', ['b']), unit('b', ['c', 'network.target']), unit('c', [])])), [
      'c',
      'b',
      'a',
    ]);
    assert.deepEqual(names(inOrder([unit('a', ['b']), unit('b', ['a'])])), ['b', 'a'], 'a circle is broken');
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), order => {
        const units = order.map(i => unit(`u${i}`, i === 0 ? [] : [`u${i - 1}`]));
        assert.deepEqual(names(inOrder(units)), ['u0', 'u1', 'u2', 'u3', 'u4', 'u5']);
      }),
    );
  });
});
