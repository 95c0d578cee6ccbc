/**
 * How large the summary file of a load test is: `npx tsx bench/summarySize.ts [SAMPLES …]` (200000 1000000 10000000; the last are 1.4 GB in the
 * temporary folder). Results of 22 labels are made (bench/jtlData.ts) and analysed as the task does; the summary is read as the next
 * run's baseline, and every percentile of it held against what is true.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileKernel as buildKernel } from '../scripts/kernel.js';
import { createAnalyser } from '../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { compileKernel } from '../tasks/RunJmeterLoad/src/analysis/kernel.js';
import { readBaseline } from '../tasks/RunJmeterLoad/src/baseline/readBaseline.js';
import { summarise, summaryText } from '../tasks/RunJmeterLoad/src/loadSummary.js';
import { collectTimeline } from '../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { percentileOf } from '../tasks/RunJmeterLoad/src/timeline/distribution.js';
import { truePercentile, writeResults } from './jtlData.js';

const sizes = process.argv.slice(2).map(Number);
const kernel = compileKernel(buildKernel());
const directory = mkdtempSync(join(tmpdir(), 'bench-summary-'));
try {
  console.log('| samples | results | summary | times smaller |\n| ---: | ---: | ---: | ---: |');
  for (const samples of sizes.length > 0 ? sizes : [200_000, 1_000_000, 10_000_000]) {
    const jtl = join(directory, 'results.csv');
    const truth = writeResults(jtl, samples, 'csv');
    const summaryFile = join(directory, 'load-summary.json');
    writeFileSync(summaryFile, summaryOf(jtl));
    const labels = new Map(readBaseline(summaryFile)?.timeline.labels.map(each => [each.label, each.whole]));
    for (const [label, known] of truth) {
      const times = labels.get(label)?.times.response_time ?? { values: [], counts: [] };
      for (const percent of [50, 90, 95, 99, 99.9]) {
        const exact = truePercentile(known, percent);
        const kept = percentileOf(times, percent) ?? Number.NaN;
        assert.ok(
          Math.abs(kept - exact) <= exact * 0.004,
          `p${percent} of ${label} is ${exact}, kept ${kept}`,
        );
      }
    }
    const [results, summary] = [statSync(jtl).size, statSync(summaryFile).size];
    console.log(
      `| ${samples} | ${(results / 1e6).toFixed(1)} MB | ${(summary / 1e3).toFixed(1)} kB | ${Math.round(results / summary)} |`,
    );
  }
} finally {
  rmSync(directory, { recursive: true });
}

function summaryOf(jtl: string): string {
  const timeline = collectTimeline(undefined);
  const analyser = createAnalyser({ timeline }, kernel);
  const file = openSync(jtl, 'r');
  for (;;) {
    const room = analyser.room();
    const count = readSync(file, room, 0, room.length, null);
    if (count === 0) break;
    analyser.filled(count);
  }
  closeSync(file);
  return summaryText(summarise(analyser.end(), 'site.jmx', '0'.repeat(64), timeline.timeline()));
}
