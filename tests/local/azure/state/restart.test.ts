import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import type { Connection } from '../../../../local/azure/localAzure.js';
import { look, transportTo } from '../fixture.js';
import { machine, network } from '../templates.js';

const run = promisify(execFile);

/** `npm run azure` with a real machine in it, ended in order and killed. */
describe('A machine of a local Azure that is started again', () => {
  let directory: string;
  let server: ChildProcess | undefined;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'restart-test-'));
  });
  after(async () => {
    await end('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  });
  const end = async (signal: NodeJS.Signals) => {
    if (server === undefined) return;
    const exit = once(server, 'exit');
    server.kill(signal);
    await exit;
    server = undefined;
  };
  const start = async () => {
    const args = ['--import', 'tsx', 'local/azure/main.ts', '--state', join(directory, 'state')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    server = child;
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const facts = JSON.parse(line.toString()) as Connection;
    const { tenantId, clientId, clientSecret, subscriptionId } = facts;
    const transport = transportTo(facts);
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport);
    const { resources, resourceGroups } = new ResourceManagementClient(credential, subscriptionId, transport);
    return { resources, resourceGroups, subscription: `/subscriptions/${subscriptionId}` };
  };
  const inside = async (address: string, command: string): Promise<string> => {
    const options = [
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile=${join(directory, 'known')}`,
      'BatchMode=yes',
    ];
    const args = options.flatMap(option => ['-o', option]);
    const { stdout } = await run('ssh', [
      '-F',
      '/dev/null',
      ...args,
      '-i',
      join(directory, 'key'),
      `packer@${address}`,
      command,
    ]);
    return stdout;
  };

  it('has its address, its host keys and its disk, however the process ended', async function () {
    this.timeout(600_000);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
    const keyData = readFileSync(join(directory, 'key.pub'), 'utf8').trim();
    const first = await start();
    const { subscription } = first;
    await first.resourceGroups.createOrUpdate('web', { location: 'westeurope' });
    const make = (path: string, body: unknown) =>
      first.resources.beginCreateOrUpdateByIdAndWait(`${subscription}${path}`, '2024-03-01', body as object, {
        updateIntervalInMs: 50,
      });
    for (const { path, body } of network(subscription)) await make(path, body);
    const vm = machine(subscription);
    const { properties } = vm.body as { readonly properties: object };
    const ssh = { publicKeys: [{ path: '/home/packer/.ssh/authorized_keys', keyData }] };
    const osProfile = {
      computerName: 'vm',
      adminUsername: 'packer',
      linuxConfiguration: { disablePasswordAuthentication: true, ssh },
    };
    await make(vm.path, { ...vm.body, properties: { ...properties, osProfile } });
    const ip = `${subscription}/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/ip`;
    const address = String(look(await first.resources.getById(ip, '2023-04-01'), 'properties.ipAddress'));
    assert.equal(await inside(address, 'echo one | sudo tee /var/kept'), 'one\n');
    await end('SIGINT');

    const second = await start();
    assert.equal(look(await second.resources.getById(ip, '2023-04-01'), 'properties.ipAddress'), address);
    assert.equal(
      await inside(address, 'echo two | sudo tee -a /var/kept >/dev/null; cat /var/kept'),
      'one\ntwo\n',
    );
    await end('SIGKILL');

    const third = await start();
    assert.equal(await inside(address, 'cat /var/kept'), 'one\ntwo\n');
    const id = `${subscription}${vm.path}`;
    await third.resources.beginDeleteByIdAndWait(id, '2024-07-01', { updateIntervalInMs: 50 });
    assert.equal((await third.resources.checkExistenceById(id, '2024-07-01')).body, false);
  });
});
