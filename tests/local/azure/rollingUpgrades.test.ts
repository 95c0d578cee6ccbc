import assert from 'node:assert/strict';
import { look, startFixture, type Answer, type Fixture } from './fixture.js';
import { balancer, network, platformImage, scaleSet } from './templates.js';

const web = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';

describe('Rolling upgrades in the local Azure', () => {
  let azure: Fixture;
  const body = (capacity: number, size = 'Standard_B1s', policy: Record<string, unknown> = {}) => {
    const set = scaleSet(azure.subscription, { image: platformImage, capacity, mode: 'Rolling' }).body;
    return {
      ...set,
      sku: { name: size, capacity },
      properties: {
        ...(set['properties'] as object),
        upgradePolicy: { mode: 'Rolling', rollingUpgradePolicy: policy },
      },
    };
  };
  const latest = () => azure.arm('GET', `${web}/rollingUpgrades/latest`);
  const instances = (): Promise<Answer> => azure.arm('GET', `${web}/virtualMachines`);
  /** Every backend that joins is healthy, but these. */
  const heal = (...sick: string[]) => {
    for (const one of azure.balancers)
      one.health = id => (sick.includes(id.slice(id.lastIndexOf('/') + 1)) ? 'down' : 'up');
  };

  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body: given } of network(azure.subscription)) await azure.armDone('PUT', path, given);
    const lb = balancer(azure.subscription);
    await azure.armDone('PUT', lb.path, lb.body);
    heal();
  });
  afterEach(() => azure.close());

  it('follow a model change, batch after batch, and are told as Azure tells them', async () => {
    const made = await azure.armDone('PUT', web, body(5));
    assert.equal(look(made, 'body.status'), 'Succeeded');
    assert.equal((await latest()).status, 404);
    const updated = await azure.armDone('PUT', web, body(5, 'Standard_B2s'));
    assert.equal(look(updated, 'body.status'), 'Succeeded');
    const told = await latest();
    assert.equal(told.status, 200);
    assert.equal(look(told, 'body.type'), 'Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades');
    assert.deepEqual(look(told, 'body.properties.policy'), {
      maxBatchInstancePercent: 20,
      maxUnhealthyInstancePercent: 20,
      maxUnhealthyUpgradedInstancePercent: 20,
      pauseTimeBetweenBatches: 'PT0S',
    });
    assert.deepEqual(look(told, 'body.properties.progress'), {
      successfulInstanceCount: 5,
      failedInstanceCount: 0,
      inProgressInstanceCount: 0,
      pendingInstanceCount: 0,
    });
    assert.equal(look(told, 'body.properties.runningStatus.code'), 'Completed');
    assert.deepEqual(
      look(await instances(), 'body.value.*.properties.latestModelApplied'),
      Array(5).fill(true),
    );
    const history = await azure.arm('GET', `${web}/osUpgradeHistory`);
    assert.deepEqual(look(history, 'body.value.*.properties.startedBy'), ['User']);
    assert.deepEqual(look(history, 'body.value.*.properties.targetImageReference.publisher'), ['Debian']);
  });

  it('are started by osRollingUpgrade, also of instances that are up to date', async () => {
    await azure.armDone('PUT', web, body(2, 'Standard_B1s', { maxUnhealthyInstancePercent: 100 }));
    const started = await azure.arm('POST', `${web}/osRollingUpgrade`);
    assert.equal(started.status, 202);
    assert.ok(
      started.headers['azure-asyncoperation'] !== undefined && started.headers['location'] !== undefined,
    );
    while (look(await latest(), 'body.properties.runningStatus.code') !== 'Completed')
      await new Promise(resolve => setTimeout(resolve, 10));
    await azure.compute.virtualMachineScaleSetRollingUpgrades.startOSUpgrade('web', 'web', {
      updateIntervalInMs: 10,
    });
    assert.equal(look(await latest(), 'body.properties.progress.successfulInstanceCount'), 2);
  });

  it('are started by extensionRollingUpgrade, which brings extensions and leaves all else as it is', async () => {
    const manual = (size: string, profile: object = {}) => {
      const set = scaleSet(azure.subscription, { image: platformImage, capacity: 2 });
      Object.assign(look(set, 'body.properties.virtualMachineProfile') as object, profile);
      return { ...set.body, sku: { name: size, capacity: 2 } };
    };
    const cse = {
      name: 'cse',
      properties: {
        publisher: 'Microsoft.Azure.Extensions',
        type: 'CustomScript',
        typeHandlerVersion: '2.1',
        settings: { commandToExecute: 'true' },
      },
    };
    await azure.armDone('PUT', web, manual('Standard_B1s'));
    const nothingToDo = await azure.armDone('POST', `${web}/extensionRollingUpgrade`);
    assert.equal(look(nothingToDo, 'body.status'), 'Succeeded');
    assert.equal(look(await latest(), 'body.properties.progress.successfulInstanceCount'), 2);
    const machines = [...azure.host.machines.values()];
    await azure.armDone('PUT', web, manual('Standard_B2s', { extensionProfile: { extensions: [cse] } }));
    const upgraded = await azure.armDone('POST', `${web}/extensionRollingUpgrade`);
    assert.equal(look(upgraded, 'body.status'), 'Succeeded');
    assert.deepEqual([...azure.host.machines.values()], machines);
    assert.deepEqual(
      machines.map(one => one.environments),
      machines.map(() => [{ AZURE_SCRIPT: 'true' }]),
    );
    const { body } = await instances();
    assert.deepEqual(look(body, 'value.*.sku.name'), Array(2).fill('Standard_B1s'));
    assert.deepEqual(look(body, 'value.*.properties.latestModelApplied'), [false, false]);
    assert.deepEqual(look(await azure.arm('GET', `${web}/osUpgradeHistory`), 'body.value'), []);
  });

  it('are Faulted when an upgraded instance stays unhealthy, with the code of the breach, and can be rolled back', async () => {
    const policy = { rollbackFailedInstancesOnPolicyBreach: true };
    await azure.armDone('PUT', web, body(5, 'Standard_B1s', policy));
    heal('1');
    const failed = await azure.armDone('PUT', web, body(5, 'Standard_B2s', policy));
    assert.equal(look(failed, 'body.status'), 'Failed');
    assert.equal(
      look(failed, 'body.error.code'),
      'MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade',
    );
    const told = await latest();
    assert.equal(look(told, 'body.properties.runningStatus.code'), 'Faulted');
    assert.deepEqual(look(told, 'body.properties.progress'), {
      successfulInstanceCount: 1,
      failedInstanceCount: 1,
      inProgressInstanceCount: 0,
      pendingInstanceCount: 3,
    });
    assert.equal(look(told, 'body.properties.error.details.0.target'), 'web/virtualMachines/1');
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      true,
      false,
      false,
      false,
      false,
    ]);
    const history = await azure.arm('GET', `${web}/osUpgradeHistory`);
    assert.equal(
      look(history, 'body.value.0.properties.rollbackInfo.successfullyRolledbackInstanceCount'),
      1,
    );
  }).timeout(60_000);

  it('do not start on a set that is unhealthy already', async () => {
    await azure.armDone('PUT', web, body(3));
    heal('0', '1');
    const refused = await azure.armDone('PUT', web, body(3, 'Standard_B2s'));
    assert.equal(look(refused, 'body.error.code'), 'MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade');
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      false,
      false,
      false,
    ]);
  });

  it('are cancelled while they run, and only then', async () => {
    await azure.armDone('PUT', web, body(2));
    const idle = await azure.arm('POST', `${web}/rollingUpgrades/cancel`);
    assert.equal(idle.status, 409);
    assert.equal(look(idle, 'body.error.message'), 'There is no ongoing Rolling Upgrade to cancel.');
    // Unhealthy only after it is upgraded: the set is healthy when the upgrade begins.
    const [balancing] = azure.balancers;
    assert.ok(balancing);
    let joined = false;
    const set = balancing.setBackends.bind(balancing);
    balancing.setBackends = backends => {
      joined ||= backends.length === 1;
      set(backends);
    };
    balancing.health = () => (joined ? 'down' : 'up');
    const put = azure.armDone('PUT', web, body(2, 'Standard_B2s'));
    while (look(await latest(), 'body.properties.progress.inProgressInstanceCount') !== 1)
      await new Promise(resolve => setTimeout(resolve, 10));
    const busy = await azure.arm('POST', `${web}/osRollingUpgrade`);
    assert.equal(busy.status, 409);
    assert.equal((await azure.arm('POST', `${web}/rollingUpgrades/cancel`)).status, 202);
    assert.equal(look(await put, 'body.status'), 'Failed');
    const told = await latest();
    assert.equal(look(told, 'body.properties.runningStatus.code'), 'Cancelled');
    assert.equal(look(told, 'body.properties.runningStatus.lastAction'), 'Cancel');
    assert.deepEqual(look(told, 'body.properties.progress'), {
      successfulInstanceCount: 0,
      failedInstanceCount: 1,
      inProgressInstanceCount: 0,
      pendingInstanceCount: 1,
    });
    assert.equal(look(told, 'body.properties.error.code'), 'RollingUpgradeInternalError');
    assert.deepEqual(look(told, 'body.properties.error.details.*.code'), ['RollingUpgradeCanceled']);
  });

  it('make new instances before old ones go when the policy says maxSurge', async () => {
    const policy = { maxSurge: true, maxBatchInstancePercent: 50 };
    await azure.armDone('PUT', web, body(2, 'Standard_B1s', policy));
    const done = await azure.armDone('PUT', web, body(2, 'Standard_B2s', policy));
    assert.equal(look(done, 'body.status'), 'Succeeded');
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), ['2', '3']);
  });

  it('need a health signal, and one only', async () => {
    const set = body(1) as unknown as { properties: { virtualMachineProfile: Record<string, unknown> } };
    const profile = set.properties.virtualMachineProfile;
    const networkProfile = { ...(profile['networkProfile'] as object), healthProbe: undefined };
    const without = {
      ...set,
      properties: { ...set.properties, virtualMachineProfile: { ...profile, networkProfile } },
    };
    const refused = await azure.arm('PUT', web, without);
    assert.equal(refused.status, 400);
    assert.equal(
      look(refused, 'body.error.message'),
      'Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.',
    );
    const health = {
      name: 'health',
      properties: {
        publisher: 'Microsoft.ManagedServices',
        type: 'ApplicationHealthLinux',
        typeHandlerVersion: '2.0',
        settings: { protocol: 'http', port: 8080, requestPath: '/health' },
      },
    };
    const both = {
      ...set,
      properties: {
        ...set.properties,
        virtualMachineProfile: { ...profile, extensionProfile: { extensions: [health] } },
      },
    };
    const twice = await azure.arm('PUT', web, both);
    assert.equal(twice.status, 400);
    assert.match(String(look(twice, 'body.error.message')), /both a health probe and a health extension/);
  });
});
