import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geckodriver, seleniumGrid } from '../../../scripts/setup/cache.mjs';
import { CancelledError } from '../../../shared/core/errors.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { freePort } from '../../fakes/freePort.js';
import { onPath } from '../../fakes/onPath.js';
import { eventually } from '../../fakes/processes.js';
import { smokeDefaults } from './smokeDefaults.js';

/** Opens a browser, waits for the other run to have opened its own, and leaves its open. */
const suite = `
import { readdirSync, writeFileSync } from 'node:fs';
import { bidi } from './bidi.mjs';
const { WEBDRIVER_URL, SITE_URL, RESULTS_DIR, MEETING, BROWSER } = process.env;
const call = async (method, path, body) => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = await fetch(WEBDRIVER_URL + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return (await answer.json()).value;
};
const made = await call('POST', '/session', { capabilities: { alwaysMatch: { browserName: BROWSER, webSocketUrl: true } } });
if (!made.sessionId) throw new Error(JSON.stringify(made));
writeFileSync(MEETING + '/' + made.sessionId, '');
await call('POST', '/session/' + made.sessionId + '/url', { url: SITE_URL });
const { width } = await call('GET', '/session/' + made.sessionId + '/window/rect');
while (readdirSync(MEETING).length < 2) await new Promise(resolve => setTimeout(resolve, 50));
const busy = (await call('GET', '/status')).nodes.flatMap(node => node.slots).filter(slot => slot.session).length;
const tree = await bidi(made.capabilities.webSocketUrl, 'browsingContext.getTree', {});
const isOwn = tree.type === 'success';
const title = await call('GET', '/session/' + made.sessionId + '/title');
writeFileSync(RESULTS_DIR + '/out.xml',
  '<testsuite name="s"><testcase classname="c" name="' + [title, busy, width, made.capabilities.browserName, isOwn].join(' ') + '" time="1"><failure message="shown"/></testcase></testsuite>');
`;

/** A browser for each file of pytest's; it is there once both parts have one. */
const conftest = (meeting: string) => `
import json, os, pathlib, time, urllib.request
import pytest

def call(method, path, body=None):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["WEBDRIVER_URL"] + path, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]

@pytest.fixture(scope="module")
def title():
    meeting = pathlib.Path("${meeting}")
    wanted = {"capabilities": {"alwaysMatch": {"browserName": os.environ["BROWSER"]}}}
    session = "/session/" + call("POST", "/session", wanted)["sessionId"]
    call("POST", session + "/url", {"url": os.environ["SITE_URL"]})
    (meeting / os.environ["SHARD"]).touch()
    while len(list(meeting.iterdir())) < int(os.environ["SHARDS"]):
        time.sleep(0.05)
    yield call("GET", session + "/title")
    call("DELETE", session)
`;

