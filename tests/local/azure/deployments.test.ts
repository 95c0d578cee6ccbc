import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { machine } from './templates.js';

const network = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: {
    label: { type: 'string', defaultValue: 'web' },
    password: { type: 'secureString', defaultValue: 'Geheim-123' },
  },
  resources: [
    {
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2023-09-01',
      name: 'nic',
      location: '[resourceGroup().location]',
      dependsOn: [
        "[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]",
        "[resourceId('Microsoft.Network/virtualNetworks', 'net')]",
      ],
      properties: {
        ipConfigurations: [
          {
            name: 'one',
            properties: {
              subnet: { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'default')]" },
              publicIPAddress: { id: "[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]" },
            },
          },
        ],
      },
    },
    {
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2023-09-01',
      name: 'ip',
      location: '[resourceGroup().location]',
      sku: { name: 'Standard' },
      properties: {
        publicIPAllocationMethod: 'Static',
        dnsSettings: { domainNameLabel: "[parameters('label')]" },
      },
    },
    {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-09-01',
      name: 'net',
      location: '[resourceGroup().location]',
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    },
  ],
  outputs: {
    address: {
      type: 'string',
      value: "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'ip')).ipAddress]",
    },
    name: {
      type: 'string',
      value: "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'ip')).dnsSettings.fqdn]",
    },
  },
};

