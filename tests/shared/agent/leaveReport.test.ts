import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { leaveReport } from '../../../shared/agent/leaveReport.js';
import { releaseReport, reportPart, type ReportPart } from '../../../shared/report/format.js';
import { dataPlace } from '../../../shared/report/standalone.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { buildSample, type Sample, type SampleRun } from './sampleRuns.js';

const step = {
  SYSTEM_HOSTTYPE: 'build',
  SYSTEM_TASKINSTANCEID: '0a1b2c3d-0000-4000-8000-000000000001',
  SYSTEM_TASKDISPLAYNAME: 'Write the image',
  SYSTEM_STAGENAME: 'Deploy',
  SYSTEM_STAGEDISPLAYNAME: 'Deploy to west',
  SYSTEM_STAGEATTEMPT: '2',
  SYSTEM_JOBNAME: 'Roll',
  SYSTEM_JOBDISPLAYNAME: 'Roll a/b',
  SYSTEM_JOBATTEMPT: '3',
  SYSTEM_JOBID: '12345678-aaaa-4bbb-8ccc-dddddddddddd',
  SYSTEM_COLLECTIONURI: 'https://dev.azure.com/contoso/',
  SYSTEM_TEAMPROJECT: 'Web shop',
  BUILD_BUILDID: '4711',
  BUILD_BUILDNUMBER: '20261123.1',
  BUILD_DEFINITIONNAME: 'release',
  BUILD_SOURCEVERSION: 'c0ffee',
  BUILD_SOURCEBRANCH: 'refs/heads/main',
  BUILD_REPOSITORY_NAME: 'shop',
};

function attachments(run: SampleRun) {
  return run.lines.flatMap(line => {
    const match = /^##vso\[task\.addattachment type=([^;]*);name=([^;]*);\](.*)$/.exec(line);
    return match === null ? [] : [{ type: match[1], name: match[2], path: match[3] ?? '' }];
  });
}

function partOf(run: SampleRun): ReportPart {
  const parts = attachments(run).filter(({ type }) => type === 'bake-and-roll.report-part');
  assert.equal(parts.length, 1, run.lines.join('\n'));
  assert.equal(basename(parts[0]!.path), parts[0]!.name);
  return reportPart.parse(JSON.parse(readFileSync(parts[0]!.path, 'utf8')));
}

