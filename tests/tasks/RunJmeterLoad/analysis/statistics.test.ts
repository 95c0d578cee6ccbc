import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { merge, since, type JtlAnalysis } from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';

interface Row {
  readonly start: number;
  readonly elapsed: number;
  readonly label: string;
  readonly success: boolean;
}
const header = 'timeStamp,elapsed,label,success,responseCode,Latency,allThreads\n';
const rowText = ({ start, elapsed, label, success }: Row) =>
  `${start},${elapsed},${label},${success},${success ? 200 : 500},${elapsed >> 1},3\n`;
const rows = fc.array(
  fc.record({
    start: fc.integer({ min: 1_700_000_000_000, max: 1_700_003_000_000 }),
    elapsed: fc.oneof(fc.nat(500), fc.nat(10_000_000)),
    label: fc.constantFrom('a', 'b', 'c', 'd'),
    success: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

function read(samples: readonly Row[], labelLimit = 3): JtlAnalysis {
  const analyser = createAnalyser({ labelLimit });
  analyser.push(Buffer.from(header + samples.map(rowText).join('')));
  return analyser.end();
}

/** What must be the same, whichever order samples came in. */
function figures({ overall, labels, unlisted, malformed, cut }: JtlAnalysis) {
  const of = (line: typeof overall) => ({
    transaction: line.transaction,
    times: [...line.times.entries()],
    extremes: [line.times.minimum, line.times.maximum, line.times.sum, line.firstStart, line.lastEnd],
    latency: [...line.latency.entries()],
    errors: line.errors,
    p95: line.times.percentile(95),
  });
  return {
    overall: of(overall),
    labels: Object.fromEntries(labels.map(line => [line.label, of(line)])),
    unlisted,
    malformed,
    cut,
  };
}

describe('merge', () => {
  it('gives what one file with all samples gives', () => {
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const apart = merge(read(first, 9), read(second, 9));
        assert.deepEqual(figures(apart), figures(read([...first, ...second], 9)));
      }),
    );
  });

  it('keeps the rest apart from a label of the same name', () => {
    const sample = (label: string): Row => ({ start: 1000, elapsed: 5, label, success: true });
    const full = read(['a', 'b', 'c', 'd'].map(sample));
    const both = merge(read([sample('(other)')]), full, full);
    assert.deepEqual(
      both.labels.map(({ label, times }) => [label, times.count]),
      [
        ['(other)', 1],
        ['a', 2],
        ['b', 2],
        ['c', 2],
        ['(other)', 2],
      ],
    );
    assert.deepEqual([both.unlisted, both.overall.times.count], [2, 9]);
  });
});

describe('since', () => {
  it('gives what came after a snapshot', () => {
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const analyser = createAnalyser();
        analyser.push(Buffer.from(header + first.map(rowText).join('')));
        const earlier = analyser.snapshot();
        analyser.push(Buffer.from(second.map(rowText).join('')));
        const { overall, labels } = since(analyser.snapshot(), earlier);
        const alone = read(second, 9).overall;
        assert.deepEqual([overall.times.count, overall.times.sum], [alone.times.count, alone.times.sum]);
        assert.deepEqual(overall.errors, alone.errors);
        const exact = second.filter(({ elapsed }) => elapsed < 131_072);
        if (exact.length === second.length)
          assert.equal(overall.times.percentile(90), alone.times.percentile(90));
        assert.equal(
          labels.reduce((sum, { times }) => sum + times.count, 0),
          second.length,
        );
      }),
    );
  });
});
