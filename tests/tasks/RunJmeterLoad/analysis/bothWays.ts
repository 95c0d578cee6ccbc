import assert from 'node:assert/strict';
import { compileKernel as buildKernel } from '../../../../scripts/kernel.js';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { compileKernel } from '../../../../tasks/RunJmeterLoad/src/analysis/kernel.js';
import { collectTimeline } from '../../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import type { Timeline } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import type {
  AnalysisOptions,
  JtlAnalysis,
} from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';

/** The module as a task's bundle holds it. */
export const kernel = compileKernel(buildKernel());

/** The course of a test, by the kernel and by plain TypeScript. */
export function timelineBothWays(text: string): Timeline | undefined {
  const [fast, plain] = [kernel, undefined].map(module => {
    const timeline = collectTimeline(undefined);
    const analyser = createAnalyser({ timeline }, module);
    analyser.push(Buffer.from(text));
    analyser.end();
    return timeline.timeline();
  });
  assert.deepEqual(fast, plain);
  return plain;
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
  assert.deepEqual(read(kernel), plain);
  return plain;
}
