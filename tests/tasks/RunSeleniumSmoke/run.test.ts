import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, describe as describeError } from '../../../shared/core/errors.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { runningFamily, type ProcessEntry } from '../../../tasks/RunSeleniumSmoke/src/processFamily.js';
import { browserNamed } from '../../../tasks/RunSeleniumSmoke/src/browsers.js';
import { startDriver } from '../../../tasks/RunSeleniumSmoke/src/webDriver.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';
import { smokeDefaults } from './smokeDefaults.js';

const tools = {
  chromedriver: '/usr/bin/chromedriver',
  php: '/usr/bin/php',
  phpunit: '/usr/bin/phpunit',
  node: process.execPath,
};
type Input = Parameters<typeof runSmoke>[0];

describe('runSmoke with a real browser', function () {
  this.timeout(120_000);
  let server: Server;
  let site: string;
  let fake: FakeAgent;
  let fixtures: string;

  before(async () => {
    // A copy, because PHPUnit leaves a cache beside the tests.
    fixtures = mkdtempSync(join(tmpdir(), 'smoke-fixtures-'));
    cpSync(join(import.meta.dirname, 'fixtures'), fixtures, { recursive: true });
    server = createServer((request, response) => {
      const hostile = request.url === '/hostile';
      const title = hostile ? '##vso[task.complete result=Succeeded] &lt;/failure&gt;]]&gt;' : 'A small site';
      response.setHeader('content-type', 'text/html');
      response
        .writeHead(request.url === '/sick' ? 503 : 200)
        .end(`<title>${title}</title><h1>version 7</h1>`);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(fixtures, { recursive: true });
  });

  afterEach(async () => {
    await fake.close();
  });

  function input(rest: Partial<Input>): Input {
    return {
      ...smokeDefaults,
      siteUrl: site,
      workingDirectory: fixtures,
      waitForText: 'version 7',
      waitTimeoutSeconds: 20,
      ...rest,
    };
  }

  /** Runs the task and looks, all the while, at which processes belong to it; none of them may be left. */
  async function run(
    rest: Partial<Input>,
    options: FakeAgentOptions = {},
    during?: (fake: FakeAgent) => void,
  ) {
    fake = fakeAgent({ tools, ...options });
    const mark = randomUUID();
    process.env['SMOKE_TEST_RUN'] = mark;
    const seen = new Map<string, ProcessEntry>();
    const watch = setInterval(() => {
      for (const entry of runningFamily(mark)) seen.set(`${entry.pid} ${entry.started}`, entry);
      during?.(fake);
    }, 100);
    const outcome = await runSmoke(input(rest), fake.agent).then(
      sentence => ({ sentence, error: undefined }),
      (error: unknown) => ({ sentence: undefined, error }),
    );
    clearInterval(watch);
    delete process.env['SMOKE_TEST_RUN'];
    const left = runningFamily('').filter(({ pid, started }) => seen.has(`${pid} ${started}`));
    assert.deepEqual(left, [], 'processes are left behind');
    assert.deepEqual(runningFamily(mark), [], 'processes are left behind');
    return {
      ...outcome,
      message: outcome.error === undefined ? '' : describeError(outcome.error),
      processes: seen.size,
    };
  }

  it('passes a good suite: outputs, results, screenshot, Tests tab', async () => {
    const { sentence, processes } = await run({ tests: 'PassingTest.php' });
    assert.equal(sentence, `2 tests passed against ${site}.`);
    assert.ok(processes > 5, 'a browser was running');
    const { resultsFile = '', ...outputs } = fake.outputs;
    assert.deepEqual(outputs, { gatePassed: 'true', testsTotal: '2', testsFailed: '0', testsFlaky: '0' });
    assert.match(readFileSync(resultsFile, 'utf8'), /<testcase name="testTitle" classname="PassingTest"/);
    assert.deepEqual(fake.published, [{ files: [resultsFile], title: 'Smoke tests' }]);
    assert.equal(fake.kept.length, 1);
    assert.match(fake.kept[0] ?? '', /screenshots\/title\.png$/);
    assert.equal(
      readFileSync(fake.kept[0] ?? '')
        .subarray(1, 4)
        .toString(),
      'PNG',
    );
  });

  it('fails a failing suite by name and message, publishes it masked, and closes what it left open', async () => {
    const password = 'pa$$<word>&"7"';
    process.env['SMOKE_PASSWORD'] = password;
    const promise = run({ tests: 'FailingTest.php' }, {}, ({ agent }) => {
      agent.secret(password);
    });
    const { message } = await promise;
    delete process.env['SMOKE_PASSWORD'];
    assert.match(message, /^The smoke tests did not pass: 2 of 2 tests failed against http:\/\/127/);
    assert.match(
      message,
      /\n {2}- FailingTest::testTitle: Failed asserting that two strings are identical\./,
    );
    assert.match(message, /\n {2}- FailingTest::testSecret: RuntimeException: signed in with \*\*\*/);
    const results = readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8');
    assert.ok(!results.includes('word&gt;&amp;'), 'the secret is in the results file');
    assert.match(results, /failures="1" errors="1"/);
    assert.equal(fake.published.length, 1);
    assert.deepEqual([fake.outputs['gatePassed'], fake.outputs['testsFailed']], ['false', '2']);
    assert.ok(fake.log.includes('The tests left 1 browser session open; the task closed what was left.'));
  });

  it('tells a crash of the runner from failed tests, with its last lines', async () => {
    const { message } = await run({ tests: 'CrashingTest.php' });
    assert.match(message, /PHPUnit wrote no results file|is empty/);
    assert.match(
      message,
      /The last test that began, and did not end, is CrashingTest::testCrash\.\nPHPUnit was ended by SIGKILL, before its results were written\./,
    );
    assert.match(message, /Its last lines were:\n(.|\n)*about to crash/);
    assert.deepEqual([fake.outputs['gatePassed'], fake.published], ['false', []]);
  });

  it('ends a hanging runner and its browser when it is cancelled', async () => {
    const abort = new AbortController();
    const { error, processes } = await run(
      { tests: 'HangingTest.php' },
      { signal: abort.signal },
      ({ log }) => {
        if (log.includes('the browser is open')) abort.abort(new CancelledError('cancelled'));
      },
    );
    assert.ok(error instanceof CancelledError);
    assert.ok(fake.log.includes('PHPUnit was ended while HangingTest::testHang was running.'));
    assert.ok(processes > 5, 'a browser was running');
    assert.equal(fake.outputs['gatePassed'], 'false');
  });

  it('fails a run in which everything was skipped, and one whose filter matches nothing', async () => {
    assert.match(
      (await run({ tests: 'SkippedTest.php' })).message,
      /every test was skipped \(1\), so nothing was tested/,
    );
    await fake.close();
    const { message } = await run({ tests: 'PassingTest.php', arguments: '--filter NoSuchTest' });
    assert.match(message, /PHPUnit ran no test at all/);
    assert.deepEqual(
      [fake.outputs['gatePassed'], fake.outputs['testsTotal'], fake.published],
      ['false', '0', []],
    );
  });

  it('runs any command that writes JUnit, without a shell', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'smoke-command-'));
    const script = join(directory, 'suite.mjs');
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs';
       const [, , file, site] = process.argv;
       writeFileSync(file, '<testsuite name="s"><testcase name="' + site + ' ' + process.env.BROWSER + '" time="1"/>' + (process.env.CUT ? '' : '</testsuite>'));`,
    );
    try {
      const command = 'node suite.mjs $RESULTS_DIR/out.xml';
      const rest = {
        runner: 'command',
        command,
        arguments: '"$SITE_URL"',
        workingDirectory: directory,
      } as const;
      const { sentence } = await run(rest);
      assert.equal(sentence, `1 test passed against ${site}.`);
      assert.match(
        readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'),
        new RegExp(`name="${site} chrome"`),
      );

      await fake.close();
      process.env['CUT'] = '1';
      const cut = await run(rest);
      delete process.env['CUT'];
      assert.match(
        cut.message,
        /The results file out\.xml is not whole: it ends inside <testsuite>\. The test runner did not finish/,
      );
      assert.match(fake.kept[0] ?? '', /broken-out\.xml\.txt$/);

      await fake.close();
      const none = await run({ ...rest, command: 'node -e 0', arguments: undefined });
      assert.match(none.message, /node wrote no results file/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('uses a given endpoint and does not end it', async () => {
    const host = fakeAgent({ tools });
    try {
      const driver = await startDriver(browserNamed('chrome')!, randomUUID(), undefined, host.agent);
      const { sentence } = await run(
        { tests: 'PassingTest.php', gridUrl: `${driver.url}/` },
        { tools: { phpunit: tools.phpunit } },
      );
      assert.equal(sentence, `2 tests passed against ${site}.`);
      assert.ok(fake.log.includes(`The grid ${driver.url} is ready.`));
      assert.equal((await fetch(`${driver.url}/status`)).status, 200);
      await driver.close();
    } finally {
      await host.close();
    }
  });

  it('starts nothing when the site or the grid is not ready, or something is missing', async () => {
    const sick = await run({ tests: 'PassingTest.php', waitPath: 'sick', waitTimeoutSeconds: 0 });
    assert.match(sick.message, /\/sick was not ready within 0 s .*it answers with status 503/);
    assert.equal(sick.processes, 0);
    assert.deepEqual(fake.outputs, { gatePassed: 'false' });

    await fake.close();
    const grid = await run({ tests: 'PassingTest.php', gridUrl: `${site}/wd`, waitTimeoutSeconds: 1 });
    assert.match(
      grid.message,
      /The grid http:.*\/wd was not ready within 1 s .*does not answer as a WebDriver endpoint/,
    );

    await fake.close();
    const noDriver = await run({ tests: 'PassingTest.php' }, { tools: { phpunit: tools.phpunit } });
    assert.match(
      noDriver.message,
      /^ChromeDriver was not found: CHROMEWEBDRIVER is not set, and there is no chromedriver on PATH/,
    );

    await fake.close();
    const inputs = await run({ siteUrl: 'site.example.com', gridUrl: 'ftp://x', browsers: 'chrome,2fox' });
    assert.match(
      inputs.message,
      /'siteUrl' must be a URL(.|\n)*'gridUrl' must be a URL(.|\n)*'browsers' must name browsers/,
    );
  });

  it('prefers the ChromeDriver that a hosted agent names, and says when it does not start', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'smoke-driver-'));
    writeFileSync(
      join(directory, 'chromedriver'),
      '#!/bin/sh\necho "this version is not for you"\nexit 3\n',
      { mode: 0o755 },
    );
    try {
      const { message } = await run(
        { tests: 'PassingTest.php' },
        { environment: { CHROMEWEBDRIVER: directory } },
      );
      assert.match(
        message,
        /^ChromeDriver \(.*\/chromedriver\) ended before it was ready\.(.|\n)*this version is not for you/,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
    assert.ok(!existsSync(directory));
  });
});
