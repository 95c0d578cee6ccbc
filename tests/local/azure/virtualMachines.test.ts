import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { machine, network } from './templates.js';

const images = '/resourceGroups/web/providers/Microsoft.Compute/images';
const vhd = 'https://store.blob.core.windows.net/images/os.vhd';

describe('Virtual machines and images in the local Azure', () => {
  let azure: Fixture;
  const vm = (osDisk?: Record<string, unknown>) => machine(azure.subscription, osDisk);
  const path = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/vm';
  const image = () => ({
    location: 'westeurope',
    tags: { build: '7' },
    properties: { sourceVirtualMachine: { id: `${azure.subscription}${path}` } },
  });
  const generalize = async () => {
    await azure.armDone('POST', `${path}/deallocate`);
    assert.equal((await azure.arm('POST', `${path}/generalize`)).status, 200);
  };
  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'West Europe' });
    for (const { path: one, body } of network(azure.subscription)) await azure.armDone('PUT', one, body);
  });
  afterEach(() => azure.close());

  it('start a machine at the public address with the administrator of the OS profile', async () => {
    const put = await azure.arm('PUT', path, vm().body);
    assert.equal(put.status, 201);
    assert.equal(look(put, 'body.properties.provisioningState'), 'Creating');
    assert.match(
      String(put.headers['azure-asyncoperation']),
      /\/providers\/Microsoft\.Compute\/locations\/westeurope\/operations\//,
    );
    const [, , again] = [
      await azure.armDone('GET', String(put.headers['azure-asyncoperation'])),
      0,
      await azure.arm('GET', path),
    ];
    assert.equal(look(again, 'body.properties.provisioningState'), 'Succeeded');
    const ip = await azure.arm('GET', '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/ip');
    const [started] = azure.host.started;
    assert.equal(started?.address, look(ip, 'body.properties.ipAddress'));
    assert.equal(started?.name, 'builder');
    assert.equal(started.boot, 'ssh');
    // Keys only was asked for: the password is not handed on.
    assert.deepEqual(started.login, { userName: 'packer', publicKeys: ['ssh-rsa AAAA'] });
    const disk = await azure.arm('GET', '/resourceGroups/web/providers/Microsoft.Compute/disks/os');
    assert.equal(look(disk, 'body.managedBy'), `${azure.subscription}${path}`);
    assert.equal(look(again, 'body.properties.storageProfile.osDisk.managedDisk.id'), look(disk, 'body.id'));
    assert.deepEqual(look(again, 'body.properties.storageProfile.dataDisks'), []);
  });

  it('wait a second between polls for go-autorest only', async () => {
    const packer = {
      'user-agent':
        'Packer/1.6.6 (+https://www.packer.io/; go1.19.8; linux/amd64) Go/go1.19.8 (amd64-linux) go-autorest/v14.2.1',
    };
    const other = await azure.arm('PUT', path, vm().body);
    assert.equal(other.headers['retry-after'], undefined);
    let open: () => void = () => undefined;
    azure.host.gate = new Promise<void>(resolve => (open = resolve));
    const removed = await azure.arm('DELETE', path, undefined, packer);
    assert.equal(removed.headers['retry-after'], '1');
    assert.match(String(removed.headers['location']), /monitor=true/);
    open();
  });

  it('tell of an operation in both ways: a document, and a Location that is 202 until it is 200', async () => {
    let open: () => void = () => undefined;
    azure.host.gate = new Promise<void>(resolve => (open = resolve));
    const put = await azure.arm('PUT', path, vm().body);
    const url = String(put.headers['azure-asyncoperation']);
    const running = await azure.arm('GET', url);
    assert.equal(running.status, 200);
    assert.deepEqual(Object.keys(running.body as object), ['startTime', 'status', 'name']);
    assert.equal(look(running, 'body.status'), 'InProgress');
    const monitor = await azure.arm('GET', `${url}&monitor=true`);
    assert.equal(monitor.status, 202);
    assert.match(String(monitor.headers['location']), /monitor=true/);
    open();
    await azure.armDone('GET', path);
    while (look(await azure.arm('GET', url), 'body.status') === 'InProgress')
      await new Promise(resolve => setTimeout(resolve, 5));
    assert.deepEqual(Object.keys((await azure.arm('GET', url)).body as object), [
      'startTime',
      'endTime',
      'status',
      'name',
    ]);
    assert.equal((await azure.arm('GET', `${url}&monitor=true`)).status, 200);
    assert.equal(
      (
        await azure.arm(
          'GET',
          url.replace(/operations\/[0-9a-f-]+/, 'operations/00000000-0000-0000-0000-000000000000'),
        )
      ).status,
      404,
    );
  });

  it('make an image of a generalized machine, that outlives it', async () => {
    await azure.armDone('PUT', path, vm().body);
    assert.equal((await azure.arm('POST', `${path}/generalize`)).status, 409);
    assert.equal((await azure.arm('PUT', `${images}/web`, image())).status, 409);
    await generalize();
    assert.equal((await azure.arm('POST', `${path}/start`)).status, 409);
    const done = await azure.compute.images.createOrUpdate(
      'web',
      'web',
      {
        location: 'westeurope',
        tags: { build: '7' },
        sourceVirtualMachine: { id: `${azure.subscription}${path}` },
      },
      { updateIntervalInMs: 10 },
    );
    assert.equal(done.provisioningState, 'Succeeded');
    assert.equal(done.storageProfile?.osDisk?.osState, 'Generalized');
    assert.deepEqual(done.tags, { build: '7' });
    await azure.armDone('DELETE', path);
    assert.equal(azure.host.machines.size, 0);
    const names = [];
    for await (const one of azure.compute.images.listByResourceGroup('web')) names.push(one.name);
    assert.deepEqual(names, ['web']);
    assert.equal((await azure.arm('GET', `${images}?x`)).status, 200);
    await azure.compute.images.delete('web', 'web', { updateIntervalInMs: 10 });
    assert.deepEqual(azure.host.discarded, [{ layers: ['layer-1', 'base'] }]);
  });

  it('capture a VHD that images are made of, and keep its content until both are deleted', async () => {
    await azure.armDone('PUT', path, vm({ name: 'os', createOption: 'FromImage', vhd: { uri: vhd } }).body);
    await generalize();
    const captured = await azure.armDone('POST', `${path}/capture`, {
      vhdPrefix: 'web',
      destinationContainerName: 'images',
      overwriteVhds: false,
    });
    const template = look(captured, 'body.properties.output');
    assert.equal(look(template, 'resources.length'), 1);
    assert.equal(typeof look(template, 'resources.0.properties.provisioningState'), 'number');
    assert.equal(look(template, 'resources.0.location'), 'westeurope');
    const uri = String(look(template, 'resources.0.properties.storageProfile.osDisk.image.uri'));
    assert.match(
      uri,
      /^https:\/\/store\.blob\.core\.windows\.net\/system\/Microsoft\.Compute\/Images\/images\/web-osDisk\.[0-9a-f-]{36}\.vhd$/,
    );
    const made = await azure.armDone('PUT', `${images}/fromVhd`, {
      location: 'westeurope',
      properties: { storageProfile: { osDisk: { osType: 'Linux', osState: 'Generalized', blobUri: uri } } },
    });
    assert.equal(look(made, 'body.status'), 'Succeeded');
    const signed = { authorization: 'SharedKey store:x' };
    assert.equal((await azure.send('HEAD', uri)).status, 403);
    assert.equal((await azure.send('HEAD', uri, undefined, signed)).status, 200);
    assert.equal((await azure.send('DELETE', uri, undefined, signed)).status, 202);
    assert.equal((await azure.send('HEAD', uri, undefined, signed)).status, 404);
    assert.equal(azure.host.discarded.length, 0);
    await azure.armDone('DELETE', `${images}/fromVhd`);
    assert.equal(azure.host.discarded.length, 1);
    assert.equal((await azure.send('DELETE', vhd, undefined, signed)).status, 202);
  });

  it('fail asynchronously when a machine does not come up', async () => {
    azure.host.refuse = () => 'sshd did not answer';
    const failed = await azure.armDone('PUT', path, vm().body);
    assert.equal(look(failed, 'body.status'), 'Failed');
    assert.match(String(look(failed, 'body.error.message')), /sshd did not answer/);
    assert.equal(look(await azure.arm('GET', path), 'body.properties.provisioningState'), 'Failed');
    azure.host.refuse = () => undefined;
    assert.equal(look(await azure.armDone('PUT', path, vm().body), 'body.status'), 'Succeeded');
    assert.equal(azure.host.machines.size, 1);
  });

  it('keep what is in use: interface, address, subnet, disk', async () => {
    await azure.armDone('PUT', path, vm().body);
    const base = '/resourceGroups/web/providers/Microsoft';
    const refusals = [
      [`${base}.Network/networkInterfaces/nic`, 'NicInUse'],
      [`${base}.Network/publicIPAddresses/ip`, 'PublicIPAddressCannotBeDeleted'],
      [`${base}.Network/virtualNetworks/net`, 'InUseSubnetCannotBeDeleted'],
      [`${base}.Network/virtualNetworks/net/subnets/default`, 'InUseSubnetCannotBeDeleted'],
      [`${base}.Compute/disks/os`, 'OperationNotAllowed'],
    ] as const;
    for (const [one, code] of refusals)
      assert.equal(look(await azure.arm('DELETE', one), 'body.error.code'), code, one);
    await azure.armDone('DELETE', path);
    for (const [one] of refusals)
      assert.ok([200, 204].includes((await azure.armDone('DELETE', one)).status), one);
    assert.equal(azure.addresses.held.size, 0);
  });

  it('show instance views in the usual places', async () => {
    await azure.armDone('PUT', path, vm().body);
    const codes = ['ProvisioningState/succeeded', 'PowerState/running'];
    assert.deepEqual(look(await azure.arm('GET', `${path}/instanceView`), 'body.statuses.*.code'), codes);
    const expanded = await azure.compute.virtualMachines.get('web', 'vm', { expand: 'instanceView' });
    assert.deepEqual(
      expanded.instanceView?.statuses?.map(one => one.code),
      codes,
    );
    await azure.compute.virtualMachines.powerOff('web', 'vm', { updateIntervalInMs: 10 });
    assert.deepEqual(
      look(await azure.arm('GET', `${path}/instanceView`), 'body.statuses.1.code'),
      'PowerState/stopped',
    );
    await azure.compute.virtualMachines.restart('web', 'vm', { updateIntervalInMs: 10 });
    assert.deepEqual(
      look(await azure.arm('GET', `${path}/instanceView`), 'body.statuses.1.code'),
      'PowerState/running',
    );
  });
});