describe('Deployments in the local Azure', () => {
  let azure: Fixture;
  const root = '/resourceGroups/web/providers/Microsoft.Resources/deployments';
  const body = (template: unknown, parameters: unknown = {}) => ({
    properties: { mode: 'Incremental', template, parameters },
  });
  before(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'West Europe' });
  });
  after(() => azure.close());

  it('carry a template out in the order of its dependencies and tell the outputs', async () => {
    const done = await azure.resources.deployments.beginCreateOrUpdateAndWait(
      'web',
      'first',
      body(network) as never,
      { updateIntervalInMs: 10 },
    );
    assert.equal(done.properties?.provisioningState, 'Succeeded');
    const { address, name } = done.properties.outputs as Record<string, { type: string; value: string }>;
    assert.match(address?.value ?? '', /^127\./);
    assert.equal(name?.value, 'web.westeurope.cloudapp.azure.com');
    assert.deepEqual(done.properties.parameters, {
      label: { type: 'String', value: 'web' },
      password: { type: 'SecureString' },
    });
    assert.equal(done.properties.outputResources?.length, 3);
    const operations = await azure.arm('GET', `${root}/first/operations`);
    const types = look(operations, 'body.value.*.properties.targetResource.resourceType');
    assert.equal(look(types, '0'), 'Microsoft.Network/networkInterfaces');
    assert.equal(look(operations, 'body.value.0.properties.statusCode'), 'Created');
    const again = await azure.arm('GET', '/resourceGroups/WEB/deployments/FIRST/operations?$top=50');
    assert.equal(look(again, 'body.value.length'), 4);
    assert.equal(look(again, 'body.value.3.properties.provisioningOperation'), 'EvaluateDeploymentOutput');
  });

  it('answer 201 with an operation status first and 200 when the name is used again', async () => {
    const first = await azure.arm('PUT', `${root}/second`, body(network));
    assert.equal(first.status, 201);
    assert.equal(look(first, 'body.properties.provisioningState'), 'Accepted');
    assert.match(
      first.headers['azure-asyncoperation'] ?? '',
      /\/resourcegroups\/web\/.*\/deployments\/second\/operationStatuses\//,
    );
    assert.equal(first.headers['retry-after'], undefined);
    const status = await azure.armDone('PUT', `${root}/third`, body(network));
    assert.equal(look(status, 'body.status'), 'Succeeded');
    const second = await azure.armDone('PUT', `${root}/third`, body(network));
    assert.equal(look(second, 'body.status'), 'Succeeded');
    assert.equal((await azure.arm('PUT', `${root}/third`, body(network))).status, 200);
  });

  it('validate without doing anything, and refuse in words of the template language', async () => {
    const good = await azure.arm('POST', `${root}/check/validate`, body(network));
    assert.equal(good.status, 200);
    assert.equal(look(good, 'body.properties.validatedResources.length'), 3);
    assert.equal(look(await azure.arm('GET', `${root}/check`), 'body.error.code'), 'DeploymentNotFound');
    const bad = await azure.arm(
      'POST',
      `${root}/check/validate`,
      body({ ...network, parameters: { label: { type: 'string' } } }),
    );
    assert.equal(bad.status, 400);
    assert.equal(look(bad, 'body.error.code'), 'InvalidTemplate');
    assert.equal(bad.headers['x-ms-failure-cause'], 'gateway');
    assert.match(String(look(bad, 'body.error.message')), /label/);
  });

  it('validate for the oldest clients with the resources as they would be written', async () => {
    const path = `${azure.subscription}${root}/check/validate?api-version=2016-09-01`;
    const { status, body: told } = await azure.arm('POST', path, body(network));
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(told as object), ['id', 'name', 'properties']);
    assert.equal(look(told, 'properties.provisioningState'), 'Accepted');
    assert.equal(look(told, 'properties.templateHash'), undefined);
    assert.notEqual(look(told, 'properties.timestamp'), '0001-01-01T00:00:00Z');
    const [first] = look(told, 'properties.validatedResources') as Record<string, unknown>[];
    assert.deepEqual(Object.keys(first ?? {}).slice(0, 5), ['apiVersion', 'id', 'name', 'type', 'location']);
    assert.ok(first?.['properties'] !== undefined);
  });

  it('fail with the error of the resource, seen in the operation, the deployment and its operations', async () => {
    const template = structuredClone(network);
    template.resources = [
      {
        type: 'Microsoft.Compute/virtualMachines',
        apiVersion: '2024-07-01',
        name: 'vm',
        location: 'westeurope',
        properties: {
          hardwareProfile: { vmSize: 'Standard_B1s' },
          storageProfile: {
            imageReference: {
              publisher: 'Canonical',
              offer: 'UbuntuServer',
              sku: '16.04-LTS',
              version: 'latest',
            },
          },
          osProfile: { computerName: 'vm', adminUsername: 'me', adminPassword: 'Geheim-123' },
          networkProfile: {
            networkInterfaces: [
              {
                id: `${azure.subscription}/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/nic`,
              },
            ],
          },
        },
      } as never,
    ];
    template.outputs = {} as never;
    const status = await azure.armDone('PUT', `${root}/broken`, body(template));
    assert.equal(look(status, 'body.status'), 'Failed');
    assert.equal(look(status, 'body.error.code'), 'DeploymentFailed');
    const detail = look(status, 'body.error.details.0');
    assert.equal(look(detail, 'code'), 'PlatformImageNotFound');
    assert.match(
      String(look(detail, 'message')),
      /Canonical:UbuntuServer:16\.04-LTS:latest.*Debian:debian-12/,
    );
    const deployment = await azure.arm('GET', `${root}/broken`);
    assert.equal(look(deployment, 'body.properties.provisioningState'), 'Failed');
    assert.deepEqual(look(deployment, 'body.properties.error'), look(status, 'body.error'));
    const operation = look(await azure.arm('GET', `${root}/broken/operations`), 'body.value.0');
    assert.equal(look(operation, 'properties.statusCode'), 'NotFound');
    assert.equal(look(operation, 'properties.statusMessage.error.code'), 'PlatformImageNotFound');
    assert.equal(look(operation, 'properties.targetResource.resourceName'), 'vm');
  });

  it('tell where a template is wrong, in lines and columns of the request', async () => {
    const text = JSON.stringify(
      body({ ...network, parameters: { label: { type: 'string' }, more: { type: 'int' } } }),
      null,
      2,
    );
    const bad = await azure.arm('POST', `${root}/check/validate`, text);
    const line = text.split('\n').findIndex(one => one.includes('"label": {')) + 1;
    assert.equal(look(bad, 'body.error.additionalInfo.0.info.lineNumber'), line);
  });

  it('refuse resource types that are not there, at once', async () => {
    const resources = [
      { type: 'Microsoft.Compute/spaceships', apiVersion: '2024-07-01', name: 'x', location: 'westeurope' },
    ];
    const bad = await azure.arm('PUT', `${root}/check`, body({ ...network, resources, outputs: {} }));
    assert.equal(look(bad, 'body.error.code'), 'InvalidResourceType');
    assert.match(String(look(bad, 'body.error.message')), /Microsoft\.Compute\/virtualMachineScaleSets/);
  });

  it('run nested deployments as deployments of their own and pass their failures up', async () => {
    const nested = (template: unknown) => ({
      ...network,
      resources: [
        {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '2021-04-01',
          name: 'inner',
          properties: { mode: 'Incremental', expressionEvaluationOptions: { scope: 'inner' }, template },
        },
      ],
      outputs: { address: { type: 'string', value: "[reference('inner').outputs.address.value]" } },
    });
    const put = await azure.armDone('PUT', `${root}/outer`, body(nested(network)));
    assert.equal(look(put, 'body.status'), 'Succeeded', JSON.stringify(put.body));
    const outer = await azure.arm('GET', `${root}/outer`);
    assert.equal(look(outer, 'body.properties.provisioningState'), 'Succeeded', JSON.stringify(outer.body));
    assert.match(String(look(outer, 'body.properties.outputs.address.value')), /^127\./);
    assert.equal(look(await azure.arm('GET', `${root}/inner/operations`), 'body.value.length'), 4);
    assert.equal(look(outer, 'body.properties.outputResources.length'), 3);

    const [nic] = network.resources;
    const lonely = { ...nic, name: 'lonely', dependsOn: [], properties: { ipConfigurations: [] } };
    const failed = await azure.armDone(
      'PUT',
      `${root}/outer`,
      body(nested({ ...network, resources: [lonely], outputs: {} })),
    );
    assert.equal(look(failed, 'body.error.details.0.code'), 'ResourceDeploymentFailure');
    assert.equal(look(failed, 'body.error.details.0.details.0.code'), 'DeploymentFailed');
    assert.equal(
      look(failed, 'body.error.details.0.details.0.details.0.code'),
      'NetworkInterfaceMustHaveAtLeastOneIpConfiguration',
    );
  });

  it('can be canceled once and not be replaced while they run', async () => {
    let open: () => void = () => undefined;
    azure.host.gate = new Promise<void>(resolve => (open = resolve));
    const [nic, ip, net] = network.resources;
    const { body: vm } = machine(azure.subscription);
    const template = {
      ...network,
      resources: [
        nic,
        ip,
        net,
        {
          type: 'Microsoft.Compute/virtualMachines',
          apiVersion: '2024-07-01',
          name: 'slow',
          dependsOn: ['nic'],
          ...vm,
        },
        {
          type: 'Microsoft.Compute/availabilitySets',
          apiVersion: '2024-07-01',
          name: 'never',
          location: 'westeurope',
          dependsOn: ['slow'],
        },
      ],
      outputs: {},
    };
    const put = await azure.arm('PUT', `${root}/slow`, body(template));
    while (azure.host.started.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    assert.equal(
      look(await azure.arm('GET', `${root}/slow`), 'body.properties.provisioningState'),
      'Running',
    );
    assert.equal(
      look(await azure.arm('PUT', `${root}/slow`, body(template)), 'body.error.code'),
      'DeploymentActive',
    );
    assert.equal((await azure.arm('POST', `${root}/slow/cancel`)).status, 204);
    open();
    const url = String(put.headers['azure-asyncoperation']);
    while (look(await azure.arm('GET', url), 'body.status') === 'Running')
      await new Promise(resolve => setTimeout(resolve, 5));
    assert.equal(
      look(await azure.arm('GET', `${root}/slow`), 'body.properties.provisioningState'),
      'Canceled',
    );
    assert.equal(
      (await azure.arm('GET', '/resourceGroups/web/providers/Microsoft.Compute/availabilitySets/never'))
        .status,
      404,
    );
    assert.equal((await azure.arm('POST', `${root}/slow/cancel`)).status, 409);
  });

  it('are listed, checked and deleted without their resources', async () => {
    const names = [];
    for await (const one of azure.resources.deployments.listByResourceGroup('web')) names.push(one.name);
    assert.ok(names.includes('first'));
    assert.equal((await azure.arm('HEAD', `${root}/first`)).status, 204);
    const gone = await azure.arm('DELETE', `${root}/first`);
    assert.equal(gone.status, 202);
    assert.match(String(gone.headers['location']), /\/operationresults\//);
    assert.equal((await azure.armDone('GET', String(gone.headers['location']))).status, 200);
    assert.equal((await azure.arm('HEAD', `${root}/first`)).status, 404);
    assert.equal(
      (await azure.arm('GET', '/resourceGroups/web/providers/Microsoft.Network/networkInterfaces/nic'))
        .status,
      200,
    );
  });

  it('keep secrets out of the traffic log', () => {
    const text = JSON.stringify(azure.traffic());
    assert.ok(!text.includes(azure.azure.connection.clientSecret));
    assert.ok(text.includes('"client_secret":"***"'));
    assert.ok(!/"access_token":"(?!\*\*\*)/.test(text));
    assert.ok(!/"adminPassword":"(?!\*\*\*)/.test(text));
  });
});