const testFile = (name: string, tests: number, end = '') =>
  'import os\n' +
  Array.from(
    { length: tests },
    (_none, index) => `def test_${name}_${index}(title):\n    assert title == "On the grid"\n`,
  ).join('') +
  end;

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
    copyFileSync(join(import.meta.dirname, 'fixtures/bidi.mjs'), join(directory, 'bidi.mjs'));
    const port = await freePort();
    gridUrl = `http://127.0.0.1:${port}`;
    const options = { binary: '/usr/bin/chromium' };
    const driver = (name: string, most: number, program: string, stereotype: object) =>
      `[[node.driver-configuration]]
display-name = "${name}"
max-sessions = ${most}
webdriver-executable = "${program}"
stereotype = '${JSON.stringify(stereotype)}'
`;
    const chrome = { browserName: 'chrome', 'goog:chromeOptions': options };
    writeFileSync(
      join(directory, 'grid.toml'),
      driver('Chromium', 2, '/usr/bin/chromedriver', chrome) +
        driver('Firefox', 1, geckodriver(), { browserName: 'firefox' }),
    );
    const args = ['-jar', seleniumGrid(), 'standalone', '--host', '127.0.0.1', '--port', String(port)];
    const sessions = ['--max-sessions', '3', '--override-max-sessions', 'true'];
    const own = ['--selenium-manager', 'false', '--detect-drivers', 'false', ...sessions];
    const signIn = ['--username', 'tester', '--password', 'gr1d-word'];
    grid = spawn('java', [...args, ...own, ...signIn, '--config', 'grid.toml'], {
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

  function run(rest: Partial<typeof smokeDefaults>, signal?: AbortSignal) {
    meeting = mkdtempSync(join(directory, 'meeting-'));
    writeFileSync(
      join(directory, 'start.mjs'),
      `process.env.MEETING = '${meeting}'; await import('./suite.mjs');`,
    );
    fake = fakeAgent({
      tools: { node: process.execPath, pytest: onPath('pytest', 'pytest-3') },
      ...(signal === undefined ? {} : { signal }),
    });
    const root = { 'goog:chromeOptions': { args: ['--no-sandbox', '--disable-dev-shm-usage'] } };
    return runSmoke(
      {
        ...smokeDefaults,
        siteUrl,
        runner: 'command',
        command: 'node start.mjs',
        workingDirectory: directory,
        gridUrl: gridUrl.replace('http://', 'http://tester:gr1d-word@'),
        windowSize: '900x700',
        capabilities: JSON.stringify(root),
        ...rest,
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

  it('runs Chromium and Firefox side by side behind its credentials, BiDi too, and its sessions are closed', async () => {
    await assert.rejects(
      run({ browsers: 'chrome,firefox' }),
      /\[chrome\] 1 of 1 test failed(.|\n)*\[firefox\] 1 of 1 test failed/,
    );
    assert.ok(fake.log.includes(`The grid ${gridUrl} is ready for 3 sessions at once.`));
    const suites = readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it');
    assert.deepEqual(
      suites.map(({ name, cases }) => [name, cases.map(test => test.name)]),
      [
        ['s (chrome)', ['On the grid 2 900 chrome true']],
        ['s (firefox)', ['On the grid 2 900 firefox true']],
      ],
    );
    for (const { cases } of suites) assert.match(cases[0]?.output ?? '', /^\[\[ATTACHMENT\|.*\.png\]\]/);
    assert.deepEqual([fake.outputs['testsTotal'], fake.outputs['testsFailed']], ['2', '2']);
    assert.equal(await busySlots(), 0);
    assert.ok(!fake.log.some(line => line.includes('gr1d-word')));
  });

  it('runs test files in parts side by side, judges them as one, and tells when one is lost', async () => {
    const files = mkdtempSync(join(directory, 'shards-'));
    const sharded = async (endOfA = '') => {
      writeFileSync(join(files, 'conftest.py'), conftest(mkdtempSync(join(directory, 'meeting-'))));
      for (const [name, tests] of Object.entries({ a: 3, b: 1, c: 1 }))
        writeFileSync(join(files, `test_${name}.py`), testFile(name, tests, name === 'a' ? endOfA : ''));
      return run({ runner: 'pytest', tests: files, command: undefined, browsers: 'chrome', shards: 2 });
    };
    assert.match(await sharded(), /^5 tests passed against/);
    assert.ok(fake.log.includes('5 tests in 3 files, split into 2 shards.'));
    assert.deepEqual([fake.outputs['testsTotal'], fake.published.length], ['5', 1]);
    await fake.close();

    const lost =
      /did not pass: shard 1 of 2 \(test_a\.py\): pytest wrote no results file .*\nshard 1 of 2 \(test_a\.py\): pytest was ended by SIGKILL/;
    await assert.rejects(sharded('    os.kill(os.getpid(), 9)\n'), lost);
    const suites = readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it');
    assert.deepEqual(
      suites.flatMap(({ cases }) => cases.map(({ name, outcome }) => `${name} ${outcome}`)),
      ['test_b_0 passed', 'test_c_0 passed'],
    );
    assert.equal(await busySlots(), 0);
  });

  it('has no session left of a run that was cancelled', async () => {
    const abort = new AbortController();
    // Alone it waits for another for ever.
    const running = run({ browsers: 'chrome' }, abort.signal);
    const outcome = assert.rejects(running, CancelledError);
    const seen = await eventually(() => readdirSync(meeting).length > 0);
    assert.ok(seen, 'a session is open');
    abort.abort(new CancelledError('cancelled'));
    await outcome;
    assert.equal(await busySlots(), 0);
  });
});
