import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMachineHost } from '../../../../local/azure/machines/machineHost.js';
import { addressesIn, openStateFile } from '../../../../local/azure/state/savedState.js';
import { openWorkDirectory, sweep } from '../../../../local/azure/workDirectory.js';
import { baseImageDirectory } from '../../../../scripts/setup/cache.mjs';
import { createAddressPool } from '../../../../local/azure/machines/addressPool.js';
import { look, startFixture, type Fixture } from '../fixture.js';
import { balancer, machine, network, scaleSet } from '../templates.js';

const scaleSets = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';
const images = '/resourceGroups/web/providers/Microsoft.Compute/images/one';

describe('The state of the local Azure', () => {
  let directory: string;
  let azure: Fixture | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'state-test-'));
  });
  afterEach(async () => {
    await azure?.close();
    azure = undefined;
    rmSync(directory, { recursive: true, force: true });
  });
  const start = async (): Promise<Fixture> => {
    const state = openStateFile(join(directory, 'state.json'));
    azure = await startFixture({ offset: 0 }, { state });
    return azure;
  };

  it('outlives a restart: identity, groups, resources, images; machines and instances run again', async () => {
    const before = await start();
    await before.arm('PUT', '/resourcegroups/web', { location: 'westeurope', tags: { a: 'b' } });
    for (const { path, body } of network(before.subscription)) await before.armDone('PUT', path, body);
    const vm = machine(before.subscription);
    await before.armDone('PUT', vm.path, vm.body);
    await before.armDone('POST', `${vm.path}/deallocate`);
    await before.arm('POST', `${vm.path}/generalize`);
    await before.armDone('PUT', images, {
      location: 'westeurope',
      properties: { sourceVirtualMachine: { id: `${before.subscription}${vm.path}` } },
    });
    await before.armDone('DELETE', vm.path);
    await before.armDone('DELETE', '/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/nic');
    const lb = balancer(before.subscription);
    await before.armDone('PUT', lb.path, lb.body);
    const set = scaleSet(before.subscription, {
      image: { id: `${before.subscription}${images}` },
      capacity: 2,
    });
    assert.equal(look(await before.armDone('PUT', scaleSets, set.body), 'body.status'), 'Succeeded');
    const shown = async (local: Fixture, path: string) => (await local.arm('GET', path)).body;
    const [imageBefore, lbBefore] = [await shown(before, images), await shown(before, lb.path)];
    const { clientSecret } = before.azure.connection;
    await before.close();
    assert.equal(statSync(join(directory, 'state.json')).mode & 0o777, 0o600);

    const after = await start();
    assert.equal(after.azure.connection.clientSecret, clientSecret);
    assert.equal(after.subscription, before.subscription);
    assert.deepEqual(look(await after.arm('GET', '/resourcegroups/web'), 'body.tags'), { a: 'b' });
    assert.deepEqual(await shown(after, images), imageBefore);
    assert.deepEqual(await shown(after, lb.path), lbBefore);
    assert.equal(after.host.machines.size, 2);
    assert.deepEqual(
      after.host.started.map(one => one.disk.layers),
      Array(2).fill(['layer-1', 'base']),
    );
    assert.equal(after.balancers.at(-1)?.backends.length, 2);
    const instances = await after.arm('GET', `${scaleSets}/virtualMachines`);
    assert.deepEqual(look(instances, 'body.value.*.properties.provisioningState'), [
      'Succeeded',
      'Succeeded',
    ]);
    assert.equal(look(await after.arm('GET', scaleSets), 'body.properties.provisioningState'), 'Succeeded');
    await after.armDone('DELETE', scaleSets);
    assert.equal(after.host.machines.size, 0);
  });

  it('tells running machines from deallocated ones', async () => {
    const before = await start();
    await before.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of network(before.subscription)) await before.armDone('PUT', path, body);
    const vm = machine(before.subscription);
    await before.armDone('PUT', vm.path, vm.body);
    const power = async (local: Fixture) =>
      look(await local.arm('GET', `${vm.path}/instanceView`), 'body.statuses.1.code');
    assert.equal(await power(before), 'PowerState/running');
    await before.close();
    const running = await start();
    assert.equal(await power(running), 'PowerState/running');
    await running.armDone('POST', `${vm.path}/deallocate`);
    await running.close();
    assert.equal(await power(await start()), 'PowerState/deallocated');
  });

  it('calls Failed what was on its way when the process was killed', async () => {
    const before = await start();
    await before.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    const path = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/p';
    await before.armDone('PUT', path, { location: 'westeurope', properties: {} });
    await before.close();
    const file = openStateFile(join(directory, 'state.json'));
    assert.ok(file.saved !== undefined);
    file.write({
      ...file.saved,
      resources: file.saved.resources.map(one => ({
        ...one,
        properties: { ...one.properties, provisioningState: 'Updating' },
      })),
    });
    const after = await start();
    assert.equal(look(await after.arm('GET', path), 'body.properties.provisioningState'), 'Failed');
    assert.equal(
      look(await after.armDone('PUT', path, { location: 'westeurope', properties: {} }), 'body.status'),
      'Succeeded',
    );
  });

  it('is refused when it is none', () => {
    const file = join(directory, 'state.json');
    for (const text of ['{', '{ "version": 1 }']) {
      writeFileSync(file, text);
      assert.throws(() => openStateFile(file), { name: 'UserError', message: /written by another version/ });
    }
  });

  it('holds on to its addresses', () => {
    const locks = join(directory, 'locks');
    const first = createAddressPool(locks);
    const held = [first.allocate(), first.allocate()];
    first.close();
    const resource = { properties: { ipAddress: held[1], other: '127.0.0.1' } };
    const inUse = addressesIn({ resources: [resource] } as never);
    assert.deepEqual(inUse, [held[1]]);
    const second = createAddressPool(locks, inUse);
    try {
      assert.equal(second.allocate().split('.')[1], held[1]?.split('.')[1]);
      assert.ok(!held.includes(second.allocate()));
      assert.throws(() => createAddressPool(locks, inUse), /in use by another local Azure/);
    } finally {
      second.close();
    }
  });
});

