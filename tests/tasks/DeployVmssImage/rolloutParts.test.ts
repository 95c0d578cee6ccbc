import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SiteAnswer } from '../../../shared/agent/siteProbe.js';
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { CancelledError } from '../../../shared/core/errors.js';
import { systemClock } from '../../../shared/core/wait.js';
import { openAllowances } from '../../../tasks/DeployVmssImage/src/budget.js';
import { createInstanceGate } from '../../../tasks/DeployVmssImage/src/instanceGate.js';
import { idsText } from '../../../tasks/DeployVmssImage/src/instances.js';
import { platformBatch, platformPolicy } from '../../../tasks/DeployVmssImage/src/platformRoll.js';
import { measureSite, siteLine } from '../../../tasks/DeployVmssImage/src/siteTraffic.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { simulatedClock } from './simulatedAzure.js';

const minute = 60_000;

describe('the limits of Azure’s own rolling upgrade', () => {
  it('are never more instances than were asked for, but for the least share that Azure takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat({ max: 100 }),
        (count, batch, percent) => {
          const settings = { maxUnhealthy: { percent }, pause: 30_000, maxSurge: false };
          const policy = platformPolicy({ ...settings, batchSize: { count: batch } }, count);
          const least = Math.max(1, Math.floor(count * 0.05));
          assert.ok(platformBatch(policy, count) <= Math.max(batch, least));
          assert.ok(policy.batchPercent >= 5 && policy.batchPercent <= policy.unhealthyPercent);
          assert.ok(policy.unhealthyPercent <= 100 && policy.unhealthyUpgradedPercent <= percent);
          assert.equal(policy.pauseSeconds, 30);
        },
      ),
    );
  });
});

describe('the allowances of a step', () => {
  it('are within Azure’s buckets, whenever Azure refills them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: minute }),
        (gaps, refillAt) => {
          let now = 0;
          const { updates } = openAllowances({ now: () => now, sleep: () => Promise.resolve() });
          // 12 at once, 4 more a minute; the change of the model before the rollout has taken one.
          let left = 11;
          let next = refillAt;
          for (const gap of gaps) {
            now += gap;
            for (; next <= now; next += minute) left = Math.min(12, left + 4);
            if (!updates.take()) continue;
            left -= 1;
            assert.ok(left >= 0, `none left after ${now} ms`);
          }
        },
      ),
    );
  });
});

describe('ids in a line', () => {
  it('are ranges where they follow each other, and names as they are', () => {
    assert.equal(idsText(['10', '2', '1', '0', '5', '6']), '0-2, 5, 6, 10');
    assert.equal(idsText(['web_b', 'web_a']), 'web_a, web_b');
    assert.match(idsText(Array.from({ length: 99 }, (_, id) => String(id * 2))), / and 69 more$/);
  });
});

describe('the site while instances move', () => {
  it('is asked twice a second, and what fails is counted', async () => {
    const clock = simulatedClock();
    const abort = new AbortController();
    let answer: SiteAnswer = { status: 200, body: '' };
    const host = { probe: () => Promise.resolve(answer), clock, signal: abort.signal };
    const traffic = await measureSite('http://site.example', host);
    assert.ok(traffic !== undefined);
    clock.at(30_250, () => (answer = { status: undefined, reason: 'nothing listens there' }));
    clock.at(32_250, () => (answer = { status: 404, body: '' }));
    await clock.sleep(60_250, abort.signal);
    traffic.stop();
    const facts = traffic.facts();
    assert.equal(facts.sent, 121);
    assert.equal(facts.failed, 4);
    assert.deepEqual(facts.failures[0], 'after 30.5 s: nothing listens there');
    assert.deepEqual(
      facts.buckets.map(([from, sent, failed]) => [from, sent, failed]),
      [
        [0, 20, 0],
        [10, 20, 0],
        [20, 20, 0],
        [30, 20, 4],
        [40, 20, 0],
        [50, 20, 0],
        [60, 1, 0],
      ],
    );
    assert.match(siteLine(facts), /answered 117 of 121 requests .*; 4 failed \(first after 30\.5 s: nothing/);
  });

  it('is not measured where it does not answer before anything moves', async () => {
    const probe = () => Promise.resolve({ status: 503, body: '' });
    const host = { probe, clock: simulatedClock(), signal: new AbortController().signal };
    assert.equal(await measureSite('http://site.example', host), undefined);
  });
});

describe('a health command', function () {
  this.timeout(60_000);
  const up = (id: string): ScaleSetInstance => ({
    id,
    name: `web_${id}`,
    latestModelApplied: true,
    image: undefined,
    provisioningState: 'Succeeded',
    powerState: 'running',
    health: 'healthy',
    isProtected: false,
    message: undefined,
  });
  const settled = async (isSettled: () => boolean) => {
    while (!isSettled()) await new Promise(resolve => setTimeout(resolve, 10));
  };

  it('lets an instance pass on exit code 0, is told which one, and forgets one that went down', async () => {
    const fake = fakeAgent();
    try {
      const script =
        'const e = process.env; console.log(e.INSTANCE_ID, e.INSTANCE_NAME, e.SITE_URL); process.exit(e.INSTANCE_ID === "1" ? 3 : 0)';
      const command = { name: 'node', path: process.execPath, args: ['-e', script] };
      const host = { agent: fake.agent, clock: systemClock };
      const gate = createInstanceGate(command, 'http://site.example', host);
      gate.look([up('0'), up('1')]);
      assert.equal(gate.passed('0'), false);
      assert.equal(gate.complaint('1'), "'healthCommand' has not ended yet");
      await settled(() => gate.passed('0') && /exit code/.test(gate.complaint('1') ?? ''));
      assert.equal(gate.passed('1'), false);
      assert.equal(gate.complaint('1'), "'healthCommand': exit code 3: 1 web_1 http://site.example");
      gate.look([up('1')]);
      assert.equal(gate.passed('0'), false);
    } finally {
      await fake.close();
    }
  });

  it('is told as a complaint when it cannot be run', async () => {
    const abort = new AbortController();
    const fake = fakeAgent({ signal: abort.signal });
    try {
      const command = { name: 'check', path: '/nowhere/check', args: [] };
      const gate = createInstanceGate(command, '', { agent: fake.agent, clock: systemClock });
      gate.look([up('0')]);
      await settled(() => /^'healthCommand': /.test(gate.complaint('0') ?? ''));
      assert.equal(gate.passed('0'), false);
    } finally {
      abort.abort(new CancelledError('over'));
      await fake.close();
    }
  });
});
