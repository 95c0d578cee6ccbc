import assert from 'node:assert/strict';
import fc from 'fast-check';
import { merge } from '../../../local/azure/arm/json.js';
import { formatResourceId, parseResourceId } from '../../../local/azure/arm/resourceId.js';
import { trafficLine, withoutSecrets } from '../../../local/azure/front/traffic.js';

describe('The traffic log of the local Azure', () => {
  const secret = 's3cr3t-v4lu3';

  it('masks secure parameters of templates, and leaves others', () => {
    const body = {
      properties: {
        template: {
          parameters: {
            key: { type: 'secureString', defaultValue: secret },
            other: { type: 'securestring' },
            name: { type: 'string' },
            more: { type: 'SecureObject' },
          },
        },
        parameters: {
          key: { value: secret },
          OTHER: { value: secret },
          name: { value: 'web' },
          more: { value: { inner: secret } },
        },
      },
    };
    const masked = withoutSecrets(body) as typeof body;
    assert.ok(!JSON.stringify(masked).includes(secret));
    assert.deepEqual(masked.properties.parameters.name, { value: 'web' });
    assert.deepEqual(masked.properties.parameters.key, { value: '***' });
  });

  it('masks members that are known secrets at any depth', () => {
    const name = fc.constantFrom(
      'adminPassword',
      'client_secret',
      'access_token',
      'protectedSettings',
      'customData',
    );
    const holder = (inner: unknown) =>
      fc.sample(fc.constantFrom([inner], { a: inner }, { list: [1, inner] }), 1)[0];
    fc.assert(
      fc.property(name, fc.nat(4), fc.boolean(), (member, depth, nested) => {
        let body: unknown = { [member]: nested ? { value: secret } : secret };
        for (let level = 0; level < depth; level++) body = holder(body);
        assert.ok(!JSON.stringify(withoutSecrets(body)).includes(secret));
      }),
    );
  });

  it('masks storage keys and forms', () => {
    const url = new URL('https://management.azure.com/x/listKeys?api-version=2019-06-01');
    const keys = trafficLine(
      { method: 'POST', url, headers: {}, text: '' },
      { status: 200, body: { keys: [{ keyName: 'key1', value: secret }] } },
    );
    assert.ok(!JSON.stringify(keys).includes(secret));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = trafficLine(
      {
        method: 'POST',
        url: new URL('https://login.microsoftonline.com/t/oauth2/token'),
        headers,
        text: `client_id=a&client_secret=${secret}`,
      },
      { status: 200 },
    );
    assert.deepEqual(form['requestBody'], { client_id: 'a', client_secret: '***' });
  });
});

describe('Plain data of the local Azure', () => {
  it('merges a patch as RFC 7396 says', () => {
    assert.deepEqual(merge({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] }), {
      a: { c: 2, e: 3 },
      d: [2],
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), patch => {
        const merged = merge({}, patch);
        assert.deepEqual(merge(merged, patch), merged);
      }),
    );
  });

  it('takes resource ids apart and puts them together again', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
    fc.assert(
      fc.property(
        part,
        part,
        part,
        fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 3 }),
        (subscriptionId, resourceGroup, namespace, pairs) => {
          const type = [namespace, ...pairs.map(([one]) => one)].join('/');
          const id = { subscriptionId, resourceGroup, type, name: pairs.map(([, name]) => name).join('/') };
          assert.deepEqual(parseResourceId(formatResourceId(id)), id);
        },
      ),
    );
    for (const none of [
      '',
      '/subscriptions/s',
      '/subscriptions/s/resourceGroups/g',
      '/subscriptions/s/resourceGroups/g/providers/N/t',
      'x/subscriptions/s/resourceGroups/g/providers/N/t/n',
    ]) {
      assert.equal(parseResourceId(none), undefined);
    }
  });
});
