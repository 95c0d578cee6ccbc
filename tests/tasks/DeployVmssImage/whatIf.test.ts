import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PropertyChange, ResourceChange } from '../../../shared/azure/deployments.js';
import { nameOf, readWhatIf } from '../../../tasks/DeployVmssImage/src/whatIf.js';
import { whatIfJson, whatIfLines, whatIfSummary } from '../../../tasks/DeployVmssImage/src/whatIfReport.js';

const group = '/subscriptions/s/resourceGroups/rg/providers';
const ids = {
  scaleSet: `${group}/Microsoft.Compute/virtualMachineScaleSets/web`,
  balancer: `${group}/Microsoft.Network/loadBalancers/lb`,
  address: `${group}/Microsoft.Network/publicIPAddresses/ip`,
  network: `${group}/Microsoft.Network/virtualNetworks/net`,
  firewall: `${group}/Microsoft.Network/networkSecurityGroups/nsg`,
  gateway: `${group}/Microsoft.Network/applicationGateways/gw`,
  account: `${group}/Microsoft.Storage/storageAccounts/files`,
};

function property(
  path: string,
  kind: string,
  before?: unknown,
  after?: unknown,
  children: PropertyChange[] = [],
): PropertyChange {
  return { path, kind, before, after, children };
}
function change(
  id: string,
  kind: string,
  delta: PropertyChange[] = [],
  more: Partial<ResourceChange> = {},
): ResourceChange {
  return { id, kind, before: undefined, after: undefined, delta, unsupportedReason: undefined, ...more };
}
const dangersOf = (...changes: ResourceChange[]) => readWhatIf(changes).flatMap(({ dangers }) => dangers);

