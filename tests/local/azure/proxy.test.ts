import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { isOurs } from '../../../local/azure/front/proxy.js';
import { startFixture, type Fixture } from './fixture.js';

describe('The proxy of the local Azure', () => {
  let azure: Fixture;
  before(async () => {
    azure = await startFixture();
  });
  after(() => azure.close());

  /** What the proxy says to these bytes. */
  const say = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = new URL(azure.azure.connection.proxy);
      let received = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      socket.on('data', chunk => (received += chunk.toString()));
      socket.on('error', reject).on('close', () => {
        resolve(received);
      });
    });

  it('refuses every host but its own, and says which those are', async () => {
    const answer = await say('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.match(answer, /example\.com:443.*management\.azure\.com.*NO_PROXY/);
  });

  it('refuses plain HTTP and other ports', async () => {
    assert.match(
      await say(
        'GET http://management.azure.com/ HTTP/1.1\r\nHost: management.azure.com\r\nConnection: close\r\n\r\n',
      ),
      /^HTTP\/1\.1 403 /,
    );
    assert.match(
      await say('CONNECT management.azure.com:22 HTTP/1.1\r\nHost: management.azure.com:22\r\n\r\n'),
      /^HTTP\/1\.1 403 /,
    );
  });

  it('refuses a Host header that leads elsewhere', async () => {
    const { proxy, caFile } = azure.azure.connection;
    const socket = connect(Number(new URL(proxy).port), '127.0.0.1');
    socket.write('CONNECT management.azure.com:443 HTTP/1.1\r\n\r\n');
    const [established] = (await once(socket, 'data')) as [Buffer];
    assert.match(established.toString(), /^HTTP\/1\.1 200 /);
    const secure = tlsConnect({ socket, servername: 'management.azure.com', ca: readFileSync(caFile) });
    secure.write('GET /tenants HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(secure, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 421 /);
    secure.destroy();
  });

  it('survives rubbish instead of a handshake', async () => {
    await say('CONNECT management.azure.com:443 HTTP/1.1\r\n\r\nthis is not TLS\r\n');
    assert.equal((await azure.arm('GET', '/resourcegroups')).status, 200);
  });

  it('takes a star for one label only', () => {
    const names = ['*.blob.core.windows.net'];
    assert.ok(isOurs('Store.blob.core.windows.net:443', names));
    assert.ok(!isOurs('blob.core.windows.net:443', names));
    assert.ok(!isOurs('a.b.blob.core.windows.net:443', names));
    assert.ok(!isOurs('storeXblob.core.windows.net:443', names));
    assert.ok(!isOurs('store.blob.core.windows.net.example.com:443', names));
  });
});
