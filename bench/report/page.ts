/**
 * How fast the report's pages are seen, how large they are, what axe-core finds: `npx tsx bench/report/page.ts [RUNS]`, RUNS of each in
 * turn (20 when absent), each in a browser context of its own with nothing cached; medians and worst, in milliseconds after the page's
 * beginning. The report has a million bytes. `painted`: the browser's own first contentful paint. `drawn`: the whole report is in the page and
 * the next frame has begun. For the tab both hold its requests too, to a service on this machine. `busy`: the main thread's own processor time
 * until then, which other work on the machine does not lengthen.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Frame, Page } from 'playwright-core';
import { buildReport } from '../../scripts/buildReport.js';
import type { ReleaseReport } from '../../shared/report/format.js';
import { standalonePage } from '../../shared/report/standalone.js';
import { view } from '../../tests/report/browser.js';
import { attachedOf } from '../../tests/report/hosts/devOps.js';
import {
  addressesOf,
  dark,
  light,
  openStage,
  picturesOf,
  sample,
  type SampleName,
  type Stage,
} from '../../tests/report/hosts/stage.js';

const runs = Number(process.argv[2] ?? 20);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const samples: readonly SampleName[] = ['passing', 'smokeFailed', 'rolledBack', 'huge'];

interface Times {
  readonly painted: number;
  readonly drawn: number;
}

/** The largest kept report with the lists of its tests and labels drawn out to a million bytes. */
function millionBytes(): ReleaseReport {
  const report = sample('huge');
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const missing = Math.max(0, 1_000_000 - size(report));
  const parts = report.parts.map(part => {
    if (part.task === 'RunSeleniumSmoke' && part.body !== null)
      return { ...part, body: { ...part.body, tests: drawnOut(part.body.tests, missing / 2, size) } };
    if (part.task === 'RunJmeterLoad' && part.body !== null)
      return { ...part, body: { ...part.body, labels: drawnOut(part.body.labels, missing / 2, size) } };
    return part;
  });
  return { ...report, parts };
}

function drawnOut<Item>(items: readonly Item[], bytes: number, size: (value: unknown) => number): Item[] {
  const all = [...items];
  for (let index = 0, added = 0; added < bytes; index += 1) {
    const item = items[index % items.length];
    if (item === undefined) throw new Error('A list of the kept report is empty');
    all.push(item);
    added += size(item) + 1;
  }
  return all;
}

async function times(frame: Page | Frame): Promise<Times> {
  await frame.waitForSelector('section.step');
  return frame.evaluate(
    () =>
      new Promise<Times>(resolve => {
        requestAnimationFrame(() => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          resolve({ painted: paint?.startTime ?? NaN, drawn: performance.now() });
        });
      }),
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-report-'));
  const stage = await openStage();
  try {
    const report = millionBytes();
    const file = join(folder, 'report.html');
    writeFileSync(file, standalonePage(stage.template, report, new Map()));
    stage.devOps.runs.push({
      id: 1,
      number: '1',
      status: 'completed',
      startTime: '2026-11-23T07:00:00Z',
      attached: attachedOf(report, new Map()),
    });
    const measured: Record<'file' | 'tab', Times[]> = { file: [], tab: [] };
    const busy: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const page = await stage.browser.newPage(view);
      const tools = await page.context().newCDPSession(page);
      await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
      await page.goto(pathToFileURL(file).href);
      measured.file.push(await times(page));
      const { metrics } = await tools.send('Performance.getMetrics');
      busy.push((metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000);
      await page.close();
      const open = await stage.openTab({ build: { id: 1 } });
      measured.tab.push(await times(open.tab));
      await open.page.close();
    }
    console.log(
      `A report of ${Buffer.byteLength(JSON.stringify(report))} bytes, ${runs} runs of each, medians (worst):`,
    );
    for (const [host, all] of Object.entries(measured))
      console.log(
        `  ${host.padEnd(5)} painted ${told(all.map(({ painted }) => painted))}   drawn ${told(all.map(({ drawn }) => drawn))}`,
      );
    console.log(`  file  busy    ${told(busy)}`);
    console.log('Bytes of a page, gzipped:');
    for (const { file: name, gzipped } of (await buildReport(folder)).pages)
      console.log(`  ${name.padEnd(20)} ${gzipped}`);
    await printAxe(stage, folder);
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true });
  }
}

async function printAxe(stage: Stage, folder: string): Promise<void> {
  console.log('Violations that axe-core finds, everything opened:');
  for (const name of samples) {
    const report = sample(name);
    const file = join(folder, `${name}.html`);
    writeFileSync(file, standalonePage(stage.template, report, addressesOf(report)));
    stage.devOps.runs.splice(0, 1, {
      id: 1,
      number: '1',
      status: 'completed',
      startTime: '2026-11-23T07:00:00Z',
      attached: attachedOf(report, picturesOf(report)),
    });
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [1280, 320]) {
        const settings = { viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true };
        const page = await stage.browser.newPage({ ...view, ...settings });
        await page.goto(pathToFileURL(file).href);
        const tab = await stage.openTab(
          { build: { id: 1 }, theme: scheme === 'dark' ? dark : light },
          settings,
        );
        const found = [await violations(page), await violations(tab.tab)];
        console.log(
          `  ${[name, scheme, `${width} px`].map(text => text.padEnd(12)).join('')}file ${found[0]?.length ?? ''}, tab ${found[1]?.length ?? ''}`,
        );
        for (const rule of new Set(found.flat())) console.log(`      ${rule}`);
        await Promise.all([page.close(), tab.page.close()]);
      }
  }
}

async function violations(frame: Page | Frame): Promise<string[]> {
  await frame.waitForSelector('section.step');
  await frame.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  await frame.addScriptTag({ path: axe });
  const results = await frame.evaluate<AxeResults>('axe.run()');
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.target.join(' ') ?? ''}`);
}

function told(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(0).padStart(5)} (${(sorted.at(-1) ?? NaN).toFixed(0)})`;
}

await main();
