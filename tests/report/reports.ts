/** Reports for the tests of the page, made from the format's types: what the kept samples do not have. */
import type { DeployBody, LoadBody, SmokeBody } from '../../shared/report/bodies.js';
import { releaseReport, type ReleaseReport, type ReportPart } from '../../shared/report/format.js';

const begin = Date.parse('2026-11-23T07:00:00.000Z');

interface Frame {
  readonly name?: string;
  readonly stage?: string;
  readonly job?: string;
  readonly stageAttempt?: number;
  readonly jobAttempt?: number;
  /** Seconds after the run's beginning. */
  readonly at?: number;
  readonly seconds?: number;
  readonly result?: ReportPart['result'];
  readonly message?: string;
  readonly warnings?: readonly string[];
}

type Told = {
  [Task in ReportPart['task']]: Pick<Extract<ReportPart, { task: Task }>, 'task' | 'body'>;
}[ReportPart['task']];

/** A part with that body in that frame. */
export function part(told: Told, frame: Frame = {}): ReportPart {
  const { at = 0, seconds = 10 } = frame;
  return {
    schemaVersion: 1,
    taskVersion: '1.0.0',
    step: {
      id: `${told.task} after ${at} s`,
      displayName: frame.name ?? told.task,
      stage: frame.stage ?? 'Release',
      job: frame.job ?? 'Deploy',
      stageAttempt: frame.stageAttempt ?? 1,
      jobAttempt: frame.jobAttempt ?? 1,
    },
    startedAt: new Date(begin + at * 1000).toISOString(),
    finishedAt: new Date(begin + (at + seconds) * 1000).toISOString(),
    result: frame.result ?? 'succeeded',
    message: frame.message ?? 'Done.',
    warnings: [...(frame.warnings ?? [])],
    ...told,
  };
}

/** A report of those parts, checked against the format. */
export function reportOf(parts: readonly ReportPart[], more: Partial<ReleaseReport> = {}): ReleaseReport {
  return releaseReport.parse({
    schemaVersion: 1,
    run: {
      pipeline: 'shop-release',
      number: '20261123.7',
      url: 'https://dev.azure.com/contoso/shop/_build/results?buildId=4711',
      commit: '3f9c2e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
      branch: 'refs/heads/main',
      repository: 'shop',
    },
    parts,
    previous: null,
    ...more,
  });
}

/** A roll of `count` instances in batches, a second for each stage of an instance. */
export function deployBody(count: number, more: Partial<DeployBody> = {}): DeployBody {
  const batchSize = Math.max(1, Math.ceil(count / 10));
  const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, at) => ({
    number: at + 1,
    asked: 1000 + at * 20_000,
    canary: at === 0,
    instances: Array.from({ length: Math.min(batchSize, count - at * batchSize) }, (_each, index) =>
      String(at * batchSize + index),
    ),
  }));
  const endedAt = 1000 + batches.length * 20_000;
  return {
    scaleSet: 'webapp',
    resourceGroup: 'webapp-rg',
    strategy: 'canary',
    image: '/subscriptions/1/resourceGroups/images/providers/Microsoft.Compute/images/webapp-43',
    previousImage: '/subscriptions/1/resourceGroups/images/providers/Microsoft.Compute/images/webapp-42',
    outcome: 'succeeded',
    endedAt,
    limits: { batchSize, canarySize: batchSize, maxUnhealthy: 0 },
    forward: {
      startedAt: 1000,
      mostOutOfService: batchSize,
      batches,
      instances: batches.flatMap(({ asked, instances }) =>
        instances.map(id => ({
          id,
          name: `webapp_${id}`,
          asked,
          down: asked + 1000,
          up: asked + 9000,
          healthy: asked + 15_000,
        })),
      ),
      omitted: 0,
    },
    back: null,
    site: {
      url: 'http://webapp.example/',
      sent: (endedAt / 1000) * 2,
      failed: 2,
      failures: ['after 30 s: HTTP 503'],
      bucketSeconds: 10,
      buckets: Array.from({ length: Math.ceil(endedAt / 10_000) }, (_, at) => [
        at * 10,
        20,
        at === 3 ? 2 : 0,
        40 + (at % 5) * 9,
      ]),
    },
    ...more,
  };
}

/** A load test of that many labels. */
export function loadBody(labels: number, more: Partial<LoadBody> = {}): LoadBody {
  const figures = (at: number) => ({
    transaction: false,
    samples: 1000 + ((at * 37) % 900),
    errorPercent: at % 9 === 4 ? 0.4 : 0,
    mean: 90 + (at % 40),
    p50: 80 + (at % 40),
    p90: 140 + (at % 60),
    p95: 180 + (at % 70),
    p99: 300 + (at % 90),
    max: 900 + (at % 300),
    throughput: 10 + (at % 13),
    before: { p95: 175, errorPercent: 0, throughput: 11 },
  });
  const course = Array.from({ length: 60 }, (_, at) => at);
  return {
    plan: 'load/plan.jmx',
    labels: [
      { label: 'All samples', ...figures(0), samples: 60_000 },
      ...Array.from({ length: labels }, (_, at) => ({ label: `GET /stores/${at + 1}`, ...figures(at + 1) })),
    ],
    omitted: 0,
    course: {
      bucketSeconds: 5,
      start: course.map(at => at * 5),
      throughput: course.map(at => Math.min(100, 20 + at * 10)),
      errors: course.map(at => (at > 40 && at < 50 ? 3 : 0)),
      p50: course.map(at => 80 + (at % 7)),
      p95: course.map(at => (at === 20 ? null : 180 + (at % 11) * 4)),
      p99: course.map(at => 300 + (at % 13) * 9),
      threads: course.map(at => (at === 20 ? null : Math.min(50, 5 + at * 5))),
    },
    criteria: [
      { text: 'p95 of all samples is at most 150 ms', passed: false, detail: 'it was 183 ms' },
      { text: 'errors are at most 1 %', passed: true, detail: 'they were 0.1 %' },
    ],
    errors: [
      { kind: 'response', text: '503 Service Unavailable', count: 41 },
      { kind: 'transport', text: 'Connection reset', count: 3 },
    ],
    notes: ['Compared with the run of 2026-11-22.'],
    ...more,
  };
}

