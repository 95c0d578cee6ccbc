/** The set-up as npm runs it, on the machine that these tests run on. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  baseImageDirectory,
  cacheDirectory,
  jmeterHome,
  machineEnvironment,
} from '../../../scripts/setup/cache.mjs';
import { locked } from '../../../scripts/setup/lock.mjs';
import { run, SetupError } from '../../../scripts/setup/progress.mjs';

const setup = fileURLToPath(new URL('../../../scripts/setup/setup.mjs', import.meta.url));
const setUp = (...args: string[]) => spawnSync(process.execPath, [setup, ...args], { encoding: 'utf8' });

describe('set-up', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'setup-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds everything in place the second time: says nothing, makes nothing', () => {
    const logs = join(cacheDirectory(), 'logs');
    const before = existsSync(logs) ? readdirSync(logs) : [];
    for (const purpose of ['test', 'demo', 'pipeline', 'build']) {
      const { status, stdout, stderr } = setUp('--for', purpose);
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
    }
    assert.deepEqual(existsSync(logs) ? readdirSync(logs) : [], before);
  });

  it('refuses what it does not know, with its usage', () => {
    for (const args of [['--for', 'fun'], ['--jmeter', 'npm'], ['--force']]) {
      const { status, stderr } = setUp(...args);
      assert.equal(status, 1);
      assert.match(stderr, /usage: node scripts\/setup\/setup\.mjs/);
    }
  });

  it('has made a base image that is a machine nobody has booted', () => {
    const root = baseImageDirectory();
    assert.equal(statSync(root).uid, 0);
    for (const program of [
      'sbin/sshd',
      'sbin/waagent',
      'bin/sudo',
      'bin/php',
      'bin/ansible-playbook',
      'bin/systemctl',
    ]) {
      assert.ok(existsSync(join(root, 'usr', program)), program);
    }
    assert.deepEqual(
      readdirSync(join(root, 'etc', 'ssh')).filter(name => name.startsWith('ssh_host_')),
      [],
    );
    assert.equal(readFileSync(join(root, 'etc', 'machine-id'), 'utf8'), '');
  });

  it('has made a JMETER_HOME, and tells where', () => {
    assert.deepEqual(machineEnvironment(), { JMETER_HOME: jmeterHome() });
    const version = spawnSync(join(jmeterHome(), 'bin', 'jmeter'), ['--version'], {
      encoding: 'utf8',
      cwd: folder,
    });
    assert.equal(version.status, 0);
    assert.match(version.stdout, /Apache Software Foundation/);
  }).timeout(60_000);

  it('follows XDG_CACHE_HOME when it is absolute', () => {
    const script = `import('${setup}/../cache.mjs').then(cache => console.log(cache.cacheDirectory()))`;
    const cache = (value: string) =>
      spawnSync(process.execPath, ['-e', script], {
        encoding: 'utf8',
        env: { ...process.env, HOME: '/home/somebody', XDG_CACHE_HOME: value },
      }).stdout.trim();
    assert.equal(cache('/var/tmp/x'), '/var/tmp/x/bake-and-roll');
    assert.equal(cache('relative'), '/home/somebody/.cache/bake-and-roll');
  });

  it('shows the end of the log of a command that fails', async () => {
    const log = join(folder, 'setup.log');
    await assert.rejects(run(log, ['sh', '-c', 'seq 30; echo the reason >&2; exit 3']), (error: unknown) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /^sh ended with 3\. The end of .*setup\.log:\n/);
      assert.match(error.message, / {2}\| 30\n {2}\| the reason$/);
      assert.doesNotMatch(error.message, /\| 11\n/);
      return true;
    });
    await assert.rejects(run(log, ['no-such-program']), /no-such-program could not be run/);
  });

  it('runs one at a time, and goes on when the one before was killed', async () => {
    const file = join(folder, 'lock');
    const trace = join(folder, 'trace');
    const script = `
      import { appendFileSync } from 'node:fs';
      const { locked } = await import('${setup}/../lock.mjs');
      await locked('${file}', async () => {
        appendFileSync('${trace}', 'in ');
        process.stdout.write('in');
        await new Promise(resolve => setTimeout(resolve, process.env.HANG ? 1e6 : 200));
        appendFileSync('${trace}', 'out ');
      });`;
    const holder = (environment: NodeJS.ProcessEnv = {}) =>
      spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const ended = (child: ReturnType<typeof holder>) => new Promise(resolve => child.once('exit', resolve));
    await Promise.all([ended(holder()), ended(holder()), ended(holder())]);
    assert.equal(readFileSync(trace, 'utf8'), 'in out in out in out ');

    const hanging = holder({ HANG: '1' });
    await new Promise(resolve => hanging.stdout.once('data', resolve));
    hanging.kill('SIGKILL');
    assert.equal(await locked(file, () => Promise.resolve('mine')), 'mine');
  });
});
