import assert from 'node:assert/strict';
import { linkedActions } from '../../../../local/azure/authorization/linkedActions.js';
import { requestedAction } from '../../../../local/azure/authorization/requestedAction.js';

const group = '/subscriptions/s/resourceGroups/g';
const compute = `${group}/providers/Microsoft.Compute`;
const web = `${compute}/virtualMachineScaleSets/web`;
const asked = (method: string, path: string) => {
  const found = requestedAction(method, path, type => type);
  return found === undefined ? undefined : `${found.where} ${found.action} ${found.scope}`;
};

describe('The action that a request is', () => {
  const cases: readonly (readonly [request: string, expected: string | undefined])[] = [
    ['GET /subscriptions', undefined],
    ['GET /subscriptions/s', undefined],
    ['GET /tenants', undefined],
    [`GET ${web}`, `once Microsoft.Compute/virtualMachineScaleSets/read ${web}`],
    [`HEAD ${web}/`, `once Microsoft.Compute/virtualMachineScaleSets/read ${web}`],
    [`PUT ${web}`, `once Microsoft.Compute/virtualMachineScaleSets/write ${web}`],
    [`PATCH ${web}`, `once Microsoft.Compute/virtualMachineScaleSets/write ${web}`],
    [`DELETE ${web}`, `once Microsoft.Compute/virtualMachineScaleSets/delete ${web}`],
    [
      `POST ${web}/manualupgrade`,
      `once Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action ${web}`,
    ],
    [
      `POST ${web}/rollingUpgrades/cancel`,
      `once Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/cancel/action ${web}/rollingUpgrades`,
    ],
    [
      `GET ${web}/rollingUpgrades/latest`,
      `once Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/read ${web}/rollingUpgrades/latest`,
    ],
    [`GET ${web}/instanceView`, `once Microsoft.Compute/virtualMachineScaleSets/instanceView/read ${web}`],
    [
      `GET ${web}/virtualMachines`,
      `once Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read ${web}`,
    ],
    [
      `POST ${web}/virtualMachines/3/restart`,
      `once Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action ${web}/virtualMachines/3`,
    ],
    [
      `GET ${compute}/virtualMachineScaleSets`,
      `once Microsoft.Compute/virtualMachineScaleSets/read ${compute}`,
    ],
    [
      'GET /subscriptions/s/providers/Microsoft.Compute/images',
      'shown Microsoft.Compute/images/read /subscriptions/s',
    ],
    [
      'GET /subscriptions/s/providers/Microsoft.Compute/locations/l/operations/o',
      'anywhere Microsoft.Compute/locations/operations/read /subscriptions/s',
    ],
    [
      'GET /subscriptions/s/operationresults/abc',
      'anywhere Microsoft.Resources/subscriptions/operationresults/read /subscriptions/s',
    ],
    [
      'POST /subscriptions/s/providers/Microsoft.Storage/checkNameAvailability',
      'anywhere Microsoft.Storage/checkNameAvailability/read /subscriptions/s',
    ],
    [
      'POST /subscriptions/s/providers/Microsoft.Compute/register',
      'anywhere Microsoft.Compute/register/action /subscriptions/s',
    ],
    [
      'GET /subscriptions/s/providers/Microsoft.Compute',
      'anywhere Microsoft.Resources/subscriptions/providers/read /subscriptions/s',
    ],
    [
      'GET /subscriptions/s/resourcegroups',
      'shown Microsoft.Resources/subscriptions/resourceGroups/read /subscriptions/s',
    ],
    [
      'GET /subscriptions/s/resources',
      'shown Microsoft.Resources/subscriptions/resources/read /subscriptions/s',
    ],
    [`PUT ${group}`, `once Microsoft.Resources/subscriptions/resourceGroups/write ${group}`],
    [`HEAD ${group}`, `once Microsoft.Resources/subscriptions/resourceGroups/read ${group}`],
    [
      `POST ${group}/exportTemplate`,
      `once Microsoft.Resources/subscriptions/resourceGroups/exportTemplate/action ${group}`,
    ],
    [
      `POST ${group}/providers/Microsoft.Resources/deployments/d/validate`,
      `once Microsoft.Resources/deployments/validate/action ${group}/providers/Microsoft.Resources/deployments/d`,
    ],
    [
      `GET ${group}/deployments/d/operations`,
      `once Microsoft.Resources/deployments/operations/read ${group}/providers/Microsoft.Resources/deployments/d`,
    ],
  ];
  for (const [request, expected] of cases) {
    it(request, () => {
      const [method = '', path = ''] = request.split(' ');
      assert.equal(asked(method, path), expected);
    });
  }

  it('takes in what the body of a write refers to, each once and nothing of its own', () => {
    const network = `${group}/providers/Microsoft.Network`;
    const pool = { id: `${network}/loadBalancers/lb/backendAddressPools/pool` };
    const body = {
      location: 'westeurope',
      identity: {
        userAssignedIdentities: {
          [`${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me`]: {},
        },
      },
      properties: {
        image: { id: `${compute}/images/baked` },
        pools: [pool, { id: pool.id.toUpperCase() }],
        own: { id: `${web}/virtualMachines/0` },
        sourceResourceId: `${compute}/disks/os`,
        note: `${compute}/images/other`,
        place: { id: '/subscriptions/s' },
      },
    };
    assert.deepEqual(
      linkedActions(web, body).map(({ action, scope }) => `${action} ${scope.split('/').at(-1) ?? ''}`),
      [
        'Microsoft.Compute/images/read baked',
        'Microsoft.Network/loadBalancers/backendAddressPools/join/action POOL',
        'Microsoft.Compute/disks/beginGetAccess/action os',
        'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action me',
      ],
    );
    const attached = linkedActions(`${compute}/virtualMachines/vm`, body).map(one => one.action);
    assert.ok(attached.includes('Microsoft.Compute/disks/write'));
  });
});
