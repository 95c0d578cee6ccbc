import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleRangeWorker } from '../../../../../scripts/rangeWorker.js';
import { analyse, type Means } from '../../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { threadsFor } from '../../../../../tasks/RunJmeterLoad/src/analysis/ranges/workers.js';
import { collectTimeline } from '../../../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { kernel } from '../bothWays.js';
import { failed, header, sample, time, transaction } from './inRanges.js';

describe('threadsFor', () => {
  it('takes as many as there are processors, when there is enough to do for each', () => {
    assert.deepEqual(
      [0, 299e6, 300e6, 1e9].map(size => threadsFor(size, 2)),
      [1, 1, 2, 2],
    );
    assert.deepEqual([threadsFor(1e9, 1), threadsFor(500e6, 16), threadsFor(1e12, 16)], [1, 3, 4]);
  });
});

describe('A file that threads read', () => {
  let directory: string;
  let path: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'ranges-'));
    path = join(directory, 'results.jtl');
    const rows = Array.from({ length: 40_000 }, (_, index) => {
      const visit = index - (index % 5);
      const thread = `T 1-${visit % 3}`;
      if (index % 5 === 4) return transaction(time + visit * 7, thread);
      if (index % 97 === 0) return failed(time + index * 7, `"${index} too\n""slow"""`);
      return sample(time + index * 7, `l${index % 11}`, thread);
    });
    writeFileSync(path, `${header}\n${rows.join('')}`);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  async function found(means: Means) {
    const timeline = collectTimeline(undefined);
    const analysis = await analyse(path, { timeline }, means);
    return { analysis, timeline: JSON.stringify(timeline.timeline()) };
  }

  it('gives what it gives to one', async () => {
    const whole = await found({});
    assert.equal(whole.analysis.overall.times.count, 32_000);
    const worker = bundleRangeWorker();
    for (const threads of [1, 2, 3, 7])
      for (const module of [undefined, kernel])
        assert.deepEqual(await found({ worker, threads, module }), whole);
  });

  it('is read to its end where threads do not come to theirs', async () => {
    const whole = await found({});
    for (const worker of ['throw new Error("no")', 'process.exit(1)', 'this is no script', ''])
      assert.deepEqual(await found({ worker, threads: 3, module: kernel }), whole);
  });
});
