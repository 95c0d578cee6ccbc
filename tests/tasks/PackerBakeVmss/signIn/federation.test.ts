import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBundle, type BundleRun } from '../../bundleRun.js';
import { keyAndCertificate } from '../certificates.js';

/** The built task with a federated connection, the service's token endpoint on loopback, and Packer's null builder. */
describe('the PackerBakeVmss bundle with a federated connection', function () {
  this.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), 'bake-federated-'));
  const requests: { url: string; method: string; authorization: string }[] = [];
  let server: Server;
  let done: BundleRun | undefined;

  before(async () => {
    const { key, certificate } = keyAndCertificate('localhost');
    writeFileSync(join(directory, 'ca.pem'), certificate);
    server = createServer({ key, cert: certificate }, (request, response) => {
      const { url = '', method = '', headers } = request;
      requests.push({ url, method, authorization: headers.authorization ?? '' });
      response.setHeader('content-type', 'application/json');
      if (method === 'POST')
        response.end(JSON.stringify({ oidcToken: `federated-token-${requests.length}` }));
      else response.writeHead(405).end('{}');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    requests.length = 0;
  });
  afterEach(() => {
    done?.close();
  });

  async function bake(variables: readonly string[], command: string): Promise<BundleRun> {
    const declarations = variables.map(name => `variable "${name}" {\n  type = string\n}\n`).join('');
    writeFileSync(
      join(directory, 'web.pkr.hcl'),
      `${declarations}source "null" "web" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.web"]\n  provisioner "shell-local" {\n    inline = [${JSON.stringify(command)}]\n  }\n}\n`,
    );
    done = await runBundle({
      task: 'PackerBakeVmss',
      directory,
      inputs: { azureSubscription: 'azure', templatePath: join(directory, 'web.pkr.hcl') },
      env: {
        NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
        SYSTEM_OIDCREQUESTURI: `https://localhost:${(server.address() as AddressInfo).port}/oidc`,
        ENDPOINT_URL_azure: 'https://management.azure.com/',
        ENDPOINT_AUTH_SCHEME_azure: 'WorkloadIdentityFederation',
        ENDPOINT_AUTH_PARAMETER_azure_TENANTID: 'tenant-1',
        ENDPOINT_AUTH_PARAMETER_azure_SERVICEPRINCIPALID: 'client-1',
        ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: 'job-token',
        ENDPOINT_DATA_azure_SUBSCRIPTIONID: 'subscription-1',
      },
    });
    assert.equal(done.status, 0);
    return done;
  }

  it('fetches a token as late as can be and gives it to Packer, masked', async () => {
    const { lines } = await bake(
      ['client_jwt', 'tenant_id'],
      'echo jwt is ${var.client_jwt} of ${var.tenant_id}',
    );
    assert.ok(
      lines.some(line => line.endsWith('jwt is federated-token-1 of tenant-1')),
      lines.join('\n'),
    );
    assert.ok(lines.includes('##vso[task.setsecret]federated-token-1'));
    assert.equal(requests.length, 1);
    assert.match(requests[0]?.url ?? '', /^\/oidc\?api-version=7\.1&serviceConnectionId=azure$/);
    assert.equal(requests[0]?.authorization, 'Bearer job-token');
  });

  it('lets a long build ask for fresh tokens, as the plugin does', async () => {
    const ask =
      'curl -s -H "Authorization: Bearer ${var.oidc_request_token}" ${var.oidc_request_url}?audience=x; echo';
    const { lines, output } = await bake(['oidc_request_url', 'oidc_request_token'], `${ask}; ${ask}`);
    assert.deepEqual(
      lines.filter(line => line.includes('"value"')).map(line => line.trim()),
      [
        'null.web: {"count":1,"value":"federated-token-1"}',
        'null.web: {"count":1,"value":"federated-token-2"}',
      ],
      output,
    );
    for (const number of [1, 2]) assert.ok(lines.includes(`##vso[task.setsecret]federated-token-${number}`));
  });
});
