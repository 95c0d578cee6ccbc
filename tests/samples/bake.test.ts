/** The sample's Packer templates and playbook, judged by Packer and Ansible. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sample } from './sample.js';

/** Never empty: without a client id Packer goes looking for a managed identity. */
const credentials = {
  client_id: '11111111-1111-1111-1111-111111111111',
  client_secret: 'not-a-secret',
  tenant_id: '22222222-2222-2222-2222-222222222222',
  subscription_id: '33333333-3333-3333-3333-333333333333',
};
const variables = ['image_resource_group=images', 'image_name=webapp-1', 'app_version=1.0.1'];

function validate(template: string, given: readonly string[], changes: Partial<typeof credentials> = {}) {
  const entries = Object.entries({ ...credentials, ...changes });
  const env = {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    ...Object.fromEntries(entries.map(([name, value]) => [`PKR_VAR_${name}`, value])),
    ...Object.fromEntries(entries.map(([name, value]) => [`ARM_${name.toUpperCase()}`, value])),
  };
  const args = ['validate', ...given.flatMap(one => ['-var', one]), join(sample, template)];
  const { status, stdout, stderr } = spawnSync('packer', args, { encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

describe("sample's bake", () => {
  for (const template of ['packer/webapp.json', 'packer/webapp.pkr.hcl']) {
    it(`${template} is valid`, () => {
      const { status, output } = validate(template, variables);
      assert.equal(status, 0, output);
    });

    it(`${template} insists on a version`, () => {
      const { status, output } = validate(template, variables.slice(0, 2));
      assert.equal(status, 1);
      assert.match(output, /app_version/);
    });
  }

  it('the HCL2 template refuses an empty client id', () => {
    const { status, output } = validate('packer/webapp.pkr.hcl', variables, { client_id: '' });
    assert.equal(status, 1);
    assert.match(output, /The client_id is empty/);
  });

  it('the playbook is sound, and refuses to install without a version', () => {
    const play = (...args: string[]) =>
      spawnSync('ansible-playbook', ['-c', 'local', '-i', 'localhost,', ...args, 'packer/provision/playbook.yml'], {
        encoding: 'utf8',
        cwd: sample,
      });
    assert.equal(play('--syntax-check').status, 0);
    const { status, stdout } = play('--check');
    assert.equal(status, 2);
    assert.match(stdout, /Give the application's version/);
  }).timeout(60_000);
});
