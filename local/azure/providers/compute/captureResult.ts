/** What capturing a machine to a VHD answers: a template that makes a machine from the blob. */
import { randomUUID } from 'node:crypto';
import { invalidParameter } from '../../arm/armError.js';
import { at, object, string, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';

/**
 * @param body `vhdPrefix`, `destinationContainerName`, `overwriteVhds`
 * @throws ArmError when the machine's OS disk is no blob, or the body is incomplete
 */
export function captureResult(machine: Resource, body: Json): { uri: string; template: Json } {
  const prefix = string(body['vhdPrefix']);
  const container = string(body['destinationContainerName']);
  if (prefix === undefined || container === undefined) {
    throw invalidParameter(
      'parameters',
      "Required parameters 'vhdPrefix' and 'destinationContainerName' must be given.",
    );
  }
  const source = string(at(machine.properties, 'storageProfile', 'osDisk', 'vhd', 'uri'));
  if (source === undefined) {
    throw invalidParameter(
      'vmName',
      `VM '${machine.name}' has a managed OS disk: make an image from it instead of capturing a VHD.`,
    );
  }
  const name = `${prefix}-osDisk.${randomUUID()}.vhd`;
  const uri = `${new URL(source).origin}/system/Microsoft.Compute/Images/${container}/${name}`;
  const osProfile = object(machine.properties['osProfile']);
  return {
    uri,
    template: {
      $schema: 'http://schema.management.azure.com/schemas/2014-04-01-preview/VM_IP.json',
      contentVersion: '1.0.0.0',
      parameters: {
        vmName: { type: 'string' },
        vmSize: { type: 'string', defaultValue: at(machine.properties, 'hardwareProfile', 'vmSize') },
        adminUserName: { type: 'string', defaultValue: osProfile['adminUsername'] },
        adminPassword: { type: 'securestring' },
        networkInterfaceId: { type: 'string' },
      },
      resources: [
        {
          apiVersion: '2015-06-15',
          name: "[parameters('vmName')]",
          type: 'Microsoft.Compute/virtualMachines',
          location: machine.location,
          properties: {
            hardwareProfile: { vmSize: "[parameters('vmSize')]" },
            storageProfile: {
              osDisk: {
                osType: 'Linux',
                name,
                createOption: 'FromImage',
                image: { uri },
                vhd: {
                  uri: `${new URL(source).origin}/vmcontainer${randomUUID()}/osDisk.${randomUUID()}.vhd`,
                },
                caching: 'ReadWrite',
              },
            },
            osProfile: {
              computerName: "[parameters('vmName')]",
              adminUsername: "[parameters('adminUsername')]",
              adminPassword: "[parameters('adminPassword')]",
            },
            networkProfile: { networkInterfaces: [{ id: "[parameters('networkInterfaceId')]" }] },
            // Azure gives a number in this place.
            provisioningState: 0,
          },
        },
      ],
    },
  };
}
