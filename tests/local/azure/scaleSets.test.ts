import assert from 'node:assert/strict';
import { look, startFixture, type Answer, type Fixture } from './fixture.js';
import {
  balancer,
  machine,
  network,
  password,
  platformImage,
  scaleSet,
  type ScaleSetOptions,
} from './templates.js';

const images = '/resourceGroups/web/providers/Microsoft.Compute/images';
const web = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';

describe('Scale sets in the local Azure', () => {
  let azure: Fixture;
  const imageId = (name: string) => `${azure.subscription}${images}/${name}`;
  const put = (options: ScaleSetOptions) =>
    azure.armDone('PUT', web, scaleSet(azure.subscription, options).body);
  const instances = async (): Promise<Answer> =>
    azure.arm('GET', `${web}/virtualMachines?$expand=instanceView`);
  const addressesOf = () => [...azure.host.machines.keys()];
  const backends = () => azure.balancers.at(-1)?.backends ?? [];
  const bake = async (name: string) => {
    const vm = machine(azure.subscription);
    await azure.armDone('PUT', vm.path, vm.body);
    await azure.armDone('POST', `${vm.path}/deallocate`);
    await azure.arm('POST', `${vm.path}/generalize`);
    const made = await azure.armDone('PUT', `${images}/${name}`, {
      location: 'westeurope',
      properties: { sourceVirtualMachine: { id: `${azure.subscription}${vm.path}` } },
    });
    assert.equal(look(made, 'body.status'), 'Succeeded');
    await azure.armDone('DELETE', vm.path);
  };

  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of [...network(azure.subscription)]) await azure.armDone('PUT', path, body);
    await bake('one');
    await bake('two');
    await azure.armDone('DELETE', '/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/nic');
    const lb = balancer(azure.subscription);
    await azure.armDone('PUT', lb.path, lb.body);
    const made = await put({ image: { id: imageId('one') }, capacity: 3 });
    assert.equal(look(made, 'body.status'), 'Succeeded');
  });
  afterEach(() => azure.close());

  it('start as many instances as asked, each with its own name and address, in the balancer pool', async () => {
    const list = await instances();
    assert.deepEqual(look(list, 'body.value.*.name'), ['web_0', 'web_1', 'web_2']);
    assert.deepEqual(look(list, 'body.value.*.properties.osProfile.computerName'), [
      'web000000',
      'web000001',
      'web000002',
    ]);
    assert.deepEqual(look(list, 'body.value.*.properties.latestModelApplied'), [true, true, true]);
    assert.deepEqual(
      azure.host.started.slice(-3).map(one => [one.boot, one.disk.layers.length]),
      [
        ['services', 2],
        ['services', 2],
        ['services', 2],
      ],
    );
    assert.deepEqual(
      backends().map(one => one.address),
      addressesOf(),
    );
    const [first] = azure.balancers;
    assert.deepEqual(
      first?.options.rules.map(({ pool: _pool, ...rule }) => rule),
      [{ frontendPort: 80, backendPort: 8080, probeName: 'health' }],
    );
    assert.deepEqual(first.options.probes, [
      {
        name: 'health',
        protocol: 'Http',
        port: 8080,
        path: '/health',
        intervalSeconds: 5,
        numberOfProbes: 2,
      },
    ]);
  });

  it('never show the password, and need none in an update', async () => {
    const shown = await azure.arm('GET', web);
    assert.ok(!JSON.stringify(shown.body).includes(password));
    const updated = await azure.compute.virtualMachineScaleSets.update(
      'web',
      'web',
      { sku: { name: 'Standard_B1s', capacity: 4 } },
      { updateIntervalInMs: 10 },
    );
    assert.equal(updated.sku?.capacity, 4);
    assert.equal(azure.host.started.at(-1)?.login?.password, password);
  });

  it('keep their image in an update that names none, as the Azure CLI sends it', async () => {
    const { body } = scaleSet(azure.subscription, { image: { id: imageId('one') }, capacity: 3 });
    const storageProfile = look(body, 'properties.virtualMachineProfile.storageProfile') as Record<
      string,
      unknown
    >;
    delete storageProfile['imageReference'];
    const updated = await azure.armDone('PUT', web, { ...body, tags: { stage: 'test' } });
    assert.equal(look(updated, 'body.status'), 'Succeeded');
    const set = await azure.arm('GET', web);
    const path = 'body.properties.virtualMachineProfile.storageProfile.imageReference.id';
    assert.equal(look(set, path), imageId('one'));
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      true,
      true,
      true,
    ]);
  });

  it('leave instances at the old model by Manual policy until they are upgraded, in parallel and at the same addresses', async () => {
    const before = addressesOf();
    await put({ image: { id: imageId('two') }, capacity: 3 });
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      false,
      false,
      false,
    ]);
    let open: () => void = () => undefined;
    azure.host.gate = new Promise<void>(resolve => (open = resolve));
    const upgrade = azure.compute.virtualMachineScaleSets.updateInstances(
      'web',
      'web',
      { instanceIds: ['0', '2'] },
      { updateIntervalInMs: 10 },
    );
    const done = upgrade.then(() => undefined);
    while (azure.host.started.length < 7) await new Promise(resolve => setTimeout(resolve, 5));
    assert.deepEqual(look(await instances(), 'body.value.*.properties.provisioningState'), [
      'Updating',
      'Succeeded',
      'Updating',
    ]);
    open();
    await done;
    const after = await instances();
    assert.deepEqual(look(after, 'body.value.*.properties.latestModelApplied'), [true, false, true]);
    assert.deepEqual(look(after, 'body.value.*.properties.provisioningState'), [
      'Succeeded',
      'Succeeded',
      'Succeeded',
    ]);
    assert.deepEqual([...addressesOf()].sort(), [...before].sort());
    assert.equal(look(after, 'body.value.0.properties.storageProfile.imageReference.id'), imageId('two'));
    assert.equal(look(after, 'body.value.1.properties.storageProfile.imageReference.id'), imageId('one'));
  });

  it('upgrade every instance at once by Automatic policy, but those that are protected', async () => {
    const protectedOne = await azure.armDone('PUT', `${web}/virtualMachines/1`, {
      location: 'westeurope',
      properties: { protectionPolicy: { protectFromScaleSetActions: true } },
    });
    assert.equal(look(protectedOne, 'body.status'), 'Succeeded');
    await put({ image: { id: imageId('two') }, capacity: 3, mode: 'Automatic' });
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      true,
      false,
      true,
    ]);
    const refused = await azure.arm('POST', `${web}/manualupgrade`, { instanceIds: ['1'] });
    assert.equal(refused.status, 409);
    await azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: ['*'] });
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      true,
      false,
      true,
    ]);
  });

  it('tell health from the probe that the model names', async () => {
    const [balancing] = azure.balancers;
    const ids = backends().map(one => one.id);
    balancing?.states.set(ids[0] ?? '', 'up').set(ids[1] ?? '', 'down');
    const codes = look(await instances(), 'body.value.*.properties.instanceView.vmHealth.status.code');
    assert.deepEqual(codes, ['HealthState/healthy', 'HealthState/unhealthy', 'HealthState/unknown']);
    const view = await azure.compute.virtualMachineScaleSetVMs.getInstanceView('web', 'web', '1');
    assert.equal(view.vmHealth?.status?.code, 'HealthState/unhealthy');
  });

  it('scale in from the newest, sparing protected ones, and give addresses back', async () => {
    await azure.armDone('PUT', `${web}/virtualMachines/2`, {
      location: 'westeurope',
      properties: { protectionPolicy: { protectFromScaleIn: true } },
    });
    const held = azure.addresses.held.size;
    await put({ image: { id: imageId('one') }, capacity: 2 });
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), ['0', '2']);
    assert.equal(azure.addresses.held.size, held - 1);
    assert.equal(backends().length, 2);
    await put({ image: { id: imageId('one') }, capacity: 3 });
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), ['0', '2', '3']);
  });

  it('delete named instances and lower the capacity', async () => {
    await azure.armDone('POST', `${web}/delete`, { instanceIds: ['0', '1'] });
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), ['2']);
    assert.equal(look(await azure.arm('GET', web), 'body.sku.capacity'), 1);
    await azure.armDone('DELETE', `${web}/virtualMachines/2`);
    assert.equal(look(await azure.arm('GET', web), 'body.sku.capacity'), 0);
    assert.equal(azure.host.machines.size, 0);
  });

  it('power instances off, start, restart and reimage them from the model they have', async () => {
    const powers = async () =>
      look(await instances(), 'body.value.*.properties.instanceView.statuses.1.code');
    await azure.armDone('POST', `${web}/poweroff`, { instanceIds: ['1'] });
    assert.deepEqual(await powers(), ['PowerState/running', 'PowerState/stopped', 'PowerState/running']);
    await azure.armDone('POST', `${web}/deallocate`);
    assert.deepEqual(await powers(), [
      'PowerState/deallocated',
      'PowerState/deallocated',
      'PowerState/deallocated',
    ]);
    await azure.armDone('POST', `${web}/start`);
    await azure.armDone('POST', `${web}/virtualMachines/0/restart`);
    assert.deepEqual(await powers(), ['PowerState/running', 'PowerState/running', 'PowerState/running']);
    await put({ image: { id: imageId('two') }, capacity: 3 });
    await azure.armDone('POST', `${web}/reimage`, { instanceIds: ['0'] });
    assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
      false,
      false,
      false,
    ]);
  });

  it('say so when an instance dies', async () => {
    const [first] = azure.host.machines.values();
    first?.crash();
    assert.equal(
      look(await instances(), 'body.value.0.properties.instanceView.statuses.1.code'),
      'PowerState/stopped',
    );
  });

  it('fail with what the machine said, and mend on the next try', async () => {
    azure.host.refuse = options =>
      options.name === 'web000003' ? 'no such service: web.service' : undefined;
    const failed = await put({ image: { id: imageId('one') }, capacity: 5 });
    assert.equal(look(failed, 'body.status'), 'Failed');
    assert.equal(look(failed, 'body.error.code'), 'OSProvisioningInternalError');
    assert.match(String(look(failed, 'body.error.message')), /VM 'web_3'.*no such service: web\.service/);
    assert.equal(look(await azure.arm('GET', web), 'body.properties.provisioningState'), 'Failed');
    assert.deepEqual(look(await instances(), 'body.value.*.properties.provisioningState'), [
      'Succeeded',
      'Succeeded',
      'Succeeded',
      'Failed',
      'Succeeded',
    ]);
    azure.host.refuse = () => undefined;
    assert.equal(look(await put({ image: { id: imageId('one') }, capacity: 5 }), 'body.status'), 'Succeeded');
    assert.deepEqual(look(await instances(), 'body.value.*.instanceId'), ['0', '1', '2', '3', '4']);
  });

  it('summarize their instances', async () => {
    const view = await azure.compute.virtualMachineScaleSets.getInstanceView('web', 'web');
    assert.deepEqual(
      view.virtualMachine?.statusesSummary?.map(one => [one.code, one.count]),
      [['ProvisioningState/succeeded', 3]],
    );
  });

  const refusals: [string, Partial<ScaleSetOptions>, number, string][] = [
    ['an image of another kind', { image: platformImage }, 409, 'PropertyChangeNotAllowed'],
    [
      'an image that is not there',
      { image: { id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/x' } },
      404,
      'ImageNotFound',
    ],
    [
      'a VHD that is not there',
      { image: { uri: 'https://a.blob.core.windows.net/images/x.vhd' } },
      400,
      'DiskBlobNotFound',
    ],
    ['a policy it does not have', { mode: 'Sometimes' }, 400, 'InvalidParameter'],
    ['a capacity that is none', { capacity: -1 }, 400, 'InvalidParameter'],
  ];
  for (const [what, change, status, code] of refusals) {
    it(`refuse ${what} and stay as they are`, async () => {
      const { body } = scaleSet(azure.subscription, {
        image: { id: imageId('one') },
        capacity: 3,
        ...change,
      });
      const refused = await azure.arm('PUT', web, body);
      assert.equal(refused.status, status);
      assert.equal(look(refused, 'body.error.code'), code);
      assert.deepEqual(look(await instances(), 'body.value.*.properties.latestModelApplied'), [
        true,
        true,
        true,
      ]);
    });
  }

  it('refuse unknown instances and a stale etag', async () => {
    const unknown = await azure.arm('POST', `${web}/manualupgrade`, { instanceIds: ['0', '999'] });
    assert.equal(unknown.status, 400);
    assert.match(String(look(unknown, 'body.error.message')), /instanceId 999 is not an active/);
    const etag = String(look(await azure.arm('GET', web), 'body.etag'));
    const { body } = scaleSet(azure.subscription, { image: { id: imageId('two') }, capacity: 3 });
    assert.equal((await azure.arm('PUT', web, body, { 'if-match': '"99"' })).status, 412);
    assert.equal((await azure.arm('PUT', web, body, { 'if-match': etag })).status, 200);
    assert.equal((await azure.arm('PUT', web, body, { 'if-none-match': '*' })).status, 412);
  });

  it('keep their image from being deleted, and vanish with everything they hold', async () => {
    const used = await azure.arm('DELETE', `${images}/one`);
    assert.equal(used.status, 409);
    assert.match(String(look(used, 'body.error.message')), /in use by the virtual machine scale set/);
    await azure.compute.virtualMachineScaleSets.delete('web', 'web', { updateIntervalInMs: 10 });
    assert.equal(azure.host.machines.size, 0);
    assert.equal(backends().length, 0);
    assert.equal((await azure.arm('DELETE', web)).status, 204);
    assert.equal((await azure.armDone('DELETE', `${images}/one`)).status, 200);
    assert.equal(azure.host.discarded.length, 1);
  });

  it('with disks in storage accounts are refused where these are retired, and nothing is made', async () => {
    const retired = await startFixture({ offset: 0 }, { unmanagedDisks: 'retired' });
    try {
      await retired.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
      for (const { path, body } of [
        ...network(retired.subscription).slice(0, 2),
        balancer(retired.subscription),
      ])
        await retired.armDone('PUT', path, body);
      const image = { uri: 'https://store.blob.core.windows.net/system/os.vhd' };
      const { path, body } = scaleSet(retired.subscription, { image, capacity: 1 });
      const refused = await retired.arm('PUT', path, body);
      assert.equal(refused.status, 409);
      assert.equal(look(refused, 'body.error.code'), 'OperationNotAllowed');
      assert.match(String(look(refused, 'body.error.message')), /^Unmanaged disks are retired/);
      assert.equal((await retired.arm('GET', path)).status, 404);
    } finally {
      await retired.close();
    }
  });
});
