/** What visitors see of a rollout: real instances with a web server behind a real balancer, asked all the while. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddressPool } from '../../../local/azure/machines/addressPool.js';
import { startLoadBalancer } from '../../../local/azure/machines/loadBalancer.js';
import { createMachineHost } from '../../../local/azure/machines/machineHost.js';
import { baseImageDirectory } from '../../../scripts/setup/cache.mjs';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { look, startFixture, type Fixture } from '../../local/azure/fixture.js';
import { balancer, machine, network, scaleSet } from '../../local/azure/templates.js';
import { reportOf, taskRuns, type TaskRuns } from './taskRuns.js';

const compute = '/resourceGroups/web/providers/Microsoft.Compute';
const web = `${compute}/virtualMachineScaleSets/web`;
const azureScale = 0.02;

/** A web server, started when the instance is made. */
const serve = `
set -eu
mkdir -p /srv/site
printf '%s' '<?php usleep(20000); echo "at your service";' >/srv/site/index.php
address=$(getent hosts "$(hostname)" | cut -d' ' -f1)
PHP_CLI_SERVER_WORKERS=4 setsid php -S "$address:8080" -t /srv/site /srv/site/index.php >/dev/null 2>&1 </dev/null &
`;

describe('traffic served while DeployVmssImage rolls real instances', function () {
  this.timeout(600_000);
  let azure: Fixture;
  let runs: TaskRuns;
  let directory: string;
  const imageId = (name: string) => `${azure.subscription}${compute}/images/${name}`;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'traffic-'));
    azure = await startFixture(undefined, {
      host: createMachineHost({ baseImage: baseImageDirectory(), stateDirectory: directory }),
      addresses: createAddressPool(),
      startLoadBalancer: options => startLoadBalancer({ ...options, timeScale: azureScale }),
      timeScale: azureScale,
    });
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of network(azure.subscription)) await azure.armDone('PUT', path, body);
    const vm = machine(azure.subscription);
    await azure.armDone('PUT', vm.path, vm.body);
    await azure.armDone('POST', `${vm.path}/deallocate`);
    await azure.arm('POST', `${vm.path}/generalize`);
    for (const name of ['one', 'two'])
      await azure.armDone('PUT', `${compute}/images/${name}`, {
        location: 'westeurope',
        properties: { sourceVirtualMachine: { id: `${azure.subscription}${vm.path}` } },
      });
    await azure.armDone('DELETE', vm.path);
    const { path, body } = balancer(azure.subscription);
    await azure.armDone('PUT', path, body);
    const set = scaleSet(azure.subscription, { image: { id: imageId('one') }, capacity: 3 }).body;
    const properties = set['properties'] as { readonly virtualMachineProfile: object };
    const script = {
      publisher: 'Microsoft.Azure.Extensions',
      type: 'CustomScript',
      typeHandlerVersion: '2.1',
      settings: { commandToExecute: serve },
    };
    const made = await azure.armDone('PUT', web, {
      ...set,
      properties: {
        ...properties,
        overprovision: false,
        virtualMachineProfile: {
          ...properties.virtualMachineProfile,
          extensionProfile: { extensions: [{ name: 'serve', properties: script }] },
        },
      },
    });
    assert.equal(look(made, 'body.status'), 'Succeeded', JSON.stringify(made.body));
    const health = 'body.value.*.properties.instanceView.vmHealth.status.code';
    const healthy = async () => {
      const list = await azure.arm('GET', `${web}/virtualMachines?$expand=instanceView`);
      return (look(list, health) as string[]).filter(code => code === 'HealthState/healthy').length;
    };
    while ((await healthy()) < 3) await new Promise(resolve => setTimeout(resolve, 50));
    runs = taskRuns(azure, 0.1, createSiteProbe);
  });
  after(async () => {
    await runs.close();
    await azure.close();
    assert.deepEqual(await readdir(directory), []);
    await rm(directory, { recursive: true });
  });

  it('is lost by nobody in a rolling update of one instance after the other', async () => {
    const run = await runs.run({
      action: 'updateImage',
      scaleSetName: 'web',
      imageReference: imageId('two'),
      batchSize: '1',
      maxUnhealthy: '0',
      instanceTimeoutInMinutes: '60',
    });
    assert.match(run.outcome, /^Moved 3 of 3 instances/, run.log.join('\n'));
    const report = reportOf(run);
    assert.equal(report.outcome, 'succeeded');
    assert.equal(report.forward.mostOutOfService, 1);
    const { site } = report;
    assert.ok(site !== null);
    assert.ok(site.sent > 0, run.log.join('\n'));
    assert.equal(site.failed, 0, site.failures.join('\n'));
    const counts = `answered ${site.sent} of ${site.sent} requests`;
    assert.ok(
      run.log.some(line => line.includes(counts)),
      run.log.join('\n'),
    );
  });
});
