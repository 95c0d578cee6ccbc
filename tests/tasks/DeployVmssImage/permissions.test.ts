/** The documented custom role on a local Azure that enforces it: enough for all three actions, and nothing in it too much. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/tasks.js';
import { startRollWorld, type RollWorld } from './rollWorld.js';

interface Role {
  readonly Actions: readonly string[];
}

const role = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs', 'roles', 'deploy-role.json'), 'utf8'),
) as Role;
/** What the template of this test makes. */
const made = ['Microsoft.Network/publicIPAddresses/read', 'Microsoft.Network/publicIPAddresses/write'];

describe('the custom role of DeployVmssImage', function () {
  this.timeout(180_000);
  let world: RollWorld;
  let directory = '';
  let turn = 0;

  before(async () => {
    world = await startRollWorld({ capacity: 2, timeScale: 0.004, bootSeconds: [10] });
    directory = mkdtempSync(join(tmpdir(), 'deploy-role-'));
    writeFileSync(
      join(directory, 'ip.json'),
      JSON.stringify({
        $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        contentVersion: '1.0.0.0',
        parameters: { label: { type: 'string' } },
        resources: [
          {
            type: 'Microsoft.Network/publicIPAddresses',
            apiVersion: '2023-09-01',
            name: 'extra',
            location: 'westeurope',
            tags: { label: "[parameters('label')]" },
            properties: {},
          },
        ],
      }),
    );
  });
  after(async () => {
    await world.close();
    rmSync(directory, { recursive: true, force: true });
  });
  afterEach(() => world.azure.send('DELETE', 'https://control.local-azure/roles'));

  const assign = async (without?: string) => {
    const Actions = [...role.Actions, ...made].filter(action => action !== without);
    const { status, body } = await world.azure.send('PUT', 'https://control.local-azure/roles', {
      ...role,
      Actions,
    });
    assert.ok(status < 300, JSON.stringify(body));
  };
  /** Another image every time. */
  const update = () => {
    turn += 1;
    return world.run({
      imageReference: world.imageId(turn % 2 === 1 ? 'two' : 'three'),
      onFailure: 'stop',
      batchSize: '100%',
      instanceTimeoutInMinutes: '600',
    });
  };
  const deploy = () => {
    turn += 1;
    return world.run({
      action: 'deployTemplate',
      imageReference: '',
      templateFile: join(directory, 'ip.json'),
      overrideParameters: `label=${turn}`,
      deploymentName: `extra-${turn}`,
      whatIf: 'gate',
    });
  };

  it('is enough to set an image, to roll back and to deploy a template', async () => {
    await assign();
    for (const run of [
      await update(),
      await world.run({
        action: 'rollback',
        imageReference: '',
        batchSize: '100%',
        instanceTimeoutInMinutes: '600',
      }),
      await deploy(),
    ])
      assert.ok(!run.failed, `${run.outcome}\n${run.log.join('\n')}`);
  });

  const needed: readonly (readonly [action: string, by: 'update' | 'deploy'])[] = [
    ['Microsoft.Compute/virtualMachineScaleSets/read', 'update'],
    ['Microsoft.Compute/virtualMachineScaleSets/write', 'update'],
    ['Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action', 'update'],
    ['Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read', 'update'],
    ['Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/read', 'update'],
    ['Microsoft.Compute/images/read', 'update'],
    ['Microsoft.Compute/locations/operations/read', 'update'],
    ['Microsoft.Resources/subscriptions/resourceGroups/read', 'deploy'],
    ['Microsoft.Resources/deployments/read', 'deploy'],
    ['Microsoft.Resources/deployments/write', 'deploy'],
    ['Microsoft.Resources/deployments/validate/action', 'deploy'],
    ['Microsoft.Resources/deployments/whatIf/action', 'deploy'],
    ['Microsoft.Resources/deployments/operations/read', 'deploy'],
    ['Microsoft.Resources/subscriptions/operationresults/read', 'deploy'],
    ['Microsoft.Network/publicIPAddresses/write', 'deploy'],
  ];
  for (const [action, by] of needed) {
    it(`says what is missing without ${action}`, async () => {
      await assign(action);
      const run = await (by === 'update' ? update() : deploy());
      const said = [run.outcome, ...run.warnings].join('\n');
      assert.ok(run.failed || run.warnings.length > 0, said);
      assert.ok(said.toLowerCase().includes(action.toLowerCase()), said);
      assert.match(said, /docs\/permissions\.md/);
    });
  }
});
