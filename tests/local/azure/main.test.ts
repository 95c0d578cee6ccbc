import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import { greeting } from '../../../local/azure/greeting.js';
import type { Connection } from '../../../local/azure/localAzure.js';
import { readOptions } from '../../../local/azure/options.js';
import { transportTo } from './fixture.js';

const connection: Connection = {
  proxy: 'http://127.0.0.1:8080',
  caFile: "/tmp/it's here/ca.pem",
  tenantId: 't',
  clientId: 'c',
  clientSecret: 's',
  subscriptionId: 'u',
  certificateFile: '/tmp/application.pem',
  oidcRequestUri: 'https://dev.azure.com/x',
  systemAccessToken: 'a',
};

describe('The command line of the local Azure', () => {
  it('is read, with what was left out filled in', () => {
    const options = readOptions([
      '--throttling',
      'on',
      '--resource-group',
      'web=westeurope',
      '--time-scale',
      '1',
    ]);
    assert.ok(options !== undefined);
    assert.deepEqual(
      [options.port, options.timeScale, options.throttling, options.instances],
      [0, 1, true, 'real'],
    );
    assert.deepEqual([...options.resourceGroups], [['web', 'westeurope']]);
    assert.equal(readOptions([])?.timeScale, 0.02);
    assert.equal(readOptions(['--help']), undefined);
  });

  it('is refused with all its problems at once', () => {
    const directory = mkdtempSync(join(tmpdir(), 'options-test-'));
    const faults = join(directory, 'faults.json');
    writeFileSync(faults, '{ "rules": [{ "effect": { "kind": "slow" } }] }');
    const args = ['--port', '70000', '--time-scale', '0', '--instances', 'some', '--faults', faults];
    try {
      assert.throws(
        () =>
          readOptions([...args, '--base-image', directory, '--throttling', '', '--unmanaged-disks', 'no']),
        (error: Error) => {
          for (const part of [
            "--port must be a number from 0 to 65535, not '70000'.",
            "--time-scale must be a number above 0, not '0'.",
            "--instances must be real or simulated, not 'some'.",
            "--throttling must be off or on, not ''.",
            "--unmanaged-disks must be allow or retired, not 'no'.",
            'rules[0].effect.seconds is not a number of seconds',
            `There is no root file system in ${directory}`,
          ])
            assert.ok(error.message.includes(part), `${part}\n${error.message}`);
          return true;
        },
      );
      assert.throws(() => readOptions(['--colour']), { name: 'UserError', message: /--colour/ });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('greets people with lines that a shell takes as they are', () => {
    const text = greeting(connection, {
      directory: '/state',
      kept: true,
      traffic: undefined,
      timeScale: 0.02,
    });
    assert.match(text, /^ {2}unset https_proxy SSL_CERT_DIR$/m);
    assert.match(text, /^ {2}export SSL_CERT_FILE='\/tmp\/it'\\''s here\/ca\.pem'$/m);
    for (const name of [
      'ARM_CLIENT_ID',
      'REQUESTS_CA_BUNDLE',
      'NODE_EXTRA_CA_CERTS',
      'AZURE_TENANT_ID',
      'HTTPS_PROXY',
      'AZURE_POD_IDENTITY_AUTHORITY_HOST',
    ])
      assert.match(text, new RegExp(`^ {2}export ${name}=`, 'm'));
    assert.match(
      text,
      /az login --service-principal --username c --certificate \/tmp\/application\.pem --tenant t/,
    );
  });
});

describe('npm run azure', function () {
  this.timeout(600_000);
  let temporary: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'azure-main-test-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child, 'SIGKILL');
    rmSync(temporary, { recursive: true, force: true });
  });
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  const start = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'local/azure/main.ts', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: temporary },
    });
    children.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [line] = (await Promise.race([
      once(child.stdout, 'data'),
      // Not 'exit': what it said may be read after that.
      once(child, 'close').then(() => Promise.reject(new Error(said))),
    ])) as [Buffer];
    const facts = JSON.parse(line.toString()) as Connection;
    const { tenantId, clientId, clientSecret, subscriptionId } = facts;
    const transport = transportTo(facts);
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport);
    const { resourceGroups } = new ResourceManagementClient(credential, subscriptionId, transport);
    return { child, facts, resourceGroups, said: () => said };
  };
  const directories = () => readdirSync(temporary).filter(name => name.startsWith('local-azure-'));

  it('runs twice side by side, leaves nothing after Ctrl-C, and sweeps up after a killed one', async () => {
    const [first, second] = await Promise.all([start('--resource-group', 'web=westeurope'), start()]);
    assert.notEqual(first.facts.proxy, second.facts.proxy);
    assert.equal(directories().length, 2);
    assert.equal((await first.resourceGroups.checkExistence('web')).body, true);
    assert.equal((await second.resourceGroups.checkExistence('web')).body, false);
    assert.equal(first.said(), '');
    const exit = once(first.child, 'exit');
    first.child.kill('SIGINT');
    assert.deepEqual(await exit, [0, null]);
    assert.ok(!existsSync(dirname(first.facts.caFile)));
    assert.equal((await second.resourceGroups.checkExistence('web')).body, false);
    await end(second.child, 'SIGKILL');
    assert.ok(existsSync(dirname(second.facts.caFile)));
    const third = await start();
    assert.deepEqual(
      directories().map(name => join(temporary, name)),
      [dirname(third.facts.caFile)],
    );
  });

  it('goes on from its state, also after it was killed, and lets no other have it meanwhile', async () => {
    const state = join(temporary, 'state');
    const before = await start('--state', state);
    await before.resourceGroups.createOrUpdate('web', { location: 'westeurope', tags: { a: 'b' } });
    await assert.rejects(start('--state', state), /is in use by another local Azure/);
    // Changes are saved shortly after they were made.
    while (!existsSync(join(state, 'state.json'))) await new Promise(resolve => setTimeout(resolve, 20));
    await end(before.child, 'SIGKILL');
    const after = await start('--state', state);
    assert.equal(after.facts.clientSecret, before.facts.clientSecret);
    assert.deepEqual((await after.resourceGroups.get('web')).tags, { a: 'b' });
    await end(after.child, 'SIGINT');
    assert.ok(existsSync(join(state, 'state.json')));
    assert.ok(!existsSync(join(state, 'owner.lock')));
  });
});
