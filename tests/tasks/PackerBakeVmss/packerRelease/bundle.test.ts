import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { runBundle, type BundleRun } from '../../bundleRun.js';
import { keyAndCertificate } from '../certificates.js';
import { makeSigningKey, startReleaseServer, type ReleaseServer } from './releaseServer.js';

/** The built task fetches a release over TLS and the agent's proxy, as on an agent behind a company's wall. */
describe('the PackerBakeVmss bundle and a mirror', function () {
  this.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), 'mirror-'));
  const tools = join(directory, 'tools');
  const caFile = join(directory, 'ca.pem');
  const tunnels: string[] = [];
  const sockets: Duplex[] = [];
  let mirror: ReleaseServer;
  let proxy: Server;
  let done: BundleRun | undefined;

  before(async () => {
    const { key, certificate } = keyAndCertificate('mirror.test');
    writeFileSync(caFile, certificate);
    writeFileSync(join(directory, 'web.json'), '{"builders":[{"type":"null","communicator":"none"}]}');
    mirror = await startReleaseServer({ key, cert: certificate });
    await mirror.publish(
      '1.11.2',
      [{ name: 'packer', content: Buffer.from('#!/bin/sh\n') }],
      await makeSigningKey(),
    );
    proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      // A tunnel is no connection of the server's any more: closing the server waits for it.
      sockets.push(socket);
      const onward = connect(Number(new URL(mirror.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    await new Promise(resolve => proxy.close(resolve));
    await mirror.close();
    rmSync(directory, { recursive: true });
  });
  afterEach(() => {
    done?.close();
    tunnels.length = 0;
    mirror.asked.length = 0;
  });

  const bake = async (env: Record<string, string>) => {
    done = await runBundle({
      task: 'PackerBakeVmss',
      directory,
      inputs: {
        azureSubscription: 'azure',
        templatePath: join(directory, 'web.json'),
        packerVersion: '1.11.2',
        packerBaseUrl: 'https://mirror.test/packer',
      },
      env: {
        AGENT_TOOLSDIRECTORY: tools,
        AGENT_PROXYURL: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        ENDPOINT_URL_azure: 'https://management.azure.com/',
        ENDPOINT_AUTH_SCHEME_azure: 'ServicePrincipal',
        ENDPOINT_AUTH_PARAMETER_azure_TENANTID: 'tenant-1',
        ENDPOINT_AUTH_PARAMETER_azure_SERVICEPRINCIPALID: 'client-1',
        ENDPOINT_AUTH_PARAMETER_azure_SERVICEPRINCIPALKEY: 'key-of-the-principal',
        ENDPOINT_DATA_azure_SUBSCRIPTIONID: 'subscription-1',
        ...env,
      },
    });
    return done.result;
  };

  it("trusts the company's authority for the way, and only HashiCorp's signature for the release", async () => {
    const result = await bake({ NODE_EXTRA_CA_CERTS: caFile });
    assert.match(result, /result=Failed;.*signature of the release's SHA256SUMS does not hold/);
    assert.ok(tunnels.length > 0 && tunnels.every(address => address === 'mirror.test:443'), tunnels.join());
    assert.deepEqual(mirror.asked, [
      '/packer/1.11.2/packer_1.11.2_SHA256SUMS',
      '/packer/1.11.2/packer_1.11.2_SHA256SUMS.sig',
    ]);
    assert.ok(!existsSync(join(tools, 'packer')));
  });

  it('says through which proxy it asked and what was wrong there', async () => {
    const result = await bake({});
    assert.match(
      result,
      /result=Failed;.*https:\/\/mirror\.test\/packer.*through the proxy http:\/\/127\.0\.0\.1:\d+: .*certificate/,
    );
    assert.deepEqual(mirror.asked, []);
  });
});