describe('what-if', () => {
  it('tells each property that changes, items by their names', () => {
    const views = readWhatIf([
      change(ids.account, 'Create'),
      change(
        ids.network,
        'Modify',
        [
          property('tags.owner', 'Create', undefined, 'web team'),
          property('properties.subnets', 'Array', undefined, undefined, [
            property('0', 'Modify', undefined, undefined, [
              property('properties.serviceEndpoints', 'Create', undefined, [
                { service: 'Microsoft.Storage' },
              ]),
            ]),
          ]),
        ],
        { after: { properties: { subnets: [{ name: 'web' }] } } },
      ),
      change(ids.scaleSet, 'Modify', [
        property('properties.upgradePolicy.mode', 'Modify', 'Automatic', 'Manual'),
      ]),
      change(ids.address, 'NoChange'),
      change(ids.balancer, 'Ignore'),
    ]);
    assert.deepEqual(whatIfLines(views), [
      'The deployment would change:',
      '  ~ modify: Microsoft.Network/virtualNetworks net',
      '      + tags.owner: web team',
      '      + properties.subnets[web].properties.serviceEndpoints: [{"service":"Microsoft.Storage"}]',
      '  ~ modify: Microsoft.Compute/virtualMachineScaleSets web',
      '      ~ properties.upgradePolicy.mode: Automatic => Manual',
      '  + create: Microsoft.Storage/storageAccounts files',
      '1 resource unchanged.',
      '1 resource of the group not in the template, left as they are.',
    ]);
    assert.deepEqual(
      views.flatMap(({ dangers }) => dangers),
      [],
    );
  });

  describe('finds what would take a site down:', () => {
    const cases: readonly (readonly [what: string, change: ResourceChange, danger: RegExp])[] = [
      ...(['scaleSet', 'balancer', 'address', 'network', 'firewall', 'gateway'] as const).map(
        name => [`the ${name} is deleted`, change(ids[name], 'Delete'), /would be deleted/] as const,
      ),
      [
        'a subnet is deleted on its own',
        change(`${ids.network}/subnets/web`, 'Delete'),
        /^The subnet would be deleted/,
      ],
      [
        'a subnet goes with an edit of its network',
        change(ids.network, 'Modify', [
          property('properties.subnets', 'Array', undefined, undefined, [
            property('1', 'Delete', { name: 'web' }),
          ]),
        ]),
        /'properties\.subnets\[web\]' would be removed/,
      ],
      [
        'a security rule goes',
        change(ids.firewall, 'Modify', [
          property('properties.securityRules', 'Array', undefined, undefined, [
            property('0', 'Delete', { name: 'http' }),
          ]),
        ]),
        /'properties\.securityRules\[http\]' would be removed/,
      ],
      [
        'a load balancing rule goes',
        change(ids.balancer, 'Modify', [
          property('properties.loadBalancingRules', 'Array', undefined, undefined, [
            property('0', 'Delete', { name: 'http' }),
          ]),
        ]),
        /would be removed/,
      ],
      [
        'all probes go',
        change(ids.balancer, 'Modify', [property('properties.probes', 'Delete', [{ name: 'health' }])]),
        /'properties\.probes' would be removed/,
      ],
      [
        'an address changes its SKU',
        change(ids.address, 'Modify', [property('sku.name', 'Modify', 'Basic', 'Standard')]),
        /'sku\.name' of a public IP address cannot change in place/,
      ],
      [
        'an address becomes dynamic',
        change(ids.address, 'Modify', [
          property('properties.publicIPAllocationMethod', 'Modify', 'Static', 'Dynamic'),
        ]),
        /cannot change in place/,
      ],
      [
        'the scale set moves',
        change(ids.scaleSet, 'Modify', [property('location', 'Modify', 'westeurope', 'northeurope')]),
        /'location' of a scale set cannot change in place/,
      ],
      [
        'the scale set leaves its zones',
        change(ids.scaleSet, 'Modify', [
          property('zones', 'Array', undefined, undefined, [property('0', 'Delete', '1')]),
        ]),
        /'zones\[0\]' of a scale set cannot change/,
      ],
      [
        'the scale set changes its orchestration',
        change(ids.scaleSet, 'Modify', [
          property('properties.orchestrationMode', 'Modify', 'Uniform', 'Flexible'),
        ]),
        /orchestrationMode/,
      ],
      [
        'a marketplace image gives way to one of ours',
        change(ids.scaleSet, 'Modify', [
          property(
            'properties.virtualMachineProfile.storageProfile.imageReference.publisher',
            'Delete',
            'Debian',
          ),
        ]),
        /imageReference\.publisher.*cannot change in place/,
      ],
      [
        'the instances leave the load balancer',
        change(ids.scaleSet, 'Modify', [
          property(
            'properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations',
            'Array',
            undefined,
            undefined,
            [
              property('0', 'Modify', undefined, undefined, [
                property('properties.ipConfigurations', 'Array', undefined, undefined, [
                  property('0', 'Modify', undefined, undefined, [
                    property('properties.loadBalancerBackendAddressPools', 'Delete', [{ id: 'pool' }]),
                  ]),
                ]),
              ]),
            ],
          ),
        ]),
        /loadBalancerBackendAddressPools' would be removed/,
      ],
      [
        'the capacity of the template is below what runs',
        change(ids.scaleSet, 'Modify', [property('sku.capacity', 'Modify', 10, 3)]),
        /^7 of its 10 instances would be deleted/,
      ],
    ];
    for (const [what, one, danger] of cases) {
      it(what, () => {
        const dangers = dangersOf(one);
        assert.equal(dangers.length, 1, dangers.join('\n'));
        assert.match(dangers[0]!, danger);
        assert.match(whatIfLines(readWhatIf([one])).join('\n'), /DANGER: /);
      });
    }
  });

  it('lets pass what serves nobody, grows, or is known only while deploying', () => {
    assert.deepEqual(
      dangersOf(
        change(ids.account, 'Delete'),
        change(ids.account, 'Modify', [property('location', 'Modify', 'a', 'b')]),
        change(ids.balancer, 'Create'),
        change(ids.balancer, 'Ignore'),
        change(ids.scaleSet, 'Modify', [
          property('sku.capacity', 'Modify', 3, 5),
          property('sku.name', 'Modify', 'Standard_B1s', 'Standard_B2s'),
          property('properties.virtualMachineProfile.storageProfile.imageReference.id', 'Modify', 'a', 'b'),
        ]),
        change(ids.address, 'Modify', [
          property('properties.publicIPAllocationMethod', 'Modify', 'Static', "[parameters('allocation')]"),
        ]),
      ),
      [],
    );
  });

  it('tells noise apart: what services fill in, spelling, order and emptiness', () => {
    const noise: readonly (readonly [string, PropertyChange])[] = [
      [ids.balancer, property('properties.provisioningState', 'NoEffect', undefined, 'x')],
      [ids.balancer, property('sku.tier', 'Delete', 'Regional')],
      [ids.address, property('properties.ipAddress', 'Delete', '203.0.113.1')],
      [ids.address, property('properties.idleTimeoutInMinutes', 'Delete', 4)],
      [ids.scaleSet, property('location', 'Modify', 'westeurope', 'West Europe')],
      [ids.scaleSet, property('properties.singlePlacementGroup', 'Delete', true)],
      [ids.scaleSet, property('properties.x.id', 'Modify', '/subscriptions/S/a', '/subscriptions/s/A')],
      [
        ids.network,
        property('properties.subnets', 'Array', undefined, undefined, [
          property('0', 'Modify', undefined, undefined, [
            property('properties.privateEndpointNetworkPolicies', 'Delete', 'Disabled'),
            property('properties.delegations', 'Delete', []),
          ]),
        ]),
      ],
      [
        ids.network,
        property(
          'properties.addressSpace.addressPrefixes',
          'Modify',
          ['10.1.0.0/16', '10.0.0.0/16'],
          ['10.0.0.0/16', '10.1.0.0/16'],
        ),
      ],
      [ids.account, property('tags', 'Create', undefined, {})],
    ];
    for (const [id, one] of noise) {
      const [view] = readWhatIf([change(id, 'Modify', [one])]);
      assert.equal(view?.action, 'unchanged', JSON.stringify(one));
      assert.ok(view.noise.length > 0);
    }
    const [view] = readWhatIf([
      change(ids.address, 'Modify', [property('properties.idleTimeoutInMinutes', 'Delete', 30)]),
    ]);
    assert.equal(view?.action, 'modify', 'a value of one’s own is no default');
    assert.match(
      whatIfLines(readWhatIf(noise.map(([id, one]) => change(id, 'Modify', [one])))).join('\n'),
      /11 differences left out/,
    );
  });

  it('shows no secret, whatever name or depth it has', () => {
    const secret = 'Very-Secret-1';
    const views = readWhatIf([
      change(ids.scaleSet, 'Modify', [
        property('properties.virtualMachineProfile.osProfile.adminPassword', 'Create', undefined, secret),
        property('properties.virtualMachineProfile.osProfile.customData', 'Modify', secret, `${secret}2`),
        property('properties.virtualMachineProfile.extensionProfile', 'Create', undefined, {
          extensions: [{ name: 'x', properties: { protectedSettings: { script: secret } } }],
        }),
        property(
          'properties.settings',
          'Modify',
          { token: secret },
          { token: secret, a: [{ connectionString: secret }] },
        ),
      ]),
    ]);
    const all = [
      ...whatIfLines(views),
      whatIfSummary(views, false),
      whatIfJson({ name: 'd', mode: 'Incremental', resourceGroup: 'rg' }, views, false),
    ].join('\n');
    assert.ok(!all.includes(secret), all);
    assert.match(all, /adminPassword: \*\*\*/);
  });

  it('says what it cannot tell, and that nothing changes', () => {
    const reason = 'Changes to the resource declared at … cannot be analyzed';
    assert.match(
      whatIfLines(readWhatIf([change(ids.account, 'Unsupported', [], { unsupportedReason: reason })])).join(
        '\n',
      ),
      /\? not known beforehand: Microsoft\.Storage\/storageAccounts files\n +Changes to the resource declared/,
    );
    assert.deepEqual(whatIfLines([]), ['The deployment would change nothing.']);
    assert.match(whatIfSummary([], false), /changes nothing/);
  });

  it('names nested resources by their whole type and name', () => {
    assert.deepEqual(nameOf(`${ids.network}/subnets/web`), {
      type: 'Microsoft.Network/virtualNetworks/subnets',
      name: 'net/web',
    });
    assert.deepEqual(nameOf('odd'), { type: 'odd', name: '' });
  });

  it('survives whatever Azure answers', () => {
    const level = (children: fc.Arbitrary<PropertyChange[]>): fc.Arbitrary<PropertyChange> =>
      fc.record({
        path: fc.oneof(fc.string(), fc.nat().map(String)),
        kind: fc.constantFrom('Create', 'Delete', 'Modify', 'Array', 'NoEffect', 'New'),
        before: fc.jsonValue(),
        after: fc.jsonValue(),
        children,
      });
    const delta = level(fc.array(level(fc.constant([])), { maxLength: 2 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(ids), '', 'x/y'),
        fc.constantFrom('Create', 'Delete', 'Modify', 'NoChange', 'Ignore', 'Deploy', 'Odd'),
        fc.array(delta, { maxLength: 3 }),
        fc.jsonValue(),
        (id, kind, changes, after) => {
          const views = readWhatIf([change(id, kind, changes, { after })]);
          assert.equal(views.length, 1);
          for (const line of whatIfLines(views)) assert.ok(!/[\r\n]/.test(line));
          assert.ok(!whatIfSummary(views, false).includes('<script'));
        },
      ),
      { numRuns: 200 },
    );
  });
});
