import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { balancer, machine, network } from './templates.js';

describe('Resource groups and the front door of the local Azure', () => {
  let azure: Fixture;
  beforeEach(async () => {
    azure = await startFixture();
  });
  afterEach(() => azure.close());

  it('are made, found, tagged, listed and deleted', async () => {
    assert.equal((await azure.arm('HEAD', '/resourcegroups/web')).status, 404);
    assert.equal(
      (await azure.arm('PUT', '/resourcegroups/web', { location: 'West Europe', tags: { a: '1' } })).status,
      201,
    );
    assert.equal((await azure.arm('PUT', '/resourceGroups/WEB', { location: 'westeurope' })).status, 200);
    assert.equal((await azure.arm('HEAD', '/resourcegroups/Web')).status, 204);
    const moved = await azure.arm('PUT', '/resourcegroups/web', { location: 'northeurope' });
    assert.equal(look(moved, 'body.error.code'), 'InvalidResourceGroupLocation');
    assert.deepEqual((await azure.resources.resourceGroups.update('web', { tags: { b: '2' } })).tags, {
      b: '2',
    });
    assert.equal((await azure.resources.resourceGroups.checkExistence('web')).body, true);
    const gone = await azure.arm('DELETE', '/resourcegroups/web');
    assert.equal(gone.status, 202);
    assert.equal((await azure.armDone('GET', String(gone.headers['location']))).status, 200);
    assert.equal(
      look(await azure.arm('GET', '/resourcegroups/web'), 'body.error.message'),
      "Resource group 'web' could not be found.",
    );
    assert.equal((await azure.resources.resourceGroups.checkExistence('web')).body, false);
  });

  it('take everything in them along, whatever depends on what', async () => {
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    const vm = machine(azure.subscription);
    for (const { path, body } of [...network(azure.subscription), vm]) await azure.armDone('PUT', path, body);
    await azure.armDone('DELETE', vm.path);
    const lb = balancer(azure.subscription);
    assert.equal(look(await azure.armDone('PUT', lb.path, lb.body), 'body.status'), 'Succeeded');
    const other = { ...vm, body: { ...vm.body } };
    await azure.armDone('PUT', other.path, other.body);
    await azure.resources.resourceGroups.beginDeleteAndWait('web', { updateIntervalInMs: 10 });
    assert.equal(azure.host.machines.size, 0);
    assert.deepEqual(
      azure.balancers.map(one => one.closed),
      [true],
    );
    assert.equal(azure.addresses.held.size, 0);
    assert.deepEqual(look(await azure.arm('GET', '/resources'), 'body.value'), []);
  });

  it('filter resources by type, name, group and tag', async () => {
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const { path, body } of network(azure.subscription))
      await azure.armDone('PUT', path, { ...body, tags: { part: 'net' } });
    const names = async (filter: string) =>
      look(await azure.arm('GET', `/resources?$filter=${encodeURIComponent(filter)}`), 'body.value.*.name');
    assert.deepEqual(await names("resourceType eq 'microsoft.network/virtualnetworks'"), ['net']);
    assert.deepEqual(await names("resourceGroup eq 'WEB' and name eq 'nic'"), ['nic']);
    assert.deepEqual(await names("tagName eq 'part' and tagValue eq 'NET'"), ['net', 'ip', 'nic']);
    for (const filter of ["colour eq 'red'", "name eq 'nic' or name eq 'ip'", "startswith(name, 'n')"]) {
      const refused = await azure.arm('GET', `/resources?$filter=${encodeURIComponent(filter)}`);
      assert.equal(look(refused, 'body.error.code'), 'InvalidFilterInQueryString', filter);
    }
  });

  const refusals: [string, string, string, unknown, number, string][] = [
    [
      'a missing api-version',
      'GET',
      '/resourcegroups?api-version=',
      undefined,
      400,
      'MissingApiVersionParameter',
    ],
    [
      'an api-version that is no date',
      'GET',
      '/resourcegroups?api-version=latest',
      undefined,
      400,
      'InvalidApiVersionParameter',
    ],
    [
      'another subscription',
      'GET',
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups',
      undefined,
      404,
      'SubscriptionNotFound',
    ],
    [
      'a group that is not there',
      'GET',
      '/resourcegroups/none/providers/Microsoft.Compute/images',
      undefined,
      404,
      'ResourceGroupNotFound',
    ],
    [
      'a resource that is not there',
      'GET',
      '/resourcegroups/here/providers/microsoft.compute/images/x',
      undefined,
      404,
      'ResourceNotFound',
    ],
    [
      'a type that is not there',
      'GET',
      '/resourcegroups/here/providers/Microsoft.Compute/spaceships/x',
      undefined,
      404,
      'InvalidResourceType',
    ],
    [
      'a namespace that is not there',
      'GET',
      '/resourcegroups/here/providers/Microsoft.Nothing/x/y',
      undefined,
      404,
      'InvalidResourceNamespace',
    ],
    [
      'an action that is not there',
      'POST',
      '/resourcegroups/here/providers/Microsoft.Compute/images/x/fly',
      undefined,
      404,
      'ResourceNotFound',
    ],
    ['a body that is no JSON', 'PUT', '/resourcegroups/here', '{"location": ', 400, 'InvalidRequestContent'],
    ['no location', 'PUT', '/resourcegroups/new', {}, 400, 'LocationRequired'],
    [
      'a name that is none',
      'PUT',
      '/resourcegroups/a%20b',
      { location: 'westeurope' },
      400,
      'InvalidResourceGroup',
    ],
    [
      'a deployment that is not there',
      'GET',
      '/resourcegroups/here/providers/Microsoft.Resources/deployments/x/operations',
      undefined,
      404,
      'DeploymentNotFound',
    ],
    ['an operation that is not there', 'GET', '/operationresults/x', undefined, 404, 'NotFound'],
  ];
  for (const [what, method, path, body, status, code] of refusals) {
    it(`refuse ${what} with ${status} ${code}`, async () => {
      await azure.arm('PUT', '/resourcegroups/here', { location: 'westeurope' });
      const answer = await azure.arm(method as 'GET', path, body);
      assert.equal(answer.status, status);
      assert.equal(look(answer, 'body.error.code'), code);
      assert.ok(answer.headers['x-ms-request-id']);
    });
  }

  it('read JSON with comments, and bodies of other clients', async () => {
    const answer = await azure.arm(
      'PUT',
      '/resourcegroups/here',
      '{ /* where */ "location": "westeurope", // ours\n }',
    );
    assert.equal(answer.status, 201);
  });
});
