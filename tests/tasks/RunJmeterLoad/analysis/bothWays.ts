import assert from 'node:assert/strict';
import { compileKernel as buildKernel } from '../../../../scripts/kernel.js';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { compileKernel } from '../../../../tasks/RunJmeterLoad/src/analysis/kernel.js';
import type {
  AnalysisOptions,
  JtlAnalysis,
  LabelStatistics,
} from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';

/** The module as a task's bundle holds it. */
export const kernel = compileKernel(buildKernel());

/** An analysis without what is only room in memory. */
export function plainly({ overall, labels, ...rest }: JtlAnalysis) {
  const line = ({ series, ...all }: LabelStatistics) => ({
    ...all,
    series: { width: series.width, buckets: series.buckets() },
  });
  return { ...rest, overall: line(overall), labels: labels.map(line) };
}

/** What is found by plain TypeScript, which the kernel must find, too, or fail with the same words. */
export function analyseBothWays(pieces: () => Iterable<Buffer>, options: AnalysisOptions = {}): JtlAnalysis {
  const read = (module: typeof kernel) => {
    const analyser = createAnalyser(options, module);
    for (const piece of pieces()) analyser.push(piece);
    return analyser.end();
  };
  let plain: JtlAnalysis;
  try {
    plain = read(undefined);
  } catch (error) {
    assert.throws(() => read(kernel), { message: (error as Error).message });
    throw error;
  }
  assert.deepEqual(plainly(read(kernel)), plainly(plain));
  return plain;
}
