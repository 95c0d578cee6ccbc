import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientAssertionCredential, ClientCertificateCredential } from '@azure/identity';
import { azureConnection, connectionSchemes } from '../../../local/agent/connections.js';
import { createSelfSigned } from '../../../local/azure/front/certificates.js';
import { readJwt, signJwt } from '../../../local/azure/signIn/jwt.js';
import { runBundle } from '../../tasks/DeployVmssImage/runBundle.js';
import { look, startFixture, transportTo, type Fixture } from './fixture.js';
import { balancer, network, platformImage, scaleSet } from './templates.js';

const scope = 'https://management.azure.com/.default';
const connectionId = '0c0ffee0-1111-4222-8333-444455556666';

describe('Signing in to the local Azure without a secret', function () {
  this.timeout(120_000);
  const clock = { offset: 0 };
  let azure: Fixture;
  before(async () => {
    azure = await startFixture(clock);
  });
  afterEach(() => {
    clock.offset = 0;
  });
  after(() => azure.close());

  const facts = () => azure.azure.connection;
  const oidc = (query: string, headers: Record<string, string> = {}) =>
    azure.send('POST', `${facts().oidcRequestUri}${query}`, undefined, {
      authorization: `Bearer ${facts().systemAccessToken}`,
      ...headers,
    });
  const oidcToken = async (query = `?api-version=7.1&serviceConnectionId=${connectionId}`) =>
    String(look(await oidc(query), 'body.oidcToken'));
  const signIn = (assertion: string, more: Record<string, string> = {}, version: 'v1' | 'v2' = 'v2') => {
    const fields = {
      grant_type: 'client_credentials',
      client_id: facts().clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...(version === 'v1' ? { resource: 'https://management.azure.com/' } : { scope }),
      ...more,
    };
    return azure.send(
      'POST',
      `https://login.microsoftonline.com/${facts().tenantId}/oauth2/${version === 'v1' ? '' : 'v2.0/'}token`,
      new URLSearchParams(fields).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
  };
  /** An assertion as clients make it from the certificate file; members given take the place of its own. */
  const assertion = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key?: string,
  ) => {
    const now = Math.floor((Date.now() + clock.offset) / 1000);
    const text = readFileSync(facts().certificateFile, 'utf8');
    const { clientId, tenantId } = facts();
    const own = {
      aud: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      iss: clientId,
      sub: clientId,
      jti: 'one',
      nbf: now,
      exp: now + 600,
    };
    return signJwt({ 'x5t#S256': thumbprint(text), ...header }, { ...own, ...claims }, key ?? text);
  };

  it('takes the certificate of its ready line from the Azure SDK', async () => {
    const { tenantId, clientId, certificateFile } = facts();
    const credential = new ClientCertificateCredential(
      tenantId,
      clientId,
      { certificatePath: certificateFile },
      transportTo(facts()),
    );
    const { token } = await credential.getToken(scope);
    assert.equal(readJwt(token)?.claims['appid'], clientId);
    const chained = new ClientCertificateCredential(
      tenantId,
      clientId,
      { certificate: readFileSync(certificateFile, 'utf8') },
      { ...transportTo(facts()), sendCertificateChain: true },
    );
    assert.notEqual((await chained.getToken(scope)).token, '');
  });

  it('takes an assertion that names the certificate as older clients do, at the v1 endpoint', async () => {
    const { status, body } = await signIn(
      assertion(
        { aud: `https://login.microsoftonline.com/${facts().tenantId}/oauth2/token` },
        {
          'x5t#S256': undefined,
          x5t: thumbprint(readFileSync(facts().certificateFile, 'utf8'), 'sha1'),
        },
      ),
      {},
      'v1',
    );
    assert.equal(status, 200);
    assert.equal(look(body, 'token_type'), 'Bearer');
  });

  const refusedAssertions: [string, () => string | Promise<string>, number][] = [
    ['no token at all', () => 'x.y.z', 50027],
    ['another subject', () => assertion({ sub: 'somebody' }), 700021],
    ['another audience', () => assertion({ aud: 'https://example.org/token' }), 700023],
    ['one that has expired', () => assertion({ nbf: 1, exp: 2 }), 700024],
    ['one of a certificate that is not registered', () => assertion({}, { 'x5t#S256': 'AAAA' }), 700027],
    [
      'one that another key signed',
      async () =>
        assertion(
          {},
          { 'x5t#S256': thumbprint(readFileSync(facts().certificateFile, 'utf8')) },
          (await createSelfSigned('x')).key,
        ),
      700027,
    ],
    ['an algorithm that is none', () => assertion().replace(/^[^.]+/, head({ alg: 'none' })), 700027],
  ];
  for (const [what, make, code] of refusedAssertions) {
    it(`refuses ${what}`, async () => {
      const { status, body } = await signIn(await make());
      assert.ok([400, 401].includes(status));
      assert.deepEqual(look(body, 'error_codes'), [code]);
      assert.match(String(look(body, 'error_description')), new RegExp(`^AADSTS${code}: `));
    });
  }

  it('refuses an assertion whose type is not said', async () => {
    const { status, body } = await signIn(assertion(), { client_assertion_type: '' });
    assert.equal(status, 400);
    assert.match(String(look(body, 'error_description')), /AADSTS900144.*client_assertion_type/);
  });

  it('takes the OIDC token of a service connection from the Azure SDK, a fresh one each time', async () => {
    const { tenantId, clientId } = facts();
    const seen: string[] = [];
    const credential = new ClientAssertionCredential(
      tenantId,
      clientId,
      async () => {
        seen.push(await oidcToken());
        return seen.at(-1) ?? '';
      },
      transportTo(facts()),
    );
    assert.notEqual((await credential.getToken(scope)).token, '');
    const claims = readJwt(seen[0] ?? '')?.claims ?? {};
    assert.equal(claims['sub'], `sc://local/local/${connectionId}`);
    assert.equal(claims['aud'], 'api://AzureADTokenExchange');
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 600);
    assert.notEqual(await oidcToken(), seen[0]);
  });

  it('gives OIDC tokens to the job only, and tells what a request lacks', async () => {
    assert.equal((await oidc('?api-version=7.1', { authorization: 'Bearer guess' })).status, 401);
    const unversioned = await oidc(`?serviceConnectionId=${connectionId}`);
    assert.equal(unversioned.status, 400);
    assert.match(String(look(unversioned, 'body.message')), /No api-version was supplied/);
    assert.equal((await azure.send('GET', facts().oidcRequestUri)).status, 405);
    const elsewhere = await azure.send('GET', 'https://dev.azure.com/local/_apis/projects');
    assert.equal(elsewhere.status, 404);
    assert.match(String(look(elsewhere, 'body.message')), /gives a job's OIDC tokens and no more/);
  });

  it('refuses a token that is for the pipeline, of another issuer or audience, or too old', async () => {
    const code = async (token: string) => look(await signIn(token), 'body.error_codes');
    assert.deepEqual(await code(await oidcToken('?api-version=7.1')), [700213]);
    const token = await oidcToken();
    const { header = {}, claims = {} } = readJwt(token) ?? {};
    const { key } = await createSelfSigned('x');
    assert.deepEqual(await code(signJwt(header, { ...claims, iss: 'https://example.org' }, key)), [700211]);
    assert.deepEqual(await code(signJwt(header, { ...claims, aud: 'example' }, key)), [700212]);
    assert.deepEqual(await code(signJwt(header, claims, key)), [700027]);
    clock.offset = 20 * 60_000;
    assert.deepEqual(await code(token), [700024]);
  });

  it('publishes the keys of both issuers', async () => {
    const login = `https://login.microsoftonline.com/${facts().tenantId}`;
    const issuer = String(readJwt(await oidcToken())?.claims['iss']);
    for (const base of [`${login}/v2.0`, login, issuer]) {
      const configuration = await azure.send('GET', `${base}/.well-known/openid-configuration`);
      const keys = await azure.send('GET', String(look(configuration, 'body.jwks_uri')));
      assert.equal(look(keys, 'body.keys.0.kty'), 'RSA');
    }
  });

  it('knows no users', async () => {
    const answer = await azure.send(
      'GET',
      'https://login.microsoftonline.com/common/userrealm/me%40contoso.com?api-version=1.0',
    );
    assert.deepEqual(answer.body, {
      ver: '1.0',
      account_type: 'Unknown',
      domain_name: 'contoso.com',
      cloud_instance_name: 'microsoftonline.com',
    });
  });

  describe('by the built task DeployVmssImage', () => {
    let directory = '';
    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'local-azure-schemes-'));
      await azure.arm('PUT', '/resourcegroups/web', { location: 'westeurope' });
      const web = scaleSet(azure.subscription, { image: platformImage, capacity: 1 });
      for (const { path, body } of [
        ...network(azure.subscription).slice(0, 2),
        balancer(azure.subscription),
        web,
      ])
        await azure.armDone('PUT', path, body);
    });
    after(() => {
      rmSync(directory, { recursive: true, force: true });
    });
    for (const scheme of connectionSchemes) {
      it(`through a connection of ${scheme}`, async () => {
        const { id: _id, data = {}, ...connection } = azureConnection('conn', facts(), scheme);
        const { proxy, caFile, oidcRequestUri, systemAccessToken } = facts();
        const { result, stdout } = await runBundle({
          inputs: {
            action: 'updateImage',
            resourceGroupName: 'web',
            scaleSetName: 'web',
            imageReference: `${azure.subscription}/resourceGroups/web/providers/Microsoft.Compute/images/one`,
            dryRun: 'true',
          },
          connection: { ...connection, data },
          workingDirectory: directory,
          environment: {
            HTTPS_PROXY: proxy,
            AZURE_POD_IDENTITY_AUTHORITY_HOST: proxy,
            NODE_EXTRA_CA_CERTS: caFile,
            SYSTEM_OIDCREQUESTURI: oidcRequestUri,
            ENDPOINT_AUTH_SYSTEMVSSCONNECTION: JSON.stringify({
              parameters: { AccessToken: systemAccessToken },
              scheme: 'OAuth',
            }),
            ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: systemAccessToken,
          },
        });
        // It got as far as reading the scale set.
        assert.match(result, /The scale set runs a marketplace image/, stdout);
      });
    }
  });
});

function thumbprint(pem: string, algorithm: 'sha1' | 'sha256' = 'sha256'): string {
  const digest = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
  return createHash(algorithm).update(digest.raw).digest('base64url');
}

function head(header: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}
