/**
 * Percentiles of JMeter's own dashboard beside ours and the exact ones, on a test whose times grow from once to four times as long:
 * `npx tsx bench/dashboardPercentiles.ts [SAMPLES]` (1,000,000 when absent, of four labels), and how large the summary file is.
 * JMeter's report looks at the last 20,000 samples of a label (jmeter.reportgenerator.statistic_window).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jmeterHome } from '../scripts/setup/cache.mjs';
import { createRandom } from '../tasks/RunJmeterLoad/src/baseline/resampling.js';
import { analyseJtl } from '../tasks/RunJmeterLoad/src/files.js';
import { summarise, summaryText } from '../tasks/RunJmeterLoad/src/loadSummary.js';
import { collectTimeline } from '../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';

const labels = ['GET /', 'GET /data', 'POST /cart', 'GET /search'];
const samples = Number(process.argv[2] ?? 1_000_000);
const directory = mkdtempSync(join(tmpdir(), 'bench-dashboard-'));
try {
  const jtl = join(directory, 'results.jtl');
  const exact = writeResults(jtl);
  const course = collectTimeline(undefined);
  const ours = await analyseJtl(jtl, { seconds: 0, testStart: undefined }, course);
  const bytes = Buffer.byteLength(
    summaryText(summarise(ours, 'site.jmx', '0'.repeat(64), course.timeline())),
  );
  const theirs = dashboard(jtl);
  console.log(
    `| label | | exact | ours | JMeter's dashboard | it is off by |\n| --- | --- | ---: | ---: | ---: | ---: |`,
  );
  for (const label of labels) {
    const sorted = (exact.get(label) ?? []).sort((a, b) => a - b);
    for (const [percent, key] of [
      [50, 'medianResTime'],
      [90, 'pct1ResTime'],
      [95, 'pct2ResTime'],
      [99, 'pct3ResTime'],
    ] as const) {
      const truth = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
      const own = ours.labels.find(line => line.label === label)?.times.percentile(percent) ?? 0;
      const shown = theirs[label]?.[key] ?? 0;
      const off = ((shown / truth - 1) * 100).toFixed(1);
      console.log(`| ${label} | p${percent} | ${truth} | ${own} | ${Math.round(shown)} | ${off} % |`);
    }
  }
  const { size } = statSync(jtl);
  console.log(
    `\n${samples} samples: results ${size} bytes, summary ${bytes} bytes, ${Math.round(size / bytes)} times smaller`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function writeResults(path: string): Map<string, number[]> {
  const random = createRandom(7);
  const times = new Map<string, number[]>(labels.map(label => [label, []]));
  const lines = [
    'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect',
  ];
  for (let index = 0; index < samples; index += 1) {
    const label = labels[index % labels.length] ?? '';
    const spread = Math.exp(0.5 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    const elapsed = Math.round(100 * (1 + (3 * index) / samples) * spread);
    times.get(label)?.push(elapsed);
    lines.push(
      `${1_700_000_000_000 + index * 5},${elapsed},${label},200,OK,Users 1-1,text,true,,1000,200,20,20,http://site.example${label.slice(label.indexOf('/'))},${elapsed},0,0`,
    );
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
  return times;
}

function dashboard(jtl: string): Record<string, Record<string, number>> {
  const output = join(directory, 'dashboard');
  const ended = spawnSync(
    join(jmeterHome(), 'bin', 'jmeter'),
    ['-g', jtl, '-o', output, '-j', join(directory, 'jmeter.log')],
    {
      cwd: directory,
      encoding: 'utf8',
    },
  );
  if (ended.status !== 0) throw new Error(`JMeter's report failed: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(readFileSync(join(output, 'statistics.json'), 'utf8')) as Record<
    string,
    Record<string, number>
  >;
}
