/** Each strategy on the local Azure, with what became of each instance and when. */
import assert from 'node:assert/strict';
import type { RollPass } from '../../../shared/report/bodies.js';
import { startRollWorld, type RollWorld } from './rollWorld.js';
import { reportOf } from './taskRuns.js';

type Entry = RollPass['instances'][number];

/** Asked, down, up, healthy: each no earlier than the one before. */
const assertInOrder = (entries: readonly Entry[], asked: boolean) => {
  for (const entry of entries) {
    const times = [entry.asked ?? (asked ? NaN : 0), entry.down ?? 0, entry.up ?? NaN, entry.healthy ?? NaN];
    const sorted = times.toSorted((a, b) => a - b);
    assert.deepEqual(times, sorted, JSON.stringify(entry));
    assert.ok(times.every(Number.isFinite), JSON.stringify(entry));
  }
};

describe('strategies of DeployVmssImage on the local Azure', function () {
  this.timeout(120_000);

  describe('on a Uniform scale set', () => {
    let world: RollWorld;
    before(async () => {
      world = await startRollWorld({ capacity: 6 });
    });
    after(() => world.close());
    const all = (image: string) => Array(6).fill(image) as string[];

    it('rolling: two at a time, the next as soon as one is back', async () => {
      const run = await world.run({ imageReference: world.imageId('two') });
      assert.match(run.outcome, /^Moved 6 of 6 instances of 'web' to .*\/images\/two/, run.log.join('\n'));
      assert.deepEqual(await world.running(), all('two'));
      const report = reportOf(run);
      assert.equal(report.outcome, 'succeeded');
      assert.ok(report.forward.mostOutOfService <= 2);
      assertInOrder(report.forward.instances, true);
      assert.match(report.image, /\/two$/);
      assert.ok(report.forward.batches.every(({ canary }) => !canary));
      assert.equal(report.back, null);
      assert.deepEqual(report.forward.batches.flatMap(batch => batch.instances).toSorted(), [
        '0',
        '1',
        '2',
        '3',
        '4',
        '5',
      ]);
      assert.ok(
        run.log.some(line => /^In service on the new model: .*#+.*\]\), .* about .* to go$/.test(line)),
      );
    });

    it('allAtOnce: one call for all', async () => {
      const run = await world.run({ imageReference: world.imageId('three'), strategy: 'allAtOnce' });
      assert.match(run.outcome, /^Moved 6 of 6/, run.log.join('\n'));
      const { forward } = reportOf(run);
      assert.deepEqual(
        forward.batches.map(batch => batch.instances),
        [['0', '1', '2', '3', '4', '5']],
      );
      assertInOrder(forward.instances, true);
    });

    it('modelOnly: no instance moves, and a later run goes on from the instances', async () => {
      const model = { imageReference: world.imageId('one') };
      assert.match((await world.run({ ...model, strategy: 'modelOnly' })).outcome, /6 instances stay/);
      assert.deepEqual(await world.running(), all('three'));
      const next = await world.run({ ...model, batchSize: '100%' });
      assert.match(next.outcome, /^Moved 6 of 6/, next.log.join('\n'));
      assert.deepEqual(await world.running(), all('one'));
    });

    it('platformRolling: Azure rolls by these limits, and the upgrade policy is as it was in the end', async () => {
      const run = await world.run({ imageReference: world.imageId('two'), strategy: 'platformRolling' });
      assert.match(run.outcome, /^Moved 6 of 6/, run.log.join('\n'));
      assert.ok(run.log.some(line => /^Azure's rolling upgrade: RollingForward, .* pending$/.test(line)));
      assert.deepEqual(await world.running(), all('two'));
      assert.equal(await world.upgradeMode(), 'Manual');
      const { forward } = reportOf(run);
      assert.ok(forward.mostOutOfService <= 2);
      assert.deepEqual(forward.batches, []);
    });

    it('platformRolling with maxSurge: new instances beside the old ones', async () => {
      const surge = { strategy: 'platformRolling', maxSurge: 'true' };
      const run = await world.run({ imageReference: world.imageId('three'), ...surge });
      assert.match(run.outcome, /^Moved 6 of 6/, run.log.join('\n'));
      assert.deepEqual(await world.running(), all('three'));
      const { forward } = reportOf(run);
      assert.equal(forward.instances.filter(({ gone }) => gone !== undefined).length, 6);
    });
  });

  describe('on a Flexible scale set', () => {
    let world: RollWorld;
    before(async () => {
      world = await startRollWorld({ capacity: 4, orchestration: 'Flexible' });
    });
    after(() => world.close());

    it('rolling: its machines by name', async () => {
      const run = await world.run({ canarySize: '1', canarySoakSeconds: '30' });
      assert.match(run.outcome, /^Moved 4 of 4/, run.log.join('\n'));
      assert.deepEqual(await world.running(), Array(4).fill('two'));
      const { forward } = reportOf(run);
      assert.equal(forward.batches[0]?.instances.length, 1);
      assert.deepEqual(
        forward.batches.map(({ canary }) => canary),
        forward.batches.map((_, index) => index === 0),
      );
      assertInOrder(forward.instances, true);
      assert.match(forward.instances[0]?.id ?? '', /^web_[0-9a-f]{8}$/);
    });

    it('platformRolling', async () => {
      const run = await world.run({ imageReference: world.imageId('one'), strategy: 'platformRolling' });
      assert.match(run.outcome, /^Moved 4 of 4/, run.log.join('\n'));
      assert.deepEqual(await world.running(), Array(4).fill('one'));
    });
  });
});
