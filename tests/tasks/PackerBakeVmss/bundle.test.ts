import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/tasks.js';
import { trafficFile } from '../../local/azure/trafficFile.js';
import { runBundle, type BundleCall, type BundleRun } from '../bundleRun.js';

interface LocalAzure {
  readonly proxy: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
}

/** The built task with Debian's Packer, which bakes on the local Azure. */
describe('the PackerBakeVmss bundle', function () {
  this.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), 'bake-bundle-'));
  const traffic = trafficFile(directory);
  let server: ChildProcess;
  let azure: LocalAzure;
  let done: BundleRun | undefined;

  before(async () => {
    const main = [join(repositoryRoot, 'local/azure/main.ts'), '--traffic', traffic];
    server = spawn(process.execPath, ['--import', 'tsx', ...main], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(server.stdout ?? server, 'data')) as [Buffer];
    azure = JSON.parse(line.toString()) as LocalAzure;
    await arm('PUT', '/resourcegroups/images', { location: 'westeurope' });
  });

  after(async () => {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(directory, { recursive: true });
  });

  afterEach(() => {
    done?.close();
  });

  /** A request to the local Azure, through its proxy as any client's. */
  function arm(method: string, path: string, body?: unknown): Promise<unknown> {
    const curl = (url: string, ...args: string[]) => {
      const all = ['-sS', '--proxy', azure.proxy, '--cacert', azure.caFile, ...args, url];
      const { stdout, stderr, status } = spawnSync('curl', all, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const form = `grant_type=client_credentials&client_id=${azure.clientId}&client_secret=${azure.clientSecret}&scope=https://management.azure.com/.default`;
    const { access_token } = curl(
      `https://login.microsoftonline.com/${azure.tenantId}/oauth2/v2.0/token`,
      '-d',
      form,
    );
    const url = `https://management.azure.com/subscriptions/${azure.subscriptionId}${path}?api-version=2021-04-01`;
    const headers = [
      '-X',
      method,
      '-H',
      `Authorization: Bearer ${String(access_token)}`,
      '-H',
      'Content-Type: application/json',
    ];
    return Promise.resolve(
      curl(url, ...headers, ...(body === undefined ? [] : ['-d', JSON.stringify(body)])),
    );
  }

  const groups = async () => {
    const { value } = (await arm('GET', '/resourcegroups')) as { value: { name: string }[] };
    return value.map(group => group.name);
  };

  function template(commands: readonly string[]): string {
    const options = ['client_id', 'client_secret', 'tenant_id', 'subscription_id'];
    const content = {
      variables: {
        ...Object.fromEntries(options.map(name => [name, `{{env \`ARM_${name.toUpperCase()}\`}}`])),
        image: null,
      },
      builders: [
        {
          type: 'azure-arm',
          ...Object.fromEntries([...options].map(name => [name, `{{user \`${name}\`}}`])),
          managed_image_resource_group_name: 'images',
          managed_image_name: '{{user `image`}}',
          os_type: 'Linux',
          image_publisher: 'Debian',
          image_offer: 'debian-12',
          image_sku: '12',
          location: 'westeurope',
          vm_size: 'Standard_B1s',
        },
      ],
      provisioners: [{ type: 'shell', inline: commands }],
    };
    const path = join(directory, 'web.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  async function bake(
    commands: readonly string[],
    inputs: Record<string, string>,
    onOutput?: BundleCall['onOutput'],
  ): Promise<BundleRun> {
    done = await runBundle({
      task: 'PackerBakeVmss',
      directory,
      inputs: { azureSubscription: 'azure', templatePath: template(commands), ...inputs },
      env: {
        HTTPS_PROXY: azure.proxy,
        SSL_CERT_FILE: azure.caFile,
        NODE_EXTRA_CA_CERTS: azure.caFile,
        ENDPOINT_URL_azure: 'https://management.azure.com/',
        ENDPOINT_AUTH_SCHEME_azure: 'ServicePrincipal',
        ENDPOINT_AUTH_PARAMETER_azure_TENANTID: azure.tenantId,
        ENDPOINT_AUTH_PARAMETER_azure_SERVICEPRINCIPALID: azure.clientId,
        ENDPOINT_AUTH_PARAMETER_azure_SERVICEPRINCIPALKEY: azure.clientSecret,
        ENDPOINT_DATA_azure_SUBSCRIPTIONID: azure.subscriptionId,
      },
      ...(onOutput === undefined ? {} : { onOutput }),
    });
    if (done.status === null) return done;
    assert.equal(done.status, 0);
    assert.deepEqual(
      readdirSync(done.temp).filter(name => name.startsWith('bake-and-roll-')),
      [],
    );
    return done;
  }

  const imageId = (name: string) =>
    `/subscriptions/${azure.subscriptionId}/resourceGroups/images/providers/Microsoft.Compute/images/${name}`;

  it('bakes a managed image, tells it as output variables and keeps the log', async () => {
    const { result, outputs, lines, output } = await bake(
      [
        "echo '##vso[task.setvariable variable=imageReference;isOutput=true]pwned'",
        `echo ${azure.clientSecret}`,
      ],
      { variables: 'image=web-1' },
    );
    assert.match(result, /^##vso\[task\.complete result=Succeeded;\]Baked a managed image in /);
    const { packerLog = '', imageDigest = '', ...rest } = outputs;
    assert.match(imageDigest, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      imageReused: 'false',
      imageReference: imageId('web-1'),
      imageKind: 'managed',
      imageName: 'web-1',
      imageLocation: 'westeurope',
    });
    assert.ok(lines.includes(`##vso[task.uploadfile]${packerLog}`));
    const log = readFileSync(packerLog, 'utf8');
    assert.match(log, /==> Builds finished\. The artifacts of successful builds are:/);
    assert.ok(!log.includes(azure.clientSecret));
    assert.ok(output.includes('##_vso[task.setvariable variable=imageReference'));
    assert.deepEqual(await groups(), ['images']);
  });

  it('refuses to overwrite an image, unless it is told to', async () => {
    const refused = await bake(['true'], { variables: 'image=web-1' });
    assert.match(refused.result, /result=Failed;.*already exists.*set allowOverwrite: true/);
    assert.equal(refused.outputs['imageReference'], undefined);
    refused.close();
    const allowed = await bake(['true'], { variables: 'image=web-1', allowOverwrite: 'true' });
    assert.equal(allowed.outputs['imageReference'], imageId('web-1'));
  });

  it('fails with the last lines of a failed provisioner, and leaves nothing on Azure', async () => {
    const { result } = await bake(['echo all is lost >&2', 'exit 7'], { variables: 'image=web-2' });
    assert.match(
      result,
      /result=Failed;.*Script exited with non-zero exit status: 7.*Its last lines were:.*all is lost/,
    );
    assert.deepEqual(await groups(), ['images']);
  });

  it('lets Packer go on deleting when the agent has killed the cancelled step', async () => {
    let stopping = false;
    const { status } = await bake(
      ['echo now sleeping', 'sleep 300'],
      { variables: 'image=web-4' },
      (said, child) => {
        if (!stopping && said.includes('    azure-arm: now sleeping')) {
          stopping = true;
          child.kill('SIGINT');
        } else if (said.includes('Cancelling build after receiving interrupt')) child.kill('SIGKILL');
      },
    );
    assert.equal(status, null);
    // Mocha's own timeout ends a wait for nothing.
    while ((await groups()).length > 1) await new Promise(resolve => setTimeout(resolve, 200));
  });
});
