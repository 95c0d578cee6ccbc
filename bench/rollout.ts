/**
 * How near a rolling update comes to the least time that it can take, with Azure's request limits enforced:
 * `npx tsx bench/rollout.ts [TIME_SCALE] [INSTANCES…]`. So many simulated instances (1000, then 100) in batches of a tenth; the reads must be as
 * many whatever their number. One second of Azure's lasts TIME_SCALE (0.3) of ours: with less, a machine that is slow or busy
 * measures itself, and its looks at the instances come further apart than six seconds of Azure's.
 */
import { startRollWorld } from '../tests/tasks/DeployVmssImage/rollWorld.js';
import { reportOf } from '../tests/tasks/DeployVmssImage/taskRuns.js';

const [timeScale = 0.3, ...given] = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [1000, 100];
const share = 10;

/** Quantiles of a log-normal distribution about 115 s (sigma 0.25), shuffled; 5 s more until an instance is healthy. */
const boots = [1.03, 0.73, 1.37, 0.89, 1.12, 0.63, 0.96, 1.59, 0.84, 1.21].map(factor =>
  Math.round(115 * factor),
);
const mean = boots.reduce((sum, one) => sum + one, 0) / boots.length + 5;

async function measure(capacity: number): Promise<Readonly<Record<string, unknown>>> {
  const world = await startRollWorld({ capacity, timeScale, bootSeconds: boots, throttling: true });
  try {
    const before = world.azure.traffic().length;
    const run = await world.run({
      batchSize: `${100 / share}%`,
      maxUnhealthy: '0',
      instanceTimeoutInMinutes: '120',
    });
    if (run.failed) throw new Error(`${run.outcome}\n${run.log.join('\n')}`);
    const traffic = world.azure.traffic().slice(before);
    const report = reportOf(run);
    const took = (report.endedAt - report.forward.startedAt) / 1000;
    const least = mean * share;
    return {
      instances: capacity,
      'batch size': Math.max(1, Math.floor(capacity / share)),
      'took s': Math.round(took),
      'least s': Math.round(least),
      ratio: (took / least).toFixed(3),
      'most out of service': report.forward.mostOutOfService,
      'lists of instances': report.forward.looks,
      reads: traffic.filter(({ method }) => method === 'GET').length,
      'upgrade calls': report.forward.batches.length,
      'answers 429': traffic.filter(({ status }) => status === 429).length,
    };
  } finally {
    await world.close();
  }
}

for (const size of sizes) {
  const facts = Object.entries(await measure(size)).map(([name, value]) => `${name}: ${String(value)}`);
  process.stdout.write(`${facts.join(', ')}\n`);
}
