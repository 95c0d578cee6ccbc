import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJunit } from '../../../shared/core/junitReader.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { smokeDefaults } from './smokeDefaults.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { onPath } from '../../fakes/onPath.js';

type Input = Parameters<typeof runSmoke>[0];

describe('runSmoke with real suites of every runner', function () {
  this.timeout(180_000);
  let server: Server;
  let site: string;
  let directory: string;
  let fake: FakeAgent;

  before(async () => {
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<title>A small site</title>');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'smoke-runners-'));
    cpSync(join(import.meta.dirname, 'fixtures'), directory, { recursive: true });
  });

  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true });
  });

  async function run(rest: Partial<Input>) {
    fake = fakeAgent({
      tools: {
        chromedriver: '/usr/bin/chromedriver',
        phpunit: '/usr/bin/phpunit',
        pytest: onPath('pytest', 'pytest-3'),
        mocha: join(import.meta.dirname, '../../../node_modules/mocha/bin/mocha.js'),
      },
    });
    const outcome = await runSmoke(
      {
        ...smokeDefaults,
        siteUrl: site,
        workingDirectory: directory,
        waitTimeoutSeconds: 20,
        rerunFailed: 2,
        ...rest,
      },
      fake.agent,
    ).then(
      sentence => ({ sentence, message: '' }),
      (error: unknown) => ({ sentence: '', message: error instanceof Error ? error.message : String(error) }),
    );
    const cases = readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it').flatMap(
      suite => suite.cases,
    );
    const runs = existsSync(join(directory, 'runs'))
      ? readFileSync(join(directory, 'runs'), 'utf8').trim().split('\n')
      : [];
    return { ...outcome, cases, runs };
  }

  it('PHPUnit: exactly the failed tests again, data sets by name, until they pass or it is enough', async () => {
    const { message, cases, runs } = await run({ tests: 'FlakyTest.php', arguments: '--filter Flaky' });
    const [quoted, numbered] = ['row a "quoted" (one) é /$', 'row 0'];
    assert.deepEqual(runs, [
      ...['good', 'row plain', quoted, 'row three', numbered, 'broken'],
      ...[quoted, numbered, 'broken'],
      'broken',
    ]);
    assert.match(message, /^The smoke tests did not pass: 1 of 6 tests failed(.|\n)*FlakyTest::testBroken/);
    assert.equal(cases.filter(({ outcome }) => outcome === 'passed').length, 5);
    const broken = cases.find(({ name }) => name === 'testBroken');
    assert.match(broken?.output ?? '', /^Attempt 2 failed as well: .*(.|\n)*Attempt 3 failed as well: /);
    assert.deepEqual([fake.outputs['testsFlaky'], fake.outputs['testsFailed']], ['2', '1']);
    assert.match(fake.summaries[0]?.markdown ?? '', /\| chrome \| 5 \| 1 \| 0 \| 2 \|/);
    assert.match(
      fake.warnings[0] ?? '',
      /^2 tests passed only when run again:\n {2}- FlakyTest::testRow with data set "a "quoted"/,
    );
  });

  it("PHPUnit: the site's address as an argument, `phpunit FILE URL`", async () => {
    writeFileSync(
      join(directory, 'SiteSmokeTest.php'),
      `<?php
final class SiteSmokeTest extends PHPUnit\\Framework\\TestCase
{
    public function testSite(): void
    {
        $address = $GLOBALS['argv'][2];
        $this->assertNotContains($address, $_SERVER['argv'], 'PHPUnit would take it for a test file');
        $this->assertSame(getenv('SITE_URL'), $address);
        $this->assertStringContainsString('A small site', file_get_contents($address));
    }
}
`,
    );
    const { sentence, message } = await run({ tests: 'SiteSmokeTest.php', arguments: '$SITE_URL' });
    assert.equal(message, '');
    assert.equal(sentence, `1 test passed against ${site}.`);
  });

  it('PHPUnit: a file that is not named as its class', async () => {
    writeFileSync(
      join(directory, 'site-smoke-test.php'),
      `<?php
require_once __DIR__ . '/Browser.php';
class RMTests extends PHPUnit\\Framework\\TestCase
{
    public function testSite(): void
    {
        global $argv, $argc;
        $this->assertSame([getenv('SITE_URL'), true], [$argv[2], $argc > 2]);
        $this->assertTrue(class_exists('Browser'));
    }
    public function testBroken(): void { $this->fail('no'); }
}
`,
    );
    const { message, cases } = await run({ tests: 'site-smoke-test.php', arguments: '$SITE_URL' });
    assert.match(message, /1 of 2 tests failed(.|\n)*RMTests::testBroken: no/);
    assert.deepEqual(
      cases.map(({ className, outcome }) => [className.replace(/^.*\./, ''), outcome]),
      [
        ['RMTests', 'passed'],
        ['RMTests', 'failed'],
      ],
    );
    assert.match(cases[1]?.output ?? '', /Attempt 3 failed as well/);
  });

  it('pytest: classes and parameters, the failed one again by its own id', async () => {
    const { sentence, message, cases, runs } = await run({ runner: 'pytest', tests: 'test_smoke.py' });
    assert.equal(message, '');
    assert.equal(sentence, `3 tests passed against ${site}.`);
    assert.deepEqual(runs, ['plain', 'a [shaky] row', 'a [shaky] row']);
    assert.deepEqual(
      cases.map(({ className, name }) => `${className} ${name}`),
      ['test_smoke.TestSite test_title', 'test_smoke test_row[plain]', 'test_smoke test_row[a [shaky] row]'],
    );
    assert.equal(fake.outputs['testsFlaky'], '1');
    assert.ok(!existsSync(join(directory, '.pytest_cache')));
  });

  it('mocha: tests by their whole titles, and the tests of a suite whose hook failed', async () => {
    const { sentence, message, cases, runs } = await run({ runner: 'mocha', tests: 'smoke.spec.mjs' });
    assert.equal(message, '');
    assert.equal(sentence, `3 tests passed against ${site}.`);
    assert.deepEqual(runs, ['title', 'shaky', 'login', 'shaky', 'login', 'cart']);
    assert.deepEqual(cases.map(({ className, name }) => `${className}: ${name}`).sort(), [
      'The site behind (a) login: shows the cart',
      'The site: has its title',
      'The site: is [sometimes] good | sometimes not',
    ]);
    assert.equal(fake.outputs['testsFlaky'], '2');
  });

  it('fails flaky tests when told so', async () => {
    const { message } = await run({ runner: 'mocha', tests: '*.spec.mjs', failOnFlaky: true });
    assert.match(
      message,
      /^The smoke tests did not pass: 2 tests passed only when run again:(.|\n)*Such tests fail the step \(input 'failOnFlaky'\)\.$/,
    );
    assert.equal(fake.outputs['gatePassed'], 'false');
    assert.deepEqual(fake.warnings, []);
  });

  it('tells suites of pytest and mocha that ran nothing', async () => {
    const python = await run({
      runner: 'pytest',
      tests: 'test_smoke.py',
      arguments: '-k nothing_of_that_name',
    });
    assert.match(python.message, /pytest ran no test at all/);
    await fake.close();
    const node = await run({ runner: 'mocha', tests: 'smoke.spec.mjs', arguments: '--grep nothing' });
    assert.match(node.message, /mocha ran no test at all/);
  });
});
