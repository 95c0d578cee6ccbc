import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';

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
    assert.equal(look(again, 'body.value.length'), 3);
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

  it('keep secrets out of the traffic log', () => {
    const text = JSON.stringify(azure.traffic());
    assert.ok(!text.includes(azure.azure.connection.clientSecret));
    assert.ok(text.includes('"client_secret":"***"'));
    assert.ok(!/"access_token":"(?!\*\*\*)/.test(text));
    assert.ok(!/"adminPassword":"(?!\*\*\*)/.test(text));
  });
});
