/** Rollouts over random faults, there and back, in simulated time. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deployBody } from '../../../shared/report/bodies.js';
import { deployVmssImage } from '../../../tasks/DeployVmssImage/src/run.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { inputsOf } from './taskRuns.js';
import { imageId, simulateAzure, simulatedClock } from './simulatedAzure.js';

const second = 1000;

/** What an instance does on the new image; on the old one all are well. */
const instance = fc.record({
  takes: fc.integer({ min: 5, max: 300 }),
  fault: fc.constantFrom('none', 'none', 'none', 'sick', 'refused', 'slow'),
});

describe('a rollout over random faults', function () {
  this.timeout(120_000);

  it('ends, takes no more out of service than was asked for, and restores all when it fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          instances: fc.array(instance, { minLength: 1, maxLength: 9 }),
          batchSize: fc.integer({ min: 1, max: 4 }),
          canarySize: fc.integer({ min: 0, max: 2 }),
          pauseSeconds: fc.constantFrom(0, 0, 40),
          maxUnhealthy: fc.integer({ min: 0, max: 3 }),
          orchestrationMode: fc.constantFrom('Uniform' as const, 'Flexible' as const),
        }),
        async ({ instances, orchestrationMode, ...limits }) => {
          const clock = simulatedClock();
          const faultOf = (id: string) => instances[Number(id.replace('web_', ''))];
          const sim = simulateAzure(clock, {
            count: instances.length,
            scaleSet: { orchestrationMode },
            behaviour: (id, on) => {
              const it = faultOf(id);
              if (it === undefined || on !== imageId('new')) return { takes: (it?.takes ?? 60) * second };
              return {
                takes: (it.fault === 'slow' ? 3600 : it.takes) * second,
                sick: it.fault === 'sick',
                refused: it.fault === 'refused',
              };
            },
          });
          const azure = {
            ...sim.azure,
            siteAddresses: { of: () => Promise.resolve({ none: 'it has none' }) },
          };
          const fake = fakeAgent();
          const inputs = inputsOf({
            action: 'updateImage',
            scaleSetName: 'web',
            imageReference: imageId('new'),
            instanceTimeoutInMinutes: '15',
            ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])),
          });
          const began = clock.now();
          try {
            const ports = {
              openAzure: () => azure,
              probe: () => Promise.resolve({ status: 200, body: '' }),
              clock,
            };
            const outcome = await deployVmssImage(inputs, fake.agent, ports).then(
              sentence => ({ sentence }),
              (error: unknown) => ({ failure: String(error) }),
            );
            const faulty = instances.filter(({ fault }) => fault !== 'none').length;
            const hours = (clock.now() - began) / 3_600_000;
            assert.ok(hours < 1 + instances.length, `it took ${hours} h`);
            if ('sentence' in outcome) {
              assert.ok(faulty <= limits.maxUnhealthy);
              assert.ok(sim.peak() <= limits.batchSize, `${sim.peak()} out of service`);
              const moved = sim.images().filter(one => one === imageId('new')).length;
              assert.ok(moved >= instances.length - faulty);
            } else {
              assert.ok(faulty > 0, outcome.failure);
              // Those that have failed stay out of service until they are back; the way back does not wait for them.
              assert.ok(sim.peak() <= limits.batchSize + faulty, `${sim.peak()} out of service`);
              assert.equal(fake.outputs['rolledBack'], 'true', outcome.failure);
              assert.ok(sim.images().every(one => one === imageId('old')));
              assert.equal(sim.model(), imageId('old'));
            }
            const told = fake.reported();
            assert.ok(told?.task === 'DeployVmssImage');
            assert.equal(
              deployBody.parse(told.body).outcome,
              'sentence' in outcome ? 'succeeded' : 'rolledBack',
            );
          } finally {
            await fake.close();
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