describe("a step's part of the release report", function () {
  this.timeout(120_000);
  let sample: Sample;
  let temp = '';
  before(async () => {
    temp = mkdtempSync(join(tmpdir(), 'leave-report-'));
    const page = join(temp, 'page.html');
    writeFileSync(page, `<!doctype html><title>Report</title>${dataPlace}`);
    sample = await buildSample(page);
  });
  after(() => {
    sample.close();
    rmSync(temp, { recursive: true, force: true });
  });

  it('tells the step, how it ended and what it did', async () => {
    const part = partOf(await sample.run('nothing', step));
    assert.deepEqual(part.step, {
      id: '0a1b2c3d-0000-4000-8000-000000000001',
      displayName: 'Write the image',
      stage: 'Deploy to west',
      job: 'Roll a/b',
      stageAttempt: 2,
      jobAttempt: 3,
    });
    assert.equal(part.taskVersion, '1.2.3');
    assert.equal(part.result, 'succeeded');
    assert.equal(part.message, 'did nothing');
    assert.ok(part.startedAt <= part.finishedAt);
    assert.equal(part.task === 'PatchArmImageUri' && part.body?.image, 'image of nothing');
  });

  for (const [mode, more, result, message] of [
    ['fail', {}, 'failed', /^It is wrong; do this\.\nSecond line ##vso/],
    ['bug', {}, 'failed', /x is not a function/],
    ['stray fault', {}, 'failed', /no space left on device/],
    ['wait', { INPUT_TIMEOUTINMINUTES: 'none' }, 'failed', /'timeoutInMinutes' must be a whole number/],
  ] as const)
    it(`is left when the task ends by ${mode}${'INPUT_TIMEOUTINMINUTES' in more ? ' with wrong inputs' : ''}`, async () => {
      const part = partOf(await sample.run(mode, { ...step, ...more }));
      assert.equal(part.result, result);
      assert.match(part.message, message);
      assert.equal(part.body === null, 'INPUT_TIMEOUTINMINUTES' in more);
    });

  it('is left before the clean-up when the agent cancels, which may end in a kill', async () => {
    const run = await sample.run('wait', step, 'SIGTERM');
    const part = partOf(run);
    assert.equal(part.result, 'canceled');
    assert.equal(part.task === 'PatchArmImageUri' && part.body?.image, 'image of wait');
    const at = (text: string) => run.lines.findIndex(line => line.startsWith(text));
    assert.ok(at('##vso[task.addattachment') < at('cleaned the second'));
  });

  it('has the warnings of the clean-up, and hides secrets', async () => {
    assert.deepEqual(partOf(await sample.run('bad clean-up', step)).warnings, [
      'the second failed: cannot clean',
    ]);
    const part = partOf(await sample.run('output', step));
    assert.equal(part.task === 'PatchArmImageUri' && part.body?.files[0]?.changes[0]?.from, '***');
  });

  it('is without a body, and the step as it was, when the task cannot tell it', async () => {
    const run = await sample.run('bad report', step);
    assert.equal(partOf(run).body, null);
    assert.equal(partOf(run).warnings.length, 1);
    assert.match(run.lines.at(-2)!, /^##vso\[task\.complete result=Succeeded/);
  });

  it('never fails the step: where it cannot be written there is a warning', async () => {
    const folder = mkdtempSync(join(temp, 'blocked-'));
    writeFileSync(join(folder, 'release-report'), 'a file where the folder should be');
    const run = await sample.run('nothing', { ...step, AGENT_TEMPDIRECTORY: folder });
    assert.ok(
      run.lines.some(line =>
        /task\.issue type=warning.*The job's page of the release report could not be kept: /.test(line),
      ),
      run.lines.join('\n'),
    );
    assert.ok(run.lines.includes('##vso[task.complete result=Succeeded;]did nothing'));
  });

  it('joins the parts of its job in an artifact, no path uploaded twice', async () => {
    const folder = mkdtempSync(join(temp, 'job-'));
    const env = { ...step, AGENT_TEMPDIRECTORY: folder };
    const uploads: string[] = [];
    for (const [mode, id] of [
      ['nothing', 'a'],
      ['fail', 'b'],
      ['fail', 'b'],
    ] as const) {
      const run = await sample.run(mode, { ...env, SYSTEM_TASKINSTANCEID: id });
      const upload = run.lines.find(line => line.startsWith('##vso[artifact.upload'))!;
      const [, head, path] = /^##vso\[artifact\.upload (.*?)\](.*)$/.exec(upload)!;
      assert.equal(head, 'containerfolder=release-report;artifactname=release-report;');
      uploads.push(
        ...readdirSync(path!, { recursive: true, encoding: 'utf8' })
          .filter(name => /\./.test(name))
          .map(name => join(path!, name)),
      );
    }
    const names = uploads.map(path => path.replace(/^.*\/upload\//, ''));
    assert.equal(new Set(names).size, 6);
    assert.deepEqual(
      names.toSorted(),
      ['01', '02', '03'].flatMap(number =>
        ['html', 'json'].map(
          type => `Deploy-to-west-Roll-a-b-2-3-12345678/${number}-PatchArmImageUri-release-report.${type}`,
        ),
      ),
    );
    const last = uploads.find(path => path.includes('/03-') && path.endsWith('.json'))!;
    const report = releaseReport.parse(JSON.parse(readFileSync(last, 'utf8')));
    assert.deepEqual(
      report.parts.map(({ result }) => result),
      ['succeeded', 'failed'],
      'a retried step counts once',
    );
    assert.deepEqual(report.run, {
      pipeline: 'release',
      number: '20261123.1',
      url: 'https://dev.azure.com/contoso/Web%20shop/_build/results?buildId=4711',
      commit: 'c0ffee',
      branch: 'refs/heads/main',
      repository: 'shop',
    });
    assert.match(readFileSync(last.replace(/json$/, 'html'), 'utf8'), /"number":"20261123\.1"/);
  });

  it('is a file among the logs in a classic release, which has no artifacts of its own', async () => {
    const run = await sample.run('nothing', {
      AGENT_JOBNAME: 'Agent job',
      RELEASE_ENVIRONMENTNAME: 'Production',
      RELEASE_ATTEMPTNUMBER: '2',
      RELEASE_RELEASENAME: 'Release-9',
      RELEASE_RELEASEWEBURL: 'https://dev.azure.com/contoso/shop/_releaseProgress?releaseId=9',
      RELEASE_DEFINITIONNAME: 'shop release',
      SYSTEM_HOSTTYPE: 'release',
      BUILD_BUILDNUMBER: '7',
    });
    const { step: told } = partOf(run);
    assert.deepEqual(
      [told.stage, told.job, told.stageAttempt, told.jobAttempt],
      ['Production', 'Agent job', 2, 1],
    );
    assert.ok(!run.lines.some(line => line.includes('artifact.upload')));
    const kept = run.lines.find(line => line.startsWith('##vso[task.uploadfile]'))!;
    const html = readFileSync(kept.slice('##vso[task.uploadfile]'.length), 'utf8');
    assert.match(html, /"number":"Release-9","url":"https:/);
  });

  it('keeps pictures that are pictures, under names of its own, as many and as large as a page takes', async () => {
    const fake = fakeAgent({ variables: { 'System.StageName': '../x', 'System.HostType': 'build' } });
    try {
      const png = Buffer.from('89504e470d0a1a0a', 'hex');
      const write = (name: string, content: Buffer) => {
        const path = join(fake.agent.tempDirectory, name);
        writeFileSync(path, content);
        return { name: `any/../${name}`, path };
      };
      const pictures = [
        write('a.png', png),
        write('page.png', Buffer.from('<svg onload="x()">')),
        write('b.gif', Buffer.from('GIF89a')),
        write('large.jpg', Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.alloc(9 * 1024 * 1024)])),
        { name: 'gone.png', path: join(fake.agent.tempDirectory, 'gone.png') },
        ...Array.from({ length: 40 }, (_, index) => write(`more${index}.png`, png)),
      ];
      const tests = pictures.map(({ name }) => ({
        browser: 'chrome',
        suite: '',
        name,
        outcome: 'failed' as const,
        seconds: 0,
        message: '',
        detail: '',
        screenshot: name,
        console: [],
      }));
      leaveReport(
        {
          task: { name: 'RunSeleniumSmoke', version: '1.1.0' },
          startedAt: 0,
          finishedAt: 1,
          result: 'failed',
          message: '',
          warnings: [],
          content: {
            task: 'RunSeleniumSmoke',
            body: { site: '', runs: [], tests, omitted: 0 },
            pictures,
          },
        },
        fake.agent,
      );
      assert.deepEqual(fake.warnings, []);
      const kept = fake.attachments.filter(({ type }) => type === 'bake-and-roll.report-picture');
      assert.equal(kept.length, 30);
      assert.ok(kept.every(({ name, path }) => /^[\w.-]+\.(png|gif)$/.test(name) && basename(path) === name));
      const file = fake.attachments.find(({ type }) => type === 'bake-and-roll.report-part')!;
      const part = reportPart.parse(JSON.parse(readFileSync(file.path, 'utf8')));
      assert.ok(part.task === 'RunSeleniumSmoke' && part.body !== null);
      const [a, page, b, large, gone, more] = part.body.tests.map(({ screenshot }) => screenshot);
      assert.deepEqual([page, large, gone], [undefined, undefined, undefined]);
      assert.deepEqual(
        [a, b, more],
        kept.slice(0, 3).map(({ name }) => name),
      );
    } finally {
      await fake.close();
    }
  });
});
