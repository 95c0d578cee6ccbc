import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ClientSecretCredential } from '@azure/identity';
import type { Connection } from '../../../local/azure/localAzure.js';
import { transportTo } from './fixture.js';
import { balancer, network, scaleSet } from './templates.js';
import { trafficFile } from './trafficFile.js';

/** `npm run azure` as a process of its own with real machines, and Debian's Packer in front of it. */
describe('Packer against the local Azure', function () {
  this.timeout(600_000);
  const directory = mkdtempSync(join(tmpdir(), 'packer-test-'));
  const readyFile = join(directory, 'ready.json');
  const traffic = trafficFile(directory);
  let server: ChildProcess;
  let connection: Connection;
  let resources: ResourceManagementClient;
  let compute: ComputeManagementClient;

  before(async () => {
    const main = ['--import', 'tsx', 'local/azure/main.ts', '--ready-file', readyFile, '--traffic', traffic];
    server = spawn(process.execPath, main, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(server.stdout ?? server, 'data')) as [Buffer];
    assert.equal(line.toString(), readFileSync(readyFile, 'utf8'));
    connection = JSON.parse(line.toString()) as Connection;
    const transport = transportTo(connection);
    const credential = new ClientSecretCredential(
      connection.tenantId,
      connection.clientId,
      connection.clientSecret,
      transport,
    );
    resources = new ResourceManagementClient(credential, connection.subscriptionId, transport);
    compute = new ComputeManagementClient(credential, connection.subscriptionId, transport);
    await resources.resourceGroups.createOrUpdate('images', { location: 'westeurope' });
  });

  after(async () => {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(directory, { recursive: true });
  });

  const build = async (name: string, commands: readonly string[], secret = connection.clientSecret) => {
    const user = (variable: string) => `{{user \`${variable}\`}}`;
    const template = {
      variables: Object.fromEntries(
        ['client_id', 'client_secret', 'tenant_id', 'subscription_id'].map(one => [
          one,
          `{{env \`TEST_${one}\`}}`,
        ]),
      ),
      builders: [
        {
          type: 'azure-arm',
          ...Object.fromEntries(
            ['client_id', 'client_secret', 'tenant_id', 'subscription_id'].map(one => [one, user(one)]),
          ),
          managed_image_resource_group_name: 'images',
          managed_image_name: name,
          os_type: 'Linux',
          image_publisher: 'Debian',
          image_offer: 'debian-12',
          image_sku: '12',
          location: 'West Europe',
          vm_size: 'Standard_B1s',
          azure_tags: { commit: 'abc' },
        },
      ],
      provisioners: [
        { type: 'file', source: join(directory, `${name}.json`), destination: '/tmp/template.json' },
        { type: 'shell', inline: commands },
      ],
    };
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(template));
    const packer = spawn('packer', ['build', '-color=false', join(directory, `${name}.json`)], {
      env: {
        PATH: process.env['PATH'],
        HOME: directory,
        HTTPS_PROXY: connection.proxy,
        SSL_CERT_FILE: connection.caFile,
        CHECKPOINT_DISABLE: '1',
        TEST_client_id: connection.clientId,
        TEST_client_secret: secret,
        TEST_tenant_id: connection.tenantId,
        TEST_subscription_id: connection.subscriptionId,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    packer.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
    packer.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const [code] = (await once(packer, 'close')) as [number | null];
    return { code, log };
  };
  const groups = async () => {
    const names = [];
    for await (const group of resources.resourceGroups.list()) names.push(group.name);
    return names;
  };

  it('bakes a managed image', async () => {
    const { code, log } = await build('web', [
      'grep -q azure-arm /tmp/template.json',
      'sudo cp /tmp/template.json /etc/baked.json',
      'hostname',
    ]);
    assert.equal(code, 0, log);
    assert.match(
      log,
      new RegExp(
        `ManagedImageId: /subscriptions/${connection.subscriptionId}/resourceGroups/images/providers/Microsoft.Compute/images/web`,
      ),
    );
    const image = await compute.images.get('images', 'web');
    assert.equal(image.provisioningState, 'Succeeded');
    assert.deepEqual(image.tags, { commit: 'abc' });
    assert.deepEqual(await groups(), ['images']);
  });

  it('is paced: it never polls twice within a second', () => {
    const polls = readFileSync(traffic, 'utf8')
      .split('\n')
      .filter(line => /\/operations\/|operationStatuses|operationresults/i.test(line.slice(0, 400)));
    assert.ok(polls.length > 4 && polls.length < 40, `${polls.length} polls`);
  });

  it('is told of an image that is there already', async () => {
    const { code, log } = await build('web', ['true']);
    assert.equal(code, 1);
    assert.match(log, /the managed image named web already exists in the resource group images/);
  });

  it('is told of a wrong secret', async () => {
    const { code, log } = await build('other', ['true'], 'guess');
    assert.equal(code, 1);
    assert.match(log, /AADSTS7000215: Invalid client secret provided/);
  });

  it('cleans up after a provisioner that failed', async () => {
    const { code, log } = await build('other', ['exit 7']);
    assert.equal(code, 1);
    assert.match(log, /Script exited with non-zero exit status: 7/);
    assert.deepEqual(await groups(), ['images']);
    await assert.rejects(compute.images.get('images', 'other'), { statusCode: 404 });
  });

  it('bakes what the instances of a scale set then serve behind a balancer', async () => {
    const unit =
      '[Service]\\nExecStart=/usr/bin/php -S 0.0.0.0:8080 -t /srv/web\\n[Install]\\nWantedBy=multi-user.target\\n';
    const { code, log } = await build('site', [
      'sudo mkdir -p /srv/web && echo baked | sudo tee /srv/web/health',
      `printf '${unit}' | sudo tee /etc/systemd/system/web.service`,
      'sudo systemctl enable web.service',
    ]);
    assert.equal(code, 0, log);
    await resources.resourceGroups.createOrUpdate('web', { location: 'westeurope' });
    const { id } = await compute.images.get('images', 'site');
    const subscription = `/subscriptions/${connection.subscriptionId}`;
    const puts = [
      ...network(subscription).slice(0, 2),
      balancer(subscription),
      scaleSet(subscription, { image: { id }, capacity: 2 }),
    ];
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: puts.map(({ path, body }, index) => ({
        type: path.split('/').slice(4, 6).join('/'),
        name: path.split('/')[6],
        apiVersion: '2024-07-01',
        dependsOn: puts.slice(0, index).map(one => subscription + one.path),
        ...body,
      })),
      outputs: { address: { type: 'string', value: "[reference('ip').ipAddress]" } },
    };
    const deployed = await resources.deployments.beginCreateOrUpdateAndWait(
      'web',
      'main',
      { properties: { mode: 'Incremental', template } },
      { updateIntervalInMs: 50 },
    );
    const { address } = deployed.properties?.outputs as Record<string, { value: string }>;
    const url = `http://${address?.value ?? ''}/health`;
    // The balancer lets nothing through before the probe has seen an instance.
    let answer = '';
    while (answer === '')
      answer = await fetch(url).then(
        response => response.text(),
        () => '',
      );
    assert.equal(answer, 'baked\n');
    await resources.resourceGroups.beginDeleteAndWait('web', { updateIntervalInMs: 50 });
    await assert.rejects(fetch(url));
  });

  it('leaves nothing behind when the local Azure is ended', async () => {
    const state = dirname(connection.caFile);
    assert.ok(existsSync(state));
    server.kill('SIGINT');
    const [code] = (await once(server, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.ok(!existsSync(state));
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(state));
  });
});
