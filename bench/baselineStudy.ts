/**
 * How often the comparison with an earlier run raises a false alarm, and how often it sees a change that is there:
 * `npx tsx bench/baselineStudy.ts [PAIRS]`, pairs of simulated runs a figure (300 when absent). Each run is 5 minutes of 50 samples a
 * second, log-normal (median 200 ms, sigma 0.5), 0.5 % errors. In the second and third load the level moves as an AR(1) process
 * from second to second (standard deviation 15 %, coefficient 0.8 and 0.97) and the throughput against it, as with a fixed number of
 * users. The same pairs are also given to a Mann–Whitney test of the single samples, which takes them for independent.
 */
import { compareRuns } from '../tasks/RunJmeterLoad/src/baseline/compareRuns.js';
import { createRandom } from '../tasks/RunJmeterLoad/src/baseline/resampling.js';
import { fromTimelineData, toTimelineData } from '../tasks/RunJmeterLoad/src/baseline/timelineFile.js';
import { errorKinds } from '../tasks/RunJmeterLoad/src/criteria/criterion.js';
import { parseCriteria } from '../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import { pool, type Distribution } from '../tasks/RunJmeterLoad/src/timeline/distribution.js';
import { timelineOf, type MadeSample } from '../tests/tasks/RunJmeterLoad/timelineOf.js';
import type { Timeline } from '../tasks/RunJmeterLoad/src/timeline/timeline.js';

const seconds = 300;
const perSecond = 50;
const loads = [
  { name: 'independent', memory: 0, spread: 0 },
  { name: 'AR(1) 0.8', memory: 0.8, spread: 0.15 },
  { name: 'AR(1) 0.97', memory: 0.97, spread: 0.15 },
] as const;
type Load = (typeof loads)[number];
const measures = [
  'p50(response_time) <= baseline',
  'p95(response_time) <= baseline',
  'p99(response_time) <= baseline',
  'avg(response_time) <= baseline',
  'throughput >= baseline',
  'error_rate <= baseline',
];
const withMargin = ['p95(response_time) <= baseline + 10%'];

const random = createRandom(1);
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A run whose times are so many times as long, and whose errors so many times as frequent. */
function simulate({ memory, spread }: Load, slower: number): Timeline {
  const samples: MadeSample[] = [];
  let level = normal() * spread;
  for (let second = 0; second < seconds; second += 1) {
    level = memory * level + Math.sqrt(1 - memory ** 2) * spread * normal();
    const rate = (perSecond * Math.exp(-level)) / slower;
    const count = Math.max(0, Math.round(rate + Math.sqrt(rate) * normal()));
    for (let index = 0; index < count; index += 1) {
      const elapsed = Math.round(200 * slower * Math.exp(level + 0.5 * normal()));
      samples.push({
        label: 'GET /',
        transaction: false,
        start: second * 1000 + Math.floor(random() * 1000),
        elapsed,
        latency: elapsed,
        connect: 0,
        bytes: 1000,
        kind: random() < 0.005 * slower ? 'response' : undefined,
      });
    }
  }
  const timeline = timelineOf(samples);
  if (timeline === undefined) throw new Error('a run without a sample');
  return timeline;
}

const runOf = ({ labels, blockMilliseconds }: Timeline) => ({
  blocks: labels[0]?.blocks ?? [],
  blockMilliseconds,
});

/** Whether Mann–Whitney calls the first slower, one side, 1 %. */
function rankTest(now: Distribution, before: Distribution): boolean {
  const values = [...new Set([...now.values, ...before.values])].sort((a, b) => a - b);
  const countsOf = ({ values: at, counts }: Distribution) =>
    new Map(at.map((value, index) => [value, counts[index] ?? 0]));
  const [ours, theirs] = [countsOf(now), countsOf(before)];
  let below = 0;
  let above = 0;
  let all = 0;
  for (const value of values) {
    const here = theirs.get(value) ?? 0;
    above += (ours.get(value) ?? 0) * (below + here / 2);
    all += ours.get(value) ?? 0;
    below += here;
  }
  const deviation = Math.sqrt((all * below * (all + below + 1)) / 12);
  return (above - (all * below) / 2) / deviation > 2.326;
}

function study(load: Load, slower: number, lines: readonly string[], pairs: number): string[] {
  const { criteria } = parseCriteria(lines.join('\n'));
  const failed = criteria.map(() => 0);
  let byRanks = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    const kept = fromTimelineData(JSON.parse(JSON.stringify(toTimelineData(simulate(load, 1)))));
    if (kept === undefined) throw new Error('the summary file cannot be read');
    const [now, before] = [runOf(simulate(load, slower)), runOf(kept)];
    for (const [index, criterion] of criteria.entries())
      if (!compareRuns(criterion, now, before, errorKinds).passed) failed[index] = (failed[index] ?? 0) + 1;
    const times = ({ blocks }: typeof now) => pool(blocks.map(block => block.times.response_time));
    if (rankTest(times(now), times(before))) byRanks += 1;
  }
  return [...failed, byRanks].map(count => `${((count / pairs) * 100).toFixed(1)} %`);
}

const pairs = Number(process.argv[2] ?? 300);
const columns = ['p50', 'p95', 'p99', 'avg', 'throughput', 'error_rate', 'Mann–Whitney of samples'];
console.log(`Part of ${pairs} pairs of runs that fail.`);
for (const slower of [1, 1.05, 1.1, 1.2]) {
  console.log(
    `\n${slower === 1 ? 'A/A: nothing has changed' : `A/B: ${Math.round((slower - 1) * 100)} % slower`}`,
  );
  console.log(`| load | ${columns.join(' | ')} | p95 <= baseline + 10% |`);
  console.log(`| --- | ${'---: | '.repeat(columns.length + 1)}`);
  for (const load of loads) {
    const figures = study(load, slower, [...measures, ...withMargin], pairs);
    const [ranks = ''] = figures.slice(-1);
    const [margin = ''] = figures.slice(-2, -1);
    console.log(`| ${[load.name, ...figures.slice(0, -2), ranks, margin].join(' | ')} |`);
  }
}
