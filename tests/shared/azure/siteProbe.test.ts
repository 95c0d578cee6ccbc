import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSiteProbe } from '../../../shared/azure/siteProbe.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';

describe('createSiteProbe', () => {
  let site: Server;
  let url = '';
  const fakes: FakeAgent[] = [];
  const probe = (options: FakeAgentOptions = {}) => {
    const fake = fakeAgent(options);
    fakes.push(fake);
    return createSiteProbe(fake.agent);
  };
  before(async () => {
    site = createServer((request, response) => {
      if (request.url?.startsWith('http://') === true) response.end(`proxied to ${request.url}`);
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
  });

  it('gives the reason where nothing answers', async () => {
    const answer = await probe()('http://127.0.0.1:1/');
    assert.equal(answer.status, undefined);
    assert.match('reason' in answer ? answer.reason : '', /ECONNREFUSED/);
  });

  it('asks this machine directly, and others through the proxy of the address’s own scheme', async () => {
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: url };
    assert.equal((await probe({ environment })(url)).status, 200);
    assert.deepEqual(await probe({ environment })('http://site.invalid/health'), {
      status: 200,
      body: 'proxied to http://site.invalid/health',
    });
    const secure = await probe({ environment })('https://site.invalid/health');
    assert.match('reason' in secure ? secure.reason : '', /ECONNREFUSED/);
  });

  it('ends with the step', async () => {
    const abort = new AbortController();
    abort.abort(new Error('cancelled'));
    await assert.rejects(probe({ signal: abort.signal })(url), /cancelled/);
  });
});
