/** The screenshots that are kept of the report: what each shows, how it is taken the same on every machine, where it lies. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { buildReport } from '../../scripts/buildReport.js';
import { repositoryRoot } from '../../scripts/tasks.js';
import { standalonePage, standaloneTemplate } from '../../shared/report/standalone.js';
import { openBrowser, view } from './browser.js';
import { addressesOf, sample, type SampleName } from './hosts/stage.js';

export const schemes = ['light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

export interface Shot {
  readonly name: string;
  readonly of: SampleName;
  readonly width: number;
  /** The page's element that is taken; the page's beginning where none is named. */
  readonly element?: (page: Page) => Locator;
  /** Shown on the marketplace's page: its light form lies with the extension's images. */
  readonly featured?: boolean;
}

/** The section of a task, by what the page calls it. */
const step = (kind: string) => (page: Page) =>
  page.locator('section.step', { has: page.locator('.kicker', { hasText: kind }) }).first();
const head = (page: Page) => page.locator('.head');

export const shots: readonly Shot[] = [
  { name: 'passed', of: 'passing', width: 1000, element: head, featured: true },
  { name: 'failed', of: 'smokeFailed', width: 1000, element: head },
  { name: 'image', of: 'passing', width: 1000, element: step('Image') },
  { name: 'parameters', of: 'passing', width: 1000, element: step('Parameters') },
  { name: 'roll', of: 'passing', width: 1000, element: step('Roll') },
  { name: 'rolled-back', of: 'rolledBack', width: 1000, element: step('Roll'), featured: true },
  { name: 'thousand', of: 'huge', width: 1000, element: step('Roll') },
  { name: 'smoke', of: 'smokeFailed', width: 1000, element: step('Smoke tests'), featured: true },
  { name: 'load', of: 'passing', width: 1000, element: step('Load test'), featured: true },
  { name: 'narrow', of: 'passing', width: 320 },
];

/** Where a screenshot is kept. */
export function keptAt({ name, featured = false }: Shot, scheme: Scheme): string {
  return featured && scheme === 'light'
    ? join(repositoryRoot, 'images', `report-${name}.png`)
    : join(repositoryRoot, 'tests', 'report', 'screenshots', `${name}-${scheme}.png`);
}

export interface Photographer {
  /** @param style more rules for the page, to see whether they would be noticed */
  take(shot: Shot, scheme: Scheme, style?: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Pixels around an element, and of a picture's height: what is below repeats what is above. */
const margin = 20;
const tallest = 1100;

/** One font, whatever the machine has: the set-up installs it. */
const letters = `.bake-and-roll-report { font-family: 'DejaVu Sans' !important; --mono: 'DejaVu Sans Mono' !important; }
  .bake-and-roll-notes { font-family: 'DejaVu Sans' !important; }`;

export async function openPhotographer(): Promise<Photographer> {
  const folder = mkdtempSync(join(tmpdir(), 'screenshots-'));
  await buildReport(folder);
  const template = readFileSync(join(folder, 'report', standaloneTemplate), 'utf8');
  const browser = await openBrowser();
  const pages = new Map<string, Promise<Page>>();
  const open = async (of: SampleName, width: number, scheme: Scheme, style: string): Promise<Page> => {
    const report = sample(of);
    const file = join(folder, `${of}.html`);
    writeFileSync(file, standalonePage(template, report, addressesOf(report)));
    // The policy would refuse the tests' own style sheet.
    const settings = { ...view, viewport: { width, height: 1200 }, colorScheme: scheme, bypassCSP: true };
    const page = await browser.newPage(settings);
    await page.goto(pathToFileURL(file).href);
    await page.addStyleTag({ content: letters + style });
    await page.waitForSelector('section.step');
    await page.evaluate(async () => {
      for (const details of document.querySelectorAll<HTMLDetailsElement>('[data-fold$="/body"]'))
        details.open = true;
      // A picture that is decoded beside the page's painting would be a grey field on a busy machine.
      const pictures = [...document.images].filter(image => image.hasAttribute('src'));
      for (const picture of pictures) Object.assign(picture, { loading: 'eager', decoding: 'sync' });
      await Promise.all(
        pictures.map(async image => {
          while (!image.complete) await new Promise(resolve => setTimeout(resolve, 10));
          await image.decode();
        }),
      );
      await document.fonts.ready;
    });
    return page;
  };
  return {
    async take({ of, width, element }, scheme, style = '') {
      const key = JSON.stringify([of, width, scheme, style]);
      const opened = pages.get(key) ?? open(of, width, scheme, style);
      pages.set(key, opened);
      const page = await opened;
      const box = element === undefined ? null : await element(page).boundingBox();
      if (box === null) return page.screenshot();
      const clip = {
        x: box.x - margin,
        y: Math.max(0, box.y - margin),
        width: box.width + 2 * margin,
        height: Math.min(tallest, box.height + 2 * margin),
      };
      return page.screenshot({ fullPage: true, clip });
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true });
    },
  };
}
