/** A rollout while the local Azure enforces the documented request limits. */
import assert from 'node:assert/strict';
import { startRollWorld, type RollWorld } from './rollWorld.js';
import { reportOf } from './taskRuns.js';

describe('the request limits of Azure and DeployVmssImage', function () {
  this.timeout(300_000);

  for (const [capacity, batchSize] of [
    [60, 6],
    [6, 2],
  ] as const) {
    describe(`${capacity} instances, ${batchSize} at a time`, () => {
      let world: RollWorld;
      before(async () => {
        const bootSeconds = [22, 30, 41, 18, 27];
        world = await startRollWorld({ capacity, timeScale: 0.01, bootSeconds, throttling: true });
      });
      after(() => world.close());

      it('no request is refused, and reads are counted by looks, not by instances', async () => {
        const before = world.azure.traffic().length;
        const run = await world.run({ batchSize: String(batchSize), instanceTimeoutInMinutes: '600' });
        assert.ok(!run.failed, `${run.outcome}\n${run.log.join('\n')}`);
        const traffic = world.azure
          .traffic()
          .slice(before)
          .map(({ method, url, status }) => ({ method, url: String(url), status }));
        assert.deepEqual(
          traffic.filter(({ status }) => status === 429).map(({ url }) => url),
          [],
        );
        const report = reportOf(run);
        const { looks = NaN, mostOutOfService, batches } = report.forward;
        assert.ok(mostOutOfService <= batchSize, String(mostOutOfService));
        const minutes = (report.endedAt - report.forward.startedAt) / 60_000;
        assert.ok(looks <= 17 + 10 * minutes + 1, `${looks} looks in ${minutes} minutes`);
        const reads = traffic.filter(({ method }) => method === 'GET').map(({ url }) => url);
        const lists = reads.filter(url => /\/virtualMachines(\?|$)/.test(url));
        const operations = reads.filter(url => /\/operations\//.test(url));
        // Before the rollout: the checks, and where it begins.
        assert.equal(lists.length, looks + 2);
        // Two calls in turn a look, and the change of the model.
        assert.ok(
          operations.length <= 3 * looks + 10,
          `${operations.length} reads of operations, ${looks} looks`,
        );
        assert.ok(reads.length - lists.length - operations.length <= 10, reads.join('\n'));
        const upgrades = traffic.filter(({ url }) => url.includes('/manualupgrade'));
        assert.equal(upgrades.length, batches.length);
        assert.ok(upgrades.length <= 6 + 4 * minutes + 1, `${upgrades.length} upgrades`);
      });
    });
  }
});
