/** A local Azure with real machines, and pipelines that bake on it, run by the local agent with the built task. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import { azureEnvironment } from '../../../local/agent/localAzure.js';
import { repositoryRoot } from '../../../scripts/tasks.js';
import type { Connection } from '../../../local/azure/localAzure.js';
import { run, type Run } from '../../local/agent/support.js';
import { transportTo } from '../../local/azure/fixture.js';
import { trafficFile } from '../../local/azure/trafficFile.js';

/** Where bakes run. */
export interface LocalBakes {
  readonly connection: Connection;
  readonly resources: ResourceManagementClient;
  /**
   * Runs a pipeline of one bake with the agent.
   * @param options of the azure-arm builder, beside those that all bakes have
   */
  bake(bake: {
    readonly options: Readonly<Record<string, unknown>>;
    readonly commands: readonly string[];
    readonly inputs?: Readonly<Record<string, string>>;
    /** More variables of the template. */
    readonly variables?: Readonly<Record<string, string>>;
    readonly cancel?: AbortSignal;
    readonly onLine?: (line: string) => void;
  }): Promise<Run>;
  /** Runs a pipeline of one bake with just these inputs, over these files. */
  bakeFiles(inputs: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>): Promise<Run>;
  /** The resource groups by name, with their tags. */
  groups(): Promise<Record<string, Readonly<Record<string, string>>>>;
  close(): Promise<void>;
}

/** Starts it, with the group `images`. */
export async function startLocalBakes(): Promise<LocalBakes> {
  const directory = mkdtempSync(join(tmpdir(), 'local-bakes-'));
  const server = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(repositoryRoot, 'local/azure/main.ts'),
      '--traffic',
      trafficFile(directory),
      '--resource-group',
      'images=westeurope',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'exit').then(() => Promise.reject(new Error('the local Azure ended before it was ready'))),
  ])) as [Buffer];
  const connection = JSON.parse(line.toString()) as Connection;
  const { tenantId, clientId, clientSecret, subscriptionId } = connection;
  const transport = transportTo(connection);
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport);
  const resources = new ResourceManagementClient(credential, subscriptionId, transport);
  const connections = join(directory, 'connections.json');
  const azure = {
    scheme: 'ServicePrincipal',
    url: 'https://management.azure.com/',
    parameters: { tenantid: tenantId, serviceprincipalid: clientId, serviceprincipalkey: clientSecret },
    data: { subscriptionId, environment: 'AzureCloud' },
  };
  writeFileSync(connections, JSON.stringify({ azure }));
  const runPipeline = (
    inputs: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
    { cancel, onLine }: { cancel?: AbortSignal | undefined; onLine?: ((line: string) => void) | undefined },
  ) =>
    run(pipeline(inputs), {
      files,
      options: { tasks: join(repositoryRoot, 'dist', 'extension', 'tasks'), connections },
      machine: {
        environment: azureEnvironment(process.env, connection),
        ...(cancel === undefined ? {} : { cancel }),
      },
      ...(onLine === undefined ? {} : { onLine }),
    });
  return {
    connection,
    resources,
    bake: ({ options, commands, inputs = {}, variables = {}, cancel, onLine }) =>
      runPipeline(
        { templatePath: 'web.json', ...inputs },
        { 'web.json': JSON.stringify(template(options, commands, variables)) },
        { cancel, onLine },
      ),
    bakeFiles: (inputs, files) => runPipeline(inputs, files, {}),
    async groups() {
      const found: Record<string, Readonly<Record<string, string>>> = {};
      for await (const group of resources.resourceGroups.list()) found[group.name ?? ''] = group.tags ?? {};
      return found;
    },
    async close() {
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function pipeline(inputs: Readonly<Record<string, string>>): string {
  const more = Object.entries(inputs).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`);
  return `steps:\n  - checkout: self\n  - task: PackerBakeVmss@1\n    name: bake\n    inputs:\n      azureSubscription: azure\n${more.join('')}`;
}

const credentials = ['client_id', 'client_secret', 'tenant_id', 'subscription_id'];

function template(
  options: Readonly<Record<string, unknown>>,
  commands: readonly string[],
  variables: Readonly<Record<string, string>>,
): unknown {
  const own = credentials.map(name => [name, `{{env \`ARM_${name.toUpperCase()}\`}}`] as const);
  return {
    variables: { ...Object.fromEntries(own), ...variables },
    builders: [
      {
        type: 'azure-arm',
        ...Object.fromEntries(credentials.map(name => [name, `{{user \`${name}\`}}`])),
        os_type: 'Linux',
        image_publisher: 'Debian',
        image_offer: 'debian-12',
        image_sku: '12',
        ...options,
      },
    ],
    provisioners: [{ type: 'shell', inline: commands }],
  };
}

async function end(server: ChildProcess): Promise<void> {
  server.kill('SIGTERM');
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
}
