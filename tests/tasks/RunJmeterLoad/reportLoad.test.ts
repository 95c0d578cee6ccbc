import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBody, type LoadBody } from '../../../shared/report/bodies.js';
import type { LoadInput } from '../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { loadInput } from './loadInput.js';

const header =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,bytes,Latency,Connect';
const labels = ['Home', 'Store', 'Cart'];

/** Ten samples a second, the labels in turn; each `Cart` of the tenth second fails. */
function results(seconds: number, elapsed: (label: string, second: number) => number): string {
  const lines = Array.from({ length: seconds * 10 }, (_, index) => {
    const label = labels[index % 3]!;
    const second = Math.floor(index / 10);
    const bad = label === 'Cart' && second === 10;
    const answer = bad ? '503,Service Unavailable' : '200,OK';
    return `${1_700_000_000_000 + index * 100},${elapsed(label, second)},${label},${answer},t 1-1,${!bad},,512,1,1`;
  });
  return `${[header, ...lines].join('\n')}\n`;
}

describe("the load test's part of the release report", function () {
  this.timeout(60_000);
  let directory: string;
  let fake: FakeAgent;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'report-load-'));
    copyFileSync(join(import.meta.dirname, 'fixtures', 'site.jmx'), join(directory, 'site.jmx'));
    fake = fakeAgent({ workingDirectory: directory });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true });
  });

  /** The same with JMeter's count of active threads: of its group, and of all. */
  function withThreads(jtl: string, of: (second: number) => number): string {
    const [head = '', ...rows] = jtl.trim().split('\n');
    return [
      `${head},grpThreads,allThreads`,
      ...rows.map((row, index) => `${row},1,${of(Math.floor(index / 10))}`),
      '',
    ].join('\n');
  }

  async function run(jtl: string, rest: Partial<LoadInput> = {}): Promise<LoadBody> {
    writeFileSync(join(directory, 'share.jtl'), jtl);
    const testPlan = join(directory, 'site.jmx');
    const input = loadInput({ testPlan, mergeResults: 'share.jtl', allowedErrorPercent: '100', ...rest });
    await runLoad(input, fake.agent).catch(() => undefined);
    const told = fake.reported();
    assert.ok(told?.task === 'RunJmeterLoad', fake.log.join('\n'));
    return loadBody.parse(told.body);
  }

  it('has labels, course, error kinds and verdicts; beside each label what it was in the run before', async () => {
    const first = await run(results(60, () => 50));
    assert.equal(first.plan, 'site.jmx');
    assert.deepEqual(
      first.labels.map(({ label, samples }) => [label, samples]),
      [
        ['All samples', 600],
        ['Home', 200],
        ['Store', 200],
        ['Cart', 200],
      ],
    );
    assert.ok(first.labels.every(({ before, p95 }) => before === undefined && p95 === 50));
    const failures = Math.round((first.labels[3]!.errorPercent * 200) / 100);
    assert.deepEqual(first.errors, [{ kind: 'response', text: '503 Service Unavailable', count: failures }]);
    assert.ok(first.criteria.every(({ passed }) => passed));
    const { course } = first;
    assert.ok(course.start.length >= 2 && course.start.length <= 300);
    const of = (rates: readonly number[]) =>
      rates.reduce((sum, rate) => sum + rate * course.bucketSeconds, 0);
    assert.equal(Math.round(of(course.throughput)), 600);
    assert.equal(Math.round(of(course.errors)), failures);
    assert.ok(course.p50.every(time => time === 50));

    copyFileSync(fake.outputs['summaryFile'] ?? '', join(directory, 'old.json'));
    const slower = results(60, label => (label === 'Store' ? 80 : 50));
    const second = await run(slower, {
      baseline: 'file',
      baselineFile: 'old.json',
      criteria: 'p95(response_time) of each /./ <= baseline + 10%',
    });
    assert.deepEqual(
      second.labels.map(({ label }) => label),
      ['All samples', 'Store', 'Home', 'Cart'],
      'the label that failed first',
    );
    for (const { before } of second.labels) {
      assert.ok(before !== undefined && before.p95 !== null);
      assert.ok(Math.abs(before.p95 - 50) <= 1, JSON.stringify(before));
    }
    assert.ok(Math.abs(second.labels[0]!.before!.throughput - 10) < 0.5);
    assert.equal(second.labels[3]!.before!.errorPercent, first.labels[3]!.errorPercent);
    assert.deepEqual(
      second.criteria.filter(({ passed }) => !passed).map(({ text, label }) => [text, label]),
      [['p95(response_time) of "Store" <= baseline + 10%', 'Store']],
    );
    assert.match(second.notes[0]!, /^Compared with the run of 2023-11-14T/);
  });

  it('has the label that failed first, whatever it is called', async () => {
    const jtl = results(20, label => (label === 'Store' ? 80 : 50)).replaceAll(
      ',Store,',
      ',"The ""best"" store",',
    );
    const { labels: shown } = await run(jtl, { criteria: 'max(response_time) of each /./ < 60ms' });
    assert.deepEqual(
      shown.map(({ label }) => label),
      ['All samples', 'The "best" store', 'Home', 'Cart'],
    );
  });

  it('has a course of no more than 300 points, gaps where nothing was sampled', async () => {
    const { course } = await run(
      results(900, () => 20)
        .split('\n')
        .filter((_, index) => index < 3000 || index > 6000)
        .join('\n'),
    );
    const { start, throughput, errors, p50, p95, p99 } = course;
    assert.ok(start.length > 20 && start.length <= 300, String(start.length));
    for (const series of [throughput, errors, p50, p95, p99]) assert.equal(series.length, start.length);
    assert.equal(start[1], course.bucketSeconds);
    const middle = Math.floor(450 / course.bucketSeconds);
    assert.deepEqual([throughput[middle], p50[middle], p99[middle]], [0, null, null]);
  });

  it('has the active threads over time where the results say, of several agents those of the one with most', async () => {
    const quiet = results(60, () => 50);
    assert.equal((await run(quiet)).course.threads, undefined);
    const ramp = (second: number) => Math.min(40, second + 1);
    writeFileSync(
      join(directory, 'share-2.jtl'),
      withThreads(quiet, () => 7),
    );
    const gap = withThreads(quiet, ramp)
      .split('\n')
      .filter((_, index) => index <= 200 || index > 300)
      .join('\n');
    const { course } = await run(gap);
    const { bucketSeconds, start, threads = [] } = course;
    assert.ok(bucketSeconds < 5, String(bucketSeconds));
    assert.equal(threads.length, start.length);
    assert.deepEqual([threads[0], threads.at(-1)], [ramp(bucketSeconds - 1), 40]);
    assert.equal(threads[Math.floor(25 / bucketSeconds)], null, 'nothing was sampled from 20 s to 30 s');

    const both = await run(withThreads(quiet, ramp), { mergeResults: 'share*.jtl' });
    assert.deepEqual([both.course.threads?.[0], both.course.threads?.at(-1)], [7, 40]);
    assert.equal(both.labels[0]?.samples, 1200);
  });

  it('has the plan when there is no sample to judge', async () => {
    const body = await run('', { mergeResults: 'nothing.jtl' });
    assert.deepEqual([body.plan, body.labels, body.course.start], ['site.jmx', [], []]);
  });
});
