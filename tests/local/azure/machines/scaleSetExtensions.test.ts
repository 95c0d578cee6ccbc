/** Extensions and NAT for real: a script that starts a service inside an instance, found healthy and reached by its own port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddressPool } from '../../../../local/azure/machines/addressPool.js';
import { startLoadBalancer } from '../../../../local/azure/machines/loadBalancer.js';
import { createMachineHost } from '../../../../local/azure/machines/machineHost.js';
import { baseImageDirectory } from '../../../../scripts/setup/cache.mjs';
import { look, startFixture, type Fixture } from '../fixture.js';
import { balancer, machine, network, platformImage, scaleSet } from '../templates.js';

const web = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';
const timeScale = 0.02;

const serve = `
set -eu
mkdir -p /srv/health
printf '%s' '{"ApplicationHealthState":"Healthy"}' >/srv/health/index.html
sh ./name.sh
address=$(getent hosts "$(hostname)" | cut -d' ' -f1)
setsid php -S "$address:8080" -t /srv/health >/dev/null 2>&1 </dev/null &
`;

describe('Extensions in real instances', function () {
  this.timeout(600_000);
  let azure: Fixture;
  let directory: string;
  const server = createServer((_request, response) => response.end('hostname >/srv/health/name.txt\n'));

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'extensions-'));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    azure = await startFixture(undefined, {
      host: createMachineHost({ baseImage: baseImageDirectory(), stateDirectory: directory }),
      addresses: createAddressPool(),
      startLoadBalancer: options => startLoadBalancer({ ...options, timeScale }),
      timeScale,
    });
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of network(azure.subscription)) await azure.armDone('PUT', path, body);
    const lb = balancer(azure.subscription);
    const front = { id: `${azure.subscription}${lb.path}/frontendIPConfigurations/front` };
    const pool = {
      name: 'web',
      properties: {
        frontendIPConfiguration: front,
        protocol: 'Tcp',
        frontendPortRangeStart: 50000,
        frontendPortRangeEnd: 50009,
        backendPort: 8080,
      },
    };
    await azure.armDone('PUT', lb.path, {
      ...lb.body,
      properties: {
        ...(lb.body['properties'] as object),
        inboundNatPools: [pool],
        inboundNatRules: [
          {
            name: 'ssh',
            properties: {
              frontendIPConfiguration: front,
              protocol: 'Tcp',
              frontendPort: 2222,
              backendPort: 22,
            },
          },
        ],
      },
    });
  });
  after(async () => {
    await azure.close();
    server.close();
    assert.deepEqual(await readdir(directory), []);
    await rm(directory, { recursive: true });
  });

  const put = (command: string) => {
    const set = scaleSet(azure.subscription, { image: platformImage, capacity: 1 }).body;
    const lb = `${azure.subscription}${balancer(azure.subscription).path}`;
    const extensions = [
      {
        name: 'health',
        properties: {
          publisher: 'Microsoft.ManagedServices',
          type: 'ApplicationHealthLinux',
          typeHandlerVersion: '2.0',
          settings: { protocol: 'http', port: 8080, requestPath: '/' },
        },
      },
      {
        name: 'script',
        properties: {
          publisher: 'Microsoft.Azure.Extensions',
          type: 'CustomScript',
          typeHandlerVersion: '2.1',
          settings: { fileUris: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/name.sh`] },
          protectedSettings: { commandToExecute: command },
        },
      },
    ];
    const text = JSON.stringify(set)
      .replace(/"healthProbe":\{[^}]*\},/, '')
      .replace(
        '"loadBalancerBackendAddressPools"',
        `"loadBalancerInboundNatPools":[{"id":"${lb}/inboundNatPools/web"}],"loadBalancerBackendAddressPools"`,
      );
    const body = JSON.parse(text) as { properties: { virtualMachineProfile: Record<string, unknown> } };
    body.properties.virtualMachineProfile['extensionProfile'] = { extensions };
    return azure.armDone('PUT', web, body);
  };
  const frontend = async () => {
    const ip = await azure.arm('GET', '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/ip');
    return String(look(ip, 'body.properties.ipAddress'));
  };
  const instance = () => azure.arm('GET', `${web}/virtualMachines/0?$expand=instanceView`);

  it('fail with what the script said, run again when it changes, and are told in the instance view', async () => {
    const failed = await put('echo cannot find the answer; exit 3');
    assert.equal(look(failed, 'body.error.code'), 'VMExtensionProvisioningError');
    assert.match(
      String(look(failed, 'body.error.message')),
      /exit status=3\n\[stdout\]\ncannot find the answer/,
    );
    await put(serve);
    assert.equal(
      look(await azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: ['*'] }), 'body.status'),
      'Succeeded',
    );
    const health = 'body.properties.instanceView.vmHealth.status.code';
    while (look(await instance(), health) !== 'HealthState/healthy')
      await new Promise(resolve => setTimeout(resolve, 50));
    const shown = await instance();
    assert.deepEqual(look(shown, 'body.properties.instanceView.extensions.*.name'), ['health', 'script']);
    assert.ok(!JSON.stringify((await azure.arm('GET', web)).body).includes('php -S'));
    const answer = await fetch(`http://${await frontend()}:50000/name.txt`);
    assert.equal((await answer.text()).trim(), 'web000000');
  });

  it('stand beside a machine of its own, whose SSH service an inbound NAT rule leads to', async () => {
    const rule = `${azure.subscription}${balancer(azure.subscription).path}/inboundNatRules/ssh`;
    const subnet = `${azure.subscription}${network(azure.subscription)[0]?.path ?? ''}/subnets/default`;
    const configuration = {
      name: 'one',
      properties: { subnet: { id: subnet }, loadBalancerInboundNatRules: [{ id: rule }] },
    };
    await azure.armDone('PUT', '/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/nic', {
      location: 'westeurope',
      properties: { ipConfigurations: [configuration] },
    });
    const vm = machine(azure.subscription);
    assert.equal(look(await azure.armDone('PUT', vm.path, vm.body), 'body.status'), 'Succeeded');
    const socket = connect(2222, await frontend());
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(greeting.toString(), /^SSH-2\.0-/);
  });
});
