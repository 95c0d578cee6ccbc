/** The tab on the stage of a classic release, in a real browser. */
import assert from 'node:assert/strict';
import { attachedOf } from './devOps.js';
import { openStage, picturesOf, sample, type OpenTab, type Stage } from './stage.js';

describe("the tab on a release's stage", function () {
  this.timeout(120_000);
  let stage: Stage;
  let open: OpenTab;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());
  beforeEach(() => {
    stage.devOps.runs.length = 0;
  });
  afterEach(() => open.page.close());

  it('shows the report, its pictures, where its logs are and what the release before took', async () => {
    const [report, before] = [sample('smokeFailed'), sample('passing')];
    stage.devOps.runs.push(
      {
        id: 9,
        number: 'Release-9',
        status: 'rejected',
        startTime: '2026-11-23T07:00:00Z',
        attached: attachedOf(report, picturesOf(report)),
      },
      {
        id: 8,
        number: 'Release-8',
        status: 'succeeded',
        result: 'succeeded',
        startTime: '2026-11-22T07:00:00Z',
        attached: attachedOf(before, new Map()),
      },
    );
    open = await stage.openTab({ releaseEnvironment: { id: 90, releaseId: 9 } });
    const { tab } = open;
    await tab.getByRole('heading', { level: 1, name: /Failed/ }).waitFor();
    await tab.locator('img[src^="blob:"]').first().waitFor();
    await tab.getByText('Release-8').first().waitFor();
    for (const text of ['Release-9', 'shop-classic'])
      assert.ok(await tab.getByText(text).first().isVisible());
    assert.match(
      (await tab.getByRole('link', { name: /^Log/ }).first().getAttribute('href')) ?? '',
      /_releaseProgress\?_a=release-environment-logs&releaseId=9&environmentId=90$/,
    );
    assert.equal(await tab.locator('.bake-and-roll-notes').textContent(), '');
    assert.deepEqual(await open.faults(), []);
  });

  it('looks again when the page around shows the stage anew', async () => {
    const run = {
      id: 9,
      number: 'Release-9',
      status: 'inProgress',
      startTime: '2026-11-23T07:00:00Z',
      attached: attachedOf(sample('passing'), new Map()).slice(0, 1),
    };
    stage.devOps.runs.push(run);
    open = await stage.openTab({ releaseEnvironment: { id: 90, releaseId: 9 } });
    await open.tab.getByText('Bake the image').first().waitFor();
    run.attached = attachedOf(sample('passing'), new Map());
    await open.page.evaluate(() => window.hostFrame.updateContext());
    await open.tab.getByText('Load test').first().waitFor();
  });

  it('says it when nothing was deployed, and when the stage is gone', async () => {
    stage.devOps.runs.push({
      id: 9,
      number: 'Release-9',
      status: 'notStarted',
      startTime: '2026-11-23T07:00:00Z',
      attached: [],
    });
    open = await stage.openTab({ releaseEnvironment: { id: 90, releaseId: 9 } });
    await open.tab.getByText(/No step of Bake & Roll left its part/).waitFor();
    await open.page.close();
    open = await stage.openTab({ releaseEnvironment: { id: 91234, releaseId: 9 } });
    await open.tab.getByText(/no longer there/).waitFor();
    assert.deepEqual(await open.faults(), []);
  });
});
