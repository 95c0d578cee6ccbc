import assert from 'node:assert/strict';
import { ClientSecretCredential } from '@azure/identity';
import { look, startFixture, transportTo, type Fixture } from './fixture.js';

describe('Signing in to the local Azure', () => {
  const clock = { offset: 0 };
  let azure: Fixture;
  before(async () => {
    azure = await startFixture(clock);
  });
  after(() => azure.close());
  const form = (
    fields: Record<string, string>,
    tenant = azure.azure.connection.tenantId,
    path = 'oauth2/token',
  ) =>
    azure.send(
      'POST',
      `https://login.microsoftonline.com/${tenant}/${path}`,
      new URLSearchParams(fields).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    );
  const own = () => ({
    grant_type: 'client_credentials',
    client_id: azure.azure.connection.clientId,
    client_secret: azure.azure.connection.clientSecret,
  });
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

  it('gives a v1 token with its numbers as text and an oid', async () => {
    const { status, body } = await form({ ...own(), resource: 'https://management.azure.com/' });
    assert.equal(status, 200);
    assert.equal(look(body, 'token_type'), 'Bearer');
    assert.equal(look(body, 'resource'), 'https://management.azure.com/');
    assert.equal(typeof look(body, 'expires_in'), 'string');
    assert.equal(Number(look(body, 'expires_on')) - Number(look(body, 'not_before')), 3599);
    const { oid, tid, appid, aud, exp } = claims(String(look(body, 'access_token')));
    assert.match(String(oid), /^[0-9a-f-]{36}$/);
    assert.equal(tid, azure.azure.connection.tenantId);
    assert.equal(appid, azure.azure.connection.clientId);
    assert.equal(aud, 'https://management.azure.com/');
    assert.equal(String(exp), look(body, 'expires_on'));
  });

  it('gives a v2 token for a scope', async () => {
    const { status, body } = await form(
      { ...own(), scope: 'https://vault.azure.net/.default' },
      undefined,
      'oauth2/v2.0/token',
    );
    assert.equal(status, 200);
    assert.equal(look(body, 'expires_in'), 3599);
    assert.equal(claims(String(look(body, 'access_token')))['aud'], 'https://vault.azure.net');
  });

  const refusals: [string, Record<string, string>, number, string, number][] = [
    ['a wrong secret', { client_secret: 'guess' }, 401, 'invalid_client', 7000215],
    ['no secret', { client_secret: '' }, 401, 'invalid_client', 7000218],
    [
      'an unknown application',
      { client_id: 'c0ffee00-0000-0000-0000-000000000000' },
      400,
      'unauthorized_client',
      700016,
    ],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    ['no resource', { resource: '' }, 400, 'invalid_request', 900144],
    [
      'an empty secret, even beside an assertion',
      { client_secret: '', client_assertion: 'x.y.z' },
      401,
      'invalid_client',
      7000218,
    ],
  ];
  for (const [what, fields, status, error, code] of refusals) {
    it(`refuses ${what} in Entra's words`, async () => {
      const answer = await form({ ...own(), resource: 'https://management.azure.com/', ...fields });
      assert.equal(answer.status, status);
      assert.equal(look(answer, 'body.error'), error);
      assert.deepEqual(look(answer, 'body.error_codes'), [code]);
      assert.match(
        String(look(answer, 'body.error_description')),
        new RegExp(`^AADSTS${code}: .+ Trace ID: `),
      );
    });
  }

  it('refuses an unknown tenant', async () => {
    const { status, body } = await form(
      { ...own(), resource: 'https://management.azure.com/' },
      'contoso.com',
    );
    assert.equal(status, 400);
    assert.deepEqual(look(body, 'error_codes'), [90002]);
  });

  it('is understood by the Azure SDK, and its refusal too', async () => {
    const token = await azure.credential.getToken('https://management.azure.com/.default');
    assert.equal(claims(token.token)['aud'], 'https://management.azure.com');
    const { tenantId, clientId } = azure.azure.connection;
    const wrong = new ClientSecretCredential(
      tenantId,
      clientId,
      'guess',
      transportTo(azure.azure.connection),
    );
    await assert.rejects(wrong.getToken('https://management.azure.com/.default'), /AADSTS7000215/);
  });

  describe('at Resource Manager', () => {
    const get = (authorization?: string) =>
      azure.send(
        'GET',
        `https://management.azure.com${azure.subscription}?api-version=2022-12-01`,
        undefined,
        authorization === undefined ? {} : { authorization },
      );

    it('challenges a request without a token and names the tenant', async () => {
      const { status, headers, body } = await get();
      assert.equal(status, 401);
      assert.equal(look(body, 'error.code'), 'AuthenticationFailed');
      assert.ok(
        headers['www-authenticate']?.includes(`https://login.windows.net/${azure.azure.connection.tenantId}`),
      );
    });

    it('refuses tokens it did not issue', async () => {
      const good = (await azure.credential.getToken('https://management.azure.com/.default')).token;
      const [header, payload] = good.split('.');
      for (const token of ['nonsense', 'a.b.c', `${header ?? ''}.${payload ?? ''}.`, `${good}.x`]) {
        const { status, body } = await get(`Bearer ${token}`);
        assert.equal(status, 401);
        assert.equal(look(body, 'error.code'), 'InvalidAuthenticationToken');
      }
    });

    it('refuses a token for another audience', async () => {
      const { body } = await form({ ...own(), resource: 'https://vault.azure.net' });
      const answer = await get(`Bearer ${String(look(body, 'access_token'))}`);
      assert.equal(answer.status, 401);
      assert.equal(look(answer, 'body.error.code'), 'InvalidAuthenticationTokenAudience');
    });

    it('refuses a token that has expired', async () => {
      const { body } = await form({ ...own(), resource: 'https://management.azure.com/' });
      const authorization = `Bearer ${String(look(body, 'access_token'))}`;
      assert.equal((await get(authorization)).status, 200);
      clock.offset = 3_600_000;
      const late = await get(authorization);
      clock.offset = 0;
      assert.equal(late.status, 401);
      assert.equal(look(late, 'body.error.code'), 'ExpiredAuthenticationToken');
    });
  });
});
