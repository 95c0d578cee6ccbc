import assert from 'node:assert/strict';
import { look, startFixture, type Answer, type Fixture } from './fixture.js';
import { machine, network } from './templates.js';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const images = '/resourceGroups/web/providers/Microsoft.Compute/images/one';

/** Polls to the end. */
async function armEnd(local: Fixture, poll: string): Promise<Answer> {
  for (;;) {
    const answer = await local.arm('GET', poll);
    if (answer.status !== 202 && look(answer, 'body.status') !== 'InProgress') return answer;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

describe('Long-running operations of the local Azure', () => {
  let azure: Fixture | undefined;
  const started = async (timeScale = 0): Promise<Fixture> => {
    azure = await startFixture({ offset: 0 }, { timeScale });
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    return azure;
  };
  afterEach(() => azure?.close());

  const cases: readonly (readonly [name: string, path: string, body: unknown, expected: object])[] = [
    [
      'a virtual network',
      '/resourceGroups/web/providers/Microsoft.Network/virtualNetworks/v',
      { properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } } },
      { status: 201, async: 'operations', retryAfter: '3', notification: 'Enabled', state: 'Updating' },
    ],
    [
      'a storage account',
      '/resourceGroups/web/providers/Microsoft.Storage/storageAccounts/account1',
      { sku: { name: 'Standard_LRS' }, kind: 'StorageV2' },
      { status: 202, location: 'asyncoperations', retryAfter: '17' },
    ],
    [
      'a public address',
      '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/p',
      { properties: {} },
      { status: 201, async: 'operations', retryAfter: '1', notification: 'Enabled', state: 'Updating' },
    ],
  ];
  for (const [name, path, body, expected] of cases) {
    it(`start as Azure's do when ${name} is made at Azure's own pace`, async () => {
      const local = await started(1);
      const answer = await local.arm('PUT', path, { location: 'westeurope', ...(body as object) });
      const segment = (header: string) =>
        answer.headers[header] === undefined
          ? undefined
          : new URL(answer.headers[header]).pathname.split('/').at(-2);
      const seen = {
        status: answer.status,
        async: segment('azure-asyncoperation'),
        location: segment('location'),
        retryAfter: answer.headers['retry-after'],
        notification: answer.headers['azure-asyncnotification'],
        state: look(answer, 'body.properties.provisioningState'),
      };
      assert.deepEqual(JSON.parse(JSON.stringify(seen)), expected);
    });
  }

  it('show a machine in Creating and its operation in progress until its time has come, then both Succeeded', async () => {
    const local = await started(0.001);
    for (const { path, body } of network(local.subscription)) await local.armDone('PUT', path, body);
    const vm = machine(local.subscription);
    let boot: (value: unknown) => void = () => undefined;
    local.host.gate = new Promise(resolve => (boot = resolve));
    const answer = await local.arm('PUT', vm.path, vm.body);
    assert.equal(look(answer, 'body.properties.provisioningState'), 'Creating');
    const poll = String(answer.headers['azure-asyncoperation']);
    const query = [...new URL(poll).searchParams.keys()];
    assert.deepEqual(query, ['p', 'api-version', 't', 'c', 's', 'h']);
    assert.ok(poll.length > 1024, poll);
    const running = await local.arm('GET', poll);
    assert.equal(running.status, 200);
    assert.deepEqual(Object.keys(running.body as object), ['startTime', 'status', 'name']);
    assert.match(String(look(running, 'body.name')), guid);
    assert.equal(look(await local.arm('GET', vm.path), 'body.properties.provisioningState'), 'Creating');
    boot(undefined);
    const done = await armEnd(local, poll);
    assert.deepEqual(Object.keys(done.body as object), ['startTime', 'endTime', 'status', 'name']);
    assert.equal(look(await local.arm('GET', vm.path), 'body.properties.provisioningState'), 'Succeeded');
  });

  it('tell how much longer a machine takes, in whole seconds of the scaled time, and go-autorest at least 1', async () => {
    const local = await started(0.5);
    for (const { path, body } of network(local.subscription)) await local.armDone('PUT', path, body);
    const vm = machine(local.subscription);
    const answer = await local.arm('PUT', vm.path, vm.body);
    assert.equal(answer.headers['retry-after'], '5');
    const poll = String(answer.headers['azure-asyncoperation']);
    const wait = Number((await local.arm('GET', poll)).headers['retry-after']);
    assert.ok(Number.isInteger(wait) && wait > 5 && wait <= 16, String(wait));
  });

  it('ask nobody but go-autorest to wait where the scale leaves less than a second', async () => {
    const local = await started();
    const path = '/resourceGroups/web/providers/Microsoft.Network/virtualNetworks/v';
    const body = {
      location: 'westeurope',
      properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    };
    assert.equal((await local.arm('PUT', path, body)).headers['retry-after'], undefined);
    const packer = { 'user-agent': 'Packer/1.6.6 go-autorest/v14' };
    assert.equal((await local.arm('PUT', path, body, packer)).headers['retry-after'], '1');
  });

  it('of a deletion are told in both ways, and those of network have results of their own kind', async () => {
    const local = await started(1);
    const path = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/p';
    await local.arm('PUT', path, { location: 'westeurope', properties: {} });
    const gone = await local.arm('DELETE', path);
    assert.equal(gone.status, 202);
    const [result, document] = [
      String(gone.headers['location']),
      String(gone.headers['azure-asyncoperation']),
    ];
    assert.match(result, /\/operationResults\/[-0-9a-f]{36}\?/);
    assert.match(document, /\/operations\/[-0-9a-f]{36}\?/);
    const pending = await local.arm('GET', result);
    assert.equal(pending.status, 202);
    assert.equal(pending.headers['location'], result);
    assert.deepEqual((await local.arm('GET', document)).body, { status: 'InProgress' });
    assert.equal(look(await local.arm('GET', path), 'body.properties.provisioningState'), 'Deleting');
  });

  it('of a deletion end with 200 and an empty body, and nothing is there', async () => {
    const local = await started();
    const path = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/p';
    await local.armDone('PUT', path, { location: 'westeurope', properties: {} });
    const gone = await local.arm('DELETE', path);
    const result = await armEnd(local, String(gone.headers['location']));
    assert.deepEqual([result.status, result.body], [200, '']);
    assert.equal((await local.arm('GET', path)).status, 404);
  });

  it('of a group are named by its job, of a deployment by digits that count down', async () => {
    const local = await started();
    const gone = await local.arm('DELETE', '/resourcegroups/web');
    const id = /operationresults\/([^?]+)/.exec(String(gone.headers['location']))?.[1] ?? '';
    assert.deepEqual(JSON.parse(Buffer.from(id, 'base64url').toString()), {
      jobId: 'RESOURCEGROUPDELETIONJOB-WEB-WESTEUROPE',
      jobLocation: 'westeurope',
    });
    await armEnd(local, String(gone.headers['location']));
    await local.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [],
    };
    const deploy = async (name: string) => {
      const path = `/resourcegroups/web/providers/Microsoft.Resources/deployments/${name}`;
      const answer = await local.arm('PUT', path, { properties: { mode: 'Incremental', template } });
      return /operationStatuses\/(\d+)\?/.exec(String(answer.headers['azure-asyncoperation']))?.[1] ?? '';
    };
    const [first, second] = [await deploy('a'), await deploy('b')];
    assert.match(first, /^08\d{18}$/);
    assert.ok(second < first);
  });

  it('are 404 when nobody started them', async () => {
    const local = await started();
    const path =
      '/providers/Microsoft.Compute/locations/westeurope/operations/5b0f1f37-0000-4000-8000-000000000000';
    assert.equal((await local.arm('GET', path)).status, 404);
    assert.equal((await local.arm('DELETE', images)).status, 204);
  });
});
