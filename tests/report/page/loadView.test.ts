/** The load test on the page: its course, with threads and without. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { LoadBody } from '../../../shared/report/bodies.js';
import { loadBody, part, reportOf } from '../reports.js';
import { pageRig, tooWide } from './openPage.js';

describe('the load test on the page', function () {
  this.timeout(180_000);
  const rig = pageRig();

  async function on(course: Partial<LoadBody['course']>, test: (page: Page) => Promise<void>): Promise<void> {
    const body = loadBody(3);
    const load = part(
      { task: 'RunJmeterLoad', body: { ...body, course: { ...body.course, ...course } } },
      { result: 'failed' },
    );
    await rig.on(rig.open({ report: reportOf([load]) }), ({ page }) => test(page));
  }
  const panels = (page: Page) => page.locator('.chart').last().locator('.surface .stretched');
  const steps = (page: Page) => page.locator('.chart').last().locator('.scale').last().locator('text');

  it('has the active threads beneath the throughput: in a sentence, by keyboard, in the table', () =>
    on({}, async page => {
      assert.equal(await panels(page).count(), 2);
      assert.deepEqual(await steps(page).allTextContents(), ['0', '50']);
      const chart = page.locator('.chart').last();
      assert.equal(
        await chart.locator('.summary').innerText(),
        'Up to 100 samples a second, 50 threads in one JMeter; errors in 9 of 60 stretches of 5.0 s.',
      );
      assert.deepEqual(await chart.locator('.legend li').allInnerTexts(), ['samples', 'errors', 'threads']);
      const slider = page.getByRole('slider', { name: 'Load and errors' });
      await slider.focus();
      await page.keyboard.press('ArrowRight');
      assert.equal(
        await slider.getAttribute('aria-valuetext'),
        '5 s: samples 30.0/s, errors 0/s, threads 10',
      );
      await chart.getByText('As a table').click();
      // It is made when it is opened, which the browser tells a moment later.
      await chart.locator('table.figures tr').first().waitFor();
      const row = (at: number) => chart.locator('table.figures tr').nth(at).locator('th, td').allInnerTexts();
      assert.deepEqual(await row(0), ['Time', 'samples', 'errors', 'threads']);
      assert.deepEqual(await row(21), ['1:40 min', '100/s', '0/s', '–'], 'where nothing was sampled');
      await page.setViewportSize({ width: 1000, height: 800 });
      const axes = await page
        .locator('.chart .axis')
        .evaluateAll(all => all.map(axis => axis.getBoundingClientRect()).map(({ x, y }) => ({ x, y })));
      assert.ok(axes[0] !== undefined && axes[1] !== undefined && axes[0].x < axes[1].x, 'side by side');
      assert.equal(axes[0].y, axes[1].y, 'level, though one summary is a line longer');
      await page.setViewportSize({ width: 320, height: 640 });
      assert.deepEqual(await tooWide(page), []);
    }));

  it('has no place for threads where the results do not say', () =>
    on({ threads: undefined }, async page => {
      assert.equal(await panels(page).count(), 1);
      const chart = page.locator('.chart').last();
      assert.equal(await chart.locator('h3').innerText(), 'Throughput and errors');
      assert.doesNotMatch(await chart.innerText(), /thread/);
    }));

  it('has whole threads on its scale, however few', async () => {
    for (const [most, said] of [
      [1, ['0', '1']],
      [3, ['0', '2', '4']],
    ] as const)
      await on({ threads: Array.from({ length: 60 }, () => most) }, async page => {
        assert.deepEqual(await steps(page).allTextContents(), said);
      });
  });
});
