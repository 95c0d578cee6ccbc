import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from '../fixture.js';
import { interfaceInNet, machine, network } from '../templates.js';

const template = (...resources: unknown[]) => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources,
});
const empty = (name: string) => ({
  type: 'Microsoft.Compute/availabilitySets',
  apiVersion: '2024-07-01',
  name,
  location: 'westeurope',
  properties: {},
});

describe('Requests about deployments in the local Azure', () => {
  let azure: Fixture;
  const root = '/resourceGroups/web/providers/Microsoft.Resources/deployments';
  const body = (content: unknown, more: Record<string, unknown> = {}) => ({
    properties: { mode: 'Incremental', template: content, ...more },
  });
  before(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
  });
  after(() => azure.close());

  it('take the body that the Azure CLI sends, and keep its lines', async () => {
    const text = `{"properties": {"parameters": {}, "mode": "Incremental", template:{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0", // a comment
  "parameters": {
    "size": { "type": "string", "metadata": { "description": "two
      lines" } }
  },
  "resources": [],
}}}`;
    const refused = await azure.arm('POST', `${root}/az/validate`, text);
    assert.deepEqual(look(refused, 'body.error.additionalInfo.0.info'), {
      lineNumber: 5,
      linePosition: 13,
      path: 'properties.template.parameters.size',
    });
    const taken = await azure.arm(
      'POST',
      `${root}/az/validate`,
      text.replace('"type": "string"', '"type": "string", defaultValue: \'S\''),
    );
    assert.equal(taken.status, 200);
    assert.equal(look(taken, 'body.properties.timestamp'), '0001-01-01T00:00:00Z');
    assert.deepEqual(look(taken, 'body.properties.parameters'), { size: { type: 'String', value: 'S' } });
    const broken = await azure.arm('POST', `${root}/az/validate`, '{"properties": {"mode": ');
    assert.equal(broken.status, 400);
    assert.match(
      String(look(broken, 'body.error.message')),
      /Unexpected end of content\. Line 1, position 25/,
    );
  });

  it('are refused where they lead to what is not there', async () => {
    const link = { uri: 'https://templates.example/main.json?sig=Geheim' };
    const nested = (templateLink: unknown) => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'linked',
      properties: { mode: 'Incremental', templateLink },
    });
    const code = async (content: unknown, more: Record<string, unknown> = {}) => {
      const { status, body: told } = await azure.arm('PUT', `${root}/refused`, body(content, more));
      assert.ok(!JSON.stringify(told).includes('Geheim'));
      return `${status} ${String(look(told, 'error.code'))}`;
    };
    assert.equal(await code(undefined, { templateLink: link }), '400 InvalidContentLink');
    assert.equal(await code(template(), { parametersLink: link }), '400 InvalidContentLink');
    assert.equal(await code(template(nested(link))), '400 InvalidContentLink');
    assert.equal(await code(template(nested({ relativePath: 'x.json' }))), '400 InvalidTemplate');
    const spec = `${azure.subscription}/resourceGroups/web/providers/Microsoft.Resources/templateSpecs/s/versions/1`;
    assert.equal(await code(undefined, { templateLink: { id: spec } }), '404 ResourceNotFound');
    const script = { ...empty('s'), type: 'Microsoft.Resources/deploymentScripts', kind: 'AzureCLI' };
    assert.equal(await code(template(script)), '400 NotSupported');
    const vault = {
      ...template(),
      parameters: { pass: { type: 'securestring' } },
    };
    const reference = { keyVault: { id: '/x' }, secretName: 'p' };
    assert.equal(
      await code(vault, { parameters: { pass: { reference } } }),
      '400 KeyVaultParameterReferenceNotFound',
    );
    const subscriptionWide = await azure.arm('PUT', '/providers/Microsoft.Resources/deployments/x', {});
    assert.equal(look(subscriptionWide, 'body.error.code'), 'NotSupported');
    const listed = await azure.arm('GET', '/providers/Microsoft.Resources/deployments');
    assert.deepEqual(listed.body, { value: [] });
    assert.equal((await azure.arm('GET', `${root}/refused`)).status, 404);
  });

  it('list pages, by state, newest first', async () => {
    for (const name of ['a', 'b', 'c']) await azure.armDone('PUT', `${root}/${name}`, body(template()));
    const wrong = {
      ...template(),
      outputs: { x: { type: 'string', value: "[reference(resourceId('A.B/c', 'd'), '2024-07-01').x]" } },
    };
    await azure.armDone('PUT', `${root}/wrong`, body(wrong));
    const failed = await azure.arm('GET', `${root}?$filter=provisioningState eq 'Failed'`);
    assert.deepEqual(look(failed, 'body.value.*.name'), ['wrong']);
    const names: unknown[] = [];
    let next: unknown = `${root}?$top=3`;
    for (let pages = 0; typeof next === 'string' && pages < 5; pages += 1) {
      const page = await azure.arm('GET', next);
      names.push(...(look(page, 'body.value.*.name') as unknown[]));
      next = look(page, 'body.nextLink');
    }
    assert.deepEqual(names, ['wrong', 'c', 'b', 'a']);
    const bad = await azure.arm('GET', `${root}?$filter=name eq 'a'`);
    assert.equal(look(bad, 'body.error.code'), 'InvalidFilterInQueryString');
  });

  it('tell nested errors as objects, or as text to clients of 2016', async () => {
    const nic = { ...empty('lonely'), type: 'Microsoft.Network/networkInterfaces' };
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'inner',
      properties: {
        mode: 'Incremental',
        template: template({ ...nic, properties: { ipConfigurations: [] } }),
      },
    };
    await azure.armDone('PUT', `${root}/outer`, body(template(nested)));
    const cause = 'NetworkInterfaceMustHaveAtLeastOneIpConfiguration';
    const plain = await azure.arm('GET', `${root}/outer`);
    assert.equal(look(plain, 'body.properties.error.details.0.details.0.details.0.code'), cause);

    const old = 'api-version=2016-09-01';
    const text = await azure.arm('GET', `${root}/outer?${old}`);
    const [detail] = look(text, 'body.properties.error.details') as { code: string; message: string }[];
    assert.equal(detail?.code, 'Conflict');
    assert.ok(detail.message.startsWith('{\r\n  "status": "Failed",\r\n  "error": {'));
    const first = JSON.parse(detail.message) as unknown;
    const innermost = String(look(first, 'error.details.0.details.0.message'));
    assert.equal(look(JSON.parse(innermost), 'error.code'), cause);
    assert.equal(look(first, 'error.details.0.details.0.code'), 'BadRequest');
    const operations = await azure.arm('GET', `${root}/outer/operations?${old}`);
    assert.equal(look(operations, 'body.value.0.properties.statusMessage.status'), 'Failed');
    const id = String(look(operations, 'body.value.0.operationId'));
    const one = await azure.arm('GET', `${root}/outer/operations/${id}`);
    assert.match(String(look(one, 'body.properties.serviceRequestId')), /^[0-9a-f-]{36}$/);
  });

  it('can be canceled before they have made anything', async () => {
    const slow = await startFixture({ offset: 0 }, { timeScale: 10 });
    try {
      await slow.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
      await slow.arm('PUT', `${root}/one`, body(template(empty('never'))));
      assert.equal((await slow.arm('POST', `${root}/one/cancel`)).status, 204);
      const shown = await slow.arm('GET', `${root}/one`);
      assert.equal(look(shown, 'body.properties.provisioningState'), 'Canceled');
      assert.equal(look(shown, 'body.properties.outputResources'), undefined);
    } finally {
      await slow.close();
    }
  });

  it('are canceled at once with their nested ones, and start nothing more', async () => {
    let open: () => void = () => undefined;
    azure.host.gate = new Promise<void>(resolve => (open = resolve));
    const slow = [...network(azure.subscription), machine(azure.subscription)].map(put => ({
      type: put.path.split('/').slice(4, 6).join('/'),
      apiVersion: '2024-07-01',
      name: put.path.split('/')[6],
      ...put.body,
    }));
    const ids = slow.map(one => `[resourceId('${one.type}', '${String(one.name)}')]`);
    const content = template(
      {
        type: 'Microsoft.Resources/deployments',
        apiVersion: '2022-09-01',
        name: 'slow-inner',
        properties: {
          mode: 'Incremental',
          template: template(...slow.map((one, index) => ({ ...one, dependsOn: ids.slice(0, index) }))),
        },
      },
      { ...empty('never'), dependsOn: ['slow-inner'] },
    );
    const put = await azure.arm('PUT', `${root}/slow-outer`, body(content));
    while (azure.host.started.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    const active = await azure.arm('PUT', `${root}/slow-outer`, body(content));
    assert.equal(active.status, 409);
    assert.match(
      String(look(active, 'body.error.message')),
      /previous deployment from '\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M' is still active/,
    );
    assert.equal((await azure.arm('POST', `${root}/slow-outer/cancel`)).status, 204);
    for (const name of ['slow-outer', 'slow-inner']) {
      const { body: shown } = await azure.arm('GET', `${root}/${name}`);
      assert.equal(look(shown, 'properties.provisioningState'), 'Canceled', name);
      assert.equal(look(shown, 'properties.error'), undefined);
    }
    const status = await azure.arm('GET', String(put.headers['azure-asyncoperation']));
    assert.equal(look(status, 'body.status'), 'Canceled');
    const operations = await azure.arm('GET', `${root}/slow-outer/operations`);
    assert.deepEqual(look(operations, 'body.value.*.properties.provisioningState'), ['Canceled']);
    open();
    const again = await azure.arm('POST', `${root}/slow-outer/cancel`);
    assert.equal(
      `${again.status} ${String(look(again, 'body.error.code'))}`,
      '409 DeploymentCannotBeCancelled',
    );
    const never = await azure.arm(
      'GET',
      '/resourceGroups/web/providers/Microsoft.Compute/availabilitySets/never',
    );
    assert.equal(never.status, 404);
  });

  it('export a deployment as it was sent and a group as a template that deploys again', async () => {
    const net = {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-09-01',
      name: "[parameters('name')]",
      location: 'westeurope',
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    };
    await azure.arm('PUT', '/resourcegroups/source', { location: 'westeurope' });
    const path = '/resourceGroups/source/providers/Microsoft.Resources/deployments/exported';
    const content = {
      ...template(net, interfaceInNet),
      parameters: { name: { type: 'string', defaultValue: 'net' } },
    };
    assert.equal(look(await azure.armDone('PUT', path, body(content)), 'body.status'), 'Succeeded');
    const exported = look(await azure.arm('POST', `${path}/exportTemplate`), 'body.template');
    assert.deepEqual(look(exported, 'parameters'), { name: { defaultValue: 'net', type: 'String' } });
    assert.deepEqual(look(exported, 'variables'), {});
    assert.deepEqual(Object.keys(look(exported, 'resources.0') as object), [
      'type',
      'apiVersion',
      'name',
      'location',
      'properties',
    ]);

    const group = await azure.arm('POST', '/resourceGroups/source/exportTemplate', {
      resources: ['*'],
      options: 'IncludeParameterDefaultValue',
    });
    assert.equal(group.status, 200);
    const again = look(group, 'body.template');
    assert.match(JSON.stringify(again), /resourceId\('Microsoft\.Network\/virtualNetworks', parameters\(/);
    await azure.arm('PUT', '/resourcegroups/copy', { location: 'westeurope' });
    const copied = await azure.armDone(
      'PUT',
      '/resourceGroups/copy/providers/Microsoft.Resources/deployments/again',
      body(again),
    );
    assert.equal(look(copied, 'body.status'), 'Succeeded', JSON.stringify(copied.body));
    const found = await azure.arm('GET', '/resourceGroups/copy/resources');
    assert.deepEqual((look(found, 'body.value.*.name') as string[]).sort(), ['net', 'nic']);
  });
});
