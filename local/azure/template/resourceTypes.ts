/** What `providers()` and `pickZones()` know of the common resource types when the caller brings no table of its own. */
import type { ResourceTypeScope } from './scope.js';

const locations = [
  'East US', 'East US 2', 'West US', 'West US 2', 'West US 3', 'Central US', 'North Central US', 'South Central US',
  'North Europe', 'West Europe', 'UK South', 'UK West', 'France Central', 'Germany West Central', 'Sweden Central',
  'Switzerland North', 'Southeast Asia', 'East Asia', 'Japan East', 'Japan West', 'Australia East', 'Canada Central',
]; // prettier-ignore

const versions: ReadonlyMap<string, readonly [apiVersions: readonly string[], types: readonly string[]]> =
  new Map([
    [
      'Microsoft.Compute',
      [
        ['2024-07-01', '2024-03-01', '2023-09-01', '2023-03-01', '2022-11-01', '2020-06-01', '2016-03-30'],
        [
          'virtualMachines',
          'virtualMachines/extensions',
          'virtualMachineScaleSets',
          'virtualMachineScaleSets/extensions',
          'virtualMachineScaleSets/virtualMachines',
          'availabilitySets',
          'images',
          'disks',
          'snapshots',
          'galleries',
          'galleries/images',
          'galleries/images/versions',
        ],
      ],
    ],
    [
      'Microsoft.Network',
      [
        ['2024-05-01', '2023-11-01', '2022-07-01', '2020-06-01', '2016-03-30'],
        [
          'virtualNetworks',
          'virtualNetworks/subnets',
          'loadBalancers',
          'publicIPAddresses',
          'publicIPPrefixes',
          'networkInterfaces',
          'networkSecurityGroups',
          'natGateways',
          'routeTables',
          'applicationGateways',
        ],
      ],
    ],
    [
      'Microsoft.Storage',
      [
        ['2024-01-01', '2023-05-01', '2022-09-01', '2019-06-01', '2015-06-15'],
        ['storageAccounts', 'storageAccounts/blobServices'],
      ],
    ],
    [
      'Microsoft.Insights',
      [
        ['2022-10-01', '2015-04-01'],
        ['autoscaleSettings', 'components', 'diagnosticSettings'],
      ],
    ],
    [
      'Microsoft.KeyVault',
      [
        ['2023-07-01', '2022-07-01', '2016-10-01'],
        ['vaults', 'vaults/secrets'],
      ],
    ],
    ['Microsoft.ManagedIdentity', [['2023-01-31', '2018-11-30'], ['userAssignedIdentities']]],
    [
      'Microsoft.Authorization',
      [
        ['2022-04-01', '2020-05-01'],
        ['roleAssignments', 'roleDefinitions', 'locks'],
      ],
    ],
    [
      'Microsoft.Resources',
      [
        ['2024-03-01', '2022-09-01', '2021-04-01'],
        ['deployments', 'tags', 'resourceGroups'],
      ],
    ],
  ]);

/** The common types. */
export const commonResourceTypes: readonly ResourceTypeScope[] = [...versions].flatMap(
  ([namespace, [apiVersions, types]]) =>
    types.map(type => ({ type: `${namespace}/${type}`, locations, apiVersions })),
);

/** Types that can be placed in availability zones, lower case. */
export const zonalTypes: ReadonlySet<string> = new Set(
  [
    'Microsoft.Compute/virtualMachines',
    'Microsoft.Compute/virtualMachineScaleSets',
    'Microsoft.Compute/disks',
    'Microsoft.Network/publicIPAddresses',
    'Microsoft.Network/publicIPPrefixes',
    'Microsoft.Network/loadBalancers',
    'Microsoft.Network/natGateways',
    'Microsoft.Network/applicationGateways',
  ].map(type => type.toLowerCase()),
);
