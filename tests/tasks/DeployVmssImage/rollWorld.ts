/** The task's use case against a local Azure in the same process, both in a time that runs faster than ours. */
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import { simulateInstances } from '../../../local/azure/machines/simulatedHost.js';
import { readManifest } from '../../../scripts/tasks.js';
import { readInputs } from '../../../shared/agent/inputs.js';
import type { SiteAnswer } from '../../../shared/agent/siteProbe.js';
import { openAzure } from '../../../shared/azure/azure.js';
import { describe } from '../../../shared/core/errors.js';
import type { Clock } from '../../../shared/core/wait.js';
import { sleep } from '../../../shared/core/wait.js';
import { inputs } from '../../../tasks/DeployVmssImage/src/inputs.generated.js';
import { deployVmssImage } from '../../../tasks/DeployVmssImage/src/run.js';
import type { DeployInputs } from '../../../tasks/DeployVmssImage/src/settings.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { FakeHost } from '../../local/azure/fakes.js';
import { look, startFixture, transportTo, type Fixture } from '../../local/azure/fixture.js';
import { machine, network, password, type Put } from '../../local/azure/templates.js';

const group = '/resourceGroups/web/providers';
const sets = `${group}/Microsoft.Compute/virtualMachineScaleSets`;

const names = ['one', 'two', 'three'];
const definition = 'galleries/site/images/web';

/** A scale set of simulated instances. */
export interface WorldOptions {
  readonly capacity: number;
  readonly orchestration?: 'Uniform' | 'Flexible';
  readonly mode?: 'Manual' | 'Automatic' | 'Rolling';
  /** How many of our seconds one of Azure's lasts. */
  readonly timeScale?: number;
  /** Several are taken in turn. */
  readonly bootSeconds?: number | readonly number[];
  readonly throttling?: boolean;
}

/** One run of the task. */
export interface Run extends FakeAgent {
  /** Its sentence, or the message that it failed with. */
  readonly outcome: string;
  readonly failed: boolean;
}

export interface RollWorld {
  readonly azure: Fixture;
  imageId(name: string): string;
  /** Deploys an image with the task. */
  run(
    inputs: Readonly<Record<string, string>>,
    host?: {
      readonly signal?: AbortSignal;
      readonly site?: () => SiteAnswer;
      readonly onLine?: (line: string) => void;
    },
  ): Promise<Run>;
  /** Replaces the faults of the local Azure by these. */
  faults(rules: readonly unknown[]): Promise<void>;
  /** Makes the scale set anew. */
  reset(): Promise<void>;
  /** The image of each instance, by its name's last part. */
  running(): Promise<string[]>;
  upgradeMode(): Promise<string>;
  close(): Promise<void>;
}

/** What the agent hands over where a pipeline says nothing but these. */
export function inputsOf(given: Readonly<Record<string, string>>): DeployInputs {
  const declared = readManifest('DeployVmssImage').inputs;
  const texts = new Map(declared.map(({ name, defaultValue }) => [name, defaultValue]));
  for (const [name, text] of Object.entries({
    azureSubscription: 'conn',
    resourceGroupName: 'web',
    ...given,
  }))
    texts.set(name, text);
  return readInputs(inputs, {
    text: name => texts.get(name),
    pathSupplied: name => (texts.get(name) ?? '') !== '',
  });
}

