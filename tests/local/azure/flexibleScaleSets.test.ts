import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { machine, network, platformImage, scaleSet } from './templates.js';

const sets = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets';
const machines = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachines';

describe('Flexible scale sets in the local Azure', () => {
  let azure: Fixture;
  const body = (capacity: number, size = 'Standard_B1s', mode = 'Manual') => {
    const { properties, ...set } = scaleSet(azure.subscription, { image: platformImage, capacity, mode })
      .body as unknown as { properties: { virtualMachineProfile: Record<string, object> } };
    const { networkProfile, ...profile } = properties.virtualMachineProfile;
    const { networkInterfaceConfigurations } = networkProfile as Record<string, unknown>;
    return {
      ...set,
      sku: { name: size, capacity },
      properties: {
        ...properties,
        orchestrationMode: 'Flexible',
        platformFaultDomainCount: 1,
        virtualMachineProfile: {
          ...profile,
          networkProfile: {
            networkApiVersion: '2020-11-01',
            networkInterfaceConfigurations: (networkInterfaceConfigurations as Record<string, object>[]).map(
              one => ({
                ...one,
                properties: {
                  primary: true,
                  ipConfigurations: [{ name: 'ip', properties: { subnet: subnet() } }],
                },
              }),
            ),
          },
        },
      },
    };
  };
  const subnet = () => ({
    id: `${azure.subscription}/resourceGroups/web/providers/Microsoft.Network/virtualNetworks/net/subnets/default`,
  });
  const setId = () => `${azure.subscription}${sets}/web`;
  const members = async () => {
    const filter = encodeURIComponent(`'virtualMachineScaleSet/id' eq '${setId()}'`);
    return look(await azure.arm('GET', `${machines}?$filter=${filter}`), 'body.value.*.name') as string[];
  };

  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body: given } of network(azure.subscription)) await azure.armDone('PUT', path, given);
    const made = await azure.armDone('PUT', `${sets}/web`, body(2));
    assert.equal(look(made, 'body.status'), 'Succeeded');
  });
  afterEach(() => azure.close());

  it('make virtual machines with interfaces, listed by their set', async () => {
    const names = await members();
    assert.equal(names.length, 2);
    for (const name of names) {
      assert.match(name, /^web_[0-9a-f]{8}$/);
      const vm = await azure.compute.virtualMachines.get('web', name, { expand: 'instanceView' });
      assert.equal(vm.virtualMachineScaleSet?.id, setId());
      assert.equal(vm.hardwareProfile?.vmSize, 'Standard_B1s');
      assert.equal(vm.instanceView?.statuses?.at(-1)?.code, 'PowerState/running');
      const nic = await azure.arm('GET', String(vm.networkProfile?.networkInterfaces?.[0]?.id));
      assert.equal(nic.status, 200);
      assert.match(
        String(look(nic, 'body.properties.ipConfigurations.0.properties.privateIPAddress')),
        /^127\./,
      );
    }
    const instances = await azure.arm('GET', `${sets}/web/virtualMachines`);
    assert.deepEqual(look(instances, 'body.value.*.instanceId'), names);
  });

  it('are upgraded by the names of their machines, and act on each as a virtual machine', async () => {
    const [first = '', second = ''] = await members();
    await azure.armDone('PUT', `${sets}/web`, body(2, 'Standard_B2s'));
    await azure.armDone('POST', `${sets}/web/manualupgrade`, { instanceIds: [first] });
    const sizes = async () => [
      (await azure.compute.virtualMachines.get('web', first)).hardwareProfile?.vmSize,
      (await azure.compute.virtualMachines.get('web', second)).hardwareProfile?.vmSize,
    ];
    assert.deepEqual(await sizes(), ['Standard_B2s', 'Standard_B1s']);
    await azure.armDone('POST', `${machines}/${second}/deallocate`);
    const view = await azure.arm('GET', `${machines}/${second}/instanceView`);
    assert.equal(look(view, 'body.statuses.1.code'), 'PowerState/deallocated');
    assert.equal((await azure.arm('POST', `${machines}/${second}/generalize`)).status, 409);
    await azure.armDone('DELETE', `${machines}/${second}`);
    assert.deepEqual(await members(), [first]);
    assert.equal(look(await azure.arm('GET', `${sets}/web`), 'body.sku.capacity'), 1);
    assert.equal(azure.host.machines.size, 1);
  });

  it('take machines that are attached, and let them go', async () => {
    const vm = machine(azure.subscription);
    const properties = { ...(vm.body['properties'] as object), virtualMachineScaleSet: { id: setId() } };
    const made = await azure.armDone('PUT', vm.path, { ...vm.body, properties });
    assert.equal(look(made, 'body.status'), 'Succeeded');
    assert.equal((await members()).length, 3);
    const [own = ''] = await members();
    await azure.armDone('PATCH', vm.path, { properties: { virtualMachineScaleSet: null } });
    assert.equal((await members()).length, 2);
    await azure.armDone('PATCH', `${machines}/${own}`, { properties: { virtualMachineScaleSet: null } });
    assert.equal((await members()).length, 1);
    assert.equal((await azure.arm('GET', `${machines}/${own}`)).status, 200);
    await azure.armDone('POST', `${machines}/${own}/deallocate`);
    const view = await azure.arm('GET', `${machines}/${own}/instanceView`);
    assert.equal(look(view, 'body.statuses.1.code'), 'PowerState/deallocated');
    assert.equal(look(await azure.arm('GET', `${sets}/web`), 'body.sku.capacity'), 1);
  });

  it('give back interfaces and addresses, those of a machine that was let go with the machine', async () => {
    const [own = '', other = ''] = await members();
    const nic = (name: string) =>
      `/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/${name}-nic`;
    const addressOf = async (name: string) =>
      String(
        look(
          await azure.arm('GET', nic(name)),
          'body.properties.ipConfigurations.0.properties.privateIPAddress',
        ),
      );
    const [ownAddress, otherAddress] = [await addressOf(own), await addressOf(other)];
    await azure.armDone('PATCH', `${machines}/${own}`, { properties: { virtualMachineScaleSet: null } });
    assert.ok(azure.addresses.held.has(ownAddress));
    await azure.armDone('DELETE', `${machines}/${own}`);
    await azure.armDone('DELETE', `${machines}/${other}`);
    for (const name of [own, other]) assert.equal((await azure.arm('GET', nic(name))).status, 404);
    assert.ok(!azure.addresses.held.has(ownAddress) && !azure.addresses.held.has(otherAddress));
  });

  it('roll with a health extension only, and vanish with their machines', async () => {
    const refused = await azure.arm('PUT', `${sets}/web`, body(2, 'Standard_B1s', 'Rolling'));
    assert.equal(refused.status, 400);
    await azure.armDone('DELETE', `${sets}/web`);
    assert.equal(look(await azure.arm('GET', machines), 'body.value.length'), 0);
    assert.equal(azure.host.machines.size, 0);
  });
});
