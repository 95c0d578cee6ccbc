import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { balancer, machine, network } from './templates.js';

const provider = '/resourceGroups/web/providers/Microsoft.Network';
const location = 'westeurope';
const rule = (priority: number, more: object = {}) => ({
  protocol: 'Tcp',
  sourcePortRange: '*',
  destinationPortRange: '22',
  sourceAddressPrefix: '*',
  destinationAddressPrefix: '*',
  access: 'Allow',
  direction: 'Inbound',
  priority,
  ...more,
});

describe('Networks in the local Azure', () => {
  let azure: Fixture;
  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location });
  });
  afterEach(() => azure.close());

  it('lead by an inbound NAT rule to the one machine whose interface names it, until that goes', async () => {
    const [net, ip] = network(azure.subscription);
    const lb = balancer(azure.subscription);
    const id = `${azure.subscription}${lb.path}`;
    const door = {
      name: 'ssh',
      properties: {
        frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/front` },
        protocol: 'Tcp',
        frontendPort: 2222,
        backendPort: 22,
      },
    };
    const configuration = {
      name: 'one',
      properties: {
        subnet: { id: `${azure.subscription}${net?.path ?? ''}/subnets/default` },
        loadBalancerInboundNatRules: [{ id: `${id}/inboundNatRules/ssh` }],
      },
    };
    const nic = {
      path: `${provider}/networkInterfaces/nic`,
      body: { location, properties: { ipConfigurations: [configuration] } },
    };
    const body = {
      ...lb.body,
      properties: { ...(lb.body['properties'] as object), inboundNatRules: [door] },
    };
    const vm = machine(azure.subscription);
    for (const one of [net, ip, { path: lb.path, body }, nic, vm]) {
      const done = await azure.armDone('PUT', one?.path ?? '', one?.body);
      assert.ok(done.status < 300 && look(done, 'body.error') === undefined, JSON.stringify(done.body));
    }
    const address = String(
      look(
        await azure.arm('GET', nic.path),
        'body.properties.ipConfigurations.0.properties.privateIPAddress',
      ),
    );
    assert.deepEqual(azure.balancers[0]?.forwards, [{ frontendPort: 2222, address, backendPort: 22 }]);
    await azure.armDone('DELETE', vm.path);
    assert.deepEqual(azure.balancers[0].forwards, []);
  });

  it('keep their subnets when a change says nothing of them, and lose none that is in use', async () => {
    const [net] = network(azure.subscription);
    const path = net?.path ?? '';
    await azure.armDone('PUT', path, net?.body);
    const subnet = { id: `${azure.subscription}${path}/subnets/default` };
    await azure.armDone('PUT', `${provider}/networkInterfaces/nic`, {
      location,
      properties: { ipConfigurations: [{ name: 'one', properties: { subnet } }] },
    });
    const { subnets: _subnets, ...properties } = look(net, 'body.properties') as Record<string, unknown>;
    assert.equal((await azure.armDone('PUT', path, { location, properties })).status, 200);
    assert.deepEqual(look(await azure.arm('GET', `${path}/subnets`), 'body.value.*.name'), ['default']);
    const refused = await azure.arm('PUT', path, { location, properties: { ...properties, subnets: [] } });
    assert.equal(look(refused, 'body.error.code'), 'InUseSubnetCannotBeDeleted');
    assert.deepEqual(look(await azure.arm('GET', `${path}/subnets`), 'body.value.*.name'), ['default']);
  });

  describe('network security groups', () => {
    const path = `${provider}/networkSecurityGroups/door`;
    const make = (securityRules: readonly object[] = []) =>
      azure.armDone('PUT', path, { location, properties: { securityRules } });

    it('have the six default rules, a GUID, and rules with states and one etag', async () => {
      await make([{ name: 'ssh', properties: rule(100) }]);
      const shown = await azure.arm('GET', path);
      assert.deepEqual(look(shown, 'body.properties.defaultSecurityRules.*.name'), [
        'AllowVnetInBound',
        'AllowAzureLoadBalancerInBound',
        'DenyAllInBound',
        'AllowVnetOutBound',
        'AllowInternetOutBound',
        'DenyAllOutBound',
      ]);
      assert.match(String(look(shown, 'body.properties.resourceGuid')), /^[0-9a-f-]{36}$/);
      assert.deepEqual(look(shown, 'body.properties.securityRules.*.properties.provisioningState'), [
        'Succeeded',
      ]);
      assert.deepEqual(look(shown, 'body.properties.securityRules.*.etag'), [look(shown, 'body.etag')]);
    });

    it('keep rules that are put and deleted on their own', async () => {
      await make();
      const child = `${path}/securityRules/ssh`;
      const body = { properties: rule(100) };
      assert.equal(look(await azure.armDone('PUT', child, body), 'body.status'), 'Succeeded');
      assert.equal(look(await azure.arm('GET', child), 'body.properties.provisioningState'), 'Succeeded');
      assert.deepEqual(look(await azure.arm('GET', path), 'body.properties.securityRules.*.name'), ['ssh']);
      const listed = await azure.arm('GET', `${path}/defaultSecurityRules`);
      assert.equal((look(listed, 'body.value') as unknown[]).length, 6);
      await azure.armDone('DELETE', child);
      assert.deepEqual(look(await azure.arm('GET', path), 'body.properties.securityRules'), []);
    });

    it('refuse rules that cannot be, and to go while they are in use', async () => {
      const code = async (rules: readonly object[]) =>
        look(
          await azure.arm('PUT', path, { location, properties: { securityRules: rules } }),
          'body.error.code',
        );
      const one = { name: 'one', properties: rule(100) };
      assert.equal(await code([one, { name: 'two', properties: rule(100) }]), 'SecurityRuleConflict');
      for (const wrong of [{ priority: 99 }, { direction: 'Up' }, { access: 'Maybe' }])
        assert.equal(await code([{ name: 'one', properties: rule(100, wrong) }]), 'InvalidParameter');
      await make([one]);
      const networkSecurityGroup = { id: `${azure.subscription}${path}` };
      const subnets = [{ name: 'a', properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup } }];
      const properties = { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets };
      await azure.armDone('PUT', `${provider}/virtualNetworks/net`, { location, properties });
      assert.deepEqual(look(await azure.arm('GET', path), 'body.properties.subnets.*.id'), [
        `${azure.subscription}${provider}/virtualNetworks/net/subnets/a`,
      ]);
      const refused = await azure.arm('DELETE', path);
      assert.equal(look(refused, 'body.error.code'), 'InUseNetworkSecurityGroupCannotBeDeleted');
    });
  });

  it('tell a dynamic address only when a machine has it', async () => {
    const ip = `${provider}/publicIPAddresses/ip`;
    for (const { path, body } of network(azure.subscription)) {
      const dynamic = { location, properties: { publicIPAllocationMethod: 'Dynamic' } };
      await azure.armDone('PUT', path, path === ip ? dynamic : body);
    }
    assert.equal(look(await azure.arm('GET', ip), 'body.properties.ipAddress'), undefined);
    const { path, body } = machine(azure.subscription);
    await azure.armDone('PUT', path, body);
    const address = look(await azure.arm('GET', ip), 'body.properties.ipAddress');
    assert.equal(address, azure.host.started[0]?.address);
    const nic = await azure.arm('GET', `${provider}/networkInterfaces/nic`);
    assert.match(String(look(nic, 'body.properties.macAddress')), /^00-0D-3A(-[0-9A-F]{2}){3}$/);
  });

  it('show members that the api-version knows', async () => {
    const [net] = network(azure.subscription);
    assert.ok(net !== undefined);
    await azure.armDone('PUT', net.path, net.body);
    const asOf = (version: string) => azure.arm('GET', `${net.path}?api-version=${version}`);
    const policy = 'body.properties.subnets.0.properties.privateEndpointNetworkPolicies';
    const old = await asOf('2018-07-01');
    assert.equal(look(old, 'body.properties.enableVmProtection'), false);
    assert.equal(look(old, policy), undefined);
    assert.equal(look(await asOf('2019-11-01'), policy), 'Enabled');
    const recent = await asOf('2025-05-01');
    assert.equal(look(recent, policy), 'Disabled');
    assert.equal(look(recent, 'body.properties.enableVmProtection'), undefined);
  });

  it('show load balancers of an older api-version without what came later', async () => {
    const path = `${provider}/loadBalancers/lb`;
    const [net] = network(azure.subscription);
    assert.ok(net !== undefined);
    await azure.armDone('PUT', net.path, net.body);
    const subnet = { id: `${azure.subscription}${net.path}/subnets/default` };
    const frontendIPConfigurations = [{ name: 'front', properties: { subnet } }];
    await azure.armDone('PUT', path, { location, properties: { frontendIPConfigurations } });
    const shown = async (version: string) => {
      const balancer = await azure.arm('GET', `${path}?api-version=${version}`);
      const frontend = 'body.properties.frontendIPConfigurations.0.properties';
      return [look(balancer, 'body.sku'), look(balancer, `${frontend}.privateIPAddressVersion`)];
    };
    assert.deepEqual(await shown('2018-07-01'), [{ name: 'Basic' }, undefined]);
    assert.deepEqual(await shown('2024-05-01'), [{ name: 'Basic', tier: 'Regional' }, 'IPv4']);
  });

  it('answer an interface with an operation that has succeeded', async () => {
    const [net, ip, nic] = network(azure.subscription);
    assert.ok(net !== undefined && ip !== undefined && nic !== undefined);
    for (const { path, body } of [net, ip]) await azure.armDone('PUT', path, body);
    const put = await azure.arm('PUT', nic.path, nic.body);
    assert.equal(look(put, 'body.properties.provisioningState'), 'Succeeded');
    const polled = await azure.arm('GET', String(put.headers['azure-asyncoperation']));
    assert.equal(look(polled, 'body.status'), 'Succeeded');
  });
});

describe('Platform images in the local Azure', () => {
  let azure: Fixture;
  before(async () => (azure = await startFixture()));
  after(() => azure.close());
  const publishers = '/providers/Microsoft.Compute/locations/westeurope/publishers';

  it('are found publisher by publisher down to the version', async () => {
    let path = publishers;
    for (const [next, name] of [
      ['/Debian/artifacttypes/vmimage/offers', 'Debian'],
      ['/debian-12/skus', 'debian-12'],
      ['/12/versions', '12'],
    ] as const) {
      const listed = await azure.arm('GET', path);
      assert.deepEqual(listed.status, 200);
      assert.deepEqual(
        (JSON.parse(String(listed.body)) as { name: string }[]).map(one => one.name),
        [name],
      );
      path += next;
    }
    const latest = await azure.arm('GET', `${path}?$top=1&$orderby=name%20desc`);
    const [version] = JSON.parse(String(latest.body)) as { name: string; id: string }[];
    assert.ok(version !== undefined);
    const shown = await azure.arm('GET', `${path}/${version.name}`);
    assert.equal(look(shown, 'body.properties.osDiskImage.operatingSystem'), 'Linux');
    assert.equal(look(shown, 'body.id'), version.id);
  });

  it('are not found where there are none', async () => {
    for (const path of [
      '/Canonical/artifacttypes/vmimage/offers',
      '/Debian/artifacttypes/vmimage/offers/x/skus',
    ])
      assert.equal((await azure.arm('GET', `${publishers}${path}`)).status, 404);
  });
});

describe('Availability sets in the local Azure', () => {
  it('are made at once, with 200 as Azure does it', async () => {
    const azure = await startFixture();
    try {
      await azure.arm('PUT', '/resourcegroups/web', { location });
      const path = '/resourceGroups/web/providers/Microsoft.Compute/availabilitySets/set';
      const made = await azure.arm('PUT', path, { location, properties: { platformFaultDomainCount: 3 } });
      assert.equal(made.status, 200);
      assert.deepEqual(look(made, 'body.sku'), { name: 'Classic' });
      assert.deepEqual(look(made, 'body.properties'), {
        platformUpdateDomainCount: 5,
        platformFaultDomainCount: 3,
      });
    } finally {
      await azure.close();
    }
  });
});