/** Images `one` (what runs), `two` and `three`. */
export async function startRollWorld(options: WorldOptions): Promise<RollWorld> {
  const { timeScale = 0.004, bootSeconds = 60 } = options;
  const host = new FakeHost();
  const hosts = [bootSeconds]
    .flat()
    .map(seconds => simulateInstances(host, { bootSeconds: seconds, warmUpSeconds: 5, timeScale }));
  let started = 0;
  const fixture = await startFixture(undefined, {
    host: {
      ...hosts[0]!,
      start: machine => hosts[started++ % hosts.length]!.start(machine),
      close: async () => {
        for (const one of hosts) await one.close();
      },
    },
    timeScale,
    throttling: options.throttling ?? false,
  });
  // As a client does that keeps to Azure's request limits, where they are enforced.
  const azure: Fixture = {
    ...fixture,
    async armDone(method, path, body) {
      const first = await fixture.arm(method, path, body);
      const poll = first.headers['azure-asyncoperation'];
      if (poll === undefined) return first;
      for (;;) {
        await new Promise(resolve => setTimeout(resolve, 10_000 * timeScale));
        const state = await fixture.arm('GET', poll);
        if (look(state, 'body.status') !== 'InProgress') return state;
      }
    },
  };
  // Azure makes no more than 600 instances of a managed image.
  const fromGallery = options.capacity > 600;
  const imageId = (name: string) =>
    `${azure.subscription}${group}/Microsoft.Compute/${fromGallery ? `${definition}/versions/${names.indexOf(name)}.0.0` : `images/${name}`}`;
  await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
  const text = JSON.stringify(network(azure.subscription)).replaceAll('10.0.0.0/24', '10.0.0.0/20');
  for (const { path, body } of JSON.parse(text) as Put[]) await azure.armDone('PUT', path, body);
  const vm = machine(azure.subscription);
  await azure.armDone('PUT', vm.path, vm.body);
  await azure.armDone('POST', `${vm.path}/deallocate`);
  await azure.arm('POST', `${vm.path}/generalize`);
  const source = `${azure.subscription}${vm.path}`;
  if (fromGallery) await putVersions(azure, source);
  else
    for (const name of names)
      await azure.armDone('PUT', `${group}/Microsoft.Compute/images/${name}`, {
        location: 'westeurope',
        properties: { sourceVirtualMachine: { id: source } },
      });

  const body = scaleSetBody(azure.subscription, imageId('one'), options);
  const make = async () => {
    const made = await azure.armDone('PUT', `${sets}/web`, body);
    if (look(made, 'body.status') !== 'Succeeded') throw new Error(JSON.stringify(made.body));
  };
  await make();
  const { transport, proxy } = clientOf(azure);
  const { tenantId, clientId, clientSecret, subscriptionId } = azure.azure.connection;
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport.options);
  const runs: FakeAgent[] = [];

  return {
    azure,
    imageId,
    async run(given, host = {}) {
      const fake = fakeAgent({
        ...(host.signal === undefined ? {} : { signal: host.signal }),
        endpoints: { conn: endpointOf({ tenantId, clientId, clientSecret, subscriptionId }) },
      });
      runs.push(fake);
      const info = (line: string) => {
        fake.agent.info(line);
        host.onLine?.(line);
      };
      const agent = { ...fake.agent, info, proxyFor: () => proxy };
      // A clock for each run: the local Azure tells times of day in ours, and they must not drift apart for long.
      const clock = fastClock(timeScale);
      const own = { credential, clock, transport: transport.policy };
      const ports = {
        openAzure: (id: string, name: string) => openAzure(agent, id, name, own),
        probe: () => Promise.resolve(host.site?.() ?? { status: 200, body: '' }),
        clock,
      };
      try {
        const input = inputsOf({
          action: 'updateImage',
          scaleSetName: 'web',
          imageReference: imageId('two'),
          batchSize: '2',
          maxUnhealthy: '0',
          instanceTimeoutInMinutes: '10',
          ...given,
        });
        return { ...fake, outcome: await deployVmssImage(input, agent, ports), failed: false };
      } catch (error) {
        return { ...fake, outcome: describe(error), failed: true };
      }
    },
    async faults(rules) {
      const { status, body: said } = await azure.send('PUT', 'https://control.local-azure/faults', { rules });
      if (status >= 300) throw new Error(JSON.stringify(said));
    },
    async reset() {
      await azure.send('DELETE', 'https://control.local-azure/faults');
      await azure.armDone('DELETE', `${sets}/web`);
      await make();
    },
    async running() {
      const { body: list } = await azure.arm('GET', `${sets}/web/virtualMachines`);
      const { value } = list as {
        value: { properties: { storageProfile: { imageReference: { id: string } } } }[];
      };
      return value.map(one => one.properties.storageProfile.imageReference.id.split('/').at(-1) ?? '');
    },
    async upgradeMode() {
      const { body: set } = await azure.arm('GET', `${sets}/web`);
      return (set as { properties: { upgradePolicy: { mode: string } } }).properties.upgradePolicy.mode;
    },
    async close() {
      for (const one of runs) await one.close();
      await azure.close();
    },
  };
}

