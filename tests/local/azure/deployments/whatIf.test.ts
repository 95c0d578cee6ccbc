import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from '../fixture.js';
import {
  balancer,
  interfaceInNet,
  machine,
  network as machineNetwork,
  platformImage,
  scaleSet,
} from '../templates.js';

const network = (name: string) => ({
  type: 'Microsoft.Network/virtualNetworks',
  apiVersion: '2023-09-01',
  name,
  location: 'West Europe',
  tags: { owner: 'web' } as Record<string, string>,
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
  },
});

const template = (...resources: unknown[]) => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources,
});

describe('What-if and Complete mode in the local Azure', () => {
  let azure: Fixture;
  const root = '/resourceGroups/web/providers/Microsoft.Resources/deployments';
  const body = (content: unknown, more: Record<string, unknown> = {}) => ({
    properties: { mode: 'Incremental', template: content, ...more },
  });
  const whatIf = async (content: unknown, more: Record<string, unknown> = {}) => {
    const done = await azure.armDone('POST', `${root}/release/whatIf`, body(content, more));
    assert.equal(done.status, 200, JSON.stringify(done.body));
    assert.equal(look(done, 'body.status'), 'Succeeded');
    return look(done, 'body.properties.changes') as readonly Record<string, unknown>[];
  };
  const deploy = async (content: unknown, more: Record<string, unknown> = {}) => {
    const done = await azure.armDone('PUT', `${root}/release`, body(content, more));
    return look(done, 'body') as Record<string, unknown>;
  };
  const id = (type: string, name: string) =>
    `${azure.subscription}/resourceGroups/web/providers/${type}/${name}`;
  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
  });
  afterEach(() => azure.close());

  it('answers 202 with a Location and then what would be created, and creates nothing', async () => {
    const first = await azure.arm('POST', `${root}/release/whatIf`, body(template(network('net'))));
    assert.equal(first.status, 202);
    assert.equal(first.body, '');
    assert.equal(first.headers['azure-asyncoperation'], undefined);
    const job = /\/operationresults\/([\w-]+)\?/.exec(first.headers['location'] ?? '')?.[1] ?? '';
    assert.match(Buffer.from(job, 'base64url').toString(), /^\{"jobId":"DeploymentWhatIfJob-WEB-RELEASE-/);
    const [change, ...more] = await whatIf(template(network('net')));
    assert.deepEqual(more, []);
    assert.equal(change?.['changeType'], 'Create');
    assert.equal(change['resourceId'], id('Microsoft.Network/virtualNetworks', 'net'));
    assert.equal(look(change, 'after.apiVersion'), '2023-09-01');
    assert.equal(look(change, 'after.properties.subnets.0.name'), 'default');
    assert.equal(change['before'], undefined);
    assert.equal((await azure.arm('GET', change['resourceId'])).status, 404);
    assert.equal((await azure.arm('GET', `${root}/release`)).status, 404);
  });

  it('sees no change in what was deployed, and each property that another template changes', async () => {
    await deploy(template(network('net')));
    const [same] = await whatIf(template(network('net')));
    assert.equal(same?.['changeType'], 'NoChange', JSON.stringify(same));
    assert.equal(same['delta'], undefined);

    const other = network('net');
    other.tags = { stage: 'test' };
    other.properties.addressSpace.addressPrefixes = ['10.0.0.0/16', '10.1.0.0/16'];
    other.properties.subnets = [
      { name: 'more', properties: { addressPrefix: '10.0.1.0/24' } },
      { name: 'default', properties: { addressPrefix: '10.0.2.0/24' } },
    ];
    Object.assign(other.properties, { provisioningState: 'Great', enableDdosProtection: true });
    const [change] = await whatIf(template(other));
    assert.equal(change?.['changeType'], 'Modify');
    assert.equal(look(change, 'before.tags.owner'), 'web');
    assert.equal(look(change, 'before.properties.resourceGuid'), undefined);
    const delta = change['delta'] as { path: string; propertyChangeType: string; children?: unknown }[];
    const at = (path: string) => delta.find(one => one.path === path);
    assert.deepEqual(at('tags.stage'), { path: 'tags.stage', propertyChangeType: 'Create', after: 'test' });
    assert.deepEqual(at('tags.owner'), { path: 'tags.owner', propertyChangeType: 'Delete', before: 'web' });
    assert.deepEqual(at('properties.enableDdosProtection'), {
      path: 'properties.enableDdosProtection',
      propertyChangeType: 'Modify',
      before: false,
      after: true,
    });
    assert.equal(at('properties.provisioningState')?.propertyChangeType, 'NoEffect');
    assert.deepEqual(at('properties.addressSpace.addressPrefixes'), {
      path: 'properties.addressSpace.addressPrefixes',
      propertyChangeType: 'Array',
      children: [{ path: '1', propertyChangeType: 'Create', after: '10.1.0.0/16' }],
    });
    assert.deepEqual(look(at('properties.subnets'), 'children.*.propertyChangeType'), ['Create', 'Modify']);
    assert.deepEqual(look(at('properties.subnets'), 'children.1.children'), [
      {
        path: 'properties.addressPrefix',
        propertyChangeType: 'Modify',
        before: '10.0.0.0/24',
        after: '10.0.2.0/24',
      },
    ]);
    assert.equal(delta.length, 6, JSON.stringify(delta));
  });

  it('sees no change in machines and scale sets as they are, and what another size would change', async () => {
    const puts = (capacity: number) => [
      ...machineNetwork(azure.subscription),
      machine(azure.subscription),
      balancer(azure.subscription),
      scaleSet(azure.subscription, { image: platformImage, capacity }),
    ];
    for (const put of puts(2)) await azure.armDone('PUT', put.path, put.body);
    const asTemplate = (capacity: number) =>
      template(
        ...puts(capacity).map(put => ({
          type: put.path.split('/').slice(4, -1).join('/'),
          apiVersion: '2023-09-01',
          name: put.path.split('/').at(-1),
          ...put.body,
        })),
      );
    const of = (changes: readonly Record<string, unknown>[], kind: string) =>
      changes.filter(one => one['changeType'] === kind);
    const same = await whatIf(asTemplate(2));
    assert.equal(of(same, 'NoChange').length, 6, JSON.stringify(same.map(one => one['delta'])));
    assert.equal(of(same, 'Ignore').length, 1, 'the OS disk of the machine');
    const [modified, ...others] = of(await whatIf(asTemplate(3)), 'Modify');
    assert.deepEqual(others, []);
    assert.deepEqual(modified?.['delta'], [
      { path: 'sku.capacity', propertyChangeType: 'Modify', before: 2, after: 3 },
    ]);
    const complete = await whatIf(asTemplate(2), { mode: 'Complete' });
    assert.equal(of(complete, 'Delete').length, 0, 'a disk that a machine manages stays');
  });

  it('tells ids and kinds only when asked for no more', async () => {
    await deploy(template(network('net'), network('old')));
    const changes = await whatIf(template(network('net'), network('new')), {
      whatIfSettings: { resultFormat: 'ResourceIdOnly' },
    });
    assert.deepEqual(changes, [
      { resourceId: id('Microsoft.Network/virtualNetworks', 'net'), changeType: 'Deploy' },
      { resourceId: id('Microsoft.Network/virtualNetworks', 'new'), changeType: 'Create' },
      { resourceId: id('Microsoft.Network/virtualNetworks', 'old'), changeType: 'Ignore' },
    ]);
    const complete = await whatIf(template(network('net')), { mode: 'Complete' });
    assert.equal(complete[1]?.['changeType'], 'Delete');
    assert.equal(complete[1]['after'], undefined);
    assert.equal(look(complete[1], 'before.name'), 'old');
  });

  it('looks into nested deployments, and says of which it cannot', async () => {
    const nested = (name: string, location: string) => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name,
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'inner' },
        parameters: { location: { value: location } },
        template: {
          ...template({ ...network(`net-${name}`), location: "[parameters('location')]" }),
          parameters: { location: { type: 'string' } },
        },
      },
    });
    const changes = await whatIf(
      template(
        network('net'),
        nested('clear', 'westeurope'),
        nested('later', "[reference('net', '2023-09-01', 'full').location]"),
      ),
    );
    assert.deepEqual(look(changes, '*.changeType'), ['Create', 'Create', 'Unsupported']);
    assert.equal(changes[1]?.['resourceId'], id('Microsoft.Network/virtualNetworks', 'net-clear'));
    assert.match(String(changes[2]?.['unsupportedReason']), /cannot be analyzed/);
  });

  it('never shows the value of a secure parameter, whatever the template makes of it', async () => {
    const secret = 'S3cret-of-the-test';
    const inner = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'inner',
      properties: {
        mode: 'Incremental',
        template: template({ ...network('inner-net'), tags: { copied: "[parameters('pass')]" } }),
      },
    };
    const content = {
      ...template(
        {
          ...network('net'),
          tags: { plain: "[parameters('pass')]", coded: "[base64(variables('both'))]", kept: 'yes' },
        },
        inner,
      ),
      parameters: { pass: { type: 'secureString', defaultValue: 'unused-preset' } },
      variables: { both: "[concat('x', parameters('pass'))]" },
    };
    const given = { parameters: { pass: { value: secret } } };
    const hidden = (value: unknown) => {
      const text = JSON.stringify(value);
      assert.ok(!text.includes(secret), text);
      assert.ok(!text.includes(Buffer.from(`x${secret}`).toString('base64')), text);
    };
    const changes = await whatIf(content, given);
    hidden(changes);
    assert.equal(look(changes[0], 'after.tags.plain'), "[parameters('pass')]");
    assert.equal(look(changes[0], 'after.tags.kept'), 'yes');
    assert.equal((await deploy(content, given))['status'], 'Succeeded');
    for (const path of ['', '/operations']) hidden((await azure.arm('GET', `${root}/release${path}`)).body);
    for (const name of ['release', 'inner']) {
      const exported = await azure.arm('POST', `${root}/${name}/exportTemplate`);
      assert.equal(exported.status, 200);
      hidden(exported.body);
      assert.ok(!JSON.stringify(exported.body).includes('unused-preset'));
    }
    hidden(await whatIf({ ...content, resources: [] }, given).then(all => all.map(one => one['delta'])));
  });

  it('refuses what PUT would refuse, at once', async () => {
    const bad = await azure.arm(
      'POST',
      `${root}/release/whatIf`,
      body({ ...template(), resources: undefined }),
    );
    assert.equal(bad.status, 400);
    assert.equal(look(bad, 'body.error.code'), 'InvalidTemplate');
  });

  it('deletes in Complete mode what the template does not hold, users before what they use', async () => {
    assert.equal((await deploy(template(network('net'), interfaceInNet)))['status'], 'Succeeded');
    const gone = await deploy(template(network('other')), { mode: 'Complete' });
    assert.equal(gone['status'], 'Succeeded', JSON.stringify(gone));
    const left = await azure.arm('GET', '/resourceGroups/web/resources');
    assert.deepEqual(look(left, 'body.value.*.name'), ['other']);
    const operations = await azure.arm('GET', `${root}/release/operations`);
    assert.deepEqual(look(operations, 'body.value.*.properties.provisioningOperation'), [
      'Delete',
      'Delete',
      'Create',
    ]);
    assert.equal(look(operations, 'body.value.0.properties.targetResource.resourceName'), 'net');

    await deploy(template(network('net'), interfaceInNet));
    const refused = await deploy(template({ ...interfaceInNet, dependsOn: [] }), { mode: 'Complete' });
    assert.equal(refused['status'], 'Failed');
    assert.match(JSON.stringify(refused), /InUseSubnetCannotBeDeleted/);
    assert.equal((await azure.arm('GET', id('Microsoft.Network/virtualNetworks', 'net'))).status, 200);
  });
});
