import assert from 'node:assert/strict';
import { shownInstance, shownScaleSet } from '../../../local/azure/providers/compute/shownScaleSet.js';
import { look } from './fixture.js';

const configuration = { name: 'nic', properties: { primary: true, disableTcpStateTracking: false } };
const set = {
  id: '/sets/web',
  name: 'web',
  type: 'Microsoft.Compute/virtualMachineScaleSets',
  etag: '"1"',
  properties: {
    orchestrationMode: 'Uniform',
    platformFaultDomainCount: 5,
    timeCreated: 'then',
    upgradePolicy: {
      mode: 'Manual',
      automaticOSUpgradePolicy: { enableAutomaticOSUpgrade: false, useRollingUpgradePolicy: false },
    },
    virtualMachineProfile: {
      timeCreated: 'then',
      storageProfile: { osDisk: { osType: 'Linux', managedDisk: {} } },
      networkProfile: { networkInterfaceConfigurations: [configuration] },
    },
  },
};

describe('A scale set as an api-version knows it', () => {
  const later = [
    'etag',
    'properties.orchestrationMode',
    'properties.platformFaultDomainCount',
    'properties.timeCreated',
    'properties.upgradePolicy.automaticOSUpgradePolicy.useRollingUpgradePolicy',
    'properties.virtualMachineProfile.timeCreated',
    'properties.virtualMachineProfile.storageProfile.osDisk.osType',
    'properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations.0.properties.disableTcpStateTracking',
  ];
  const told = (version: string) =>
    later.filter(path => look(shownScaleSet(set, version), path) !== undefined).length;

  it('has the members of its time, and all of them now', () => {
    assert.deepEqual(
      ['2019-12-01', '2021-03-01', '2022-03-01', '2023-03-01', '2023-09-01', '2024-07-01', '9999'].map(told),
      [0, 3, 5, 6, 7, 8, 8],
    );
    assert.deepEqual(shownScaleSet(set, '9999'), set);
  });

  it('keeps what was asked for: other fault domains, the system of a disk in a storage account', () => {
    const virtualMachineProfile = { storageProfile: { osDisk: { osType: 'Linux', image: {} } } };
    const properties = { ...set.properties, platformFaultDomainCount: 1, virtualMachineProfile };
    const shown = shownScaleSet({ ...set, properties }, '2019-12-01');
    assert.equal(look(shown, 'properties.platformFaultDomainCount'), 1);
    assert.equal(look(shown, 'properties.virtualMachineProfile.storageProfile.osDisk.osType'), 'Linux');
  });

  it('has instances of its time', () => {
    const properties = {
      timeCreated: 'then',
      networkProfileConfiguration: { networkInterfaceConfigurations: [configuration] },
    };
    const instance = { ...set, properties };
    const old = shownInstance(instance, '2019-12-01');
    assert.deepEqual(old.properties, {
      networkProfileConfiguration: {
        networkInterfaceConfigurations: [{ name: 'nic', properties: { primary: true } }],
      },
    });
    assert.deepEqual(shownInstance(instance, '2024-07-01'), instance);
  });
});
