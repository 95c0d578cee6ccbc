import assert from 'node:assert/strict';
import { readRoleDefinitions } from '../../../../local/azure/authorization/roleDefinition.js';

const scopes = ['/subscriptions/{subscriptionId}'];
const actions = ['Microsoft.Compute/*/read'];

describe('A role definition', () => {
  it('is read as the Azure CLI takes it, as it lists roles, and as the REST API has it', () => {
    const expected = [
      {
        name: 'Deployer',
        permissions: [{ actions, notActions: ['Microsoft.Compute/disks/read'] }],
        assignableScopes: scopes,
      },
    ];
    const permissions = [{ actions, notActions: ['Microsoft.Compute/disks/read'], dataActions: [] }];
    const forms: readonly unknown[] = [
      {
        Name: 'Deployer',
        IsCustom: true,
        Actions: actions,
        NotActions: ['Microsoft.Compute/disks/read'],
        AssignableScopes: scopes,
      },
      [{ name: 'b24988ac', roleName: 'Deployer', permissions, assignableScopes: scopes }],
      {
        id: '/x',
        name: 'b24988ac',
        properties: { roleName: 'Deployer', permissions, assignableScopes: scopes },
      },
    ];
    for (const form of forms) {
      assert.deepEqual(
        readRoleDefinitions(`\uFEFF${JSON.stringify(form)} // comment`, 'role.json'),
        expected,
      );
    }
  });

  it('is refused with all that is wrong', () => {
    const wrong = JSON.stringify([
      { Name: 'A', Actions: ['read', 7], AssignableScopes: ['web'] },
      { Actions: [], AssignableScopes: [] },
    ]);
    assert.throws(
      () => readRoleDefinitions(wrong, 'role.json'),
      (error: Error) => {
        for (const part of [
          'role.json holds no role definition',
          `A: Actions must be actions such as`,
          'not "read", 7.',
          'A: AssignableScopes must be scopes such as',
          'The role has no Name.',
          'The role has no Actions.',
          'The role has no AssignableScopes',
        ]) {
          assert.ok(error.message.includes(part), `${part} is not in: ${error.message}`);
        }
        return true;
      },
    );
    assert.throws(() => readRoleDefinitions('{', 'role.json'), /no JSON/);
    assert.throws(() => readRoleDefinitions('[]', 'role.json'), /a JSON object, or a list of some/);
  });
});
