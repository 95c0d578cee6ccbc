import assert from 'node:assert/strict';
import { look, startFixture, type Fixture } from './fixture.js';
import { balancer, network, platformImage, scaleSet } from './templates.js';

describe('Extensions of scale sets in the local Azure', () => {
  let azure: Fixture;
  const web = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';
  const path = `${web}/extensions/cse`;
  const script = (properties: object = {}) => ({
    properties: {
      publisher: 'Microsoft.Azure.Extensions',
      type: 'CustomScript',
      typeHandlerVersion: '2.1',
      protectedSettings: { commandToExecute: 'echo s3cret' },
      ...properties,
    },
  });
  const latest = async () =>
    look(await azure.arm('GET', `${web}/virtualMachines`), 'body.value.*.properties.latestModelApplied');

  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
    for (const one of [...network(azure.subscription), balancer(azure.subscription)])
      await azure.armDone('PUT', one.path, one.body);
    const { body } = scaleSet(azure.subscription, { image: platformImage, capacity: 2 });
    const made = await azure.armDone('PUT', web, body);
    assert.equal(look(made, 'body.status'), 'Succeeded');
  });
  afterEach(() => azure.close());

  it('become part of the model, which instances get when they are upgraded', async () => {
    assert.deepEqual(await latest(), [true, true]);
    assert.equal(look(await azure.armDone('PUT', path, script()), 'body.status'), 'Succeeded');
    const set = await azure.arm('GET', web);
    const profile = 'body.properties.virtualMachineProfile.extensionProfile.extensions';
    assert.deepEqual(look(set, `${profile}.*.name`), ['cse']);
    assert.equal(look(set, 'body.properties.provisioningState'), 'Succeeded');
    assert.deepEqual(await latest(), [false, false]);
    await azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: ['0'] });
    assert.deepEqual(await latest(), [true, false]);

    const shown = await azure.arm('GET', path);
    assert.equal(look(shown, 'body.type'), 'Microsoft.Compute/virtualMachineScaleSets/extensions');
    assert.equal(look(shown, 'body.properties.provisioningState'), 'Succeeded');
    assert.ok(!JSON.stringify([shown.body, set.body]).includes('s3cret'));
    assert.deepEqual(look(await azure.arm('GET', `${web}/extensions`), 'body.value.*.name'), ['cse']);
  });

  it('are changed in place with the secrets they had, and deleted', async () => {
    await azure.armDone('PUT', path, script());
    const changed = await azure.armDone('PATCH', path, { properties: { forceUpdateTag: '2' } });
    assert.equal(look(changed, 'body.status'), 'Succeeded');
    assert.equal(look(await azure.arm('GET', path), 'body.properties.forceUpdateTag'), '2');
    await azure.armDone('POST', `${web}/manualupgrade`, { instanceIds: ['*'] });
    assert.deepEqual(await latest(), [true, true]);
    await azure.armDone('DELETE', path);
    assert.equal((await azure.arm('GET', path)).status, 404);
    assert.deepEqual(look(await azure.arm('GET', `${web}/extensions`), 'body.value'), []);
    assert.deepEqual(await latest(), [false, false]);
    assert.equal((await azure.arm('DELETE', path)).status, 204);
  });

  it('are refused when unknown or without their set, and the set stays as it is', async () => {
    assert.equal((await azure.arm('PUT', path, script({ type: 'Unknown' }))).status, 404);
    assert.equal((await azure.arm('PUT', path.replace('/web/ext', '/none/ext'), script())).status, 404);
    assert.deepEqual(await latest(), [true, true]);
    assert.equal(look(await azure.arm('GET', web), 'body.properties.provisioningState'), 'Succeeded');
  });
});
