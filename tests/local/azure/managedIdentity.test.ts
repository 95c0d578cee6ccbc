import assert from 'node:assert/strict';
import { request } from 'node:http';
import { ManagedIdentityCredential } from '@azure/identity';
import { metadataUrl } from '../../../local/azure/signIn/managedIdentity.js';
import { look, startFixture, type Fixture } from './fixture.js';

const path = '/metadata/identity/oauth2/token';
const query = `?api-version=2018-02-01&resource=${encodeURIComponent('https://management.azure.com/')}`;

describe('The metadata service that the proxy stands for', () => {
  let azure: Fixture;
  before(async () => {
    azure = await startFixture();
  });
  after(() => azure.close());

  /** A plain request to the proxy, with this target in its request line. */
  const ask = (target: string, headers: Record<string, string> = { Metadata: 'true' }, method = 'GET') =>
    new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const { hostname, port } = new URL(azure.azure.connection.proxy);
      const asked = request(
        { host: hostname, port, path: target, headers, method, agent: false },
        response => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            const body = text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
            resolve({ status: response.statusCode ?? 0, body });
          });
        },
      );
      asked.on('error', reject).end();
    });

  it('gives the machine’s identity a token that Resource Manager takes', async () => {
    const { clientId } = azure.azure.connection;
    for (const start of ['', 'http://169.254.169.254', azure.azure.connection.proxy]) {
      const target = `${start}${path}`;
      const { status, body } = await ask(`${target}${query}&client_id=${clientId}`);
      assert.equal(status, 200);
      assert.equal(look(body, 'client_id'), clientId);
      assert.equal(look(body, 'expires_in'), '3599');
      const headers = { authorization: `Bearer ${String(look(body, 'access_token'))}` };
      assert.equal((await azure.arm('GET', '/resourcegroups', undefined, headers)).status, 200);
    }
    const logged = azure.traffic().find(one => String(one['url']).includes(path));
    assert.equal(look(logged, 'responseBody.access_token'), '***');
  });

  it('refuses what Azure’s refuses', async () => {
    const cases: readonly (readonly [
      target: string,
      headers: Record<string, string>,
      description: string,
    ])[] = [
      [`${path}${query}`, {}, 'Required metadata header not specified'],
      [`${path}?api-version=2018-02-01`, { Metadata: 'true' }, 'Required audience parameter not specified'],
      [`${path}?resource=x`, { Metadata: 'true' }, 'Required api-version parameter not specified'],
      [`${path}${query}&client_id=another`, { Metadata: 'true' }, 'Identity not found'],
      [`${path}${query}&mi_res_id=/subscriptions/s`, { Metadata: 'true' }, 'Identity not found'],
    ];
    for (const [target, headers, description] of cases) {
      const { status, body } = await ask(target, headers);
      assert.deepEqual([status, body], [400, { error: 'invalid_request', error_description: description }]);
    }
    const forwarded = await ask(`${path}${query}`, { Metadata: 'true', 'X-Forwarded-For': '10.0.0.1' });
    assert.equal(forwarded.status, 400);
    assert.equal((await ask('/metadata/instance?api-version=2021-02-01')).status, 404);
    assert.equal((await ask(`${path}${query}`, { Metadata: 'true' }, 'POST')).status, 405);
    assert.equal((await ask('http://example.com/metadata/identity')).status, 403, 'other hosts stay refused');
    assert.equal((await ask('/subscriptions')).status, 403);
  });

  it('is known by its path and its host only', () => {
    assert.equal(metadataUrl('/metadata/x')?.href, 'http://169.254.169.254/metadata/x');
    for (const target of [
      '/',
      '/x/metadata/',
      '//example.com/metadata/',
      'https://169.254.169.254/metadata/x',
      '*',
      'http://[',
    ])
      assert.equal(metadataUrl(target), undefined, target);
  });

  it('is found by the Azure SDK', async () => {
    const name = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
    const before = process.env[name];
    process.env[name] = azure.azure.connection.proxy;
    try {
      const credential = new ManagedIdentityCredential();
      const { token } = await credential.getToken('https://management.azure.com/.default');
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await azure.arm('GET', '/resourcegroups', undefined, headers)).status, 200);
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before;
    }
  });
});
