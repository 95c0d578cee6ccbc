import assert from 'node:assert/strict';
import fc from 'fast-check';
import { shareOf, shareOfThreads } from '../../../tasks/RunJmeterLoad/src/shares.js';
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
