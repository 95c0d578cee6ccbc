/** The page in a real browser: what it shows, to whom, at any size, by keyboard, on paper. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { ReleaseReport } from '../../../shared/report/format.js';
import { addressesOf, sample } from '../hosts/stage.js';
import { hostile } from '../hosts/hostile.js';
import { deployBody, large, loadFailed, part, partial, reportOf } from '../reports.js';
import { axe, openAll, pageRig, tooWide, type OpenedPage } from './openPage.js';

const reports: Readonly<Record<string, () => ReleaseReport>> = {
  'a release that passed': () => sample('passing'),
  'failed smoke tests': () => sample('smokeFailed'),
  'a roll that went back': () => sample('rolledBack'),
  'a failed load test': loadFailed,
  'steps that know little': partial,
  'no step at all': () => reportOf([]),
};

describe('the page of the release report', function () {
  this.timeout(180_000);
  const { built, open: openGiven, on } = pageRig();

  function open(
    report: ReleaseReport,
    options: BrowserContextOptions = {},
    more: Partial<Parameters<typeof openGiven>[0]> = {},
  ): Promise<OpenedPage> {
    return openGiven({ report, pictures: addressesOf(sample('smokeFailed')), ...more }, options);
  }

  for (const [name, make] of Object.entries(reports)) {
    it(`${name}: axe finds nothing, folded and unfolded, and at 320 px nothing reaches past the edge`, () =>
      on(open(make(), { colorScheme: 'light' }), async ({ page }) => {
        assert.deepEqual(await axe(page), []);
        await openAll(page);
        assert.deepEqual(await axe(page), []);
        await page.setViewportSize({ width: 320, height: 640 });
        assert.deepEqual(await tooWide(page), []);
        assert.deepEqual(await axe(page), []);
      }));

    it(`${name}: axe finds nothing in the dark`, () =>
      on(open(make(), { colorScheme: 'dark' }), async ({ page }) => {
        await openAll(page);
        assert.deepEqual(await axe(page), []);
      }));
  }

  it('says verdict, step and reason in its first line, and leads to what the step found', () =>
    on(open(loadFailed()), async ({ page }) => {
      assert.equal(
        (await page.locator('h1').innerText()).replaceAll(/\s+/g, ' '),
        'Failed in Load (Verify): The load test did not pass: p95 of all samples is at most 150 ms: it was 183 ms.',
      );
      assert.equal(await page.locator('.standing').innerText(), 'webapp serves the new image, webapp-43.');
      const target = await page.getByRole('link', { name: 'What it found' }).getAttribute('href');
      assert.equal(await page.locator(`${target ?? ''} h2`).innerText(), 'Load');
      assert.equal(
        await page.getByRole('link', { name: 'Its log' }).getAttribute('href'),
        'https://dev.azure.com/log/1',
      );
    }));

  it('follows the theme of its host before that of the system', async () => {
    const background = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.getElementById('root') ?? document.body).backgroundColor);
    await on(open(loadFailed(), { colorScheme: 'light' }, { theme: 'dark' }), async ({ page, update }) => {
      assert.equal(await background(page), 'rgb(19, 23, 28)');
      await update({ report: loadFailed(), theme: 'light' });
      assert.equal(await background(page), 'rgb(255, 255, 255)');
      await page.evaluate(() => {
        document.documentElement.style.setProperty('--background-color', 'rgb(1, 2, 3)');
      });
      assert.equal(await background(page), 'rgb(1, 2, 3)', "Azure DevOps's own colour");
    });
  });

  describe('text from outside', () => {
    const harm = (page: Page) =>
      page.evaluate(() => {
        const found: string[] = 'marker' in globalThis ? ['something ran'] : [];
        for (const element of document.querySelectorAll('#root *')) {
          if (/^(script|iframe|object|embed|base|meta|link|form|style)$/i.test(element.tagName))
            found.push(element.tagName);
          for (const { name, value } of element.attributes)
            if (/^on|^style$/i.test(name) && !element.hasAttribute('style')) found.push(`${name}=${value}`);
            else if (/^(href|src)$/.test(name) && !/^(#|https?:|data:image\/png|logs\/)/.test(value))
              found.push(value);
        }
        return found;
      });

    for (const [name, make] of Object.entries(reports)) {
      it(`is shown, never run, and breaks no layout: ${name}`, () =>
        on(open(hostile(make()), { viewport: { width: 320, height: 640 } }), async ({ page }) => {
          await openAll(page);
          assert.deepEqual(await harm(page), []);
          assert.deepEqual(await tooWide(page), []);
          assert.equal(await page.title(), 'Release report');
          assert.equal(await page.locator('h1').count(), 1);
          assert.doesNotMatch(
            await page.locator('#root').innerText(),
            /[\u0000\u0007\u001b\u202a-\u202e\u2066-\u2069]/,
          );
        }));
    }

    it('keeps its direction to itself', () =>
      on(
        open(
          reportOf([
            part({ task: 'PackerBakeVmss', body: null }, { name: 'עברית \u202e abc', result: 'failed' }),
          ]),
        ),
        async ({ page }) => {
          const name = page.locator('h2 bdi');
          assert.equal(await name.innerText(), 'עברית ⟨U+202E⟩ abc');
          assert.equal(
            await page
              .locator('h1 bdi')
              .first()
              .evaluate(bdi => getComputedStyle(bdi).unicodeBidi),
            'isolate',
          );
        },
      ));

    it('is no address that leads anywhere but to the web', () =>
      on(open(sample('passing')), async ({ page }) => {
        assert.equal(
          await page.getByRole('link', { name: 'Log', exact: true }).count(),
          sample('passing').parts.filter(({ task }) => task !== 'PatchArmImageUri').length,
          'the one with javascript: is none',
        );
        assert.deepEqual(await page.locator('.artifacts a').allInnerTexts(), ['packer.log']);
        assert.deepEqual(await page.locator('.artifacts li').allInnerTexts(), ['packer.log', 'bad']);
      }));
  });

  describe('much data', () => {
    it('is drawn in parts: 10,000 labels and 1,000 instances make no page of 10,000 rows', () =>
      on(open(large()), async ({ page }) => {
        const elements = await page.locator('#root *').count();
        assert.ok(elements < 3000, `${elements} elements`);
        const table = page.locator('table.labels tbody tr');
        assert.equal(await table.count(), 25);
        await page.getByRole('button', { name: 'Show 200 more' }).click();
        assert.equal(await table.count(), 225);
        await page.getByRole('searchbox', { name: 'Search labels' }).fill('/9999');
        assert.deepEqual(await table.locator('th').allInnerTexts(), ['All samples', 'GET /stores/9999']);
        await page.getByRole('searchbox', { name: 'Search labels' }).fill('no such');
        assert.equal(await page.getByText('No label has that in its name.').count(), 1);
      }));

    it('has a picture of 3, 30, 300 and 1,000 instances that is as high as it needs to be', () =>
      on(
        open(
          reportOf(
            [3, 30, 300, 1000].map((count, at) =>
              part({ task: 'DeployVmssImage', body: deployBody(count) }, { at }),
            ),
          ),
        ),
        async ({ page }) => {
          const heights = await page
            .locator('.roll-bars')
            .evaluateAll(all => all.map(bars => bars.getBoundingClientRect().height));
          assert.deepEqual(heights, [66, 390, 300, 334]);
          assert.match(
            await page.locator('.roll').last().innerText(),
            /1000 instances in 10 batches; 1000 on the new image at the end\. A line stands for 3 instances/,
          );
        },
      ));
  });

  describe('by keyboard', () => {
    it('reaches a failed test, enlarges what it showed, turns pages, and comes back', () =>
      on(open(sample('smokeFailed')), async ({ page }) => {
        for (let steps = 0; steps < 60; steps += 1) {
          await page.keyboard.press('Tab');
          if (await page.evaluate(() => document.activeElement?.matches('button.frame') === true)) break;
        }
        const dialog = page.getByRole('dialog');
        assert.equal(await dialog.count(), 0);
        await page.keyboard.press('Enter');
        assert.equal(await dialog.count(), 1);
        assert.deepEqual(await axe(page), []);
        const number = page.locator('.picture-ways [role=status]');
        assert.match(await number.innerText(), /^1 of \d$/);
        await page.keyboard.press('ArrowRight');
        assert.match(await number.innerText(), /^2 of \d$/);
        await page.keyboard.press('ArrowLeft');
        await page.keyboard.press('ArrowLeft');
        assert.match(await number.innerText(), /^(\d) of \1$/);
        await page.keyboard.press('Escape');
        assert.equal(await dialog.count(), 0);
        assert.equal(await page.evaluate(() => document.activeElement?.matches('button.frame')), true);
      }));

    it('sorts the table, and hears the values of charts and roll', () =>
      on(open(loadFailed()), async ({ page }) => {
        const header = page.getByRole('columnheader', { name: /^p95 ?, ms$/ });
        await header.getByRole('button').focus();
        await page.keyboard.press('Enter');
        assert.equal(await header.getAttribute('aria-sort'), 'descending');
        const cells = await page
          .locator('table.labels tbody tr:not(.overall) td:nth-child(6)')
          .allInnerTexts();
        assert.deepEqual(
          cells.map(Number),
          cells.map(Number).toSorted((one, other) => other - one),
        );
        await page.keyboard.press('Enter');
        assert.equal(await header.getAttribute('aria-sort'), 'ascending');
        const chart = page.getByRole('slider', { name: 'Response times' });
        await chart.focus();
        await page.keyboard.press('ArrowRight');
        assert.equal(await chart.getAttribute('aria-valuetext'), '5 s: p50 81 ms, p95 184 ms, p99 309 ms');
        assert.equal(await page.locator('.readout').filter({ hasText: 'p95 184 ms' }).count(), 1);
        await page.keyboard.press('End');
        assert.equal(await chart.getAttribute('aria-valuenow'), '59');
        await page.getByText('What it did').first().click();
        const roll = page.getByRole('slider', { name: 'The roll, instance by instance' });
        await roll.focus();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowDown');
        assert.equal(
          await roll.getAttribute('aria-valuetext'),
          'webapp_2: asked at 20 s, on the new image at 35 s, out of service for 14.0 s',
        );
      }));

    it('shows where it is, and goes in the order of the page', () =>
      on(open(loadFailed()), async ({ page }) => {
        let last = -1;
        for (let steps = 0; steps < 40; steps += 1) {
          await page.keyboard.press('Tab');
          const { at, outline } = await page.evaluate(() => ({
            at: [...document.querySelectorAll('*')].findIndex(element => element === document.activeElement),
            outline:
              document.activeElement === null || document.activeElement === document.body
                ? undefined
                : getComputedStyle(document.activeElement).outlineStyle,
          }));
          // Past the last one it begins anew.
          if (outline === undefined) break;
          assert.ok(at > last);
          assert.equal(outline, 'solid');
          last = at;
        }
        assert.ok(last > 0);
      }));
  });

  describe('while the run goes on', () => {
    it('draws new steps, leaves known ones as they are, and keeps what was opened and focused', () =>
      on(open(reportOf(loadFailed().parts.slice(0, 2)), {}, { running: true }), async ({ page, update }) => {
        const { parts } = loadFailed();
        const third = part(
          { task: 'PatchArmImageUri', body: null },
          { at: 225, name: 'Third', stage: 'Verify' },
        );
        const known = parts.slice(0, 2);
        assert.match(await page.locator('h1').innerText(), /^Running – 2 steps passed so far, Smoke last\.$/);
        await page.getByText('All 20 instances as a table').click();
        await page.locator('a.stop').first().focus();
        await page
          .locator('section.step')
          .first()
          .evaluate((section: Element) => {
            section.setAttribute('data-known', '');
          });
        await update({ report: reportOf([...known, third]), running: true });
        assert.deepEqual(await page.locator('section.step h2').allInnerTexts(), ['Roll', 'Smoke', 'Third']);
        assert.equal(await page.evaluate(() => document.activeElement?.matches('a.stop')), true);
        assert.equal(await page.locator('[data-known] details[open] table.figures tbody tr').count(), 20);
        await update({ report: reportOf([...known, third, ...parts.slice(2)]) });
        assert.match(await page.locator('h1').innerText(), /^Failed in Load/);
        assert.equal(await page.locator('section.step').count(), 4);
      }));

    it('keeps the place of pictures that are still to come: nothing moves when they do', () =>
      on(open(sample('smokeFailed'), {}, { pictures: new Map() }), async ({ page, update }) => {
        const places = () =>
          page
            .locator('.card, section, h2')
            .evaluateAll(all => all.map(element => Math.round(element.getBoundingClientRect().top)));
        const before = await places();
        assert.equal(await page.locator('.frame img').count(), 0);
        await update({ report: sample('smokeFailed'), pictures: addressesOf(sample('smokeFailed')) });
        await page
          .locator('.frame img')
          .first()
          .evaluate((image: HTMLImageElement) => image.decode());
        assert.deepEqual(await places(), before);
      }));
  });

  it('is fit for paper: light, without what cannot be pressed there', () =>
    on(open(loadFailed(), { colorScheme: 'dark' }), async ({ page }) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const looks = await page.evaluate(() => {
        const root = document.getElementById('root') ?? document.body;
        return [getComputedStyle(root).backgroundColor, getComputedStyle(root).colorScheme];
      });
      assert.deepEqual(looks, ['rgb(255, 255, 255)', 'light']);
      assert.equal(await page.locator('.button').first().isVisible(), false);
      assert.ok((await page.pdf({ format: 'A4' })).length > 10_000);
    }));

  it('moves nothing for those who want nothing moved', () =>
    on(open(loadFailed(), { reducedMotion: 'reduce' }), async ({ page }) => {
      const durations = await page
        .locator('#root *')
        .evaluateAll(
          all =>
            all
              .map(element => getComputedStyle(element))
              .filter(style => style.transitionDuration !== '0s' || style.animationName !== 'none').length,
        );
      assert.equal(durations, 0);
    }));

  it('is small', () => {
    const { script, style } = built();
    const sizes = [script, style].map(text => gzipSync(text).length);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 45_000, `${sizes.join(' and ')} bytes gzipped`);
    assert.doesNotMatch(script, /innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });
});
