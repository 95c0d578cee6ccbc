/** The sample application itself, by HTTP and by its smoke tests in a real browser. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { ends, sample, serveSite, startChromedriver, type Server } from './sample.js';

interface Page {
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  readonly rows: readonly { readonly id: number; readonly revenue: number; readonly orders: number }[];
}
interface Detail {
  readonly store: { readonly id: number; readonly orders: number; readonly revenue: number };
  readonly months: readonly { readonly orders: number; readonly revenue: number }[];
}

describe('sample application', function () {
  this.timeout(120_000);
  let site: Server;
  let folder: string;
  before(async () => {
    site = await serveSite();
    folder = mkdtempSync(join(tmpdir(), 'sample-test-'));
  });
  after(async () => {
    await site.stop();
    rmSync(folder, { recursive: true });
  });
  const get = async (path: string) => {
    const response = await fetch(site.url + path);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const json = async <T>(path: string): Promise<T> => JSON.parse((await get(path)).text) as T;

  it('is PHP without a syntax error', () => {
    const files = readdirSync(sample, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.php'));
    assert.ok(files.length >= 5);
    for (const file of files) {
      const { status, stdout } = spawnSync('php', ['-l', join(sample, file)], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
    }
  });

  it('tells its health and version', async () => {
    const { status, type, text } = await get('/health');
    assert.equal(status, 200);
    assert.equal(type, 'application/json; charset=utf-8');
    const { host, ...rest } = JSON.parse(text) as Record<string, string>;
    assert.deepEqual(rest, { status: 'ok', version: 'development' });
    assert.notEqual(host, '');
  });

  it('pages through all stores, each once, in the order asked for', async () => {
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, index) => json<Page>(`/data.php?page=${index + 1}&sort=revenue&order=desc`)),
    );
    const rows = pages.flatMap(page => page.rows);
    assert.equal(rows.length, pages[0]?.total);
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
    const revenue = rows.map(row => row.revenue);
    assert.deepEqual(
      revenue,
      [...revenue].sort((a, b) => b - a),
    );
  });

  it("gives a store whose months add up to its year, and to its row's", async () => {
    const { store, months } = await json<Detail>('/data.php?store=17');
    const row = (await json<Page>('/data.php?page=17&pageSize=1')).rows[0];
    assert.equal(months.length, 12);
    assert.equal(months.reduce((sum, { orders }) => sum + orders, 0), store.orders);
    assert.equal(months.reduce((sum, { revenue }) => sum + revenue, 0), store.revenue);
    assert.deepEqual(row, store);
  });

  it('refuses what makes no sense', async () => {
    for (const query of ['page=0', 'page=x', 'pageSize=101', 'sort=password', 'sort[]=id', 'order=up', 'page=1e3']) {
      const { status, text } = await get(`/data.php?${query}`);
      assert.equal(status, 400, query);
      assert.match(text, /^\{"error":/);
    }
    for (const id of ['0', '241', '-1', 'x', '1%00']) assert.equal((await get(`/data.php?store=${id}`)).status, 404, id);
  });

  it('serves nothing but its public files', async () => {
    for (const path of ['/router.php', '/src/stores.php', '/%2e%2e/router.php', '/%00', '/nothing', '/assets/']) {
      assert.equal((await get(path)).status, 404, path);
    }
    assert.equal((await get('/assets/grid.js')).status, 200);
  });

  describe('smoke tests', () => {
    let driver: Server;
    before(async () => {
      driver = await startChromedriver();
    });
    after(async () => {
      await driver.stop();
    });
    const smoke = async (environment: Record<string, string>) => {
      const junit = join(folder, 'junit.xml');
      const args = ['--do-not-cache-result', '--log-junit', junit, 'smoke/SiteSmokeTest.php'];
      const env = { ...process.env, SITE_URL: site.url, WEBDRIVER_URL: driver.url, BROWSER: 'chrome', ...environment };
      const { status, output } = await ends('phpunit', args, { cwd: sample, env });
      const report = new XMLParser({ ignoreAttributes: false }).parse(readFileSync(junit, 'utf8')) as {
        testsuites: { testsuite: Record<string, string> };
      };
      return { status, output, suite: report.testsuites.testsuite };
    };

    it('pass on the site', async () => {
      const { status, output, suite } = await smoke({ EXPECTED_VERSION: 'development' });
      assert.equal(status, 0, output);
      assert.equal(suite['@_tests'], '7');
      assert.equal(suite['@_skipped'], '0');
    });

    it('fail on another version, with a picture of what they saw', async () => {
      const { status, suite } = await smoke({ EXPECTED_VERSION: '1.0.2', SCREENSHOT_DIR: folder });
      assert.equal(status, 1);
      assert.equal(suite['@_failures'], '1');
      const picture = readFileSync(join(folder, 'testTheVersionOfTheReleaseIsRunning.png'));
      assert.equal(picture.subarray(1, 4).toString(), 'PNG');
    });

    it('are errors where there is no WebDriver', async () => {
      const { status, output } = await smoke({ WEBDRIVER_URL: 'http://127.0.0.1:9' });
      assert.equal(status, 2);
      assert.match(output, /No answer from WebDriver at http:\/\/127\.0\.0\.1:9\/session/);
    });
  });
});
