import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJunit } from '../../../shared/core/junitReader.js';
import { failedTests } from '../../../shared/core/junit.js';
import { smokeBody } from '../../../shared/report/bodies.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { smokeDefaults } from './smokeDefaults.js';

const tools = {
  chromedriver: '/usr/bin/chromedriver',
  phpunit: '/usr/bin/phpunit',
  node: process.execPath,
};

describe('the evidence of failed tests', function () {
  this.timeout(120_000);
  let server: Server;
  let site: string;
  let directory: string;
  let fake: FakeAgent;

  before(async () => {
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      if (request.url === '/missing.png') response.writeHead(404);
      response.end(
        request.url === '/broken'
          ? `<title>##vso[task.complete]]]&gt;</title><p id="password">pa55word</p><img src="missing.png">
             <script>console.error('the grid did not load pa55word\\nFake: line')</script>`
          : `<title>${request.url === '/hostile' ? 'Hostile' : 'A small site'}</title><p>${request.url ?? ''}</p>`,
      );
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'smoke-evidence-'));
    cpSync(join(import.meta.dirname, 'fixtures'), directory, { recursive: true });
  });

  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true });
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Runs the tests; the failed ones with what is attached to them, by the end of its name. */
  async function run(rest: Partial<typeof smokeDefaults>) {
    fake = fakeAgent({ tools });
    fake.agent.secret('pa55word');
    const input = { ...smokeDefaults, siteUrl: site, workingDirectory: directory, ...rest };
    await assert.rejects(runSmoke(input, fake.agent));
    const suites = readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it');
    return failedTests(suites).map(test => {
      const paths = [...test.output.matchAll(/^\[\[ATTACHMENT\|(.*)\]\]$/gm)].map(match => match[1] ?? '');
      assert.deepEqual(
        paths.filter(path => !fake.kept.includes(path)),
        [],
        'attached and kept as artifact',
      );
      const file = (end: string) => readFileSync(paths.find(path => path.endsWith(end)) ?? '');
      return { test, paths, file, text: (end: string) => file(end).toString('utf8') };
    });
  }

  it('shows the page on which a test of a shared session failed, though the session went on', async () => {
    const [broken, ...others] = await run({ tests: 'SharedSessionTest.php' });
    assert.ok(broken !== undefined && others.length === 0);
    assert.match(broken.test.output, /^\[\[ATTACHMENT\|/);
    assert.equal(broken.paths.length, 3);
    assert.match(broken.paths[0] ?? '', /evidence\/1\/01-SharedSessionTest-testBroken\.png$/);
    assert.equal(broken.file('.png').subarray(1, 4).toString(), 'PNG');
    const source = broken.text('.html.txt');
    assert.match(source, /<img src="missing\.png">/);
    assert.ok(!source.includes('pa55word'), 'secrets are masked');
    const said = broken.text('testBroken.txt');
    assert.match(said, new RegExp(`^Page: ${site}/broken\n`));
    assert.match(said, /Requests of the page that failed:\n {2}SEVERE http.*missing\.png.*404/);
    assert.match(said, /Console:\n {2}SEVERE .*the grid did not load \*\*\*.*Fake: line"?\n/);
    assert.ok(!/^Fake/m.test(said), 'a page cannot write lines of its own');
  });

  it('is in the release report: the failed test first, its picture, what the browser said', async () => {
    const [broken] = await run({ tests: 'SharedSessionTest.php', rerunFailed: 1 });
    const told = fake.reported();
    assert.ok(told?.task === 'RunSeleniumSmoke');
    const { site: where, runs, tests, omitted } = smokeBody.parse(told.body);
    assert.equal(where, site);
    assert.equal(omitted, 0);
    assert.deepEqual(
      runs.map(({ browser, failed, flaky }) => [browser, failed, flaky]),
      [['chrome', 1, 0]],
    );
    assert.equal(runs[0]!.passed + 1, tests.length);
    const [first, ...others] = tests;
    assert.ok(first !== undefined);
    assert.deepEqual([first.suite, first.name, first.outcome], ['SharedSessionTest', 'testBroken', 'failed']);
    assert.equal(first.message, broken?.test.message);
    assert.ok(others.every(({ outcome, console: lines }) => outcome === 'passed' && lines.length === 0));
    assert.deepEqual(told.pictures, [{ name: first.screenshot, path: first.screenshot }]);
    assert.match(first.screenshot ?? '', /testBroken\.png$/);
    assert.equal(first.console.length, 2);
    assert.match(first.console[0]!, /^SEVERE http.*missing\.png.*404/);
    assert.match(first.console[1]!, /^SEVERE .*the grid did not load \*\*\*/);
  });

  it('takes it when the session is closed by the test itself, and of sessions nobody closes', async () => {
    const failed = await run({ tests: 'FailingTest.php' });
    assert.deepEqual(
      failed.map(({ test, paths }) => [test.name, paths.length]),
      [
        ['testTitle', 3],
        ['testSecret', 0],
      ],
    );
    assert.match(failed[0]?.text('testTitle.txt') ?? '', /\/hostile\n/);
  });

  it('tells tests of other runners apart by their sessions, and says when it cannot', async () => {
    writeFileSync(
      join(directory, 'suite.mjs'),
      `import { writeFileSync } from 'node:fs';
       const call = async (method, path, body) =>
         (await (await fetch(process.env.WEBDRIVER_URL + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) })).json()).value;
       const open = async () => (await call('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'chrome' } } })).sessionId;
       const shared = process.argv[2] === 'shared' ? await open() : undefined;
       for (const page of ['first', 'second']) {
         const session = shared ?? (await open());
         await call('POST', '/session/' + session + '/url', { url: process.env.SITE_URL + '/' + page });
         const found = await call('POST', '/session/' + session + '/element', { using: 'css selector', value: '#no' });
         if (found.error !== 'no such element') throw new Error(JSON.stringify(found));
         if (!shared) await call('DELETE', '/session/' + session);
       }
       writeFileSync(process.env.RESULTS_DIR + '/out.xml',
         '<testsuite name="s"><testcase name="first" time="0.01"><failure message="no"/></testcase><testcase name="second" time="0.01"/></testsuite>');`,
    );
    const [own] = await run({ runner: 'command', command: 'node suite.mjs own' });
    assert.equal(own?.paths.length, 3);
    assert.match(own.text('first.txt'), /\/first\n(.|\n)*Commands that failed:\n {2}POST \/element: no such/);
    assert.ok(!own.test.output.includes('matched by time'));

    await fake.close();
    const [shared] = await run({ runner: 'command', command: 'node suite.mjs shared' });
    assert.equal(shared?.paths.length, 6);
    assert.match(shared.test.output, /may show one of 1 other test that ran about then/);
  });

  it('collects nothing when it is not asked to', async () => {
    const [broken] = await run({ tests: 'SharedSessionTest.php', evidence: false });
    assert.deepEqual([broken?.paths, fake.kept], [[], []]);
  });
});
