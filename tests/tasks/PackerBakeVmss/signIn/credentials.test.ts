import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import forge from 'node-forge';
import type { ServiceConnection } from '../../../../shared/azure/connection.js';
import { openConnection } from '../../../../shared/azure/connection.js';
import { readKeyPair } from '../../../../tasks/PackerBakeVmss/src/signIn/certificate.js';
import {
  azureOptions,
  credentialEnvironment,
} from '../../../../tasks/PackerBakeVmss/src/signIn/credentials.js';
import { openOidcBridge } from '../../../../tasks/PackerBakeVmss/src/signIn/oidcBridge.js';
import { parsePackerTemplate } from '../../../../tasks/PackerBakeVmss/src/template/packerTemplate.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { keyAndCertificate } from '../certificates.js';
import { certificateEndpoint, clientSecret, endpoints } from '../connections.js';

const template = (text: string) => parsePackerTemplate('web.pkr.hcl', [{ name: 'web.pkr.hcl', text }]);
const version = (minor: number) => ({ text: `1.${minor}.0`, major: 1, minor });

describe('credentials for Packer', () => {
  const own = keyAndCertificate('own');
  const issuer = keyAndCertificate('issuer');
  const pem = `${issuer.certificate}\n${own.key}\n${own.certificate}`;
  let fake: FakeAgent;

  beforeEach(() => {
    fake = fakeAgent({
      endpoints: { ...endpoints, certificate: certificateEndpoint(pem) },
      environment: { SYSTEM_OIDCREQUESTURI: 'https://vstoken.example/oidc' },
    });
  });
  afterEach(() => fake.close());

  const options = (id: string, text = '', minor = 6) =>
    azureOptions(openConnection(fake.agent, id), template(text), version(minor), fake.agent);

  it('gives a secret by environment and masks it', async () => {
    const environment = credentialEnvironment(await options('key'));
    assert.equal(environment['PKR_VAR_client_secret'], clientSecret);
    assert.equal(environment['ARM_CLIENT_SECRET'], clientSecret);
    assert.equal(environment['PKR_VAR_subscription_id'], 'subscription-1');
    assert.equal(environment['PKR_VAR_cloud_environment_name'], 'Public');
    assert.equal(environment['PKR_VAR_client_jwt'], '');
    assert.ok('ARM_OIDC_TOKEN' in environment && environment['ARM_OIDC_TOKEN'] === undefined);
    assert.ok(fake.secrets.includes(clientSecret));
  });

  it('names sovereign clouds as Packer does, and any other by its own metadata', async () => {
    const inCloud = async (name: string, armEndpoint: string) => {
      const connection = openConnection(fake.agent, 'key');
      const of = { ...connection, cloud: { ...connection.cloud, name, armEndpoint } } as ServiceConnection;
      const found = await azureOptions(of, template(''), version(6), fake.agent);
      return [
        found.cloud_environment_name,
        found.metadata_host,
        credentialEnvironment(found)['ARM_METADATA_HOST'],
      ];
    };
    const government = await inCloud('AzureUSGovernment', 'https://management.usgovcloudapi.net');
    assert.deepEqual(government, ['USGovernment', '', undefined]);
    const china = await inCloud('AzureChinaCloud', 'https://management.chinacloudapi.cn');
    assert.deepEqual(china, ['China', '', undefined]);
    const host = 'management.local.azurestack.external';
    assert.deepEqual(await inCloud('AzureStack', `https://${host}`), ['AzureStack', host, host]);
  });

  it('names neither tenant nor secret for a managed identity, and the client only when it is a chosen one', async () => {
    const { client_id, tenant_id, client_secret } = await options('identity');
    assert.deepEqual([client_id, tenant_id, client_secret], ['identity-1', '', '']);
  });

  it('writes the certificate as PEM for the builder inside Packer', async () => {
    const { client_cert_path, client_cert_password } = await options('certificate');
    const text = readFileSync(client_cert_path, 'utf8');
    assert.match(text, /^-----BEGIN PRIVATE KEY-----/);
    assert.equal(text.split('BEGIN CERTIFICATE').length, 2);
    assert.equal(client_cert_password, '');
    assert.equal(statSync(client_cert_path).mode & 0o777, 0o600);
    assert.ok(client_cert_path.startsWith(fake.agent.tempDirectory));
  });

  it('writes PKCS#12 for the plugin, which others can read, with one certificate and its key', async () => {
    const { client_cert_path, client_cert_password } = await options(
      'certificate',
      'client_cert_password = var.p',
      11,
    );
    assert.ok(client_cert_password.length >= 32);
    assert.ok(fake.secrets.includes(client_cert_password));
    const openssl = (...args: string[]) =>
      execFileSync(
        'openssl',
        ['pkcs12', '-legacy', '-in', client_cert_path, '-passin', `pass:${client_cert_password}`, ...args],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
    assert.match(openssl('-nokeys'), /subject=CN = own/);
    assert.equal(openssl('-nokeys').split('BEGIN CERTIFICATE').length, 2);
    const key = forge.pki.privateKeyFromPem(
      /-----BEGIN PRIVATE KEY-----[^]*KEY-----/.exec(openssl('-nodes', '-nocerts'))![0],
    );
    assert.ok(key.n.equals(readKeyPair(pem).key.n));
  });

  it('leaves the password empty when the template has no place for it', async () => {
    const { client_cert_path, client_cert_password } = await options('certificate', '', 11);
    assert.equal(client_cert_password, '');
    const text = execFileSync(
      'openssl',
      ['pkcs12', '-legacy', '-in', client_cert_path, '-passin', 'pass:', '-nokeys'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    assert.match(text, /subject=CN = own/);
  });

  it('says what is wrong with a certificate', () => {
    assert.throws(() => readKeyPair('nonsense'), /must be PEM text with a CERTIFICATE and a PRIVATE KEY/);
    assert.throws(
      () => readKeyPair(`${own.key}${issuer.certificate}`),
      /none of its certificates belongs to its private key/,
    );
  });

  it('opens a bridge for a template that can ask for tokens, and closes it at the end', async () => {
    const { client_jwt, oidc_request_url, oidc_request_token } = await options(
      'federated',
      'oidc_request_url = var.url',
    );
    assert.equal(client_jwt, '');
    assert.ok(fake.secrets.includes(oidc_request_token));
    assert.equal((await fetch(`${oidc_request_url}?audience=x`)).status, 401);
    await fake.close();
    await assert.rejects(fetch(oidc_request_url));
  });

  it('knows every scheme of a connection', () => {
    const schemes: ServiceConnection['scheme'][] = ['key', 'identity', 'federated', 'certificate'].map(
      id => openConnection(fake.agent, id).scheme,
    );
    assert.deepEqual(schemes, [
      'servicePrincipalKey',
      'managedIdentity',
      'workloadIdentity',
      'servicePrincipalCertificate',
    ]);
  });
});

describe('the OIDC bridge', () => {
  it("answers GitHub's question with a fresh token each time, for those who know its bearer token only", async () => {
    let count = 0;
    const bridge = await openOidcBridge(() => Promise.resolve(`token-${(count += 1)}`));
    const ask = (authorization: string) =>
      fetch(`${bridge.url}?audience=api%3A%2F%2FAzureADTokenExchange`, { headers: { authorization } });
    assert.equal((await ask('Bearer guess')).status, 401);
    assert.equal((await ask('')).status, 401);
    assert.deepEqual(await (await ask(`Bearer ${bridge.token}`)).json(), { count: 1, value: 'token-1' });
    assert.deepEqual(await (await ask(`Bearer ${bridge.token}`)).json(), { count: 1, value: 'token-2' });
    await bridge.close();
  });

  it('says why there is no token', async () => {
    const bridge = await openOidcBridge(() => Promise.reject(new Error('refused')));
    const answer = await fetch(bridge.url, { headers: { authorization: `Bearer ${bridge.token}` } });
    assert.deepEqual([answer.status, await answer.json()], [502, { message: 'refused' }]);
    await bridge.close();
  });

  it('is reachable from this machine only', async () => {
    const bridge = await openOidcBridge(() => Promise.resolve(''));
    assert.equal(new URL(bridge.url).hostname, '127.0.0.1');
    // The port is taken on loopback alone: another address may have it.
    const other = createHttpServer();
    await new Promise<void>((resolve, reject) => {
      other.once('error', reject).listen(Number(new URL(bridge.url).port), '127.0.0.2', resolve);
    });
    assert.equal((other.address() as AddressInfo).address, '127.0.0.2');
    other.close();
    await bridge.close();
  });
});
