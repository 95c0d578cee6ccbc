import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toTimelineData } from '../../../tasks/RunJmeterLoad/src/baseline/timelineFile.js';
import { courseLines } from '../../../tasks/RunJmeterLoad/src/course.js';
import { errorKinds } from '../../../tasks/RunJmeterLoad/src/criteria/criterion.js';
import {
  baselineNotes,
  judgeGates,
  readGates,
  type GateInput,
} from '../../../tasks/RunJmeterLoad/src/gates.js';
import type { LoadSummary } from '../../../tasks/RunJmeterLoad/src/loadSummary.js';
import { sparkline } from '../../../tasks/RunJmeterLoad/src/sparkline.js';
import type { Timeline } from '../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { makeRun } from './baseline/runs.js';
import { timelineOf } from './timelineOf.js';

describe('gates', () => {
  let directory: string;
  let fake: FakeAgent;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gates-'));
    fake = fakeAgent({ workingDirectory: directory });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true });
  });

  const line = 'p95(response_time) <= baseline + 10%';
  function read(rest: Partial<GateInput>) {
    const problems: string[] = [];
    const input = {
      criteria: line,
      baseline: 'file',
      baselineFile: 'old.json',
      baselineBranch: undefined,
      baselineArtifact: undefined,
      baselineRequired: false,
      ...rest,
    };
    return { problems, gates: readGates(input, fake.agent, problems) };
  }

  function summaryOf(timeline: Timeline | null, rest: object = {}): Record<string, unknown> {
    return {
      version: 3,
      testPlan: 'old.jmx',
      planDigest: 'a'.repeat(64),
      startTime: '2026-11-22T10:00:00.000Z',
      labels: [],
      timeline: timeline === null ? null : toTimelineData(timeline),
      ...rest,
    };
  }
  const write = (name: string, data: unknown) => {
    writeFileSync(join(directory, name), typeof data === 'string' ? data : JSON.stringify(data));
  };

  it('holds a run against the summary of an earlier one, per label', () => {
    write('old.json', summaryOf(makeRun(1)));
    const { gates, problems } = read({
      criteria: `${line}\np95(response_time) of each /./ <= baseline + 10%`,
    });
    assert.deepEqual(problems, []);
    const passed = (timeline: Timeline) => judgeGates(gates, timeline, errorKinds).map(each => each.passed);
    assert.deepEqual(passed(makeRun(2)), [true, true]);
    assert.deepEqual(passed(makeRun(3, 1.3)), [false, false]);
    assert.equal(
      judgeGates(gates, makeRun(2), errorKinds)[1]?.text,
      'p95(response_time) of "GET /data" <= baseline + 10%',
    );
  });

  it('holds a run against a summary of version 2 as the task did that wrote it', () => {
    const { gates, problems } = read({
      baselineFile: join(import.meta.dirname, 'fixtures', 'load-summary-v2.json'),
      criteria: `p95(response_time) <= baseline
stddev(response_time) <= baseline
throughput >= baseline
error_rate <= baseline
p95(response_time) of "GET /data" <= baseline + 10%`,
    });
    assert.deepEqual(problems, []);
    const now = makeRun(3, 1.2, index => ({
      connect: index % 3,
      label: index % 4 === 0 ? 'GET /data' : 'POST /cart',
    }));
    assert.deepEqual(
      judgeGates(gates, now, errorKinds).map(({ passed, detail }) => [passed, detail]),
      [
        [
          false,
          'it was 325 ms, the baseline 247 ms (+31.6 %); chance alone explains no more than 7.92 ms beyond the limit',
        ],
        [true, 'it was 49.1 ms, the baseline 82 ms (-40.2 %)'],
        [
          false,
          'it was 16.6/s, the baseline 22.4/s (-25.8 %); chance alone explains no more than 0.548/s beyond the limit',
        ],
        [true, 'it was 0 %, the baseline 3.17 %'],
        [
          true,
          'it was 325 ms, the baseline 247 ms (+31.6 %), the limit 271.7 ms; not certain: chance alone explains up to 121.3 ms beyond the limit',
        ],
      ],
    );
  });

  it('finds the summary in a downloaded artifact, and asks which when there are several', () => {
    for (const folder of ['drop/a', 'drop/b']) mkdirSync(join(directory, folder), { recursive: true });
    write('drop/a/load-summary.json', summaryOf(makeRun(1)));
    assert.equal(read({ baselineFile: 'drop' }).gates.baseline?.testPlan, 'old.jmx');
    write('drop/b/load-summary.json', summaryOf(makeRun(1)));
    assert.match(
      read({ baselineFile: 'drop' }).problems.join(),
      /holds 2 files load-summary\.json; 'baselineFile' must name one/,
    );
  });

  it('passes the first run with a note, unless a baseline is required', () => {
    const { gates, problems } = read({});
    assert.deepEqual(problems, []);
    const [outcome] = judgeGates(gates, makeRun(1), errorKinds);
    assert.equal(outcome?.passed, true);
    assert.match(outcome.detail, /^not compared: there is no baseline yet in .*old\.json$/);
    const summary = { planDigest: '', labels: [] } as unknown as LoadSummary;
    assert.match(baselineNotes(gates, summary).join(), /^There is no baseline yet/);
    assert.match(
      read({ baselineRequired: true }).problems.join(),
      /there is no baseline in .*'baselineRequired' is true/,
    );
  });

  it('tells of another plan and other labels', () => {
    write('old.json', summaryOf(makeRun(1)));
    const { gates } = read({});
    const summary = { planDigest: 'b', labels: [{ label: 'GET /new' }] } as unknown as LoadSummary;
    const notes = baselineNotes(gates, summary);
    assert.match(notes[0] ?? '', /^Compared with the run of 2026-11-22T10:00:00\.000Z/);
    assert.match(notes[1] ?? '', /made by another test plan \(old\.jmx\), or the plan has changed/);
    assert.deepEqual(notes.slice(2), [
      'Only the baseline has "GET /data".',
      'The baseline does not have "GET /new".',
    ]);
    const outcomes = judgeGates(
      read({ criteria: 'avg(latency) of home <= baseline' }).gates,
      makeRun(1, 1, () => ({ label: 'home' })),
      errorKinds,
    );
    assert.deepEqual(
      outcomes.map(({ passed, detail }) => [passed, detail]),
      [[true, 'not compared: the baseline has no such label']],
    );
  });

  it('fails when a baseline is required and not one criterion could be compared with it', () => {
    write('old.json', summaryOf(makeRun(1)));
    const outcomes = (criteria: string) =>
      judgeGates(
        read({ criteria, baselineRequired: true }).gates,
        makeRun(1, 1, index => ({ label: index % 2 === 0 ? 'home' : 'GET /data' })),
        errorKinds,
      ).map(({ passed, detail }) => [passed, detail]);
    const home = 'p95(response_time) of home <= baseline + 10%';
    assert.deepEqual(outcomes(`${home}\nerrors == 0`), [
      [false, "not compared: the baseline has no such label; 'baselineRequired' is true"],
      [true, 'it was 0'],
    ]);
    assert.deepEqual(
      outcomes(`${home}\np95(response_time) of "GET /data" <= baseline + 10%`).map(([passed]) => passed),
      [true, true],
    );
  });

  it('refuses what is no summary, and says why', () => {
    for (const [data, message] of [
      ['{', /is not a summary of this task \(load-summary\.json\): /],
      ['7', /it is no object/],
      [{ version: 1 }, /is of version 1 of the summary; this task reads the versions 2 and 3/],
      [{ version: 2 }, /it names no 'testPlan' and 'planDigest'/],
      [summaryOf(null), /is of a run without samples/],
      [summaryOf(makeRun(1), { timeline: {} }), /its 'timeline' is not readable/],
      [summaryOf({ ...makeRun(1), labels: [] }), /its 'timeline' is not readable/],
      [summaryOf({ ...makeRun(1), blockMilliseconds: 0 }), /its 'timeline' is not readable/],
      [summaryOf({ ...makeRun(1), end: 0 }), /its 'timeline' is not readable/],
    ] as const) {
      write('old.json', data);
      assert.match(read({}).problems.join(), message);
    }
  });

  it('says which inputs do not go together, and every bad line with the grammar', () => {
    assert.match(
      read({ baseline: 'none' }).problems.join(),
      /'criteria' names a baseline, but 'baseline' is none/,
    );
    assert.match(read({ baselineFile: undefined }).problems.join(), /'baselineFile' must name/);
    assert.match(
      read({ criteria: 'error_rate < 1%' }).problems.join(),
      /no line of 'criteria' compares with it/,
    );
    assert.match(
      read({ criteria: '# of all error_rate < 1%', baseline: 'none' }).problems.join(),
      /'criteria' holds comments and nothing to keep to/,
    );
    const { problems } = read({ criteria: 'error_rate < 1\nx', baseline: 'none' });
    assert.match(problems.join(), /line 1, column 15(.|\n)*line 2, column 1(.|\n)*A criterion is: MEASURE/);
  });
});

