import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { browserNamed, capabilitiesFor } from '../../../tasks/RunSeleniumSmoke/src/browsers.js';
import { endFamily } from '../../../tasks/RunSeleniumSmoke/src/processFamily.js';
import { watchWebDriver } from '../../../tasks/RunSeleniumSmoke/src/watchedWebDriver.js';
import { needsOfThisMachine, startDriver } from '../../../tasks/RunSeleniumSmoke/src/webDriver.js';
import { leadThrough, openWebSocketPassage } from '../../../tasks/RunSeleniumSmoke/src/webSocketPassage.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { eventually } from '../../fakes/processes.js';
import { bidi } from './fixtures/bidi.mjs';

interface Made {
  readonly value: { readonly sessionId: string; readonly capabilities: { readonly webSocketUrl: string } };
}
const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
const json = { 'content-type': 'application/json; charset=utf-8' };

describe('the WebSockets of a session', function () {
  this.timeout(120_000);

  it('leads BiDi of a real browser through the endpoint', async () => {
    const fake = fakeAgent({ tools: { chromedriver: '/usr/bin/chromedriver' } });
    const mark = randomUUID();
    try {
      const chrome = browserNamed('chrome')!;
      const driver = await startDriver(chrome, mark, undefined, fake.agent);
      const settings = { headless: true, windowSize: undefined, mobileDevice: undefined, capabilities: {} };
      const capabilities = capabilitiesFor(chrome, settings, undefined, needsOfThisMachine(chrome));
      const watch = { capabilities, evidence: false, browserName: 'chrome' };
      const watched = await watchWebDriver(driver, watch, fake.agent);
      const wanted = { capabilities: { alwaysMatch: { browserName: 'chrome', webSocketUrl: true } } };
      const answer = await fetch(`${watched.url}/session`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify(wanted),
      });
      const { value } = (await answer.json()) as Made;
      const { host, pathname } = new URL(value.capabilities.webSocketUrl);
      assert.equal(pathname, `/session/${value.sessionId}`);
      assert.notEqual(host, new URL(driver.url).host, 'it leads through the task');
      const tree = await bidi(value.capabilities.webSocketUrl, 'browsingContext.getTree', {});
      assert.match(JSON.stringify(tree), /"contexts":\[\{.*"type":"success"/);
      await watched.close();
      await driver.close();
    } finally {
      await endFamily(mark, []);
      await fake.close();
    }
  });

  describe('behind credentials', () => {
    let server: Server;
    let url: string;
    const asked: IncomingMessage[] = [];
    const sockets: Duplex[] = [];

    before(async () => {
      server = createServer();
      server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        asked.push(request);
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.resume().on('end', () => socket.destroy());
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        // A text frame of two bytes.
        socket.write(Buffer.from([0x81, 2, 0x7b, 0x7d]));
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    after(() => {
      server.close();
    });

    it('signs in for the tests, and ends what is open with the endpoint', async () => {
      const passage = await openWebSocketPassage({ url, authorization: 'Basic abc' });
      const address = `${passage.url}/session/1/se/bidi?x=1`;
      assert.deepEqual(await bidi(address, 'session.status', {}), {});
      const { headers, url: path } = asked[0]!;
      assert.deepEqual(
        [path, headers.authorization, headers.host, headers.upgrade],
        ['/session/1/se/bidi?x=1', 'Basic abc', new URL(url).host, 'websocket'],
      );
      const waiting = request(address.replace('ws', 'http'), { headers: upgrade }).end();
      const [, open] = (await once(waiting, 'upgrade')) as [IncomingMessage, Duplex];
      open.on('error', () => undefined);
      passage.close();
      assert.ok(await eventually(() => sockets.every(socket => socket.destroyed)));
      open.destroy();
    });

    it('ends the line when the real endpoint is not there', async () => {
      const passage = await openWebSocketPassage({ url: 'http://127.0.0.1:1' });
      await assert.rejects(bidi(`${passage.url}/session/1`, 'session.status', {}));
      const plain = await fetch(passage.url.replace('ws', 'http'));
      assert.equal(plain.status, 426);
      passage.close();
    });
  });

  it('changes the addresses of the endpoint itself only', () => {
    const target = new URL('https://grid.example.com:4444/wd/hub');
    const own = 'ws://127.0.0.1:4711';
    const made = (capabilities: object) => ({ value: { sessionId: '1', capabilities } });
    assert.deepEqual(
      leadThrough(
        own,
        target,
        made({
          webSocketUrl: 'wss://grid.example.com:4444/session/1/se/bidi',
          'se:cdp': 'ws://grid.example.com:4444/session/1/se/cdp',
          browserName: 'chrome',
        }),
      ),
      made({
        webSocketUrl: 'ws://127.0.0.1:4711/session/1/se/bidi',
        'se:cdp': 'ws://127.0.0.1:4711/session/1/se/cdp',
        browserName: 'chrome',
      }),
    );
    assert.equal(
      leadThrough(own, target, made({ webSocketUrl: 'ws://127.0.0.1:9222/session/1' })),
      undefined,
    );
    assert.equal(leadThrough(own, target, made({ webSocketUrl: true })), undefined);
    assert.equal(leadThrough(own, target, { value: { error: 'session not created' } }), undefined);
  });
});