/** A smoke test with those failed, flaky and passed. */
export function smokeBody(
  failed: number,
  flaky: number,
  passed: number,
  more: Partial<SmokeBody> = {},
): SmokeBody {
  const test = (outcome: SmokeBody['tests'][number]['outcome'], at: number) => ({
    browser: 'chromium',
    suite: 'StoresTest',
    name: `${outcome} test ${at + 1}`,
    outcome,
    seconds: 1.5,
    message: outcome === 'passed' ? '' : 'expected the first row to be "Store 041" but it was "Store 001"',
    detail: outcome === 'passed' ? '' : 'StoresTest.php:41\nStoresTest.php:12',
    ...(outcome === 'failed' ? { screenshot: 'filter.png' } : {}),
    console: outcome === 'failed' ? ['SEVERE http://shop.example/grid.js 42:13 Uncaught TypeError'] : [],
  });
  const many = (outcome: SmokeBody['tests'][number]['outcome'], count: number) =>
    Array.from({ length: count }, (_, at) => test(outcome, at));
  return {
    site: 'http://shop.example/',
    runs: [{ browser: 'chromium', passed: passed + flaky, failed, skipped: 0, flaky, milliseconds: 14_200 }],
    tests: [...many('failed', failed), ...many('flaky', flaky), ...many('passed', passed)],
    omitted: 0,
    ...more,
  };
}

/** A load test whose gate failed, after a roll and a smoke test that passed, against a run before. */
export function loadFailed(): ReleaseReport {
  return reportOf(
    [
      part({ task: 'DeployVmssImage', body: deployBody(20) }, { name: 'Roll', seconds: 201 }),
      part(
        { task: 'RunSeleniumSmoke', body: smokeBody(0, 1, 24) },
        { name: 'Smoke', at: 210, stage: 'Verify' },
      ),
      part(
        { task: 'RunJmeterLoad', body: loadBody(24) },
        {
          name: 'Load',
          at: 230,
          seconds: 305,
          stage: 'Verify',
          result: 'failed',
          message:
            'The load test did not pass: p95 of all samples is at most 150 ms: it was 183 ms.\nSee the report.',
        },
      ),
    ],
    {
      previous: {
        number: '20261122.4',
        steps: [
          { task: 'DeployVmssImage', stage: 'Release', milliseconds: 120_000 },
          { task: 'RunSeleniumSmoke', stage: 'Verify', milliseconds: 10_040 },
        ],
      },
    },
  );
}

/** Steps that ended before they knew anything, were cancelled, were tried more than once; a stage without a name. */
export function partial(): ReleaseReport {
  return reportOf([
    part(
      { task: 'PackerBakeVmss', body: null },
      { name: 'Bake', stage: '', job: '', result: 'failed', message: '' },
    ),
    part(
      { task: 'PatchArmImageUri', body: { image: null, dryRun: true, files: [], omitted: 0 } },
      { at: 5, stage: 'B' },
    ),
    part({ task: 'DeployVmssImage', body: deployBody(0, { site: null }) }, { at: 9, stage: 'B' }),
    part(
      { task: 'RunSeleniumSmoke', body: smokeBody(1, 0, 2) },
      { at: 20, stage: 'C', name: 'Smoke', result: 'failed', message: '1 of 3 tests failed.' },
    ),
    part(
      { task: 'RunSeleniumSmoke', body: smokeBody(0, 0, 0) },
      { at: 40, stage: 'C', stageAttempt: 2, name: 'Smoke' },
    ),
    part(
      {
        task: 'RunJmeterLoad',
        body: loadBody(0, {
          labels: [],
          criteria: [],
          errors: [],
          notes: [],
          course: { bucketSeconds: 1, start: [], throughput: [], errors: [], p50: [], p95: [], p99: [] },
        }),
      },
      { at: 60, stage: 'C', stageAttempt: 2, result: 'canceled', message: 'Cancelled.' },
    ),
  ]);
}

/** About a megabyte: 1,000 instances, 10,000 labels. */
export function large(): ReleaseReport {
  return reportOf([
    part({ task: 'DeployVmssImage', body: deployBody(1000) }, { name: 'Roll', seconds: 600 }),
    part({ task: 'RunSeleniumSmoke', body: smokeBody(40, 4, 300) }, { name: 'Smoke', at: 610, seconds: 60 }),
    part({ task: 'RunJmeterLoad', body: loadBody(10_000) }, { name: 'Load', at: 680, seconds: 300 }),
  ]);
}
