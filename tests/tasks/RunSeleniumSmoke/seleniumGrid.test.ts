import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seleniumGrid } from '../../../scripts/setup/cache.mjs';
import { CancelledError } from '../../../shared/core/errors.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { freePort } from '../../fakes/freePort.js';
import { eventually } from '../../fakes/processes.js';
import { smokeDefaults } from './smokeDefaults.js';

/** Opens a browser, waits for the other run to have opened its own, and leaves its open. */
const suite = `
import { readdirSync, writeFileSync } from 'node:fs';
const { WEBDRIVER_URL, SITE_URL, RESULTS_DIR, MEETING } = process.env;
const call = async (method, path, body) => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = await fetch(WEBDRIVER_URL + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return (await answer.json()).value;
};
const made = await call('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'chrome' } } });
if (!made.sessionId) throw new Error(JSON.stringify(made));
writeFileSync(MEETING + '/' + made.sessionId, '');
await call('POST', '/session/' + made.sessionId + '/url', { url: SITE_URL });
const { width } = await call('GET', '/session/' + made.sessionId + '/window/rect');
while (readdirSync(MEETING).length < 2) await new Promise(resolve => setTimeout(resolve, 50));
const busy = (await call('GET', '/status')).nodes.flatMap(node => node.slots).filter(slot => slot.session).length;
const title = await call('GET', '/session/' + made.sessionId + '/title');
writeFileSync(RESULTS_DIR + '/out.xml',
  '<testsuite name="s"><testcase classname="c" name="' + title + ' ' + busy + ' ' + width + '" time="1"><failure message="shown"/></testcase></testsuite>');
`;

describe('a real Selenium Grid', function () {
  this.timeout(180_000);
  let site: Server;
  let siteUrl: string;
  let directory: string;
  let grid: ChildProcess;
  let gridUrl: string;
  let fake: FakeAgent;
  let meeting: string;

  before(async () => {
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<title>On the grid</title>');
    });
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'smoke-grid-'));
    writeFileSync(join(directory, 'suite.mjs'), suite);
    const port = await freePort();
    gridUrl = `http://127.0.0.1:${port}`;
    const options = { binary: '/usr/bin/chromium' };
    const browser = [
      'display-name=Chromium',
      'max-sessions=2',
      'webdriver-executable=/usr/bin/chromedriver',
      `stereotype=${JSON.stringify({ browserName: 'chrome', 'goog:chromeOptions': options })}`,
    ];
    const args = ['-jar', seleniumGrid(), 'standalone', '--host', '127.0.0.1', '--port', String(port)];
    const sessions = ['--max-sessions', '2', '--override-max-sessions', 'true'];
    const own = ['--selenium-manager', 'false', '--detect-drivers', 'false', ...sessions];
    const signIn = ['--username', 'tester', '--password', 'gr1d-word'];
    grid = spawn('java', [...args, ...own, ...signIn, '--driver-configuration', ...browser], {
      stdio: 'ignore',
      cwd: directory,
    });
  });

  afterEach(async () => {
    await fake.close();
  });

  after(async () => {
    const ended = once(grid, 'exit');
    grid.kill();
    await ended;
    site.closeAllConnections();
    site.close();
    rmSync(directory, { recursive: true });
  });

  function run(browsers: string, signal?: AbortSignal) {
    meeting = mkdtempSync(join(directory, 'meeting-'));
    writeFileSync(
      join(directory, 'start.mjs'),
      `process.env.MEETING = '${meeting}'; await import('./suite.mjs');`,
    );
    fake = fakeAgent({ tools: { node: process.execPath }, ...(signal === undefined ? {} : { signal }) });
    const root = { 'goog:chromeOptions': { args: ['--no-sandbox', '--disable-dev-shm-usage'] } };
    return runSmoke(
      {
        ...smokeDefaults,
        siteUrl,
        runner: 'command',
        command: 'node start.mjs',
        workingDirectory: directory,
        browsers,
        gridUrl: gridUrl.replace('http://', 'http://tester:gr1d-word@'),
        windowSize: '900x700',
        capabilities: JSON.stringify(root),
      },
      fake.agent,
    );
  }

  async function busySlots(): Promise<number> {
    const authorization = `Basic ${Buffer.from('tester:gr1d-word').toString('base64')}`;
    const answer = await fetch(`${gridUrl}/status`, { headers: { authorization } });
    const { value } = (await answer.json()) as { value: { nodes: { slots: { session: unknown }[] }[] } };
    return value.nodes.flatMap(node => node.slots).filter(slot => slot.session !== null).length;
  }

  it('runs two browsers side by side behind its credentials, and its sessions are closed', async () => {
    await assert.rejects(
      run('chrome,chromium'),
      /\[chrome\] 1 of 1 test failed(.|\n)*\[chromium\] 1 of 1 test failed/,
    );
    assert.ok(fake.log.includes(`The grid ${gridUrl} is ready for 2 sessions at once.`));
    const suites = readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it');
    assert.deepEqual(
      suites.map(({ name, cases }) => [name, cases.map(test => test.name)]),
      [
        ['s (chrome)', ['On the grid 2 900']],
        ['s (chromium)', ['On the grid 2 900']],
      ],
    );
    for (const { cases } of suites) assert.match(cases[0]?.output ?? '', /^\[\[ATTACHMENT\|.*\.png\]\]/);
    assert.deepEqual([fake.outputs['testsTotal'], fake.outputs['testsFailed']], ['2', '2']);
    assert.equal(await busySlots(), 0);
    assert.ok(!fake.log.some(line => line.includes('gr1d-word')));
  });

  it('has no session left of a run that was cancelled', async () => {
    const abort = new AbortController();
    // Alone it waits for another for ever.
    const running = run('chrome', abort.signal);
    const outcome = assert.rejects(running, CancelledError);
    const seen = await eventually(() => readdirSync(meeting).length > 0);
    assert.ok(seen, 'a session is open');
    abort.abort(new CancelledError('cancelled'));
    await outcome;
    assert.equal(await busySlots(), 0);
  });
});
