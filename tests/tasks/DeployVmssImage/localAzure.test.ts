/** Runs the built task against the local Azure with the sample's own template; only the machines are stand-ins. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/tasks.js';
import { look, startFixture, type Fixture } from '../../local/azure/fixture.js';
import { machine, network } from '../../local/azure/templates.js';
import { runBundle, type BundleRun } from './runBundle.js';

const images = '/resourceGroups/web/providers/Microsoft.Compute/images';
const password = 'Secret-of-the-Site-1';

describe('DeployVmssImage on the local Azure', function () {
  this.timeout(120_000);
  let azure: Fixture;
  let directory = '';
  let probing: NodeJS.Timeout;
  /** Disks whose machines do not come up. */
  const sickDisks = new Set<string>();

  const imageId = (name: string) => `${azure.subscription}${images}/${name}`;
  /** A machine, generalized and captured; gives the layer that its disk begins with. */
  const bake = async (name: string): Promise<string> => {
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
    return `layer-${name === 'one' ? 1 : name === 'two' ? 2 : 3}`;
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'deploy-local-'));
    cpSync(join(repositoryRoot, 'samples', 'php-webapp', 'arm'), join(directory, 'arm'), { recursive: true });
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of network(azure.subscription)) await azure.armDone('PUT', path, body);
    for (const name of ['one', 'two', 'sick']) {
      const disk = await bake(name);
      if (name === 'sick') sickDisks.add(disk);
    }
    // The probes: a machine answers by the disk it was started from.
    probing = setInterval(() => {
      for (const balancer of azure.balancers) {
        for (const { id, address } of balancer.backends) {
          const disk = azure.host.machines.get(address)?.options.disk.layers ?? [];
          balancer.states.set(id, disk.some(layer => sickDisks.has(layer)) ? 'down' : 'up');
        }
      }
    }, 20);
  });
  after(async () => {
    clearInterval(probing);
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (inputs: Readonly<Record<string, string>>, onOutput?: BundleRun['onOutput']) => {
    const { proxy, caFile, tenantId, clientId, clientSecret, subscriptionId } = azure.azure.connection;
    return runBundle({
      inputs,
      connection: {
        scheme: 'ServicePrincipal',
        url: 'https://management.azure.com/',
        parameters: { tenantid: tenantId, serviceprincipalid: clientId, serviceprincipalkey: clientSecret },
        data: { subscriptionId },
      },
      workingDirectory: directory,
      environment: { HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: caFile },
      ...(onOutput === undefined ? {} : { onOutput }),
    });
  };
  const template = (image: string, more: Readonly<Record<string, string>> = {}) => {
    const file = join(directory, 'arm', `${image}.parameters.json`);
    const source = readFileSync(join(directory, 'arm', 'azuredeploy.parameters.json'), 'utf8');
    writeFileSync(
      file,
      source
        .replace('@@NAME_PREFIX@@', 'webapp')
        .replace('@@ADMIN_USERNAME@@', 'webadmin')
        .replace('@@ADMIN_PASSWORD@@', password)
        .replace('set-by-PatchArmImageUri', imageId(image)),
    );
    return {
      resourceGroupName: 'webapp-qa',
      location: 'westeurope',
      templateFile: 'arm/azuredeploy.json',
      parametersFile: file,
      batchSize: '1',
      ...more,
    };
  };
  const runningImages = async () =>
    look(
      await azure.arm(
        'GET',
        '/resourceGroups/webapp-qa/providers/Microsoft.Compute/virtualMachineScaleSets/webapp-vmss/virtualMachines',
      ),
      'body.value.*.properties.storageProfile.imageReference.id',
    );

  it('refuses the parameters file while its tokens are not filled in', async () => {
    const { result } = await run({
      ...template('one'),
      parametersFile: 'arm/azuredeploy.parameters.json',
    });
    assert.match(result, /result=Failed/);
    assert.match(result, /azuredeploy\.parameters\.json:6:\d+: @@NAME_PREFIX@@ was never filled in/);
    assert.match(result, /@@ADMIN_PASSWORD@@ was never filled in/);
  });

  it('deploys the sample for the first time: group, resources, healthy instances', async () => {
    const { result, outputs, stdout } = await run(template('one'));
    assert.match(
      result,
      /result=Succeeded;\]'webapp-vmss' is new: 3 instances on .*\/images\/one, in service\./,
      stdout,
    );
    assert.match(stdout, /Creating resource group 'webapp-qa' in westeurope/);
    assert.match(stdout, /Succeeded +Microsoft\.Compute\/virtualMachineScaleSets webapp-vmss/);
    assert.equal(outputs['previousImageReference'], '');
    assert.equal(outputs['imageReference']?.toLowerCase(), imageId('one').toLowerCase());
    assert.equal(outputs['instanceCount'], '3');
    assert.equal(outputs['deployment_scaleSetName'], 'webapp-vmss');
    assert.match(outputs['siteUrl'] ?? '', /^http:\/\/127\.\d+\.\d+\.\d+$/);
    const shown = stdout.split('\n').filter(line => !/^##vso\[task\.(setsecret|debug)\]/.test(line));
    assert.ok(!shown.join('\n').includes(password));
  });

  it('deploys again without moving anything', async () => {
    const { result, outputs } = await run(template('one'));
    assert.match(result, /Nothing to do: 3 instances of 'webapp-vmss' run .*one already and are in service/);
    assert.equal(outputs['instancesUpdated'], '0');
  });

  it('rolls a new image out, one instance after the other', async () => {
    const { result, outputs, stdout } = await run(template('two'));
    assert.match(result, /Moved 3 of 3 instances of 'webapp-vmss'/, stdout);
    assert.equal(outputs['previousImageReference']?.toLowerCase(), imageId('one').toLowerCase());
    assert.equal(outputs['instancesUpdated'], '3');
    assert.deepEqual(stdout.match(/^Batch \d: upgrading 1 of 3 instances: \d$/gm), [
      'Batch 1: upgrading 1 of 3 instances: 0',
      'Batch 2: upgrading 1 of 3 instances: 1',
      'Batch 3: upgrading 1 of 3 instances: 2',
    ]);
    assert.deepEqual(await runningImages(), Array(3).fill(imageId('two')));
  });

  it('finds the site by the load balancer where no deployment tells it, and changes nothing in a dry run', async () => {
    const before = azure.traffic().length;
    const { result, stdout } = await run({
      action: 'updateImage',
      resourceGroupName: 'webapp-qa',
      scaleSetName: 'webapp-vmss',
      imageReference: imageId('one'),
      dryRun: 'true',
    });
    assert.match(result, /Dry run: scale set 'webapp-vmss' can take/, stdout);
    const writes = azure
      .traffic()
      .slice(before)
      .filter(({ method, url }) => {
        const path = String(url);
        return method !== 'GET' && !path.includes('/oauth2/');
      });
    assert.deepEqual(writes, []);
  });

  it('goes back when an instance does not come up on the image, and fails', async () => {
    azure.host.refuse = ({ disk }) =>
      disk.layers.some(layer => sickDisks.has(layer)) ? 'no such service: web' : undefined;
    const { result, outputs, stdout } = await run({
      action: 'updateImage',
      resourceGroupName: 'webapp-qa',
      scaleSetName: 'webapp-vmss',
      imageReference: imageId('sick'),
      batchSize: '1',
      maxUnhealthy: '0',
    });
    assert.match(result, /result=Failed;\]The rollout of 'webapp-vmss' failed: 1 instance failed/, stdout);
    assert.match(
      result,
      /instance 0: Azure refused upgrading 1 of the instances of 'webapp-vmss'\.[\s\S]*no such service: web/,
    );
    assert.match(result, /Rolled back to .*\/images\/two: 3 instances in service on it/);
    assert.equal(outputs['rolledBack'], 'true');
    assert.match(outputs['siteUrl'] ?? '', /^http:\/\/127\.\d+\.\d+\.\d+$/);
    assert.deepEqual(await runningImages(), Array(3).fill(imageId('two')));
  });

  it('tells exactly what a cancelled roll leaves, and the next run goes on from there', async () => {
    let sent = false;
    const update = {
      action: 'updateImage',
      resourceGroupName: 'webapp-qa',
      scaleSetName: 'webapp-vmss',
      imageReference: imageId('one'),
      batchSize: '1',
    };
    const { result, stdout } = await run(update, (text, kill) => {
      if (sent || !text.includes('upgrading 1 of 3 instances: 1')) return;
      sent = true;
      kill('SIGINT');
    });
    assert.match(result, /result=Canceled/);
    assert.match(stdout, /Stopped with 1 of 3 instances of 'webapp-vmss' in service on the new model/);
    const next = await run(update);
    assert.match(next.result, /result=Succeeded;\]Moved [12] of 3 instances/, next.stdout);
    assert.deepEqual(await runningImages(), Array(3).fill(imageId('one')));
  });

  it('deploys nothing with an image that is not there', async () => {
    const { result, stdout } = await run({
      ...template('one'),
      overrideParameters: `imageId=${imageId('missing')}`,
      deploymentName: 'broken',
    });
    assert.match(
      result,
      /result=Failed;\]The template cannot be deployed with this image: There is no such image/,
    );
    assert.ok(!stdout.includes("Deploy 'broken'"));
  });

  it('gives the innermost reason when a deployment fails', async () => {
    azure.host.refuse = () => 'no such service: web';
    const { result } = await run({
      ...template('one'),
      overrideParameters: 'instanceCount=4',
      deploymentName: 'broken',
    });
    azure.host.refuse = () => undefined;
    assert.match(
      result,
      /^##vso\[task\.complete result=Failed;\]Azure refused deployment 'broken'\.\nOSProvisioningInternalError \(Microsoft\.Compute\/virtualMachineScaleSets webapp-vmss\): OS Provisioning failed for VM 'webapp-vmss_3' due to an internal error: no such service: web/,
    );
  });

  it('rolls back to the image before the last rollout, once, and says who had rolled it', async () => {
    const azureGroup = { resourceGroupName: 'webapp-qa', scaleSetName: 'webapp-vmss', batchSize: '1' };
    await run({ ...azureGroup, action: 'updateImage', imageReference: imageId('two') });
    const { result, stdout, outputs } = await run({ ...azureGroup, action: 'rollback' });
    assert.match(
      result,
      /result=Succeeded;\]Rolled back: Moved \d of \d instances of 'webapp-vmss' to .*\/images\/one/,
      stdout,
    );
    assert.match(stdout, /Going back to the image from before the last rollout \(.*, run 7\)/);
    assert.equal(outputs['rolledBack'], 'true');
    assert.deepEqual(new Set((await runningImages()) as string[]), new Set([imageId('one')]));
    const again = await run({ ...azureGroup, action: 'rollback' });
    assert.match(again.result, /result=Failed;\]Scale set 'webapp-vmss' has been rolled back already/);
  });
});
