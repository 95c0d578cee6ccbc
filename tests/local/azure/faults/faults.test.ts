import assert from 'node:assert/strict';
import { look, startFixture, type Answer, type Fixture } from '../fixture.js';
import { machine, network } from '../templates.js';

const control = 'https://control.local-azure/faults';
const group = '/resourcegroups/web';
const addresses = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses';
const images = '/resourceGroups/web/providers/Microsoft.Compute/images';
const address = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses/p';
const body = { location: 'westeurope', properties: {} };

describe('Faults of the local Azure on demand', () => {
  let azure: Fixture;
  beforeEach(async () => {
    azure = await startFixture();
    await azure.arm('PUT', group, { location: 'westeurope' });
  });
  afterEach(() => azure.close());
  const fault = async (...rules: readonly object[]): Promise<Answer> => {
    const answer = await azure.send('PUT', control, { rules });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer;
  };

  it('are switched on, reported and switched off while it runs', async () => {
    await fault({
      name: 'once',
      match: { url: 'resourcegroups/web' },
      times: 1,
      effect: { kind: 'error', status: 503 },
    });
    assert.equal((await azure.arm('GET', group)).status, 503);
    assert.equal((await azure.arm('GET', group)).status, 200);
    const report = await azure.send('GET', control);
    assert.deepEqual(look(report, 'body.rules.*.matched'), [2]);
    assert.deepEqual(look(report, 'body.rules.*.hit'), [1]);
    assert.deepEqual(look(await azure.send('DELETE', control), 'body.rules'), []);
    assert.equal((await azure.send('POST', control)).status, 405);
    assert.equal((await azure.send('GET', 'https://control.local-azure/')).status, 404);
    const wrong = await azure.send('PUT', control, { rules: [{ effect: { kind: 'slow' } }, 1] });
    assert.equal(wrong.status, 400);
    assert.match(String(look(wrong, 'body.error.message')), /rules\[0\][\s\S]*rules\[1\]/);
  });

  it('throttle the second call of one caller, as the compute provider or as Resource Manager words it', async () => {
    await fault(
      {
        match: { caller: 'Packer' },
        after: 1,
        times: 1,
        effect: { kind: 'throttle', retryAfterSeconds: 120 },
      },
      {
        match: { method: 'DELETE' },
        effect: { kind: 'throttle', retryAfterSeconds: 6, code: 'SubscriptionRequestsThrottled' },
      },
    );
    const packer = { 'user-agent': 'Packer/1.9' };
    assert.equal((await azure.arm('GET', images, undefined, packer)).status, 200);
    assert.equal((await azure.arm('GET', images)).status, 200);
    const second = await azure.arm('GET', images, undefined, packer);
    assert.equal(second.status, 429);
    assert.equal(second.headers['retry-after'], '1');
    assert.equal(look(second, 'body.error.code'), 'OperationNotAllowed');
    assert.equal(look(second, 'body.error.details.0.code'), 'TooManyRequests');
    const detail = JSON.parse(String(look(second, 'body.error.details.0.message'))) as object;
    assert.equal(look(detail, 'measuredRequestCount'), 478);
    const third = await azure.arm('DELETE', group);
    assert.equal(look(third, 'body.error.code'), 'SubscriptionRequestsThrottled');
    assert.match(String(look(third, 'body.error.message')), /try again after '1' seconds/);
  });

  it('hit polls only, or all but polls', async () => {
    await fault({ match: { polls: true }, times: 1, effect: { kind: 'throttle', retryAfterSeconds: 1 } });
    const put = await azure.arm('PUT', address, body);
    assert.equal(put.status, 201);
    const poll = String(put.headers['azure-asyncoperation']);
    assert.equal((await azure.arm('GET', poll)).status, 429);
    assert.equal((await azure.arm('GET', poll)).status, 200);
  });

  it('reset the connection, or answer with a page', async () => {
    await fault(
      { times: 1, effect: { kind: 'reset' }, match: { url: 'publicIPAddresses' } },
      { times: 1, effect: { kind: 'html', status: 404 }, match: { url: 'publicIPAddresses' } },
    );
    await assert.rejects(azure.arm('GET', addresses), /socket hang up|ECONNRESET/);
    const page = await azure.arm('GET', addresses);
    assert.equal(page.status, 404);
    assert.match(String(page.body), /^<!DOCTYPE html>/);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.equal((await azure.arm('GET', addresses)).status, 200);
  });

  it('answer late by the time scale', async () => {
    await fault({ match: { url: 'resourcegroups' }, effect: { kind: 'slow', seconds: 3600 } });
    assert.equal((await azure.arm('GET', group)).status, 200);
    await azure.close();
    azure = await startFixture({ offset: 0 }, { timeScale: 0.001 });
    await azure.arm('PUT', group, { location: 'westeurope' });
    await fault({ match: { url: 'resourcegroups/web' }, effect: { kind: 'slow', seconds: 200 } });
    const began = performance.now();
    assert.equal((await azure.arm('GET', group)).status, 200);
    assert.ok(performance.now() - began >= 190);
  });

  it('let a token expire in the middle, so that only a new one is good', async () => {
    await fault({ after: 1, times: 1, match: { url: 'resourcegroups' }, effect: { kind: 'expire-token' } });
    assert.equal((await azure.arm('GET', group)).status, 200);
    const refused = await azure.arm('GET', group);
    assert.equal(refused.status, 401);
    assert.equal(look(refused, 'body.error.code'), 'ExpiredAuthenticationToken');
    assert.match(String(refused.headers['www-authenticate']), /invalid_token/);
    assert.equal((await azure.arm('GET', group)).status, 401);
    const { tenantId, clientId, clientSecret } = azure.azure.connection;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'https://management.azure.com/.default',
    });
    const signedIn = await azure.send(
      'POST',
      `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      form.toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    const fresh = { authorization: `Bearer ${String(look(signedIn, 'body.access_token'))}` };
    assert.equal((await azure.arm('GET', group, undefined, fresh)).status, 200);
  });

  it('keep an operation in progress for ever; its resource can still be deleted', async () => {
    await fault({
      match: { method: 'PUT', url: 'publicIPAddresses/p$' },
      times: 1,
      effect: { kind: 'never-ends' },
    });
    const put = await azure.arm('PUT', address, body);
    const poll = String(put.headers['azure-asyncoperation']);
    await new Promise(resolve => setTimeout(resolve, 50));
    assert.equal(look(await azure.arm('GET', poll), 'body.status'), 'InProgress');
    assert.equal(look(await azure.arm('GET', address), 'body.properties.provisioningState'), 'Updating');
    await azure.armDone('DELETE', address);
    assert.equal((await azure.arm('GET', address)).status, 404);
  });

  const details = [
    { code: 'Conflict', message: 'Outer', details: [{ code: 'Quota', message: 'Inner "quoted"' }] },
  ];
  for (const encoding of ['object', 'string'] as const) {
    it(`fail an operation with nested details, each as ${encoding}`, async () => {
      await fault({
        match: { url: 'publicIPAddresses/p$' },
        effect: { kind: 'fails', code: 'DeploymentFailed', message: 'No.', details, encoding },
      });
      const done = await azure.armDone('PUT', address, body);
      assert.equal(look(done, 'body.status'), 'Failed');
      assert.equal(look(done, 'body.error.code'), 'DeploymentFailed');
      const outer = look(done, 'body.error.details.0');
      if (encoding === 'object') assert.deepEqual(outer, details[0]);
      else {
        assert.equal(look(outer, 'code'), 'BadRequest');
        const text = String(look(outer, 'message'));
        assert.match(text, /^\{\r\n {2}"error": \{\r\n/);
        const inner = String(look(JSON.parse(text), 'error.details.0.message'));
        assert.equal(look(JSON.parse(inner), 'error.message'), 'Inner "quoted"');
      }
      assert.equal(look(await azure.arm('GET', address), 'body.properties.provisioningState'), 'Failed');
    });
  }

  it('have no room: a machine fails on the way, or its size is refused at once', async () => {
    for (const one of network(azure.subscription)) await azure.armDone('PUT', one.path, one.body);
    const vm = machine(azure.subscription);
    const capacity = (code: string) =>
      fault({ match: { url: 'virtualMachines/' }, effect: { kind: 'capacity', code } });
    await capacity('SkuNotAvailable');
    const refused = await azure.arm('PUT', vm.path, vm.body);
    assert.deepEqual([refused.status, look(refused, 'body.error.code')], [409, 'SkuNotAvailable']);
    assert.equal((await azure.arm('GET', vm.path)).status, 404);
    for (const code of ['AllocationFailed', 'OverconstrainedAllocationRequest']) {
      await capacity(code);
      const failed = await azure.armDone('PUT', vm.path, vm.body);
      assert.equal(look(failed, 'body.error.code'), code);
      assert.equal(azure.host.machines.size, 0);
    }
    await azure.send('DELETE', control);
    assert.equal(look(await azure.armDone('PUT', vm.path, vm.body), 'body.status'), 'Succeeded');
  });

  it('hit what a deployment does, too', async () => {
    await fault({
      match: { url: 'publicIPAddresses/p$' },
      effect: { kind: 'fails', code: 'Busy', message: 'Later.' },
    });
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.Network/publicIPAddresses', apiVersion: '2023-04-01', name: 'p', ...body },
      ],
    };
    const path = `${group}/providers/Microsoft.Resources/deployments/d`;
    const done = await azure.armDone('PUT', path, { properties: { mode: 'Incremental', template } });
    assert.equal(look(done, 'body.status'), 'Failed');
    assert.match(JSON.stringify(done.body), /Busy/);
  });

  it('let lists and resources lag behind', async () => {
    await azure.close();
    azure = await startFixture({ offset: 0 }, { timeScale: 0.001 });
    await azure.arm('PUT', group, { location: 'westeurope' });
    await azure.armDone('PUT', `${address}0`, body);
    await fault({
      match: { method: 'GET', url: 'publicIPAddresses' },
      effect: { kind: 'lag', seconds: 1_000_000 },
    });
    await azure.arm('PUT', address, body);
    await azure.arm('PATCH', `${address}0`, { tags: { a: 'b' } });
    const list = '/resourceGroups/web/providers/Microsoft.Network/publicIPAddresses';
    const names = async () => look(await azure.arm('GET', list), 'body.value.*.name');
    assert.deepEqual(await names(), ['p0']);
    assert.equal((await azure.arm('GET', address)).status, 404);
    assert.equal(look(await azure.arm('GET', `${address}0`), 'body.tags'), undefined);
    await azure.send('DELETE', control);
    assert.deepEqual(await names(), ['p0', 'p']);
    assert.deepEqual(look(await azure.arm('GET', `${address}0`), 'body.tags'), { a: 'b' });
  });
});