async function putVersions(azure: Fixture, source: string): Promise<void> {
  const location = 'westeurope';
  const compute = `${group}/Microsoft.Compute`;
  await azure.armDone('PUT', `${compute}/${definition.split('/images/')[0] ?? ''}`, { location });
  const identifier = { publisher: 'us', offer: 'site', sku: 'web' };
  await azure.armDone('PUT', `${compute}/${definition}`, {
    location,
    properties: { osType: 'Linux', osState: 'Generalized', identifier },
  });
  await Promise.all(
    names.slice(0, 2).map((_, index) =>
      azure.armDone('PUT', `${compute}/${definition}/versions/${index}.0.0`, {
        location,
        properties: {
          publishingProfile: { targetRegions: [{ name: location }] },
          storageProfile: { source: { virtualMachineId: source } },
        },
      }),
    ),
  );
}

/** @param scale how many of our seconds one of its seconds lasts */
export function fastClock(scale: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) / scale,
    sleep: (milliseconds, signal) => sleep(milliseconds * scale, signal),
  };
}

function clientOf(azure: Fixture) {
  const options = transportTo(azure.azure.connection);
  const { host, port } = options.proxyOptions;
  const policy: PipelinePolicy = options.additionalPolicies[0]!.policy;
  return { transport: { options, policy }, proxy: { host, port } };
}

function endpointOf(connection: {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
}) {
  const parameters: Readonly<Record<string, string>> = {
    tenantid: connection.tenantId,
    serviceprincipalid: connection.clientId,
    serviceprincipalkey: connection.clientSecret,
  };
  const data: Readonly<Record<string, string>> = {
    environment: 'AzureCloud',
    subscriptionid: connection.subscriptionId,
  };
  return {
    url: 'https://management.azure.com/',
    scheme: 'ServicePrincipal',
    parameter: (name: string) => parameters[name.toLowerCase()],
    data: (name: string) => data[name.toLowerCase()],
  };
}

function scaleSetBody(subscription: string, image: string, options: WorldOptions) {
  const { capacity, orchestration = 'Uniform', mode = 'Manual' } = options;
  const subnet = { id: `${subscription}${group}/Microsoft.Network/virtualNetworks/net/subnets/default` };
  const isFlexible = orchestration === 'Flexible';
  return {
    location: 'westeurope',
    sku: { name: 'Standard_B1s', capacity },
    properties: {
      orchestrationMode: orchestration,
      ...(isFlexible
        ? { platformFaultDomainCount: 1 }
        : { overprovision: false, singlePlacementGroup: false }),
      upgradePolicy: { mode },
      virtualMachineProfile: {
        storageProfile: { imageReference: { id: image } },
        osProfile: { computerNamePrefix: 'web', adminUsername: 'webadmin', adminPassword: password },
        networkProfile: {
          ...(isFlexible ? { networkApiVersion: '2020-11-01' } : {}),
          networkInterfaceConfigurations: [
            {
              name: 'nic',
              properties: {
                primary: true,
                ipConfigurations: [{ name: 'ip', properties: { subnet } }],
              },
            },
          ],
        },
        extensionProfile: {
          extensions: [
            {
              name: 'health',
              properties: {
                publisher: 'Microsoft.ManagedServices',
                type: 'ApplicationHealthLinux',
                typeHandlerVersion: '1.0',
                settings: { protocol: 'http', port: 8080, requestPath: '/health' },
              },
            },
          ],
        },
      },
    },
  };
}
