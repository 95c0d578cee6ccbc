import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { simulateInstances } from '../../../../local/azure/machines/simulatedHost.js';
import { FakeHost } from '../fakes.js';

describe('simulated instances', () => {
  it('boot by the hundred without a warning, and stop waiting when the host closes', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    try {
      const real = new FakeHost();
      const host = simulateInstances(real, { bootSeconds: 3600, warmUpSeconds: 0, timeScale: 1 });
      const boots = Array.from({ length: 100 }, (_, number) =>
        host.start({
          name: `web${number}`,
          address: `127.1.0.${number}`,
          disk: real.base,
          login: { userName: 'me', publicKeys: [] },
          boot: 'services',
        }),
      );
      const ends = Promise.allSettled(boots);
      await turn();
      await host.close();
      assert.ok((await ends).every(({ status }) => status === 'rejected'));
      await turn();
      assert.deepEqual(warnings, []);
      assert.equal(real.started.length, 0);
    } finally {
      process.off('warning', note);
    }
  });
});
