import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningTool } from '../../../shared/agent/agent.js';
import { createAnalyser } from '../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { since } from '../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { parseCriteria } from '../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import {
  abortProblems,
  progressLine,
  silenceOf,
  watchRun,
  type Watch,
} from '../../../tasks/RunJmeterLoad/src/watchRun.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

const header = 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes\n';
const sample = (start: number, elapsed: number, good = true) =>
  `${1795412600000 + start},${elapsed},Home,${good ? 200 : 503},x,T 1-1,${good},10\n`;

describe('progressLine', () => {
  it('tells of all samples, then of the new ones', () => {
    const analyser = createAnalyser();
    analyser.push(Buffer.from(header + sample(0, 10) + sample(10, 20, false)));
    const earlier = analyser.snapshot();
    analyser.push(Buffer.from(sample(20, 30) + sample(30, 40)));
    const later = analyser.snapshot();
    assert.equal(
      progressLine(later, since(later, earlier), 10_000),
      'So far 4 samples, 25 % errors, p50 20 ms, p95 40 ms, p99 40 ms; in the last 10 s 0.2 a second, 0 % errors, p50 30 ms, p95 40 ms, p99 40 ms.',
    );
    assert.match(
      progressLine(later, since(later, later), 10_000),
      /; in the last 10 s 0\.0 a second, none\.$/,
    );
  });

  it('tells of a run that has no sample yet, or nothing but warm-up', () => {
    const analyser = createAnalyser({ warmUp: { seconds: 60, testStart: 1795412600000 } });
    const none = analyser.snapshot();
    assert.equal(progressLine(none, none, 10_000), 'So far no sample.');
    analyser.push(Buffer.from(header + sample(0, 10) + sample(10, 20)));
    const warm = analyser.snapshot();
    assert.equal(progressLine(warm, since(warm, none), 10_000), 'So far 2 samples of warm-up.');
  });
});

describe('silenceOf', () => {
  it('is told from its limit on, never without one', () => {
    assert.equal(silenceOf(4999, 5), undefined);
    assert.match(silenceOf(5000, 5) ?? '', /^nothing came from JMeter for 5 s/);
    assert.equal(silenceOf(1e9, 0), undefined);
  });
});

describe('abortProblems', () => {
  it('refuses what cannot be known while a run goes on', () => {
    const { criteria } = parseCriteria(
      'error_rate > 50%\np95(response_time) > baseline + 100%\nthroughput < 1/s over 10s',
    );
    const problems = abortProblems(criteria);
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /compares with a baseline, which is done when the run is over/);
    assert.match(problems[1] ?? '', /has a window of time.*leave 'over' out/);
  });
});

describe('watchRun', function () {
  this.timeout(60_000);

  it('has seen all of the results when the run ends, the warm-up left out, whenever they were written', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'watch-'));
    const jtl = join(directory, 'results.jtl');
    let end: () => void = () => undefined;
    const tool: RunningTool = {
      pid: 1,
      ended: new Promise(resolve => {
        end = () => {
          resolve({ exitCode: 0, signal: undefined, tail: [] });
        };
      }),
      stop: () => Promise.resolve(),
    };
    let looks = 0;
    const run = {
      tool,
      jtl,
      testStart: () => 1795412600000,
      lastLine: () => Date.now(),
      port: () => undefined,
      // Asked at every look: the results come into being, grow, and grow once more when nobody looks any more.
      trouble: () => {
        looks += 1;
        if (looks === 1) appendFileSync(jtl, header + sample(0, 10).slice(0, 20));
        if (looks === 2) appendFileSync(jtl, sample(0, 10).slice(20) + sample(5000, 20));
        if (looks === 3) {
          appendFileSync(jtl, sample(6000, 30));
          end();
        }
        return Promise.resolve(undefined);
      },
    };
    const watch: Watch = {
      abortWhen: [],
      countedErrors: ['assertion', 'response', 'transport'],
      silenceSeconds: 0,
      durationSeconds: undefined,
      warmUpSeconds: 5,
      stepMilliseconds: undefined,
    };
    const fake = fakeAgent();
    const { endedBecause, seen } = await watchRun(run, watch, fake.agent);
    assert.equal(endedBecause, undefined);
    const { analysis, timeline } = (await seen())!;
    assert.deepEqual([analysis.overall.times.count, analysis.warmUp, analysis.cut], [2, 1, false]);
    assert.equal(timeline?.labels.length, 1);
    await fake.close();
    rmSync(directory, { recursive: true });
  });
});
