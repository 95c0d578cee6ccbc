/** The report's page alone in a browser, under the strictest policy that it is ever given, and everything that goes wrong on it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { repositoryRoot } from '../../../scripts/tasks.js';
import type { ReleaseReport } from '../../../shared/report/format.js';
import { openBrowser, view } from '../browser.js';

/** What the page in the browser can be told by a test. */
interface Given {
  readonly report: ReleaseReport;
  readonly pictures?: ReadonlyMap<string, string>;
  readonly theme?: 'light' | 'dark';
  readonly running?: boolean;
}

interface BuiltPage {
  readonly script: string;
  readonly style: string;
}

export interface OpenedPage {
  readonly page: Page;
  /** Refused by the policy, thrown, or written to the console as an error. */
  readonly faults: readonly string[];
  /** Draws the report anew. */
  readonly update: (given: Given) => Promise<void>;
}

const address = 'http://report.test/';
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const entry = `
import { renderReport } from './report/page/render.js';
const optionsOf = given => ({
  pictures: new Map(given.pictures),
  links: {
    log: part => part.task === 'PatchArmImageUri' ? 'javascript:globalThis.marker=1' : 'https://dev.azure.com/log/' + part.step.stageAttempt,
    artifacts: [{ name: 'packer.log', url: 'logs/packer.log' }, { name: 'bad', url: 'data:text/html,x' }],
  },
  ...(given.theme === undefined ? {} : { theme: given.theme }),
  running: given.running === true,
});
const given = JSON.parse(document.getElementById('given').textContent);
const root = document.getElementById('root');
const view = renderReport(root, given.report, optionsOf(given));
globalThis.updateReport = next => view.update(next.report, optionsOf(next));
`;

async function buildPage(): Promise<BuiltPage> {
  const bundle = async (options: Parameters<typeof build>[0]) => {
    const { outputFiles } = await build({
      ...options,
      bundle: true,
      minify: true,
      write: false,
      target: 'es2022',
    });
    return outputFiles[0]?.text ?? '';
  };
  return {
    script: await bundle({
      stdin: { contents: entry, resolveDir: repositoryRoot, loader: 'ts' },
      format: 'iife',
    }),
    style: await bundle({ entryPoints: [join(repositoryRoot, 'report', 'page', 'report.css')] }),
  };
}

/** The page in one browser for all tests of a suite. */
export interface PageRig {
  readonly built: () => BuiltPage;
  readonly open: (given: Given, options?: BrowserContextOptions) => Promise<OpenedPage>;
  /** Runs a test on a page, and closes it; nothing may have gone wrong on it. */
  readonly on: (opening: Promise<OpenedPage>, test: (opened: OpenedPage) => Promise<void>) => Promise<void>;
}

/** Called within a suite: opens the browser before its tests, and closes it after them. */
export function pageRig(): PageRig {
  let browser: Browser;
  let built: BuiltPage;
  before(async () => {
    [browser, built] = await Promise.all([openBrowser(), buildPage()]);
  });
  after(async () => {
    await browser.close();
  });
  return {
    built: () => built,
    open: (given, options) => openPage(browser, built, given, options),
    async on(opening, test) {
      const opened = await opening;
      try {
        await test(opened);
        assert.deepEqual(opened.faults, []);
      } finally {
        await opened.page.context().close();
      }
    },
  };
}

async function openPage(
  browser: Browser,
  built: BuiltPage,
  given: Given,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ ...view, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', error => faults.push(error.message));
  const data = JSON.stringify(plain(given)).replace(/</g, '\\u003c');
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '': [
      'text/html',
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Release report</title><link rel="stylesheet" href="page.css"></head><body><div id="root"></div><script id="given" type="application/json">${data}</script><script src="page.js"></script></body></html>`,
    ],
    'page.css': ['text/css', built.style],
    'page.js': ['text/javascript', built.script],
    'favicon.ico': ['image/x-icon', ''],
  };
  await page.route('**/*', async route => {
    const [type, body] = files[route.request().url().slice(address.length)] ?? ['text/plain', undefined];
    if (body === undefined) faults.push(`asked for ${route.request().url()}`);
    await route.fulfill({
      status: body === undefined ? 404 : 200,
      contentType: `${type}; charset=utf-8`,
      headers: { 'Content-Security-Policy': policy },
      body: body ?? '',
    });
  });
  await page.goto(address);
  // The page draws its beginning first, and the rest when that has been shown.
  await page.evaluate(
    () =>
      new Promise(resolve => {
        requestAnimationFrame(() => setTimeout(() => setTimeout(resolve, 0), 0));
      }),
  );
  return {
    page,
    faults,
    update: async next => {
      await page.evaluate(value => {
        (globalThis as unknown as { updateReport(given: unknown): void }).updateReport(value);
      }, plain(next));
    },
  };
}

/** What axe finds, a line each; rules beyond WCAG (landmarks, order of headings) included. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource());
  return page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as {
        axe: {
          run(): Promise<{
            violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
          }>;
        };
      }
    ).axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  });
}

/** Opens every fold, those inside folds too. */
export async function openAll(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let closed = [...document.querySelectorAll('details:not([open])')]; closed.length > 0;) {
      for (const details of closed) details.setAttribute('open', '');
      // `toggle` comes in a task of its own.
      await new Promise(resolve => setTimeout(resolve));
      await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
      closed = [...document.querySelectorAll('details:not([open])')];
    }
  });
}

/** Elements that reach past the page's right edge, but for those in a box of their own that scrolls. */
export async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const wide =
      root.scrollWidth > root.clientWidth ? [`the page has ${root.scrollWidth} of ${root.clientWidth}`] : [];
    const reaching = [...document.querySelectorAll('.bake-and-roll-report *')].filter(element => {
      if (element.getBoundingClientRect().right <= root.clientWidth + 1) return false;
      for (let at = element.parentElement; at !== null; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== 'visible') return false;
      return !element.matches('.unseen');
    });
    return [...wide, ...reaching.slice(0, 5).map(element => element.outerHTML.slice(0, 200))];
  });
}

let source: string | undefined;

function axeSource(): string {
  source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}

function plain(given: Given): unknown {
  return { ...given, pictures: [...(given.pictures ?? [])] };
}
