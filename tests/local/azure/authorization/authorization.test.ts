import assert from 'node:assert/strict';
import type { RoleDefinition } from '../../../../local/azure/authorization/roleDefinition.js';
import { look, startFixture, type Fixture } from '../fixture.js';
import { balancer, machine, network, platformImage, scaleSet } from '../templates.js';

const control = 'https://control.local-azure/roles';
const provider = (type: string, name: string) => `/resourceGroups/web/providers/${type}/${name}`;
const set = provider('Microsoft.Compute/virtualMachineScaleSets', 'web');
const inGroup = ['/subscriptions/{subscriptionId}/resourceGroups/web'];

const role = (
  actions: readonly string[],
  notActions: readonly string[] = [],
  assignableScopes: readonly string[] = inGroup,
): RoleDefinition => ({ name: 'Deployer', permissions: [{ actions, notActions }], assignableScopes });

describe('A custom role', function () {
  this.timeout(120_000);
  let azure: Fixture;
  let who: string;

  before(async () => {
    azure = await startFixture(
      { offset: 0 },
      {
        resourceGroups: new Map([
          ['web', 'westeurope'],
          ['other', 'westeurope'],
        ]),
      },
    );
    for (const { path, body } of [
      ...network(azure.subscription),
      balancer(azure.subscription),
      scaleSet(azure.subscription, { image: platformImage, capacity: 2 }),
    ]) {
      await azure.armDone('PUT', path, body);
    }
    const { claims } = await signedIn(azure);
    who = `The client '${azure.azure.connection.clientId}' with object id '${String(claims['oid'])}'`;
  });
  after(() => azure.close());
  afterEach(() => azure.send('DELETE', control));

  it('allows what it names, at its scopes, and refuses the rest as Azure does', async () => {
    await azure.send('PUT', control, role(['Microsoft.Compute/virtualMachineScaleSets/*'], ['*/delete']));
    assert.equal((await azure.arm('GET', set)).status, 200);
    assert.equal((await azure.arm('GET', `${set}/virtualMachines`)).status, 200);
    const refused = await azure.arm('DELETE', set);
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['x-ms-failure-cause'], 'gateway');
    assert.deepEqual(refused.body, {
      error: {
        code: 'AuthorizationFailed',
        message:
          `${who} does not have authorization to perform action 'Microsoft.Compute/virtualMachineScaleSets/delete' over scope ` +
          `'${azure.subscription}${set}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      },
    });
    const elsewhere = await azure.arm('GET', set.replace('/web/', '/other/'));
    assert.deepEqual([elsewhere.status, look(elsewhere, 'body.error.code')], [403, 'AuthorizationFailed']);
    const absent = await azure.arm('GET', set.replace('/web/', '/nowhere/'));
    assert.equal(absent.status, 403, 'who may not look is not told that there is nothing');
    assert.equal((await azure.arm('GET', provider('Microsoft.Network/loadBalancers', 'lb'))).status, 403);
  });

  it('is asked for what a write refers to, too', async () => {
    const { path, body } = scaleSet(azure.subscription, { image: platformImage, capacity: 2 });
    const join = ['virtualNetworks/subnets', 'loadBalancers/backendAddressPools', 'loadBalancers/probes'].map(
      type => `Microsoft.Network/${type}/join/action`,
    );
    await azure.send('PUT', control, role(['Microsoft.Compute/*', ...join.slice(0, 1)]));
    const refused = await azure.arm('PUT', path, body);
    const linked = `${azure.subscription}${provider('Microsoft.Network/loadBalancers', 'lb')}`;
    assert.deepEqual(
      [refused.status, look(refused, 'body.error')],
      [
        403,
        {
          code: 'LinkedAuthorizationFailed',
          message:
            `${who} has permission to perform action 'Microsoft.Compute/virtualMachineScaleSets/write' on scope ` +
            `'${azure.subscription}${set}'; however, it does not have permission to perform action(s) ` +
            `'Microsoft.Network/loadBalancers/probes/join/action, Microsoft.Network/loadBalancers/backendAddressPools/join/action' ` +
            `on the linked scope(s) '${linked}/probes/health, ${linked}/backendAddressPools/pool' (respectively) ` +
            'or the linked scope(s) are invalid.',
        },
      ],
    );
    assert.equal(
      (await azure.arm('PATCH', path, { tags: { release: '1' } })).status,
      200,
      'tags refer to nothing',
    );
    await azure.send('PUT', control, [role(['Microsoft.Compute/*']), role(join, [], ['/'])]);
    assert.equal((await azure.arm('PUT', path, body)).status, 200, 'roles add up');
  });

  it('needs the actions of polling, wherever it is assigned', async () => {
    await azure.send('PUT', control, role(['Microsoft.Compute/virtualMachineScaleSets/*']));
    const accepted = await azure.arm('POST', `${set}/manualupgrade`, { instanceIds: ['0'] });
    assert.equal(accepted.status, 202);
    const poll = accepted.headers['azure-asyncoperation'] ?? '';
    assert.match(
      String(look(await azure.arm('GET', poll), 'body.error.message')),
      /locations\/operations\/read/,
    );
    await azure.send('PUT', control, role(['Microsoft.Compute/locations/operations/read']));
    assert.equal((await azure.arm('GET', poll)).status, 200);
  });

  it('shows of lists of the subscription what may be read', async () => {
    await azure.send(
      'PUT',
      control,
      role(['Microsoft.Network/*/read', 'Microsoft.Resources/subscriptions/resourceGroups/read']),
    );
    const types = look(await azure.arm('GET', '/resources'), 'body.value.*.type');
    assert.ok(Array.isArray(types) && types.includes('Microsoft.Network/loadBalancers'));
    assert.ok(types.every(type => String(type).startsWith('Microsoft.Network/')));
    assert.deepEqual(look(await azure.arm('GET', '/resourcegroups'), 'body.value.*.name'), ['web']);
    const sets = '/providers/Microsoft.Compute/virtualMachineScaleSets';
    assert.deepEqual(look(await azure.arm('GET', sets), 'body.value'), []);
  });

  it('is asked for all that a template names before its deployment begins', async () => {
    const deployment = provider('Microsoft.Resources/deployments', 'release');
    const { body } = machine(azure.subscription);
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.Compute/virtualMachines', name: 'vm', apiVersion: '2024-07-01', ...body },
        {
          type: 'Microsoft.Network/publicIPAddresses',
          name: 'second',
          apiVersion: '2024-05-01',
          location: 'westeurope',
          properties: {},
        },
      ],
    };
    const asked = { properties: { mode: 'Incremental', template } };
    const deploying = ['Microsoft.Resources/deployments/*'];
    await azure.send('PUT', control, role(deploying));
    const sentence = (name: string, type: string) =>
      `Authorization failed for template resource '${name}' of type '${type}'. ${who} does not have permission to perform action ` +
      `'${type}/write' at scope '${azure.subscription}${provider(type, name)}'.`;
    const expected = {
      code: 'InvalidTemplateDeployment',
      message:
        `The template deployment failed with error: '${sentence('vm', 'Microsoft.Compute/virtualMachines')}:` +
        `${sentence('second', 'Microsoft.Network/publicIPAddresses')}'.`,
    };
    for (const [method, path] of [
      ['PUT', deployment],
      ['POST', `${deployment}/validate`],
      ['POST', `${deployment}/whatIf`],
    ] as const) {
      const refused = await azure.arm(method, path, asked);
      assert.deepEqual([refused.status, look(refused, 'body.error')], [400, expected], path);
    }

    await azure.send(
      'PUT',
      control,
      role([
        ...deploying,
        'Microsoft.Compute/virtualMachines/write',
        'Microsoft.Network/publicIPAddresses/write',
      ]),
    );
    const failed = await azure.armDone('PUT', deployment, asked);
    assert.deepEqual(look(failed, 'body.error.details.*.code'), ['LinkedAuthorizationFailed']);
    const operations = await azure.arm('GET', `${deployment}/operations`);
    assert.deepEqual(look(operations, 'body.value.*.properties.statusCode'), ['Created', 'Forbidden']);
  });

  it('may be given from the start, and is refused where it can be assigned nowhere', async () => {
    const other = await startFixture(
      { offset: 0 },
      { roles: [role(['Microsoft.Compute/*/read'], [], ['/'])] },
    );
    try {
      assert.equal((await other.arm('PUT', '/resourcegroups/web', { location: 'westeurope' })).status, 403);
      assert.equal((await other.arm('GET', '/providers/Microsoft.Compute/images')).status, 200);
      const foreign = role(['*'], [], ['/subscriptions/5ca082f3-0000-0000-0000-000000000000']);
      const refused = await other.send('PUT', control, foreign);
      assert.equal(refused.status, 400);
      assert.match(
        String(look(refused, 'body.error.message')),
        /can be assigned nowhere in this local Azure/,
      );
      assert.equal(
        look(await other.send('GET', control), 'body.roles.0.name'),
        'Deployer',
        'and the old one stays',
      );
    } finally {
      await other.close();
    }
  });
});

async function signedIn(azure: Fixture): Promise<{ readonly claims: Record<string, unknown> }> {
  const { token } = await azure.credential.getToken('https://management.azure.com/.default');
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return { claims: JSON.parse(text) as Record<string, unknown> };
}
