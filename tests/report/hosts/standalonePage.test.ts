/** The report as a file, opened from disk in a real browser that has no network. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { buildReport, pageBudget, type BuiltPage } from '../../../scripts/buildReport.js';
import { partName } from '../../../shared/report/names.js';
import { standalonePage, standaloneTemplate } from '../../../shared/report/standalone.js';
import { openBrowser, view } from '../browser.js';
import { addressesOf, sample, watchPolicy } from './stage.js';

describe('the report as a file', function () {
  this.timeout(120_000);
  let browser: Browser;
  let folder = '';
  let pages: BuiltPage[] = [];
  let address = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'report-file-'));
    ({ pages } = await buildReport(folder));
    const template = readFileSync(join(folder, 'report', standaloneTemplate), 'utf8');
    const kept = sample('smokeFailed');
    const url = 'https://dev.azure.com/contoso/shop/_build/results?buildId=4711';
    const report = { ...kept, run: { ...kept.run, number: '20261123.2', url } };
    const file = join(folder, 'my report #1.html');
    writeFileSync(file, standalonePage(template, report, addressesOf(report)));
    address = pathToFileURL(file).href;
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  it('opens without a network, with its pictures, and asks for nothing', async () => {
    const page = await browser.newPage({ ...view, offline: true });
    const asked: string[] = [];
    const faults: string[] = [];
    page.on('request', request => {
      if (!request.url().startsWith('data:')) asked.push(request.url());
    });
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => faults.push(message.text()));
    await page.addInitScript(watchPolicy);
    await page.goto(address);
    await page.getByRole('heading', { level: 1, name: /Failed/ }).waitFor();
    assert.match(await page.title(), /20261123\.2/);
    assert.match(
      (await page.getByRole('link', { name: /^Log/ }).first().getAttribute('href')) ?? '',
      /_build\/results\?buildId=4711&view=logs$/,
    );
    await page.waitForFunction(() => {
      const drawn = [...document.images].filter(image => image.src.startsWith('data:image/png'));
      return drawn.length > 0 && drawn.every(image => image.complete && image.naturalWidth > 0);
    });
    assert.deepEqual(asked, [address]);
    assert.deepEqual([...faults, ...(await page.evaluate(() => window.violations))], []);
    await page.close();
  });

  it('leads to the logs and artifacts beside it', async () => {
    const report = sample('smokeFailed');
    const template = readFileSync(join(folder, 'report', standaloneTemplate), 'utf8');
    const file = join(folder, 'beside.html');
    const logs = report.parts.map((part, index) => [partName(part), `logs/${index + 1}%20a.log`] as const);
    const artifacts = [{ name: 'drop', url: 'artifacts/drop' }];
    writeFileSync(file, standalonePage(template, report, new Map(), { logs, artifacts }));
    const page = await browser.newPage({ ...view, offline: true });
    await page.goto(pathToFileURL(file).href);
    await page.getByRole('link', { name: 'drop' }).waitFor();
    const addresses = await page
      .getByRole('link', { name: /^Log/ })
      .evaluateAll(links => links.map(link => link.getAttribute('href')));
    assert.ok(addresses.length > 0);
    for (const address of addresses) assert.match(address ?? '', /^logs\/\d%20a\.log$/);
    await page.close();
  });

  it('says what to do where scripts are off', async () => {
    const page = await browser.newPage({ ...view, javaScriptEnabled: false });
    await page.goto(address);
    await page.locator('noscript').waitFor();
    await page.close();
  });

  it('is small, as is the tab', () => {
    assert.deepEqual(
      pages.map(({ file }) => file),
      [standaloneTemplate, 'tab.html'],
    );
    for (const { file, gzipped } of pages) {
      console.log(`      ${file}: ${(gzipped / 1000).toFixed(1)} kB gzipped`);
      assert.ok(gzipped < pageBudget, file);
    }
  });
});
