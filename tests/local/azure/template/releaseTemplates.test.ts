/** Whole templates as releases use them: a scale set behind a load balancer, of today and of the years of page blobs. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  planDeployment,
  type DeploymentPlan,
  type Runtime,
} from '../../../../local/azure/template/deploymentPlan.js';
import { groupId, testScope } from './testScope.js';

const network = `${groupId}/providers/Microsoft.Network`;
const compute = `${groupId}/providers/Microsoft.Compute`;

/** Each resource after everything it depends on; fails when the plan has no such order. */
function order(plan: DeploymentPlan): string[] {
  const done = new Set<string>();
  const names: string[] = [];
  while (names.length < plan.resources.length) {
    const next = plan.resources.find(
      ({ id, dependsOn }) => !done.has(id) && dependsOn.every(need => done.has(need)),
    );
    assert.ok(next !== undefined, 'nothing can be deployed next');
    done.add(next.id);
    names.push(next.name);
  }
  return names;
}

const today = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: {
    scaleSetName: { type: 'string', minLength: 3, maxLength: 15 },
    imageId: { type: 'string' },
    instanceCount: { type: 'int', defaultValue: 2, minValue: 1, maxValue: 100 },
    adminPassword: { type: 'secureString' },
    location: { type: 'string', defaultValue: '[resourceGroup().location]' },
  },
  variables: {
    lb: "[concat(parameters('scaleSetName'), '-lb')]",
    lbId: "[resourceId('Microsoft.Network/loadBalancers', variables('lb'))]",
    label: "[toLower(concat(parameters('scaleSetName'), '-', uniqueString(resourceGroup().id)))]",
  },
  resources: [
    {
      type: 'Microsoft.Compute/virtualMachineScaleSets',
      apiVersion: '2024-07-01',
      name: "[parameters('scaleSetName')]",
      location: "[parameters('location')]",
      dependsOn: ["[variables('lbId')]", "[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"],
      sku: { name: 'Standard_B1s', capacity: "[parameters('instanceCount')]" },
      properties: {
        virtualMachineProfile: {
          storageProfile: { imageReference: { id: "[parameters('imageId')]" } },
          osProfile: { adminPassword: "[parameters('adminPassword')]" },
          networkProfile: {
            healthProbe: { id: "[concat(variables('lbId'), '/probes/health')]" },
            subnet: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'web')]",
          },
        },
      },
    },
    {
      type: 'Microsoft.Network/loadBalancers',
      apiVersion: '2023-11-01',
      name: "[variables('lb')]",
      location: "[parameters('location')]",
      dependsOn: ['pip'],
      properties: {
        probes: [{ name: 'health', properties: { protocol: 'Http', port: 80, requestPath: '/health' } }],
      },
    },
    {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2023-11-01',
      name: 'vnet',
      location: "[parameters('location')]",
    },
    {
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2023-11-01',
      name: 'pip',
      location: "[parameters('location')]",
      properties: { dnsSettings: { domainNameLabel: "[variables('label')]" } },
    },
  ],
  outputs: {
    siteUrl: { type: 'string', value: "[concat('http://', reference('pip').dnsSettings.fqdn, '/')]" },
    capacity: {
      type: 'int',
      value:
        "[reference(resourceId('Microsoft.Compute/virtualMachineScaleSets', parameters('scaleSetName')), '2024-07-01', 'Full').sku.capacity]",
    },
  },
};

/** What a release of 2017 looked like: storage accounts in a loop, an image by its blob, variables for API versions. */
const pageBlobs = {
  $schema: 'http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json',
  contentVersion: '1.0.0.0',
  parameters: {
    name: { type: 'string', maxLength: 61 },
    count: { type: 'int', maxValue: 100 },
    imageUri: { type: 'string' },
    password: { type: 'securestring' },
  },
  variables: {
    infix: "[toLower(substring(concat(parameters('name'), uniqueString(resourceGroup().id)), 0, 9))]",
    suffix: "[concat(variables('infix'), 'sa')]",
    prefixes: [
      "[concat(uniqueString(concat(resourceGroup().id, variables('suffix'), '0')))]",
      "[concat(uniqueString(concat(resourceGroup().id, variables('suffix'), '1')))]",
    ],
    accounts: "[length(variables('prefixes'))]",
    lb: "[concat(variables('infix'), 'lb')]",
    version: '2016-03-30',
  },
  resources: [
    {
      type: 'Microsoft.Storage/storageAccounts',
      name: "[concat(variables('prefixes')[copyIndex()], variables('suffix'))]",
      apiVersion: '2015-06-15',
      location: '[resourceGroup().location]',
      copy: { name: 'accountLoop', count: "[variables('accounts')]" },
      properties: { accountType: 'Standard_LRS' },
    },
    {
      type: 'Microsoft.Network/loadBalancers',
      name: "[variables('lb')]",
      apiVersion: "[variables('version')]",
    },
    {
      type: 'Microsoft.Compute/virtualMachineScaleSets',
      name: "[variables('infix')]",
      apiVersion: "[variables('version')]",
      dependsOn: [
        "[concat('Microsoft.Storage/storageAccounts/', variables('prefixes')[0], variables('suffix'))]",
        "[concat('Microsoft.Storage/storageAccounts/', variables('prefixes')[1], variables('suffix'))]",
        "[concat('Microsoft.Network/loadBalancers/', variables('lb'))]",
      ],
      sku: { name: 'Standard_A1', tier: 'Standard', capacity: "[parameters('count')]" },
      properties: {
        overprovision: 'true',
        pool: "[concat('/subscriptions/', subscription().subscriptionId,'/resourceGroups/', resourceGroup().name, '/providers/Microsoft.Network/loadBalancers/', variables('lb'), '/backendAddressPools/pool')]",
        virtualMachineProfile: { storageProfile: { osDisk: { image: { uri: "[parameters('imageUri')]" } } } },
      },
    },
    {
      type: 'Microsoft.Insights/autoscaleSettings',
      name: 'autoscale',
      apiVersion: '2015-04-01',
      dependsOn: ["[concat('Microsoft.Compute/virtualMachineScaleSets/', variables('infix'))]"],
      properties: { profiles: [{ rules: [{ metricTrigger: { threshold: 60.0 } }] }] },
    },
  ],
};

