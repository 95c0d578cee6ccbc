import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  batchSize,
  nextStep,
  pauseSeconds,
  rollingPolicy,
} from '../../../local/azure/providers/compute/rollingPolicy.js';
import { startRollingUpgrade, type RollPort } from '../../../local/azure/providers/compute/rollingUpgrade.js';

const policies = fc.record({
  maxBatchInstancePercent: fc.integer({ min: 5, max: 100 }),
  maxUnhealthyInstancePercent: fc.integer({ min: 5, max: 100 }),
  maxUnhealthyUpgradedInstancePercent: fc.integer({ min: 0, max: 100 }),
  prioritizeUnhealthyInstances: fc.boolean(),
});

describe('The policy of a rolling upgrade', () => {
  it('has Azure’s defaults, and refuses values out of range', () => {
    assert.deepEqual(rollingPolicy({}), {
      maxBatchInstancePercent: 20,
      maxUnhealthyInstancePercent: 20,
      maxUnhealthyUpgradedInstancePercent: 20,
      pauseTimeBetweenBatches: 'PT0S',
      maxSurge: false,
      prioritizeUnhealthyInstances: false,
      rollbackFailedInstancesOnPolicyBreach: false,
    });
    for (const wrong of [
      { maxBatchInstancePercent: 4 },
      { maxUnhealthyInstancePercent: 101 },
      { pauseTimeBetweenBatches: '5 s' },
    ])
      assert.throws(
        () => rollingPolicy({ upgradePolicy: { rollingUpgradePolicy: wrong } }),
        /rollingUpgradePolicy/,
      );
  });

  it('reads pauses', () => {
    assert.deepEqual(['PT0S', 'PT1M30S', 'P1DT1H', 'PT', 'P', '30'].map(pauseSeconds), [
      0,
      90,
      90_000,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('takes unhealthy instances first when told so, and fewer when others are out of service', () => {
    const policy = rollingPolicy({
      upgradePolicy: {
        rollingUpgradePolicy: {
          maxBatchInstancePercent: 50,
          maxUnhealthyInstancePercent: 100,
          prioritizeUnhealthyInstances: true,
        },
      },
    });
    const member = (instanceId: string, healthy: boolean, part: 'pending' | 'untouched') => ({
      instanceId,
      healthy,
      part,
    });
    const members = [
      member('0', true, 'pending'),
      member('1', false, 'untouched'),
      member('2', false, 'pending'),
      member('3', true, 'pending'),
      member('4', true, 'pending'),
      member('5', true, 'pending'),
    ];
    assert.deepEqual(nextStep(policy, members), { kind: 'batch', instanceIds: ['2', '0'] });
  });
});

describe('A rolling upgrade', () => {
  it('never takes more than a batch out of service, and upgrades each instance once at most', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        policies,
        fc.array(fc.constantFrom('good', 'good', 'good', 'sick', 'broken'), { minLength: 40, maxLength: 40 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        async (total, given, fates, initially) => {
          const policy = rollingPolicy({ upgradePolicy: { rollingUpgradePolicy: given } });
          const healthy = new Map(
            Array.from({ length: total }, (_one, i) => [String(i), initially[i] !== false || i % 3 > 0]),
          );
          const seen: string[] = [];
          let out = 0;
          let most = 0;
          const port: RollPort = {
            instances: () => [...healthy].map(([instanceId, well]) => ({ instanceId, healthy: well })),
            upgrade: async instanceIds => {
              out += instanceIds.length;
              most = Math.max(most, out);
              seen.push(...instanceIds);
              await Promise.resolve();
              out -= instanceIds.length;
              return instanceIds.map(instanceId => {
                const fate = fates[Number(instanceId)];
                healthy.set(instanceId, fate === 'good');
                return fate === 'broken'
                  ? { instanceId, error: Object.assign(new Error('broken'), { code: 'x' }) as never }
                  : { instanceId };
              });
            },
            rollBack: () => Promise.resolve(),
            now: () => new Date(0),
            timeScale: 0,
          };
          const upgrade = startRollingUpgrade(port, policy, [...healthy.keys()], 'web');
          await upgrade.ended.catch(() => undefined);
          assert.ok(most <= batchSize(policy, total), `${most} of ${total} at once`);
          assert.equal(new Set(seen).size, seen.length);
          assert.equal(upgrade.running, false);
          const { progress, runningStatus } = upgrade.show() as {
            progress: Record<string, number>;
            runningStatus: { code: string };
          };
          assert.equal(
            Object.values(progress).reduce((sum, one) => sum + one, 0),
            total,
          );
          if (runningStatus.code === 'Completed') assert.equal(seen.length, total);
          else assert.equal(runningStatus.code, 'Faulted');
        },
      ),
    );
  });
});
