import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDisplay } from '../../../tasks/RunSeleniumSmoke/src/display.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { onPath } from '../../fakes/onPath.js';
import { smokeDefaults } from './smokeDefaults.js';

/** Opens a host that only the proxy knows, and tells what kind of browser did. */
const suite = `
import { writeFileSync } from 'node:fs';
const { WEBDRIVER_URL, RESULTS_DIR, DISPLAY } = process.env;
const call = async (method, path, body) => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = await fetch(WEBDRIVER_URL + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return (await answer.json()).value;
};
const made = await call('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'chrome' } } });
if (!made.sessionId) throw new Error(JSON.stringify(made));
const session = '/session/' + made.sessionId;
await call('POST', session + '/url', { url: 'http://inside.test/page' });
const title = await call('GET', session + '/title');
const agent = await call('POST', session + '/execute/sync', { script: 'return navigator.userAgent', args: [] });
await call('DELETE', session);
const name = [title, /Headless/.test(agent) ? 'headless' : 'a window', DISPLAY ? 'a display' : ''].join(', ');
writeFileSync(RESULTS_DIR + '/out.xml', '<testsuite name="s"><testcase name="' + name + '" time="1"/></testsuite>');
`;

describe('browsers with windows', function () {
  this.timeout(120_000);
  let server: Server;
  let site: string;
  let directory: string;
  let fake: FakeAgent;

  before(async () => {
    // A proxy is asked for whole addresses.
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/html').end(`<title>${request.url ?? ''}</title>`);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'smoke-display-'));
    writeFileSync(join(directory, 'suite.mjs'), suite);
  });

  afterEach(async () => {
    await fake.close();
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  function run(tools: Record<string, string>) {
    fake = fakeAgent({ tools: { node: process.execPath, chromedriver: '/usr/bin/chromedriver', ...tools } });
    return runSmoke(
      {
        ...smokeDefaults,
        siteUrl: site,
        runner: 'command',
        command: 'node suite.mjs',
        workingDirectory: directory,
        headless: false,
        xvfb: true,
        windowSize: '900x700',
        proxy: site.replace('http://', ''),
      },
      fake.agent,
    );
  }

  it('opens one on a display of its own, through a proxy, and ends the display', async () => {
    await run({ Xvfb: onPath('Xvfb') });
    assert.match(
      readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'),
      /name="http:\/\/inside\.test\/page, a window, a display"/,
    );
    const said = fake.log.find(line => line.startsWith('The browsers have the display :'));
    const display = /display :(\d+) /.exec(said ?? '')?.[1] ?? '';
    assert.notEqual(display, '');
    assert.throws(() => readFileSync(`/tmp/.X${display}-lock`), { code: 'ENOENT' });
  });

  it('says so before anything is started when there is no Xvfb', async () => {
    await assert.rejects(run({}), /^UserError: Xvfb was not found on PATH, and 'xvfb' is true\. Install it/);
    assert.ok(!fake.log.some(line => line.includes('is ready')));
  });

  it('gives two runs at once a display each', async () => {
    fake = fakeAgent();
    const other = fakeAgent();
    const path = onPath('Xvfb');
    const displays = await Promise.all([
      startDisplay(path, undefined, fake.agent),
      startDisplay(path, '800x600', other.agent),
    ]);
    const names = displays.map(({ environment }) => environment['DISPLAY']);
    assert.equal(new Set(names).size, 2);
    await Promise.all(displays.map(display => display.close()));
    await other.close();
  });

  it('shows why Xvfb ended', async () => {
    fake = fakeAgent();
    await assert.rejects(
      startDisplay(onPath('Xvfb'), 'nonsense', fake.agent),
      /Xvfb \(.*\/Xvfb\) ended before its display was ready\./,
    );
  });
});
