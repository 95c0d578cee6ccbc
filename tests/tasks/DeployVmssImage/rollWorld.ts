/** The task's use case against a local Azure in the same process, both in a time that runs faster than ours. */
import { simulateInstances } from '../../../local/azure/machines/simulatedHost.js';
import { FakeHost } from '../../local/azure/fakes.js';
import { look, startFixture, type Fixture } from '../../local/azure/fixture.js';
import { machine, network, password, type Put } from '../../local/azure/templates.js';
import { taskRuns, type TaskRuns } from './taskRuns.js';

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

export interface RollWorld {
  readonly azure: Fixture;
  imageId(name: string): string;
  /** Deploys an image with the task: `two`, two instances at a time, unless the inputs say otherwise. */
  readonly run: TaskRuns['run'];
  /** Replaces the faults of the local Azure by these. */
  faults(rules: readonly unknown[]): Promise<void>;
  /** Makes the scale set anew. */
  reset(): Promise<void>;
  /** The image of each instance, by its name's last part. */
  running(): Promise<string[]>;
  upgradeMode(): Promise<string>;
  close(): Promise<void>;
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
  const runs = taskRuns(azure, timeScale);

  return {
    azure,
    imageId,
    run: (given, host) =>
      runs.run(
        {
          action: 'updateImage',
          scaleSetName: 'web',
          imageReference: imageId('two'),
          batchSize: '2',
          maxUnhealthy: '0',
          instanceTimeoutInMinutes: '10',
          ...given,
        },
        host,
      ),
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
      await runs.close();
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
