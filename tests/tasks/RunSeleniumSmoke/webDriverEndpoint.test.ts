import assert from 'node:assert/strict';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  commandOf,
  openWebDriverEndpoint,
  type Observer,
} from '../../../tasks/RunSeleniumSmoke/src/webDriverEndpoint.js';

describe('the WebDriver endpoint', () => {
  const events: string[] = [];
  const observer: Observer = {
    newSession: body => ({ ...body, added: true }),
    opened: session => void events.push(`opened ${session}`),
    refused: message => void events.push(`refused ${message}`),
    before: ({ name }) => void events.push(`before ${name}`),
    failed: ({ name }, message) => void events.push(`failed ${name}: ${message}`),
  };
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        const seen = { url: request.url, body, authorization: request.headers.authorization };
        if (request.url === '/wd/hub/session')
          response.end(JSON.stringify({ sessionId: 'old', status: 0, value: { seen } }));
        else if (request.url?.endsWith('/element') === true)
          response
            .writeHead(404)
            .end(JSON.stringify({ value: { error: 'no such element', message: 'none\nstack' } }));
        else response.setHeader('x-own', 'kept').end(JSON.stringify({ value: seen }));
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wd/hub`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('passes commands on, knows sessions of the old dialect too, and signs in', async () => {
    const endpoint = await openWebDriverEndpoint({ url, authorization: 'Basic abc' }, observer);
    const post = (path: string, body: string) => fetch(endpoint.url + path, { method: 'POST', body });
    const made: unknown = await (await post('/session', '{"desiredCapabilities":{}}')).json();
    const seen = { url: '/wd/hub/session', body: '{"desiredCapabilities":{},"added":true}' };
    const value = { seen: { ...seen, authorization: 'Basic abc' } };
    assert.deepEqual(made, { sessionId: 'old', status: 0, value });
    assert.deepEqual(endpoint.openSessions(), ['old']);
    const passed = await post('/session/old/url', '{"url":"x"}');
    assert.equal(passed.headers.get('x-own'), 'kept');
    assert.match(await passed.text(), /"url":"\/wd\/hub\/session\/old\/url","body":"\{\\"url\\":\\"x\\"\}"/);
    const missing = await post('/session/old/element', '{}');
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /no such element/);
    await fetch(`${endpoint.url}/session/old`, { method: 'DELETE' });
    assert.deepEqual(endpoint.openSessions(), []);
    await endpoint.close();
    assert.deepEqual(events, [
      'opened old',
      'before POST /url',
      'before POST /element',
      'failed POST /element: no such element: none',
      'before DELETE ',
    ]);
  });

  it('takes a command as such though its client offers another protocol, as Java does with each', async () => {
    const endpoint = await openWebDriverEndpoint({ url }, observer);
    const answer = await new Promise<string>((resolve, reject) => {
      const asked = request(`${endpoint.url}/session`, {
        method: 'POST',
        headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAEAAEAA' },
      });
      asked.on('error', reject).on('response', response => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () => {
          resolve(text);
        });
      });
      asked.end('{"desiredCapabilities":{}}');
    });
    assert.match(answer, /\\"added\\":true/);
    await endpoint.close();
  });

  it('answers as WebDriver does when the real endpoint is not there', async () => {
    const endpoint = await openWebDriverEndpoint({ url: 'http://127.0.0.1:1' }, observer);
    const answer = await fetch(`${endpoint.url}/session/a/url`);
    assert.equal(answer.status, 500);
    assert.match(
      await answer.text(),
      /"error":"unknown error","message":"The WebDriver endpoint .* did not answer/,
    );
    await endpoint.close();
  });

  it('knows commands of sessions', () => {
    assert.deepEqual(commandOf('POST', '/wd/hub/session/a-1/url/'), { session: 'a-1', name: 'POST /url' });
    assert.equal(commandOf('GET', '/status'), undefined);
  });
});