describe('the course of a test', () => {
  it('is a line for each figure with a bar for each block', () => {
    const lines = courseLines(makeRun(1));
    assert.equal(lines.length, 4);
    for (const text of lines)
      assert.match(text, /^(Throughput|Median|p95|Errors) +[▁▂▃▄▅▆▇█]{30,31} {2}up to .*, a bar for 2\.0 s$/);
    assert.deepEqual(courseLines(undefined), []);
  });

  it('has as many bars as a line holds, however many blocks a test has', () => {
    const samples = Array.from({ length: 3600 }, (_, second) => ({
      label: 'GET /data',
      transaction: false,
      start: 1_795_000_000_000 + second * 1000,
      elapsed: second < 1800 ? 10 : 20,
      latency: 5,
      connect: 0,
      bytes: 100,
      kind: undefined,
    }));
    const lines = courseLines(timelineOf(samples, 1000));
    assert.deepEqual(lines, [
      `Throughput ${'█'.repeat(60)}  up to 1/s, a bar for 1 min 00 s`,
      `Median     ${'▅'.repeat(30)}${'█'.repeat(30)}  up to 20 ms, a bar for 1 min 00 s`,
      `p95        ${'▅'.repeat(30)}${'█'.repeat(30)}  up to 20 ms, a bar for 1 min 00 s`,
      `Errors     ${'▁'.repeat(60)}  up to 0 %, a bar for 1 min 00 s`,
    ]);
  });

  it('has a line for the active threads where the results say, of a bar the most', () => {
    const samples = [1, 2, 4, undefined, 8, 8, 6, 8].flatMap((threads, second) =>
      threads === undefined
        ? []
        : ['GET /data', 'POST /cart'].map((label, index) => ({
            label,
            transaction: false,
            start: 1_795_000_000_000 + second * 1000,
            elapsed: 10,
            latency: 5,
            connect: 0,
            bytes: 100,
            kind: undefined,
            threads: threads - index,
          })),
    );
    assert.deepEqual(courseLines(timelineOf(samples, 1000)).slice(4), [
      'Threads    ▂▃▅ ██▆█  up to 8, a bar for 1.0 s',
    ]);
  });

  it('draws from nothing to the largest', () => {
    assert.equal(sparkline([0, 7, undefined, 3.5, 0.1]), '▁█ ▅▁');
    assert.equal(sparkline([0, 0]), '▁▁');
    assert.equal(sparkline([]), '');
  });
});
