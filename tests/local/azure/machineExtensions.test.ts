import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { machine, network } from './templates.js';

describe('Extensions of virtual machines in the local Azure', () => {
  let azure: Fixture;
  const path = () => `${machine(azure.subscription).path}/extensions/cse`;
  const script = (more: object = {}) => ({
    location: 'westeurope',
    properties: {
      publisher: 'Microsoft.Azure.Extensions',
      type: 'CustomScript',
      typeHandlerVersion: '2.1',
      protectedSettings: { commandToExecute: 'echo s3cret' },
      ...more,
    },
  });
  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const one of [...network(azure.subscription), machine(azure.subscription)])
      await azure.armDone('PUT', one.path, one.body);
  });
  afterEach(() => azure.close());

  it('run, are shown without their protected settings, listed and deleted', async () => {
    assert.equal(look(await azure.armDone('PUT', path(), script()), 'body.status'), 'Succeeded');
    const shown = await azure.arm('GET', path());
    assert.equal(look(shown, 'body.properties.provisioningState'), 'Succeeded');
    assert.ok(!JSON.stringify(shown.body).includes('s3cret'));
    const list = await azure.arm('GET', path().replace(/\/cse$/, ''));
    assert.deepEqual(look(list, 'body.value.*.name'), ['cse']);
    await azure.armDone('DELETE', path());
    assert.equal((await azure.arm('GET', path())).status, 404);
  });

  it('are refused when unknown, or when the machine does not run', async () => {
    assert.equal((await azure.arm('PUT', path(), script({ type: 'Unknown' }))).status, 404);
    await azure.armDone('POST', `${machine(azure.subscription).path}/deallocate`);
    assert.equal((await azure.arm('PUT', path(), script())).status, 409);
  });
});
