/** What somebody does with nothing but curl: a token, and REST. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { look } from '../fixture.js';
import { run, startServer, type Server } from './server.js';

describe('curl against the local Azure', function () {
  this.timeout(600_000);
  let server: Server;
  let authorization: string;

  const curl = async (...args: string[]) => {
    const { connection, directory } = server;
    const { code, output, log } = await run(
      'curl',
      ['--silent', '--show-error', '--cacert', connection.caFile, '--write-out', '\n%{http_code}', ...args],
      { HOME: directory, HTTPS_PROXY: connection.proxy },
    );
    assert.equal(code, 0, log);
    const at = output.lastIndexOf('\n');
    const text = output.slice(0, at);
    return { status: Number(output.slice(at + 1)), body: text === '' ? '' : (JSON.parse(text) as unknown) };
  };
  const arm = (path: string, ...args: string[]) =>
    curl(
      `https://management.azure.com/subscriptions/${server.connection.subscriptionId}${path}?api-version=2024-07-01`,
      '--header',
      `@${authorization}`,
      ...args,
    );

  before(async () => {
    server = await startServer();
    authorization = join(server.directory, 'authorization');
  });
  after(() => server.close());

  it('gets a token', async () => {
    const { tenantId, clientId, clientSecret } = server.connection;
    const secret = join(server.directory, 'secret');
    writeFileSync(secret, clientSecret, { mode: 0o600 });
    const { status, body } = await curl(
      `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      '--data',
      `grant_type=client_credentials&client_id=${clientId}`,
      '--data-urlencode',
      'scope=https://management.azure.com/.default',
      '--data-urlencode',
      `client_secret@${secret}`,
    );
    assert.equal(status, 200);
    assert.equal(look(body, 'token_type'), 'Bearer');
    writeFileSync(authorization, `Authorization: Bearer ${String(look(body, 'access_token'))}\n`, {
      mode: 0o600,
    });
  });

  it('makes, shows and deletes what it names', async () => {
    const json = ['--request', 'PUT', '--json'];
    assert.equal((await arm('/resourceGroups/web', ...json, '{"location":"westeurope"}')).status, 201);
    const net = '/resourceGroups/web/providers/Microsoft.Network/virtualNetworks/net';
    const properties = '{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}';
    const made = await arm(net, ...json, `{"location":"westeurope","properties":${properties}}`);
    assert.equal(made.status, 201);
    assert.equal(look(made.body, 'name'), 'net');
    const shown = await arm(net);
    assert.deepEqual(look(shown.body, 'properties.addressSpace'), { addressPrefixes: ['10.0.0.0/16'] });
    assert.equal((await arm('/resourceGroups/web', '--request', 'DELETE')).status, 202);
  });

  it('is told what is wrong without a token', async () => {
    const { status, body } = await curl('https://management.azure.com/subscriptions?api-version=2022-12-01');
    assert.equal(status, 401);
    assert.equal(look(body, 'error.code'), 'AuthenticationFailed');
  });
});
