/** Templates and parameters in the shapes that people have. */

export const vhdUri = 'https://account.blob.core.windows.net/system/images/packer-osDisk.1.vhd';
export const managedId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/images/web-42';
export const galleryId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/gal/images/web/versions/1.0.7';

/** Parameters as of 2017: tokens, odd blanks, a comment, Windows line ends, no final line end. */
export const parametersText = [
  '{',
  '  "$schema": "http://schema.management.azure.com/schemas/2015-01-01/deploymentParameters.json#",',
  '  "contentVersion": "1.0.0.0",',
  '  "parameters": {',
  '    // @@IMAGEURI@@ is filled by the release',
  '    "vmSku": { "value": "Standard_A1" },',
  '    "instanceCount": {',
  '      "value": 2   /* two */',
  '    },',
  '    "adminUsername": {"value": "@@VMUSERNAME@@"},',
  '    "imageUri":{',
  '      "value": "@@IMAGEURI@@"',
  '    },',
  '    "adminPassword": {"value": "@@VMPASSWORD@@"}',
  '  }',
  '}',
].join('\r\n');

const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** A template with one scale set, whose storage profile is given. */
export function template(
  storageProfile: unknown,
  parameters: Record<string, unknown> = {
    vmSku: { type: 'string', defaultValue: 'Standard_A1' },
    instanceCount: { type: 'int', defaultValue: 2 },
    adminUsername: { type: 'string' },
    imageUri: { type: 'string' },
    adminPassword: { type: 'securestring' },
  },
  variables: Record<string, unknown> = {},
): string {
  return JSON.stringify(
    {
      $schema: schema,
      contentVersion: '1.0.0.0',
      parameters,
      variables,
      resources: [
        { type: 'Microsoft.Network/publicIPAddresses', name: 'ip', properties: {} },
        {
          type: 'Microsoft.Compute/virtualMachineScaleSets',
          name: 'web',
          properties: { virtualMachineProfile: { storageProfile } },
        },
      ],
    },
    undefined,
    2,
  );
}

export const vhdTemplate = template({
  osDisk: { osType: 'Linux', image: { uri: "[parameters('imageUri')]" } },
});
export const idTemplate = template({ imageReference: { id: "[parameters('imageUri')]" } });
