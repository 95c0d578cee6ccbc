/** Bodies that several tests put into the local Azure. */

export const password = 'Geheim-123';
export const platformImage = { publisher: 'Debian', offer: 'debian-12', sku: '12', version: 'latest' };
const location = 'westeurope';

export interface Put {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

const provider = (type: string, name: string) => `/resourceGroups/web/providers/${type}/${name}`;

/** An interface in the subnet `default` of the network `net`, as a template has it. */
export const interfaceInNet = {
  type: 'Microsoft.Network/networkInterfaces',
  apiVersion: '2023-09-01',
  name: 'nic',
  location,
  dependsOn: ['net'],
  properties: {
    ipConfigurations: [
      {
        name: 'one',
        properties: {
          subnet: { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'default')]" },
        },
      },
    ],
  },
};

/** A network, a public address and an interface that has it. */
export function network(subscription: string): readonly Put[] {
  const id = (type: string, name: string) => `${subscription}${provider(type, name)}`;
  return [
    {
      path: provider('Microsoft.Network/virtualNetworks', 'net'),
      body: {
        location,
        properties: {
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
        },
      },
    },
    {
      path: provider('Microsoft.Network/publicIPAddresses', 'ip'),
      body: { location, properties: { publicIPAllocationMethod: 'Static' } },
    },
    {
      path: provider('Microsoft.Network/networkInterfaces', 'nic'),
      body: {
        location,
        properties: {
          ipConfigurations: [
            {
              name: 'one',
              properties: {
                subnet: { id: id('Microsoft.Network/virtualNetworks', 'net/subnets/default') },
                publicIPAddress: { id: id('Microsoft.Network/publicIPAddresses', 'ip') },
              },
            },
          ],
        },
      },
    },
  ];
}

export function machine(
  subscription: string,
  osDisk: Record<string, unknown> = {
    name: 'os',
    createOption: 'FromImage',
    managedDisk: {},
    deleteOption: 'Delete',
  },
): Put {
  return {
    path: provider('Microsoft.Compute/virtualMachines', 'vm'),
    body: {
      location,
      properties: {
        hardwareProfile: { vmSize: 'Standard_B1s' },
        storageProfile: { imageReference: platformImage, osDisk },
        osProfile: {
          computerName: 'builder',
          adminUsername: 'packer',
          adminPassword: password,
          linuxConfiguration: {
            disablePasswordAuthentication: true,
            ssh: { publicKeys: [{ path: '/home/packer/.ssh/authorized_keys', keyData: 'ssh-rsa AAAA' }] },
          },
        },
        networkProfile: {
          networkInterfaces: [
            { id: `${subscription}${provider('Microsoft.Network/networkInterfaces', 'nic')}` },
          ],
        },
      },
    },
  };
}

/** A balancer on port 80 with an HTTP probe and one pool, over the public address. */
export function balancer(subscription: string): Put {
  const path = provider('Microsoft.Network/loadBalancers', 'lb');
  const id = (rest: string) => ({ id: `${subscription}${path}/${rest}` });
  return {
    path,
    body: {
      location,
      properties: {
        frontendIPConfigurations: [
          {
            name: 'front',
            properties: {
              publicIPAddress: {
                id: `${subscription}${provider('Microsoft.Network/publicIPAddresses', 'ip')}`,
              },
            },
          },
        ],
        backendAddressPools: [{ name: 'pool' }],
        probes: [
          {
            name: 'health',
            properties: {
              protocol: 'http',
              port: 8080,
              requestPath: '/health',
              intervalInSeconds: 5,
              numberOfProbes: 2,
            },
          },
        ],
        loadBalancingRules: [
          {
            name: 'web',
            properties: {
              frontendIPConfiguration: id('frontendIPConfigurations/front'),
              backendAddressPool: id('backendAddressPools/pool'),
              probe: id('probes/health'),
              protocol: 'Tcp',
              frontendPort: 80,
              backendPort: 8080,
            },
          },
        ],
      },
    },
  };
}

export interface ScaleSetOptions {
  readonly image: Record<string, unknown>;
  readonly capacity: number;
  readonly mode?: string;
}

export function scaleSet(subscription: string, { image, capacity, mode = 'Manual' }: ScaleSetOptions): Put {
  const lb = `${subscription}${provider('Microsoft.Network/loadBalancers', 'lb')}`;
  return {
    path: provider('Microsoft.Compute/virtualMachineScaleSets', 'web'),
    body: {
      location,
      sku: { name: 'Standard_B1s', capacity },
      properties: {
        upgradePolicy: { mode },
        virtualMachineProfile: {
          storageProfile:
            image['uri'] === undefined
              ? { imageReference: image }
              : { osDisk: { createOption: 'FromImage', image } },
          osProfile: { computerNamePrefix: 'web', adminUsername: 'webadmin', adminPassword: password },
          networkProfile: {
            healthProbe: { id: `${lb}/probes/health` },
            networkInterfaceConfigurations: [
              {
                name: 'nic',
                properties: {
                  primary: true,
                  ipConfigurations: [
                    {
                      name: 'ip',
                      properties: {
                        subnet: {
                          id: `${subscription}${provider('Microsoft.Network/virtualNetworks', 'net/subnets/default')}`,
                        },
                        loadBalancerBackendAddressPools: [{ id: `${lb}/backendAddressPools/pool` }],
                      },
                    },
                  ],
                },
              },
            ],
          },
        },
      },
    },
  };
}
