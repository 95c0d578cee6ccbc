import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geckodriver } from '../../../scripts/setup/cache.mjs';
import { failedTests } from '../../../shared/core/junit.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { runningFamily } from '../../../tasks/RunSeleniumSmoke/src/processFamily.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { onPath } from '../../fakes/onPath.js';
import { smokeDefaults } from './smokeDefaults.js';

describe('Firefox', function () {
  this.timeout(180_000);
  let server: Server;
  let site: string;
  let directory: string;
  let fakes: FakeAgent[];

  before(async () => {
    server = createServer((request, response) => {
      const title = request.url === '/broken' ? 'Broken' : 'A small site';
      response
        .setHeader('content-type', 'text/html')
        .end(`<title>${title}</title><h1>${request.url ?? ''}</h1>`);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'smoke-firefox-'));
    cpSync(join(import.meta.dirname, 'fixtures'), directory, { recursive: true });
    writeFileSync(
      join(directory, 'smoke.yml'),
      'pages: [{path: /, title: A small site, status: 200, element: h1}]',
    );
  });

  beforeEach(() => {
    fakes = [];
  });

  afterEach(async () => {
    for (const fake of fakes) await fake.close();
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  async function run(rest: Partial<typeof smokeDefaults>) {
    const fake = fakeAgent({
      tools: {
        chromedriver: '/usr/bin/chromedriver',
        geckodriver: geckodriver(),
        phpunit: onPath('phpunit'),
      },
    });
    fakes.push(fake);
    const input = { ...smokeDefaults, siteUrl: site, workingDirectory: directory, ...rest };
    const message = await runSmoke(input, fake.agent).catch((error: unknown) => String(error));
    return {
      message,
      fake,
      suites: readJunit(readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8'), 'it'),
    };
  }

  it('runs beside Chromium and beside another task on the agent; nothing is left of either', async () => {
    const mark = randomUUID();
    process.env['SMOKE_TEST_RUN'] = mark;
    const [matrix, checks] = await Promise.all([
      run({ tests: 'SharedSessionTest.php', browsers: 'chrome,firefox', windowSize: '900x700' }),
      run({ runner: 'checks', tests: 'smoke.yml', browsers: 'firefox' }),
    ]);
    delete process.env['SMOKE_TEST_RUN'];
    assert.deepEqual(runningFamily(mark), [], 'processes are left behind');

    assert.match(
      matrix.message,
      /\[chrome\] 1 of 3 tests failed(.|\n)*\[firefox\] 1 of 3 tests failed(.|\n)*SharedSessionTest \(firefox\)::testBroken/,
    );
    const shown = failedTests(matrix.suites).find(({ className }) => className.includes('firefox'));
    const attached = [...(shown?.output ?? '').matchAll(/^\[\[ATTACHMENT\|(.*)\]\]$/gm)].map(
      match => match[1] ?? '',
    );
    assert.equal(attached.length, 3);
    const [picture = '', source = '', said = ''] = attached.map(path => readFileSync(path, 'latin1'));
    assert.equal(picture.slice(1, 4), 'PNG');
    assert.match(source, /<h1>\/broken<\/h1>/);
    assert.match(said, new RegExp(`^Page: ${site}/broken\n`));

    assert.match(checks.message, /^4 tests passed against/);
    assert.deepEqual(
      checks.suites.flatMap(({ cases }) => cases.map(({ name, outcome }) => `${name}: ${outcome}`)),
      [
        'status 200: passed',
        'title A small site: passed',
        'element h1: passed',
        'no broken images: passed',
        'no console errors: skipped',
        'no failed requests: skipped',
      ],
    );
  });
});
