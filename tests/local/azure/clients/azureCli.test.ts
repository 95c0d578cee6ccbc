/** A whole release with the Azure CLI alone, each step as somebody would type it, over machines that run. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { azureCli } from '../../../../scripts/setup/cache.mjs';
import { look } from '../fixture.js';
import { balancer, machine, network, scaleSet, type Put } from '../templates.js';
import { run, startServer, type Server } from './server.js';

/** Makes an instance serve; each has an address of its own. */
const site = {
  name: 'site',
  properties: {
    publisher: 'Microsoft.Azure.Extensions',
    type: 'CustomScript',
    typeHandlerVersion: '2.1',
    settings: {
      commandToExecute:
        'mkdir -p /srv/site && echo well > /srv/site/health && ' +
        "address=$(getent hosts $(hostname) | cut -d' ' -f1) && " +
        '(setsid php -S $address:8080 -t /srv/site </dev/null >/dev/null 2>&1 &)',
    },
  },
};

describe('the Azure CLI against the local Azure', function () {
  this.timeout(600_000);
  let server: Server;
  let subscription: string;
  let address: string;

  /** What the command printed, parsed; `''` for nothing. */
  const az = async (...args: string[]): Promise<unknown> => {
    const { code, output, log } = await attempt(...args);
    assert.equal(code, 0, `az ${args.join(' ')}\n${log}`);
    return output.trim() === '' ? '' : (JSON.parse(output) as unknown);
  };
  const attempt = (...args: string[]) => {
    const { directory, connection } = server;
    return run(azureCli(), ['-m', 'azure.cli', ...args, '--output', 'json'], {
      HOME: directory,
      AZURE_CONFIG_DIR: join(directory, 'azure'),
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
      AZURE_CORE_NO_COLOR: 'true',
      HTTPS_PROXY: connection.proxy,
      REQUESTS_CA_BUNDLE: connection.caFile,
    });
  };
  const group = (name: string) => ['--resource-group', 'web', '--name', name];
  const image = (name: string) =>
    `${subscription}/resourceGroups/web/providers/Microsoft.Compute/images/${name}`;
  /** Writes a template with comments and line breaks in it, as people do and JSON does not allow. */
  const template = (name: string, puts: readonly Put[], rest: object = {}) => {
    const file = join(server.directory, `${name}.json`);
    const resources = puts.map(({ path, body }, index) => ({
      type: path.split('/').slice(4, 6).join('/'),
      name: path.split('/')[6],
      apiVersion: '2024-07-01',
      dependsOn: puts.slice(0, index).map(one => subscription + one.path),
      ...body,
    }));
    const text = JSON.stringify(
      {
        $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        contentVersion: '1.0.0.0',
        ...rest,
        resources,
      },
      undefined,
      2,
    );
    writeFileSync(file, `// ${name}\n${text}\n/* the end */\n`);
    return file;
  };

  /** What the site says, once the balancer has found an instance to be well. */
  const answer = async () => {
    for (;;) {
      const text = await fetch(`http://${address}/health`).then(
        response => response.text(),
        () => undefined,
      );
      if (text !== undefined) return text;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  };

  before(async () => {
    assert.ok(
      existsSync(azureCli()),
      `The set-up brings the Azure CLI: node scripts/setup/setup.mjs --for test`,
    );
    server = await startServer();
    subscription = `/subscriptions/${server.connection.subscriptionId}`;
  });
  after(() => server.close());

  it('signs in, and is told of a wrong secret', async () => {
    const { tenantId, clientId, clientSecret, subscriptionId } = server.connection;
    const secret = join(server.directory, 'secret');
    const principal = ['--service-principal', '--username', clientId, '--tenant', tenantId];
    writeFileSync(secret, 'a guess');
    const refused = await attempt('login', ...principal, '--password', `@${secret}`);
    assert.equal(refused.code, 1);
    assert.match(refused.log, /AADSTS7000215: Invalid client secret provided/);
    writeFileSync(secret, clientSecret, { mode: 0o600 });
    const accounts = await az('login', ...principal, '--password', `@${secret}`);
    assert.deepEqual(look(accounts, '*.id'), [subscriptionId]);
    assert.equal(look(await az('account', 'show'), 'user.type'), 'servicePrincipal');
  });

  it('makes a resource group', async () => {
    assert.equal(await az('group', 'exists', '--name', 'web'), false);
    const made = await az(
      'group',
      'create',
      '--name',
      'web',
      '--location',
      'westeurope',
      '--tags',
      'stage=test',
    );
    assert.equal(look(made, 'properties.provisioningState'), 'Succeeded');
    assert.deepEqual(look(await az('group', 'show', '--name', 'web'), 'tags'), { stage: 'test' });
    assert.deepEqual(look(await az('group', 'list'), '*.name'), ['web']);
  });

  it('deploys a build machine', async () => {
    const file = template('builder', [...network(subscription), machine(subscription)]);
    const given = [...group('builder'), '--template-file', file];
    const valid = await az('deployment', 'group', 'validate', ...given);
    assert.equal(look(valid, 'properties.provisioningState'), 'Succeeded');
    const planned = await az('deployment', 'group', 'what-if', ...given, '--no-pretty-print');
    assert.deepEqual(new Set(look(planned, 'changes.*.changeType') as string[]), new Set(['Create']));
    const deployed = await az('deployment', 'group', 'create', ...given);
    assert.equal(look(deployed, 'properties.provisioningState'), 'Succeeded');
    const operations = await az('deployment', 'operation', 'group', 'list', ...group('builder'));
    assert.deepEqual(
      new Set(look(operations, '*.properties.provisioningState') as string[]),
      new Set(['Succeeded']),
    );
    const exported = await az('deployment', 'group', 'export', ...group('builder'));
    assert.equal(look(exported, 'resources.length'), 4);
    assert.deepEqual(look(await az('vm', 'list', '--resource-group', 'web'), '*.name'), ['vm']);
  });

  it('makes images of it', async () => {
    const running = await attempt('vm', 'generalize', ...group('vm'));
    assert.notEqual(running.code, 0, 'a machine that runs cannot be generalized');
    await az('vm', 'deallocate', ...group('vm'));
    await az('vm', 'generalize', ...group('vm'));
    for (const name of ['site-1', 'site-2']) {
      const made = await az('image', 'create', ...group(name), '--source', 'vm');
      assert.equal(look(made, 'provisioningState'), 'Succeeded');
    }
    await az('vm', 'delete', ...group('vm'), '--yes');
    await az('network', 'nic', 'delete', ...group('nic'));
    const images = await az('image', 'list', '--resource-group', 'web');
    assert.deepEqual(look(images, '*.name'), ['site-1', 'site-2']);
    assert.equal(look(await az('image', 'show', ...group('site-1')), 'id'), image('site-1'));
  });

  it('keeps an image in a gallery', async () => {
    const gallery = ['--resource-group', 'web', '--gallery-name', 'sites'];
    const definition = [...gallery, '--gallery-image-definition', 'site'];
    const version = [...definition, '--gallery-image-version', '1.0.0'];
    await az('sig', 'create', '--resource-group', 'web', '--gallery-name', 'sites');
    const identifier = ['--publisher', 'us', '--offer', 'site', '--sku', 'web'];
    const kind = ['--os-type', 'Linux', '--os-state', 'Generalized', '--hyper-v-generation', 'V1'];
    await az('sig', 'image-definition', 'create', ...definition, ...identifier, ...kind);
    const made = await az('sig', 'image-version', 'create', ...version, '--managed-image', image('site-1'));
    assert.equal(look(made, 'provisioningState'), 'Succeeded');
    assert.deepEqual(look(await az('sig', 'image-version', 'list', ...definition), '*.name'), ['1.0.0']);
    const shown = await az('sig', 'image-version', 'show', ...version);
    assert.deepEqual(look(shown, 'publishingProfile.targetRegions.*.name'), ['West Europe']);
    await az('sig', 'image-version', 'delete', ...version);
    await az('sig', 'image-definition', 'delete', ...definition);
    await az('sig', 'delete', '--resource-group', 'web', '--gallery-name', 'sites');
  });

  it('deploys a scale set of the first image', async () => {
    const set = scaleSet(subscription, { image: { id: "[parameters('image')]" }, capacity: 2 });
    Object.assign(look(set, 'body.properties.virtualMachineProfile') as object, {
      extensionProfile: { extensions: [site] },
    });
    const file = template('site', [...network(subscription).slice(0, 2), balancer(subscription), set], {
      parameters: { image: { type: 'string' } },
      outputs: { address: { type: 'string', value: "[reference('ip').ipAddress]" } },
    });
    const given = [...group('site'), '--template-file', file];
    const without = await attempt('deployment', 'group', 'validate', ...given);
    assert.notEqual(without.code, 0);
    assert.match(without.log, /image/);
    const deployed = await az(
      'deployment',
      'group',
      'create',
      ...given,
      '--parameters',
      `image=${image('site-1')}`,
    );
    address = String(look(deployed, 'properties.outputs.address.value'));
    assert.equal(await answer(), 'well\n');
    const instances = await az('vmss', 'list-instances', ...group('web'));
    assert.deepEqual(look(instances, '*.provisioningState'), ['Succeeded', 'Succeeded']);
    assert.deepEqual(look(instances, '*.latestModelApplied'), [true, true]);
  });

  it('rolls the second image out by hand', async () => {
    const path = 'virtualMachineProfile.storageProfile.imageReference.id';
    const updated = await az('vmss', 'update', ...group('web'), '--set', `${path}=${image('site-2')}`);
    assert.equal(look(updated, path), image('site-2'));
    const before = await az('vmss', 'list-instances', ...group('web'));
    assert.deepEqual(look(before, '*.latestModelApplied'), [false, false]);
    const [first] = look(before, '*.instanceId') as string[];
    await az('vmss', 'update-instances', ...group('web'), '--instance-ids', first ?? '');
    const half = await az('vmss', 'list-instances', ...group('web'));
    assert.deepEqual(look(half, '*.latestModelApplied'), [true, false]);
    await az('vmss', 'update-instances', ...group('web'), '--instance-ids', '*');
    const after = await az('vmss', 'list-instances', ...group('web'));
    assert.deepEqual(look(after, '*.latestModelApplied'), [true, true]);
    assert.deepEqual(look(after, '*.storageProfile.imageReference.id'), [image('site-2'), image('site-2')]);
    const unknown = await attempt('vmss', 'update-instances', ...group('web'), '--instance-ids', '999');
    assert.match(
      unknown.log,
      /The provided instanceId 999 is not an active Virtual Machine Scale Set VM instanceId/,
    );
  });

  it('rolls an image out in batches, and says when there is nothing to cancel', async () => {
    const path = 'virtualMachineProfile.storageProfile.imageReference.id';
    await az('vmss', 'update', ...group('web'), '--set', `${path}=${image('site-1')}`);
    await az('vmss', 'rolling-upgrade', 'start', ...group('web'));
    const latest = await az('vmss', 'rolling-upgrade', 'get-latest', ...group('web'));
    assert.equal(look(latest, 'runningStatus.code'), 'Completed');
    assert.equal(await answer(), 'well\n');
    const cancelled = await attempt('vmss', 'rolling-upgrade', 'cancel', ...group('web'));
    assert.match(cancelled.log, /There is no ongoing Rolling Upgrade to cancel/);
  });

  it('cancels a rollout between two batches', async () => {
    // Long enough for any machine: cancelling does not wait for its end.
    const pause = 'upgradePolicy.rollingUpgradePolicy={"pauseTimeBetweenBatches":"PT12H"}';
    await az('vmss', 'update', ...group('web'), '--set', pause);
    await az('vmss', 'rolling-upgrade', 'start', ...group('web'), '--no-wait');
    const latest = () => az('vmss', 'rolling-upgrade', 'get-latest', ...group('web'));
    while (look(await latest(), 'runningStatus.code') !== 'RollingForward')
      await new Promise(resolve => setTimeout(resolve, 100));
    await az('vmss', 'rolling-upgrade', 'cancel', ...group('web'));
    const told = await latest();
    assert.equal(look(told, 'runningStatus.code'), 'Cancelled');
    assert.equal(look(told, 'runningStatus.lastAction'), 'Cancel');
    assert.equal(await answer(), 'well\n');
  });

  it('scales', async () => {
    await az('vmss', 'scale', ...group('web'), '--new-capacity', '3');
    assert.equal(look(await az('vmss', 'show', ...group('web')), 'sku.capacity'), 3);
    assert.equal(look(await az('vmss', 'list-instances', ...group('web')), 'length'), 3);
  });

  it('makes a machine of the platform image by its URN, with a network, a door and an address of its own', async () => {
    await az('group', 'create', '--name', 'solo', '--location', 'westeurope');
    const image = ['--image', 'Debian:debian-12:12:latest', '--size', 'Standard_B1s'];
    const login = ['--admin-username', 'me', '--generate-ssh-keys'];
    const made = await az('vm', 'create', '--resource-group', 'solo', '--name', 'solo', ...image, ...login);
    assert.equal(look(made, 'powerState'), 'VM running');
    assert.match(String(look(made, 'publicIpAddress')), /^127\./);
    const rules = ['network', 'nsg', 'rule', 'list', '--resource-group', 'solo', '--nsg-name', 'soloNSG'];
    assert.deepEqual(look(await az(...rules), '*.destinationPortRange'), ['22']);
    await az('group', 'delete', '--name', 'solo', '--yes');
  });

  it('deletes the group and all that is in it', async () => {
    await az('group', 'delete', '--name', 'web', '--yes');
    const gone = await attempt('vmss', 'show', ...group('web'));
    assert.equal(gone.code, 3);
    assert.match(gone.log, /ResourceGroupNotFound/);
    assert.deepEqual(await az('group', 'list'), []);
  });
});
