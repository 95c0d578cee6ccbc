import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';

describe('createSiteProbe', () => {
  let site: Server;
  let url = '';
  const fakes: FakeAgent[] = [];
  /** Of the last answer. */
  let headers: Readonly<Record<string, string>> | undefined;
  const probe = (options: FakeAgentOptions = {}, mostRedirects = 0) => {
    const fake = fakeAgent(options);
    fakes.push(fake);
    const ask = createSiteProbe(fake.agent, mostRedirects);
    return async (address: string) => {
      const answer = await ask(address);
      headers = 'headers' in answer ? answer.headers : undefined;
      return answer.status === undefined ? answer : { status: answer.status, body: answer.body };
    };
  };
  before(async () => {
    site = createServer((request, response) => {
      if (request.url?.startsWith('http://') === true) response.end(`proxied to ${request.url}`);
      else if (request.url === '/endless') {
        const more = () => response.destroyed || response.write('x'.repeat(65_536));
        response.on('drain', more);
        more();
      } else if (request.url === '/cut') request.socket.destroy();
      else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
      else if (request.url === '/who') response.end(request.headers.authorization);
      else if (request.url === '/away') response.writeHead(302, { location: '/' }).end();
      else response.writeHead(request.url === '/broken' ? 503 : 200).end('version 7');
    });
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  });
  after(async () => {
    site.closeAllConnections();
    await new Promise(resolve => site.close(resolve));
    for (const fake of fakes) await fake.close();
  });

  it('gives status and body as they are, redirects too', async () => {
    assert.deepEqual(await probe()(url), { status: 200, body: 'version 7' });
    assert.deepEqual(await probe()(`${url}/broken`), { status: 503, body: 'version 7' });
    const away = await probe()(`${url}/away`);
    assert.equal(away.status, 302);
    assert.equal(headers?.['location'], '/');
  });

  it('gives the reason where nothing answers', async () => {
    const answer = await probe()('http://127.0.0.1:1/');
    assert.equal(answer.status, undefined);
    assert.match('reason' in answer ? answer.reason : '', /^nothing listens there/);
    assert.deepEqual(await probe()(`${url}/cut`), {
      status: undefined,
      reason: 'it closes the connection without an answer',
    });
  });

  it('follows as many redirects as it may', async () => {
    assert.deepEqual(await probe({}, 1)(`${url}/away`), { status: 200, body: 'version 7' });
    assert.deepEqual(await probe({}, 3)(`${url}/round`), {
      status: undefined,
      reason: 'it redirects more than 3 times',
    });
  });

  it('reads no more of an endless page than it needs', async () => {
    const answer = await probe()(`${url}/endless`);
    assert.ok('body' in answer && answer.body.length < 2 * 1024 * 1024);
  });

  it('signs in with the address’s own credentials', async () => {
    const answer = await probe()(`${url.replace('//', '//web:p%40ss@')}/who`);
    assert.equal('body' in answer && answer.body, `Basic ${Buffer.from('web:p@ss').toString('base64')}`);
  });

  it('asks this machine directly, and others through the proxy of the address’s own scheme', async () => {
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: url };
    assert.equal((await probe({ environment })(url)).status, 200);
    assert.deepEqual(await probe({ environment })('http://site.invalid/health'), {
      status: 200,
      body: 'proxied to http://site.invalid/health',
    });
    const secure = await probe({ environment })('https://site.invalid/health');
    assert.match(
      'reason' in secure ? secure.reason : '',
      /^through the proxy http:\/\/127\.0\.0\.1:1: nothing listens/,
    );
    const excepted = await probe({ environment: { ...environment, NO_PROXY: 'a.test, .invalid' } })(
      'http://site.invalid/health',
    );
    assert.match(
      'reason' in excepted ? excepted.reason : '',
      /^its host name is not known to DNS|^it cannot be/,
    );
  });

  it('reaches https sites through a tunnel, and says when the proxy digs none', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket: Socket) => {
      asked.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
      socket.end(asked.length === 1 ? 'HTTP/1.1 200 OK\r\n\r\nno TLS' : 'HTTP/1.1 407 Who\r\n\r\n');
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const environment = { HTTPS_PROXY: `http://me:it@127.0.0.1:${port}` };
    const noTls = await probe({ environment })('https://site.invalid/');
    assert.match('reason' in noTls ? noTls.reason : '', /^through the proxy .*: it c/);
    const refused = await probe({ environment })('https://site.invalid:8443/');
    assert.match('reason' in refused ? refused.reason : '', /it answers with status 407$/);
    const credentials = `Basic ${Buffer.from('me:it').toString('base64')}`;
    assert.deepEqual(asked, [`site.invalid:443 ${credentials}`, `site.invalid:8443 ${credentials}`]);
    proxy.close();
  });

  it('ends with the step', async () => {
    const abort = new AbortController();
    abort.abort(new Error('cancelled'));
    await assert.rejects(probe({ signal: abort.signal })(url), /cancelled/);
  });
});
