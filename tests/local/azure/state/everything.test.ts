/** A local Azure with something of every kind in it, ended and started again: what a client saw is there again. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateInstances } from '../../../../local/azure/machines/simulatedHost.js';
import { openStateFile } from '../../../../local/azure/state/savedState.js';
import { FakeHost } from '../fakes.js';
import { look, startFixture, type Answer, type Fixture } from '../fixture.js';
import { balancer, machine, network, platformImage, scaleSet } from '../templates.js';

const group = '/resourceGroups/web';
const compute = `${group}/providers/Microsoft.Compute`;
const sets = `${compute}/virtualMachineScaleSets`;
const uniform = `${sets}/web`;
const flexible = `${sets}/flex`;
const deployment = `${group}/providers/Microsoft.Resources/deployments/one`;
const lb = `${group}/providers/Microsoft.Network/loadBalancers/lb`;

/** Without what tells when it was read. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === 'time' ? 'then' : timeless(member)]),
  );
}

describe('A local Azure that is started again over its state', function () {
  this.timeout(120_000);
  let directory: string;
  let azure: Fixture | undefined;
  /** Where its operations were followed. */
  const followed: string[] = [];
  let seen: ReadonlyMap<string, unknown>;

  const start = async (): Promise<Fixture> => {
    const state = openStateFile(join(directory, 'state.json'));
    const times = { bootSeconds: 0, warmUpSeconds: 0, timeScale: 1 };
    azure = await startFixture(
      { offset: 0 },
      { state, stateDirectory: directory, host: simulateInstances(new FakeHost(), times) },
    );
    return azure;
  };
  const done = async (local: Fixture, ...[method, path, body]: Parameters<Fixture['armDone']>) => {
    const first = await local.arm(method, path, body);
    const poll = first.headers['azure-asyncoperation'] ?? first.headers['location'];
    if (poll === undefined) {
      assert.ok(first.status < 300, JSON.stringify(first.body));
      return first;
    }
    followed.push(poll);
    for (;;) {
      const state = await local.arm('GET', poll);
      const status = look(state, 'body.status');
      if (state.status === 202 || status === 'InProgress' || status === 'Accepted' || status === 'Running') {
        await new Promise(resolve => setTimeout(resolve, 5));
        continue;
      }
      return state;
    }
  };
  const succeeds = async (...given: Parameters<typeof done>) => {
    const answer = await done(...given);
    if (answer.headers['content-type'] !== undefined && look(answer, 'body.status') !== undefined)
      assert.equal(look(answer, 'body.status'), 'Succeeded', JSON.stringify(answer.body));
    return answer;
  };
  const paths = () => [
    group,
    `${group}/resources`,
    `${compute}/virtualMachines`,
    `${compute}/virtualMachines/vm/instanceView`,
    `${compute}/images`,
    `${compute}/disks`,
    sets,
    `${uniform}/instanceView`,
    `${uniform}/virtualMachines?$expand=instanceView`,
    `${uniform}/rollingUpgrades/latest`,
    `${uniform}/osUpgradeHistory`,
    `${flexible}/virtualMachines`,
    `${group}/providers/Microsoft.Network/networkInterfaces`,
    `${group}/providers/Microsoft.Network/publicIPAddresses`,
    lb,
    deployment,
    `${deployment}/operations`,
    ...followed,
  ];
  const everythingOf = async (local: Fixture) => {
    const answers = new Map<string, unknown>();
    for (const path of paths()) {
      const { status, body }: Answer = await local.arm('GET', path);
      answers.set(path, timeless({ status, body }));
    }
    const exported = await local.arm('POST', `${deployment}/exportTemplate`);
    return answers.set('exported', exported.body);
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'everything-test-'));
    const local = await start();
    const { subscription } = local;
    await local.arm('PUT', '/resourcegroups/web', { location: 'westeurope', tags: { a: 'b' } });
    const [net, ip, nic] = network(subscription);
    const front = balancer(subscription);
    const pool = {
      name: 'ssh',
      properties: {
        frontendIPConfiguration: { id: `${subscription}${lb}/frontendIPConfigurations/front` },
        protocol: 'Tcp',
        frontendPortRangeStart: 50_000,
        frontendPortRangeEnd: 50_099,
        backendPort: 22,
      },
    };
    const { properties } = front.body as { properties: object };
    const withPool = { ...front.body, properties: { ...properties, inboundNatPools: [pool] } };
    assert.ok(net !== undefined && ip !== undefined && nic !== undefined);
    await succeeds(local, 'PUT', net.path, net.body);
    await succeeds(local, 'PUT', ip.path, ip.body);
    await succeeds(local, 'PUT', lb, withPool);
    const nicBody = JSON.parse(
      JSON.stringify(nic.body).replace(/,"publicIPAddress":\{[^}]*\}/, ''),
    ) as unknown;
    await succeeds(local, 'PUT', nic.path, nicBody);
    const vm = machine(subscription);
    await succeeds(local, 'PUT', vm.path, { ...vm.body, tags: { of: 'machine' } });
    await succeeds(local, 'POST', `${vm.path}/deallocate`);
    await local.arm('POST', `${vm.path}/generalize`);
    await succeeds(local, 'PUT', `${compute}/images/one`, {
      location: 'westeurope',
      properties: { sourceVirtualMachine: { id: `${subscription}${vm.path}` } },
    });

    const set = scaleSet(subscription, { image: platformImage, capacity: 4 });
    const natPool = [{ id: `${subscription}${lb}/inboundNatPools/ssh` }];
    const text = JSON.stringify({ ...set.body, tags: { of: 'set' } }).replace(
      '"loadBalancerBackendAddressPools"',
      `"loadBalancerInboundNatPools":${JSON.stringify(natPool)},"loadBalancerBackendAddressPools"`,
    );
    const body = JSON.parse(text) as Record<string, unknown>;
    await succeeds(local, 'PUT', uniform, body);
    await succeeds(local, 'POST', `${uniform}/delete`, { instanceIds: ['1'] });
    await succeeds(local, 'PUT', uniform, { ...body, sku: { name: 'Standard_B2s', capacity: 3 } });
    await succeeds(local, 'POST', `${uniform}/manualupgrade`, { instanceIds: ['0'] });
    const instance = `${uniform}/virtualMachines/2`;
    await succeeds(local, 'PUT', instance, {
      location: 'westeurope',
      tags: { of: 'instance' },
      properties: { protectionPolicy: { protectFromScaleSetActions: true } },
    });
    await succeeds(local, 'POST', `${uniform}/poweroff`, { instanceIds: ['3'] });
    await done(local, 'POST', `${uniform}/osRollingUpgrade`);

    const properties2 = look(set.body, 'properties.virtualMachineProfile') as Record<string, object>;
    await succeeds(local, 'PUT', flexible, {
      ...set.body,
      sku: { name: 'Standard_B1s', capacity: 2 },
      properties: {
        orchestrationMode: 'Flexible',
        platformFaultDomainCount: 1,
        virtualMachineProfile: {
          ...properties2,
          networkProfile: {
            networkApiVersion: '2020-11-01',
            networkInterfaceConfigurations: look(
              properties2,
              'networkProfile.networkInterfaceConfigurations',
            ),
          },
        },
      },
    });
    const [member] = look(await local.arm('GET', `${flexible}/virtualMachines`), 'body.value.*.name') as [
      string,
    ];
    await succeeds(local, 'PATCH', `${compute}/virtualMachines/${member}`, { tags: { of: 'member' } });

    await succeeds(local, 'PUT', deployment, {
      properties: {
        mode: 'Incremental',
        parameters: { secret: { value: 'Geheim-123' } },
        template: {
          $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
          contentVersion: '1.0.0.0',
          parameters: { secret: { type: 'securestring' } },
          resources: [
            {
              type: 'Microsoft.Network/publicIPAddresses',
              apiVersion: '2023-04-01',
              name: 'second',
              location: 'westeurope',
              tags: { length: "[string(length(parameters('secret')))]" },
              properties: { publicIPAllocationMethod: 'Static' },
            },
          ],
          outputs: { one: { type: 'string', value: 'two' } },
        },
      },
    });
    // One that fails: its document tells why.
    await done(local, 'PUT', `${compute}/virtualMachines/${member}x`, {
      ...vm.body,
      properties: { ...(look(vm.body, 'properties') as object), networkProfile: { networkInterfaces: [] } },
    }).catch(() => undefined);
    seen = await everythingOf(local);
  });
  afterEach(async () => {
    await azure?.close();
    azure = undefined;
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('answers as before to every GET', async () => {
    const before = azure;
    assert.ok(before !== undefined);
    const files = () =>
      ['ca.pem', 'application.pem'].map(name => readFileSync(join(directory, name), 'utf8'));
    const trusted = files();
    const { token } = await before.credential.getToken('https://management.azure.com/.default');
    await before.close();
    const local = await start();
    assert.deepEqual(files(), trusted);
    const { proxy: _old, ...connection } = before.azure.connection;
    const { proxy: _new, ...again } = local.azure.connection;
    assert.deepEqual(again, connection);
    const url = `https://management.azure.com${local.subscription}?api-version=2022-12-01`;
    const answer = await local.send('GET', url, undefined, { authorization: `Bearer ${token}` });
    assert.equal(answer.status, 200);

    const now = await everythingOf(local);
    for (const [path, was] of seen) assert.deepEqual(now.get(path), was, path);
    assert.deepEqual([...now.keys()], [...seen.keys()]);
    const latest = look(seen.get(`${uniform}/virtualMachines?$expand=instanceView`), 'body.value');
    assert.deepEqual(look(latest, '*.instanceId'), ['0', '2', '3']);
    assert.ok((look(latest, '*.properties.latestModelApplied') as boolean[]).includes(false));
    assert.deepEqual(look(latest, '*.tags.of'), ['set', 'instance', 'set']);
    assert.ok(followed.length > 10);
    assert.ok(!readFileSync(join(directory, 'state.json'), 'utf8').includes('"secret":{"value"'));
  });

  it('goes on as if it had never ended', async () => {
    const local = await start();
    const instances = async () => look(await local.arm('GET', `${uniform}/virtualMachines`), 'body.value');
    const before = (await instances()) as unknown[];
    // The same model again is no new one, also after it was read from the file.
    await succeeds(local, 'PATCH', uniform, { sku: { capacity: 4 } });
    const after = (await instances()) as unknown[];
    assert.deepEqual(after.slice(0, 3), before);
    assert.equal(look(after[3], 'properties.latestModelApplied'), true);
    assert.ok(Number(look(after[3], 'instanceId')) > 3);
    assert.equal((look(await local.arm('GET', `${flexible}/virtualMachines`), 'body.value') as []).length, 2);
    await succeeds(local, 'DELETE', flexible);
    assert.deepEqual(look(await local.arm('GET', `${compute}/virtualMachines`), 'body.value.*.name'), ['vm']);
    await local.armDone('DELETE', '/resourcegroups/web');
    assert.equal((await local.arm('GET', group)).status, 404);
  });
});