describe('The directory of the local Azure', () => {
  const directory = () => mkdtempSync(join(tmpdir(), 'work-test-'));

  it('is temporary and goes, or is kept and locked', () => {
    const home = directory();
    const temporary = openWorkDirectory(undefined, home);
    assert.ok(existsSync(temporary.path) && !temporary.kept);
    temporary.release();
    assert.ok(!existsSync(temporary.path));
    const kept = openWorkDirectory(join(home, 'mine'));
    assert.throws(() => openWorkDirectory(join(home, 'mine')), { name: 'UserError', message: /in use/ });
    kept.release();
    openWorkDirectory(join(home, 'mine')).release();
    assert.ok(existsSync(kept.path));
    rmSync(home, { recursive: true });
  });

  it('is swept away when its process was killed, and only then', () => {
    const home = directory();
    const stale = join(home, 'local-azure-stale');
    for (const name of ['local-azure-stale', 'local-azure-unowned', 'other']) mkdirSync(join(home, name));
    writeFileSync(join(stale, 'owner.lock'), '1 0');
    const living = openWorkDirectory(undefined, home);
    assert.ok(!existsSync(stale));
    assert.deepEqual(sweep(home), []);
    assert.ok([living.path, join(home, 'local-azure-unowned'), join(home, 'other')].every(existsSync));
    rmSync(home, { recursive: true });
  });
});

describe('Machines that are kept', () => {
  it('go on from the disk that an earlier host left', async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'kept-machines-'));
    const addresses = createAddressPool();
    const options = { baseImage: baseImageDirectory(), stateDirectory, keep: true };
    const run = async (command: string, resumed?: 'stopped') => {
      const host = createMachineHost(options);
      try {
        const started = await host.start({
          name: 'web0',
          address: addresses.allocate(),
          disk: host.base,
          boot: 'services',
          ...(resumed === undefined ? {} : { resumed }),
        });
        if (resumed === 'stopped') {
          assert.equal(started.running, false);
          await started.start();
        }
        return (await started.run(['sh', '-c', command])).output;
      } finally {
        await host.close();
      }
    };
    try {
      await run('echo first >/var/kept');
      assert.equal(await run('cat /var/kept; echo second >>/var/kept'), 'first\n');
      assert.equal(await run('cat /var/kept'), 'first\nsecond\n');
      assert.equal(await run('cat /var/kept', 'stopped'), 'first\nsecond\n');
    } finally {
      addresses.close();
      rmSync(stateDirectory, { recursive: true });
    }
  });
});
