import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readShares, shareOf, shareOfThreads } from '../../../tasks/RunJmeterLoad/src/shares.js';
import { collectTimeline } from '../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

describe('shareOf', () => {
  it('divides all threads and as evenly as it goes', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 50 }), (threads, agents) => {
        const shares = Array.from({ length: agents }, (_, index) => shareOf(threads, index + 1, agents));
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          threads,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
      }),
    );
  });
});

describe('shareOfThreads', () => {
  async function share(threads: number, variables: Record<string, string>): Promise<number> {
    const fake = fakeAgent({ variables });
    try {
      return shareOfThreads(threads, fake.agent);
    } finally {
      await fake.close();
    }
  }
  const second = { 'System.JobPositionInPhase': '2', 'System.TotalJobsInPhase': '4' };

  it("is the job's by its position in the matrix", async () => {
    assert.equal(await share(10, second), 3);
  });

  it('is refused outside a matrix, and where there is none', async () => {
    await assert.rejects(share(10, {}), { message: /this job is not one of several/ });
    await assert.rejects(share(1, second), { message: /'threads' is 1, fewer than the 4 jobs/ });
  });
});

describe('readShares', () => {
  const header =
    'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,bytes\n';
  const share = (start: number) =>
    header + [1, 2, 3].map(index => `${start + index * 100},${index},Home,200,OK,T 1-1,true,,10\n`).join('');

  async function read(files: Readonly<Record<string, string | Buffer>>, warmUpSeconds = 0) {
    const directory = mkdtempSync(join(tmpdir(), 'shares-'));
    const fake = fakeAgent({ workingDirectory: directory });
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
      const { analysis, faults } = await readShares(
        '*.jtl*',
        warmUpSeconds,
        collectTimeline(undefined),
        fake.agent,
      );
      const plain = (text: string) => text.replaceAll(`${directory}/`, '');
      return {
        samples: analysis.overall.times.count,
        fault: plain(faults.join('\n')),
        log: fake.log.map(plain),
      };
    } finally {
      await fake.close();
      rmSync(directory, { recursive: true });
    }
  }

  it('reads all of them as one, also such as hold nothing but warm-up', async () => {
    const shares = { 'a.jtl': share(1_795_000_000_000), 'b.jtl': share(1_795_000_000_001) };
    assert.deepEqual(await read(shares), {
      samples: 6,
      fault: '',
      log: ['a.jtl: 3 samples', 'b.jtl: 3 samples'],
    });
    assert.deepEqual(await read(shares, 60), {
      samples: 0,
      fault: '',
      log: ['a.jtl: 0 samples', 'b.jtl: 0 samples'],
    });
  });

  it('tells of a share that is there twice, compressed or not', async () => {
    const text = share(1_795_000_000_000);
    const { fault } = await read({
      'a.jtl': text,
      'a.jtl.gz': gzipSync(text),
      'b.jtl': share(1_795_000_000_001),
    });
    assert.equal(
      fault,
      "a.jtl and a.jtl.gz hold the same samples, which are counted twice: have 'mergeResults' find each share once.",
    );
  });

  it('tells of a share that is empty, cut, or no results at all, and counts the others', async () => {
    const { samples, fault, log } = await read({
      'a.jtl': share(1_795_000_000_000),
      'b.jtl': '',
      'c.jtl': header,
      'd.jtl': share(1_795_000_000_001).slice(0, -9),
      'e.jtl': 'Sign in\n',
    });
    assert.equal(samples, 5);
    assert.match(
      fault,
      /^b\.jtl cannot be read: The results file is empty.*\nc\.jtl holds no sample\.\ne\.jtl cannot be read: /,
    );
    assert.deepEqual(log, [
      'a.jtl: 3 samples',
      'c.jtl: 0 samples',
      'd.jtl: 2 samples, cut in the middle of a record',
    ]);
  });
});
