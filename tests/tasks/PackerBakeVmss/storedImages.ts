/** A local Azure in this process, with stand-ins for machines, in which tests put images: in the group `web`, and in its gallery's definition `gal/web`. */
import assert from 'node:assert/strict';
import { createArmClient, type ArmClient } from '../../../shared/azure/armClient.js';
import { openConnection } from '../../../shared/azure/connection.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { look, startFixture, transportTo, type Fixture } from '../../local/azure/fixture.js';
import { machine, network } from '../../local/azure/templates.js';

type Tags = Readonly<Record<string, string>>;

/** What tests have of it. */
export interface StoredImages {
  readonly azure: Fixture;
  readonly arm: ArmClient;
  readonly fake: FakeAgent;
  readonly definitionId: string;
  imageId(name: string): string;
  /** Makes the machine, stopped and generalized, of which images are made; it is there unless a test has deleted it. */
  makeMachine(): Promise<void>;
  /** Makes a managed image. */
  image(name: string, tags?: Tags): Promise<void>;
  /**
   * Makes a version of the gallery's image of a managed one.
   * @param publishing beside its only region, westeurope
   */
  version(name: string, of: string, tags?: Tags, publishing?: object): Promise<void>;
  close(): Promise<void>;
}

/** Starts it. */
export async function startStoredImages(): Promise<StoredImages> {
  const azure = await startFixture();
  const { connection } = azure.azure;
  const fake = fakeAgent({
    endpoints: {
      azure: {
        url: 'https://management.azure.com/',
        scheme: 'ServicePrincipal',
        parameter: name => (name === 'authenticationType' ? 'spnKey' : connection.clientSecret),
        data: name => (name === 'subscriptionId' ? connection.subscriptionId : undefined),
      },
    },
  });
  const { proxyOptions, additionalPolicies } = transportTo(connection);
  const agent = { ...fake.agent, proxyFor: () => proxyOptions };
  const arm = createArmClient(agent, openConnection(agent, 'azure'), {
    credential: azure.credential,
    transport: additionalPolicies[0]!.policy,
  });
  const compute = '/resourceGroups/web/providers/Microsoft.Compute';
  const definition = `${compute}/galleries/gal/images/web`;
  const vm = machine(azure.subscription);
  const imageId = (name: string) => `${azure.subscription}${compute}/images/${name}`;
  const put = async (path: string, body: object) => {
    const made = await azure.armDone('PUT', path, { location: 'westeurope', ...body });
    assert.ok([undefined, 'Succeeded'].includes(look(made, 'body.status') as string | undefined));
    assert.equal(look(made, 'body.error'), undefined);
  };

  await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
  for (const { path, body } of network(azure.subscription)) await azure.armDone('PUT', path, body);
  const makeMachine = async () => {
    await azure.armDone('PUT', vm.path, vm.body);
    await azure.armDone('POST', `${vm.path}/deallocate`);
    await azure.arm('POST', `${vm.path}/generalize`);
  };
  await makeMachine();
  await azure.armDone('PUT', `${compute}/galleries/gal`, { location: 'westeurope' });
  const identifier = { publisher: 'p', offer: 'o', sku: 's' };
  await azure.armDone('PUT', definition, {
    location: 'westeurope',
    properties: { osType: 'Linux', osState: 'Generalized', identifier },
  });
  return {
    azure,
    arm,
    fake,
    definitionId: azure.subscription + definition,
    imageId,
    makeMachine,
    image: (name, tags = {}) =>
      put(`${compute}/images/${name}`, {
        tags,
        properties: { sourceVirtualMachine: { id: `${azure.subscription}${vm.path}` } },
      }),
    version: (name, of, tags = {}, publishing = {}) =>
      put(`${definition}/versions/${name}`, {
        tags,
        properties: {
          publishingProfile: { targetRegions: [{ name: 'westeurope' }], ...publishing },
          storageProfile: { source: { id: imageId(of) } },
        },
      }),
    async close() {
      await fake.close();
      await azure.close();
    },
  };
}
