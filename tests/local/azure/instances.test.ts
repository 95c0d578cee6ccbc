import assert from 'node:assert/strict';
import type { InstanceEffect } from '../../../local/azure/faults/instanceFaults.js';
import { simulateInstances } from '../../../local/azure/machines/simulatedHost.js';
import { FakeHost } from './fakes.js';
import { look, startFixture, type Fixture } from './fixture.js';
import { balancer, network, platformImage, scaleSet } from './templates.js';

const web = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';

describe('Instances of scale sets in the local Azure', () => {
  let azure: Fixture;
  let host: FakeHost;
  const effects = new Map<string, InstanceEffect>();
  const body = (
    capacity: number,
    mode = 'Manual',
    size = 'Standard_B1s',
    more: Record<string, unknown> = {},
  ) => {
    const set = scaleSet(azure.subscription, { image: platformImage, capacity, mode }).body;
    const properties = { ...(set['properties'] as object), overprovision: false, ...more };
    return { ...set, sku: { name: size, capacity }, properties };
  };
  const started = async (simulated: boolean) => {
    host = new FakeHost();
    effects.clear();
    const times = { bootSeconds: 30, warmUpSeconds: 5, timeScale: 0.001 };
    azure = await startFixture(undefined, {
      host: simulated ? simulateInstances(host, times) : host,
      instanceFaults: { instance: (_set, instanceId) => effects.get(instanceId) },
    });
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body: given } of network(azure.subscription)) await azure.armDone('PUT', path, given);
    const lb = balancer(azure.subscription);
    await azure.armDone('PUT', lb.path, lb.body);
  };
  const instances = () => azure.arm('GET', `${web}/virtualMachines?$expand=instanceView`);
  afterEach(() => azure.close());

  it('are a thousand when simulated: none runs, all are healthy, and a rolling upgrade goes through them', async () => {
    await started(true);
    const large = { singlePlacementGroup: false };
    const made = await azure.armDone('PUT', web, body(1000, 'Rolling', 'Standard_B1s', large));
    assert.equal(look(made, 'body.status'), 'Succeeded');
    assert.equal(host.started.length, 0);
    const health = 'body.value.*.properties.instanceView.vmHealth.status.code';
    while (new Set(look(await instances(), health) as string[]).size > 1)
      await new Promise(resolve => setTimeout(resolve, 20));
    assert.deepEqual(look(await instances(), health), Array(1000).fill('HealthState/healthy'));
    const done = await azure.armDone('PUT', web, body(1000, 'Rolling', 'Standard_B2s', large));
    assert.equal(look(done, 'body.status'), 'Succeeded');
    const latest = await azure.arm('GET', `${web}/rollingUpgrades/latest`);
    assert.equal(look(latest, 'body.properties.progress.successfulInstanceCount'), 1000);
    assert.equal(look(await azure.armDone('DELETE', web), 'body.status'), 'Succeeded');
  }).timeout(600_000);

  it('are no more than fit the placement group', async () => {
    await started(true);
    const single = await azure.arm('PUT', web, body(101));
    assert.equal(single.status, 400);
    assert.match(String(look(single, 'body.error.message')), /more than the 100 instances/);
  });

  it('are made with a surplus when overprovisioned, so that one that fails is not missed', async () => {
    await started(false);
    effects.set('4', { kind: 'fails', status: 409, code: 'AllocationFailed', message: 'No capacity.' });
    const made = await azure.armDone('PUT', web, body(10, 'Manual', 'Standard_B1s', { overprovision: true }));
    assert.equal(look(made, 'body.status'), 'Succeeded');
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), [
      ...['0', '1', '2', '3', '5', '6', '7', '8', '9', '10'],
    ]);
    assert.equal(azure.host.machines.size, 0);
    assert.equal(host.machines.size, 10);
  });

  it('fail, stay unhealthy, or die when told to', async () => {
    await started(false);
    effects.set('0', { kind: 'fails', status: 409, code: 'AllocationFailed', message: 'No capacity.' });
    effects.set('1', { kind: 'unhealthy' });
    effects.set('2', { kind: 'dies', afterSeconds: 0 });
    const made = await azure.armDone('PUT', web, body(3));
    assert.equal(look(made, 'body.error.code'), 'AllocationFailed');
    const power = 'body.value.2.properties.instanceView.statuses.1.code';
    while (look(await instances(), power) !== 'PowerState/stopped')
      await new Promise(resolve => setTimeout(resolve, 10));
    const list = await instances();
    assert.deepEqual(look(list, 'body.value.*.properties.provisioningState'), [
      'Failed',
      'Succeeded',
      'Succeeded',
    ]);
    assert.equal(
      look(list, 'body.value.1.properties.instanceView.vmHealth.status.code'),
      'HealthState/unhealthy',
    );
    assert.deepEqual(
      azure.balancers[0]?.backends.map(one => one.id.at(-1)),
      ['2'],
    );
  });

  it('hang in Updating when told to, until they are deleted', async () => {
    await started(false);
    await azure.armDone('PUT', web, body(2));
    effects.set('1', { kind: 'hangs' });
    await azure.armDone('PUT', web, body(2, 'Manual', 'Standard_B2s'));
    const upgrade = azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: ['*'] });
    const states = async () => look(await instances(), 'body.value.*.properties.provisioningState');
    while (JSON.stringify(await states()) !== '["Succeeded","Updating"]')
      await new Promise(resolve => setTimeout(resolve, 10));
    await azure.armDone('POST', `${web}/delete`, { instanceIds: ['1'] });
    assert.equal(look(await upgrade, 'body.error.code'), 'OperationPreempted');
    assert.deepEqual(await states(), ['Succeeded']);
    assert.equal(host.machines.size, 1);
  });

  it('take actions beside one another; what changes the scale set waits for them', async () => {
    await started(false);
    await azure.armDone('PUT', web, body(3));
    effects.set('1', { kind: 'hangs' });
    await azure.armDone('PUT', web, body(3, 'Manual', 'Standard_B2s'));
    const upgrade = (instanceId: string) =>
      azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: [instanceId] });
    const hanging = upgrade('1');
    assert.equal(look(await upgrade('0'), 'body.status'), 'Succeeded');
    assert.equal(look(await upgrade('2'), 'body.status'), 'Succeeded');
    assert.equal(
      look(await azure.armDone('POST', `${web}/virtualMachines/0/restart`), 'body.status'),
      'Succeeded',
    );
    const put = await azure.arm('PUT', web, body(4, 'Manual', 'Standard_B2s'));
    const change = () => azure.arm('GET', put.headers['azure-asyncoperation'] ?? '');
    assert.equal(look(await change(), 'body.status'), 'InProgress');
    await azure.armDone('POST', `${web}/delete`, { instanceIds: ['1'] });
    assert.equal(look(await hanging, 'body.error.code'), 'OperationPreempted');
    while (look(await change(), 'body.status') === 'InProgress')
      await new Promise(resolve => setTimeout(resolve, 10));
    assert.equal(look(await change(), 'body.status'), 'Succeeded');
  });

  it('have a port each at the load balancer by its NAT pool, kept over an upgrade', async () => {
    await started(false);
    const lb = balancer(azure.subscription);
    const lbId = `${azure.subscription}${lb.path}`;
    const pool = {
      name: 'ssh',
      properties: {
        frontendIPConfiguration: { id: `${lbId}/frontendIPConfigurations/front` },
        protocol: 'Tcp',
        frontendPortRangeStart: 50000,
        frontendPortRangeEnd: 50001,
        backendPort: 22,
      },
    };
    await azure.armDone('PUT', lb.path, {
      ...lb.body,
      properties: { ...(lb.body['properties'] as object), inboundNatPools: [pool] },
    });
    const given = body(2) as unknown as {
      properties: { virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations: unknown } } };
    };
    const text = JSON.stringify(given).replace(
      '"loadBalancerBackendAddressPools"',
      `"loadBalancerInboundNatPools":[{"id":"${lbId}/inboundNatPools/ssh"}],"loadBalancerBackendAddressPools"`,
    );
    const set = JSON.parse(text) as object;
    await azure.armDone('PUT', web, set);
    const forwards = () => azure.balancers.at(-1)?.forwards.map(one => [one.frontendPort, one.backendPort]);
    assert.deepEqual(forwards(), [
      [50000, 22],
      [50001, 22],
    ]);
    const before = azure.balancers.at(-1)?.forwards.map(one => one.address);
    await azure.armDone('POST', `${web}/reimage`, { instanceIds: ['0'] });
    assert.deepEqual(new Set(azure.balancers.at(-1)?.forwards.map(one => one.address)), new Set(before));
    const shown = await azure.arm('GET', lb.path);
    assert.deepEqual(look(shown, 'body.properties.inboundNatRules.*.name'), ['ssh.0', 'ssh.1']);
    await azure.armDone('POST', `${web}/delete`, { instanceIds: ['0'] });
    assert.deepEqual(forwards(), [[50001, 22]]);
  });
});
