/** A browser, the built pages, and Azure DevOps around them: three origins on loopback, as the tab meets them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { buildReport } from '../../../scripts/buildReport.js';
import { repositoryRoot } from '../../../scripts/tasks.js';
import { releaseReport, type ReleaseReport } from '../../../shared/report/format.js';
import { standaloneTemplate } from '../../../shared/report/standalone.js';
import { openBrowser, view } from '../browser.js';
import { listening, project, standDevOps, stopped, token, type DevOps } from './devOps.js';
import type { HostSettings } from './hostFrame.js';

const samples = join(repositoryRoot, 'tests', 'report', 'samples');
export type SampleName = 'passing' | 'smokeFailed' | 'rolledBack' | 'huge';

/** A kept report, checked against the format. */
export function sample(name: SampleName): ReleaseReport {
  return releaseReport.parse(JSON.parse(readFileSync(join(samples, `${name}.json`), 'utf8')));
}

/** The pictures that a report names, as files. */
export function picturesOf({ parts }: ReleaseReport): Map<string, Buffer> {
  const names = parts.flatMap(part =>
    part.task === 'RunSeleniumSmoke' ? (part.body?.tests ?? []).flatMap(test => test.screenshot ?? []) : [],
  );
  return new Map(names.map(name => [name, readFileSync(join(samples, 'pictures', name))]));
}

/** The same pictures as a page that is a file holds them. */
export function addressesOf(report: ReleaseReport): Map<string, string> {
  return new Map(
    [...picturesOf(report)].map(([name, content]) => [
      name,
      `data:image/png;base64,${content.toString('base64')}`,
    ]),
  );
}

export const light = {
  'background-color': 'rgba(255, 255, 255, 1)',
  'text-primary-color': 'rgba(0, 0, 0, 0.9)',
  'text-secondary-color': 'rgba(0, 0, 0, 0.55)',
  'communication-background': 'rgba(0, 120, 212, 1)',
  'palette-neutral-0': '255, 255, 255',
};
export const dark = {
  'background-color': 'rgba(32, 31, 30, 1)',
  'text-primary-color': 'rgba(255, 255, 255, 1)',
  'text-secondary-color': 'rgba(255, 255, 255, 0.7)',
  'communication-background': 'rgba(51, 153, 255, 1)',
  'palette-neutral-0': '32, 31, 30',
};

export interface OpenTab {
  readonly page: Page;
  readonly tab: Frame;
  /** What the tab did that its policy forbids, and what it threw. */
  faults(): Promise<string[]>;
}

export interface TabOptions extends BrowserContextOptions {
  /** The page's timers go on only when the test lets them. */
  readonly simulatedTime?: boolean;
}

export interface Stage {
  readonly browser: Browser;
  readonly devOps: DevOps;
  /** The built page for files. */
  readonly template: string;
  /** Opens a tab on the page around it. */
  openTab(settings: Partial<HostSettings>, options?: TabOptions): Promise<OpenTab>;
  close(): Promise<void>;
}

/** The area ids as the service publishes them. */
const areas = {
  build: '965220d5-5bb9-42cf-8d67-9b146df2a5a4',
  release: 'efc2f575-36ef-48e9-b672-0c6fb4a48ac5',
};

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'report-pages-'));
  const [browser, devOps, hostScript] = await Promise.all([
    openBrowser(),
    standDevOps(),
    browserScript('hostFrame.ts'),
    buildReport(folder),
  ]);
  const tabPage = readFileSync(join(folder, 'report', 'tab.html'), 'utf8');
  const html = { 'content-type': 'text/html; charset=utf-8' };
  let settings: HostSettings | undefined;
  const extension = createServer((_request, response) => response.writeHead(200, html).end(tabPage));
  const around = createServer((_request, response) => {
    const style = 'html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}';
    const data = JSON.stringify(settings).replaceAll('<', '\\u003c');
    response
      .writeHead(200, html)
      .end(
        `<!doctype html><title>Azure DevOps</title><style>${style}</style><body><script>window.hostSettings=${data}</script><script>${hostScript}</script>`,
      );
  });
  const [tabOrigin, hostOrigin] = await Promise.all([listening(extension), listening(around)]);

  return {
    browser,
    devOps,
    template: readFileSync(join(folder, 'report', standaloneTemplate), 'utf8'),
    async openTab(given, { simulatedTime = false, ...options } = {}) {
      settings = {
        tab: `${tabOrigin}/report/tab.html`,
        project,
        locations: { [areas.build]: devOps.base, [areas.release]: devOps.base },
        token,
        theme: light,
        ...given,
      };
      const page = await browser.newPage({ ...view, ...options });
      const thrown: string[] = [];
      page.on('pageerror', error => thrown.push(error.message));
      await page.addInitScript(watchPolicy);
      if (simulatedTime) await page.clock.install();
      await page.goto(hostOrigin);
      const handle = await page.waitForSelector('iframe');
      const tab = await handle.contentFrame();
      assert.ok(tab);
      return {
        page,
        tab,
        faults: async () => [...thrown, ...(await tab.evaluate(() => window.violations))],
      };
    },
    async close() {
      await browser.close();
      await Promise.all([devOps.stop(), stopped(extension), stopped(around)]);
      rmSync(folder, { recursive: true });
    },
  };
}

declare global {
  interface Window {
    violations: string[];
  }
}

/** Runs in every frame before its own scripts: notes what the frame's policy refuses. */
export function watchPolicy(): void {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample: text }) => {
    window.violations.push(`${violatedDirective} ${blockedURI} ${text}`);
  });
}

/** A script of this folder, bundled for a page. */
async function browserScript(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(repositoryRoot, 'tests', 'report', 'hosts', file)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}