describe('templates of releases', () => {
  it('deploy a scale set behind a load balancer and tell its address', () => {
    const imageId = `${compute}/images/web-17`;
    const plan = planDeployment(
      today,
      {
        scaleSetName: { value: 'shop' },
        imageId: { value: imageId },
        adminPassword: { value: 'correct horse' },
      },
      testScope,
    );
    assert.deepEqual(order(plan), ['vnet', 'pip', 'shop-lb', 'shop']);
    assert.doesNotMatch(JSON.stringify(plan.parameters), /horse/);
    const runtime: Runtime = {
      reference: (id, apiVersion, full) => {
        if (id === `${network}/publicIPAddresses/pip`) return { dnsSettings: { fqdn: 'shop.example' } };
        assert.deepEqual(
          [id, apiVersion, full],
          [`${compute}/virtualMachineScaleSets/shop`, '2024-07-01', true],
        );
        return { sku: { capacity: 2 } };
      },
      list: () => assert.fail('nothing lists anything'),
    };
    const scaleSet = plan.resources.find(({ name }) => name === 'shop');
    assert.deepEqual(scaleSet?.body(runtime), {
      location: 'westeurope',
      sku: { name: 'Standard_B1s', capacity: 2 },
      properties: {
        virtualMachineProfile: {
          storageProfile: { imageReference: { id: imageId } },
          osProfile: { adminPassword: 'correct horse' },
          networkProfile: {
            healthProbe: { id: `${network}/loadBalancers/shop-lb/probes/health` },
            subnet: `${network}/virtualNetworks/vnet/subnets/web`,
          },
        },
      },
    });
    assert.deepEqual(plan.outputs(runtime), {
      siteUrl: { type: 'String', value: 'http://shop.example/' },
      capacity: { type: 'Int', value: 2 },
    });
  });

  it('of 2017 still plan', () => {
    const plan = planDeployment(
      pageBlobs,
      {
        name: { value: 'OldShopFront' },
        count: { value: 2 },
        imageUri: { value: 'https://old.blob.core.windows.net/system/web.vhd' },
        password: { value: 'correct horse' },
      },
      testScope,
    );
    assert.equal(plan.resources.length, 5);
    const [first, second, lb, scaleSet, autoscale] = plan.resources;
    assert.match(first?.name ?? '', /^[a-z2-7]{13}oldshopfrsa$/);
    assert.notEqual(first?.name, second?.name);
    assert.deepEqual(scaleSet?.dependsOn, [first?.id, second?.id, lb?.id]);
    assert.deepEqual(autoscale?.dependsOn, [scaleSet.id]);
    const body = scaleSet.preview() as { properties: { pool: string; overprovision: string } };
    assert.equal(body.properties.pool, `${network}/loadBalancers/oldshopfrlb/backendAddressPools/pool`);
    assert.equal(body.properties.overprovision, 'true');
  });

  it('at the limit of Resource Manager plan in a moment', () => {
    const plan = planDeployment(
      {
        ...today,
        resources: [
          ...today.resources,
          {
            type: 'Microsoft.Compute/disks',
            apiVersion: '2024-03-02',
            name: "[format('disk{0:D3}', copyIndex())]",
            copy: { name: 'disks', count: 796, mode: 'Serial', batchSize: 100 },
            dependsOn: ['vnet'],
            properties: {
              zones: "[map(range(0, 10), lambda('i', concat(variables('label'), lambdaVariables('i'))))]",
            },
          },
        ],
      },
      { scaleSetName: { value: 'shop' }, imageId: { value: 'x' }, adminPassword: { value: 'correct horse' } },
      testScope,
    );
    assert.equal(plan.resources.length, 800);
    assert.equal(plan.resources.at(-1)?.dependsOn.length, 101);
    assert.equal(order(plan).length, 800);
  });
});
