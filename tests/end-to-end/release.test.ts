/** The sample's whole release, as `npm run demo` runs it, and each way in which it can be broken. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/tasks.js';
import type { ReleaseReport, ReportPart } from '../../shared/report/format.js';
import { checkReport } from '../report/publishedSchema.js';

interface Step {
  readonly name: string;
  readonly displayName: string;
  readonly task?: string;
  readonly phase: string;
  readonly result: string;
  readonly issues: readonly { readonly type: string; readonly message: string }[];
  readonly outputs: Readonly<Record<string, string>>;
}
interface Run {
  readonly exitCode: number | null;
  readonly said: string;
  readonly result: string;
  readonly tasks: readonly Step[];
  readonly out: string;
  /** As release-report.json has it. */
  readonly report: ReleaseReport;
}

let directory = '';

function demo(...args: string[]): Run {
  const out = mkdtempSync(join(directory, 'demo-'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(repositoryRoot, 'scripts', 'demo.ts'), '--out', out, ...args],
    { cwd: repositoryRoot, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const said = `${stdout}${stderr}`;
  assert.ok(existsSync(join(out, 'run.json')), said);
  const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
    result: string;
    stages: { jobs: { steps: Step[] }[] }[];
  };
  const steps = record.stages.flatMap(stage => stage.jobs.flatMap(job => job.steps));
  const tasks = steps.filter(step => step.phase === 'main' && /@1$/.test(step.task ?? ''));
  assert.deepEqual(
    steps.filter(step => step.phase === 'post' && step.result !== 'succeeded'),
    [],
  );
  const report: unknown = JSON.parse(readFileSync(join(out, 'release-report.json'), 'utf8'));
  checkReport(report);
  const page = join(out, 'release-report.html');
  assert.ok(existsSync(page) && said.includes(`Release report: ${page}`), said);
  return { exitCode: status, said, result: record.result, tasks, out, report };
}

/** An output by its name, whether the record knows it with its step's name or without. */
function output(step: Step, name: string): string | undefined {
  return step.outputs[name] ?? step.outputs[`${step.name}.${name}`];
}

/** Whether a step's body has what a person looks for, be it that the step passed or that it failed. */
function isTold(part: ReportPart): boolean {
  const failed = part.result === 'failed';
  switch (part.task) {
    case 'PackerBakeVmss':
      return part.body !== null && part.body.phases.length > 2 && (part.body.image === null) === failed;
    case 'PatchArmImageUri':
      return part.body?.image !== null && (part.body?.files.length === 0) === failed;
    case 'DeployVmssImage':
      return part.body?.forward.instances.length === 3 && part.body.outcome === part.result;
    case 'RunSeleniumSmoke':
      return failed
        ? part.body?.tests[0]?.outcome === 'failed' && part.body.tests[0].screenshot !== undefined
        : (part.body?.tests.length ?? 0) >= 5;
    case 'RunJmeterLoad':
      return (
        (part.body?.labels.length ?? 0) > 1 &&
        (part.body?.course.start.length ?? 0) > 0 &&
        part.body?.criteria.some(({ passed }) => !passed) === failed
      );
  }
}

/** Everything a run keeps, for a search. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

describe('the release', function () {
  this.timeout(300_000);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'release-'));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('goes from commit to verdict', () => {
    const run = demo();
    assert.equal(run.exitCode, 0, run.said);
    assert.equal(run.result, 'succeeded');
    assert.deepEqual(
      run.tasks.map(({ task, result }) => `${task ?? ''} ${result}`),
      [
        'PackerBakeVmss@1 succeeded',
        'PatchArmImageUri@1 succeeded',
        'DeployVmssImage@1 succeeded',
        'RunSeleniumSmoke@1 succeeded',
        'RunJmeterLoad@1 succeeded',
      ],
    );
    const [bake, , deploy, smoke, load] = run.tasks as [Step, Step, Step, Step, Step];
    assert.match(output(bake, 'imageReference') ?? '', /^\/subscriptions\/.*\/images\/webapp-\d+$/);
    assert.equal(output(bake, 'imageKind'), 'managed');
    assert.equal(output(deploy, 'imageReference'), output(bake, 'imageReference'));
    assert.equal(output(deploy, 'instanceCount'), '3');
    assert.match(output(deploy, 'siteUrl') ?? '', /^http:\/\/127\./);
    assert.equal(output(smoke, 'gatePassed'), 'true');
    assert.ok(Number(output(smoke, 'testsTotal')) >= 5);
    assert.equal(output(load, 'gatePassed'), 'true');
    assert.ok(Number(output(load, 'samples')) >= 500);
    assert.match(run.said, /Processes left behind: none/);
    assertNoSecrets(run.out);
    assert.deepEqual(
      run.report.parts.map(({ task, result }) => `${task}@1 ${result}`),
      run.tasks.map(({ task, result }) => `${task ?? ''} ${result}`),
    );
    assert.ok(run.report.parts.every(isTold));
    assert.equal(new Set(run.report.parts.map(({ step: { id } }) => id)).size, 5);
  });

  const faults = [
    { broken: 'bake', task: 'PackerBakeVmss@1', says: /prepare: the licence server does not answer/ },
    { broken: 'patch', task: 'PatchArmImageUri@1', says: /instanceCuont/ },
    { broken: 'deploy', task: 'DeployVmssImage@1', says: /not.*healthy|unhealthy/i },
    { broken: 'smoke', task: 'RunSeleniumSmoke@1', says: /testPagingShowsOtherRowsAndComesBack/ },
    { broken: 'load', task: 'RunJmeterLoad@1', says: /should not have lasted longer than 1 milliseconds/ },
  ];
  for (const { broken, task, says } of faults) {
    it(`stops at ${task} when ${broken} is broken, and says why`, () => {
      const run = demo('--break', broken);
      assert.equal(run.exitCode, 1, run.said);
      assert.equal(run.result, 'failed');
      const failed = run.tasks.filter(step => step.result === 'failed');
      assert.deepEqual(
        failed.map(step => step.task),
        [task],
      );
      const errors = failed[0]!.issues.filter(issue => issue.type === 'error').map(issue => issue.message);
      assert.match(errors.join('\n'), says);
      const later = run.tasks.slice(run.tasks.indexOf(failed[0]!) + 1);
      assert.deepEqual(
        later.filter(step => step.result !== 'skipped'),
        [],
      );
      assert.match(run.said, /Processes left behind: none/);
      const last = run.report.parts.at(-1);
      assert.ok(last !== undefined && isTold(last), JSON.stringify(last));
      assert.equal(`${last.task}@1 ${last.result}`, `${task} failed`);
      assert.match(last.message, says);
    });
  }

  it('removes nothing that no demo has made', () => {
    for (const folder of ['mine', 'out-source']) {
      const file = join(directory, folder, 'precious.txt');
      mkdirSync(join(directory, folder));
      writeFileSync(file, 'x');
      const { status, stderr } = spawnSync(
        process.execPath,
        [
          ...['--import', 'tsx', join(repositoryRoot, 'scripts', 'demo.ts')],
          ...['--out', join(directory, folder.replace('-source', ''))],
        ],
        { cwd: repositoryRoot, encoding: 'utf8' },
      );
      assert.equal(status, 2, stderr);
      assert.match(stderr, new RegExp(`${folder} holds files that no demo has made`));
      assert.equal(readFileSync(file, 'utf8'), 'x');
    }
  });

  it('refuses a break it does not know', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(repositoryRoot, 'scripts', 'demo.ts'), '--break', 'everything'],
      { cwd: repositoryRoot, encoding: 'utf8' },
    );
    assert.equal(status, 2);
    assert.match(stderr, /--break knows no 'everything'[\s\S]*bake\|patch\|deploy\|smoke\|load/);
  });
});

/** No password that the release used may stand in anything it keeps; the demo's always end in aA1!. */
function assertNoSecrets(out: string): void {
  const kept = filesBelow(out).filter(
    file => !file.startsWith(join(out, 'source')) && !file.includes('/_work/'),
  );
  assert.ok(kept.length > 5);
  for (const file of kept) {
    assert.doesNotMatch(readFileSync(file, 'latin1'), /[\w-]{24}aA1!/, file);
  }
}
