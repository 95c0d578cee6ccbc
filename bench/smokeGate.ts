/**
 * What the gate costs: `npx tsx bench/smokeGate.ts [RUNS]`, RUNS of each way in turn (5 when absent), medians.
 * `bare`: PHPUnit against a ChromeDriver that runs already. `gate`: all that the task does, from its inputs to its verdict, with evidence; it
 * starts and ends the driver too. `gate, no evidence`: the same with `evidence: false`. The suite opens ten pages in one session, and all passes.
 */
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runSmoke } from '../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent } from '../tests/fakes/fakeAgent.js';
import { smokeDefaults } from '../tests/tasks/RunSeleniumSmoke/smokeDefaults.js';

const suite = `<?php
require_once __DIR__ . '/Browser.php';
final class TenPagesTest extends PHPUnit\\Framework\\TestCase
{
    private static Browser $browser;
    public static function setUpBeforeClass(): void { self::$browser = new Browser(); }
    public static function tearDownAfterClass(): void { self::$browser->quit(); }
    /** @dataProvider pages */
    public function testPage(int $number): void
    {
        self::$browser->open("/$number");
        $this->assertSame("Page $number", self::$browser->title());
    }
    public static function pages(): array { return array_map(fn ($number) => [$number], range(1, 10)); }
}
`;

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 5);
  const directory = mkdtempSync(join(tmpdir(), 'bench-smoke-'));
  cpSync(
    join(import.meta.dirname, '../tests/tasks/RunSeleniumSmoke/fixtures/Browser.php'),
    join(directory, 'Browser.php'),
  );
  writeFileSync(join(directory, 'TenPagesTest.php'), suite);
  const server = createServer((request, response) => {
    const page = `<title>Page ${(request.url ?? '').slice(1)}</title>`;
    response.setHeader('content-type', 'text/html').end(page);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const driver = spawn('chromedriver', ['--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise<string>(resolve => {
    driver.stdout.on('data', (text: Buffer) => {
      const found = /successfully on port (\d+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const bare = async () => {
    const env = { SITE_URL: site, WEBDRIVER_URL: `http://127.0.0.1:${port}`, BROWSER: 'chrome' };
    await promisify(execFile)('phpunit', ['--log-junit', join(directory, 'out.xml'), 'TenPagesTest.php'], {
      cwd: directory,
      env: { ...process.env, ...env },
    });
  };
  const gate = (evidence: boolean) => async () => {
    const tools = { phpunit: '/usr/bin/phpunit', chromedriver: '/usr/bin/chromedriver' };
    const fake = fakeAgent({ tools });
    const input = {
      ...smokeDefaults,
      siteUrl: site,
      workingDirectory: directory,
      tests: 'TenPagesTest.php',
      evidence,
    };
    await runSmoke(input, fake.agent);
    await fake.close();
  };
  const ways = { bare, gate: gate(true), 'gate, no evidence': gate(false) };
  const times = new Map<string, number[]>();
  try {
    for (let number = 0; number < runs; number++) {
      for (const [name, run] of Object.entries(ways)) {
        const began = performance.now();
        await run();
        times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
      }
    }
    const base = median(times.get('bare') ?? []);
    for (const [name, taken] of times) {
      const middle = median(taken);
      console.log(
        `${name.padEnd(18)} ${middle.toFixed(0).padStart(6)} ms   ${(middle / base).toFixed(2)} × bare`,
      );
    }
  } finally {
    driver.kill();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await main();
