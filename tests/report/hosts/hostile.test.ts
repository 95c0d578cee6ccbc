/** Reports full of hostile text, in both hosts: it is seen as text, and nothing of it runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Frame, Page } from 'playwright-core';
import type { ReleaseReport } from '../../../shared/report/format.js';
import { partAttachment, pictureAttachment } from '../../../shared/report/names.js';
import { standalonePage } from '../../../shared/report/standalone.js';
import { view } from '../browser.js';
import { attachedOf } from './devOps.js';
import { hostile, hostileTexts } from './hostile.js';
import { openStage, picturesOf, sample, watchPolicy, type SampleName, type Stage } from './stage.js';

const samples: readonly SampleName[] = ['passing', 'smokeFailed', 'rolledBack', 'huge'];

/** What is wrong on a page that shows hostile text. */
async function harm(frame: Frame): Promise<string[]> {
  // Everything is opened, so that everything is drawn.
  await frame.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  return frame.evaluate(() => {
    const found: string[] = [];
    if ('marker' in window) found.push('something ran');
    if (document.querySelectorAll('script').length > 2) found.push('a script was added');
    for (const element of document.querySelectorAll('#report *')) {
      if (/^(script|iframe|object|embed|base|meta|link|form)$/i.test(element.tagName))
        found.push(`<${element.tagName}> was added`);
      for (const { name, value } of element.attributes)
        if (/^on/i.test(name) || (/^\s*javascript:/i.test(value) && /^(href|src|xlink:href)$/i.test(name)))
          found.push(`${element.tagName} ${name}="${value}"`);
    }
    const text = document.body.innerText;
    if (/[\u0000\u0007\u001b\u202a-\u202e\u2066-\u2069\u200f]/.test(text))
      found.push('text that cannot be seen');
    if (!text.includes('<img src=x onerror=')) found.push('hostile text is not shown as it is');
    return [...found, ...window.violations];
  });
}

describe('hostile text', function () {
  this.timeout(120_000);
  let stage: Stage;
  let folder = '';
  before(async () => {
    stage = await openStage();
    folder = mkdtempSync(join(tmpdir(), 'report-hostile-'));
  });
  after(async () => {
    await stage.close();
    rmSync(folder, { recursive: true });
  });

  async function openFile(
    report: ReleaseReport,
    pictures: ReadonlyMap<string, string> = new Map(),
  ): Promise<Page> {
    const file = join(folder, 'report.html');
    writeFileSync(file, standalonePage(stage.template, report, pictures));
    const page = await stage.browser.newPage({ ...view, offline: true });
    await page.addInitScript(watchPolicy);
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  for (const name of samples) {
    it(`does nothing in a file: ${name}`, async () => {
      const page = await openFile(hostile(sample(name)));
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.deepEqual(await harm(page.mainFrame()), []);
      await page.close();
    });

    it(`does nothing in the tab: ${name}`, async () => {
      stage.devOps.runs.splice(0, 1, {
        id: 1,
        number: hostileTexts[0] ?? '',
        status: 'completed',
        startTime: '2026-11-23T07:00:00Z',
        attached: attachedOf(hostile(sample(name)), new Map()),
      });
      const open = await stage.openTab({ build: { id: 1 } });
      await open.tab.getByRole('heading', { level: 1 }).waitFor();
      assert.deepEqual(await harm(open.tab), []);
      assert.deepEqual(await open.faults(), []);
      assert.equal(await open.page.evaluate(() => 'marker' in window), false);
      await open.page.close();
    });
  }

  it('of ten thousand labels is drawn', async () => {
    const report = sample('passing');
    const parts = report.parts.map(part => {
      const [first] = part.task === 'RunJmeterLoad' ? (part.body?.labels ?? []) : [];
      if (part.task !== 'RunJmeterLoad' || part.body === null || first === undefined) return part;
      const labels = Array.from({ length: 10_000 }, (_, index) => ({
        ...first,
        label: `${hostileTexts[index % hostileTexts.length] ?? ''} ${index}`.slice(0, 100),
      }));
      return { ...part, body: { ...part.body, labels: [first, ...labels] } };
    });
    const page = await openFile({ ...report, parts });
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.deepEqual(
      (await harm(page.mainFrame())).filter(found => !found.startsWith('hostile text is not shown')),
      [],
    );
    await page.close();
  });

  it('in the place of a part or a picture is told, not shown', async () => {
    const report = sample('smokeFailed');
    const names = [...picturesOf(report).keys()];
    const disguised = [
      '<svg xmlns="http://www.w3.org/2000/svg" onload="window.marker=1"/>',
      '<script>window.marker=1</script>',
      '',
    ];
    stage.devOps.runs.splice(0, 1, {
      id: 1,
      number: '1',
      status: 'completed',
      startTime: '2026-11-23T07:00:00Z',
      attached: [
        ...attachedOf(report, new Map()),
        ...names.map((name, index) => ({
          type: pictureAttachment,
          name,
          record: '12f1170f-54f2-53f3-20dd-22fc7dff55f9',
          content: disguised[index % disguised.length] ?? '',
        })),
        {
          type: partAttachment,
          name: '<img src=x onerror="window.marker = 1">',
          record: '12f1170f-54f2-53f3-20dd-22fc7dff55f9',
          content: '</script><script>window.marker = 1</script>',
        },
      ],
    });
    const { page, tab } = await stage.openTab({ build: { id: 1 } });
    await tab.getByText("What '<img src=x onerror=").waitFor();
    await tab.getByRole('heading', { level: 1 }).waitFor();
    assert.deepEqual(await harm(tab), []);
    assert.equal(await tab.locator('img[src^="blob:"]').count(), 0);
    await page.close();
  });
});
