/** The report that the local agent makes of what the steps of a run attach. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataPlace } from '../../../shared/report/standalone.js';
import { releaseReport, type ReportPart } from '../../../shared/report/format.js';
import { fixtureTasks, removeFolders, run, steps, temporaryFolder, type RunSettings } from './support.js';

const part = (id: string, second: number, result: ReportPart['result'] = 'succeeded'): ReportPart => ({
  schemaVersion: 1,
  taskVersion: '1.1.0',
  task: 'PackerBakeVmss',
  step: { id, displayName: id, stage: 'Bake', job: 'Bake', stageAttempt: 1, jobAttempt: 1 },
  startedAt: `2026-11-23T10:00:0${second}.000Z`,
  finishedAt: `2026-11-23T10:00:0${second}.500Z`,
  result,
  message: '',
  warnings: [],
  body: null,
});
const attach = (type: string, name: string, file: string) =>
  `- bash: echo "##vso[task.addattachment type=${type};name=${name}]$PWD/${file}"`;
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

describe('the release report of the local agent', function () {
  this.timeout(60_000);
  after(removeFolders);

  const pipeline = steps(
    [
      '- checkout: self',
      attach('bake-and-roll.report-part', 'b.json', 'b.json'),
      attach('bake-and-roll.report-part', 'a.json', 'a.json'),
      attach('bake-and-roll.report-part', 'c.json', 'other.json'),
      '- bash: base64 -d p.txt > p.png',
      attach('bake-and-roll.report-picture', 'p.png', 'p.png'),
      attach('bake-and-roll.report-picture', 'q.png', 'other.json'),
    ].join('\n'),
  );
  const files = (last: ReportPart['result']) => ({
    'a.json': JSON.stringify(part('a', 1)),
    'b.json': JSON.stringify(part('b', 2, last)),
    'other.json': '{"task":"PackerBakeVmss"}',
    'p.txt': png.toString('base64'),
  });

  const runWith = async (last: ReportPart['result'], settings: RunSettings = {}) => {
    const ended = await run(pipeline, { ...settings, files: files(last) });
    const report = releaseReport.parse(
      JSON.parse(readFileSync(join(ended.out, 'release-report.json'), 'utf8')),
    );
    return { ...ended, report };
  };

  it('puts the parts together, says where it is, and of what it could not read', async () => {
    const { report, lines, out, record } = await runWith('succeeded');
    assert.deepEqual(
      report.parts.map(({ step }) => step.id),
      ['a', 'b'],
    );
    const { pipeline: name, number, url } = report.run;
    assert.deepEqual([name, number, url], ['pipeline', record.buildNumber, null]);
    assert.equal(report.previous, null);
    assert.equal(lines.at(-1), `Release report: ${join(out, 'release-report.json')}`);
    assert.match(lines.at(-2) ?? '', /lacks 1 attached by steps: not in its format/);
  });

  it('makes the page where the tasks were built with one, pictures in it that are pictures', async () => {
    const tasks = temporaryFolder();
    cpSync(fixtureTasks, tasks, { recursive: true });
    const [name = ''] = readdirSync(tasks);
    writeFileSync(join(tasks, name, 'release-report.html'), `<!doctype html>${dataPlace}`);
    const { lines, out } = await runWith('succeeded', { options: { tasks } });
    const page = join(out, 'release-report.html');
    assert.equal(lines.at(-1), `Release report: ${page}`);
    const html = readFileSync(page, 'utf8');
    assert.match(html, /"pictures":\[\["p\.png","data:image\/png;base64,/);
    assert.ok(!html.includes('q.png'));
    assert.match(html, /"logs":\[\["[^"]+","logs\/[^"]+"\]/);
  });

  it('tells how long the steps took in the last run that passed in this folder', async () => {
    const out = join(temporaryFolder(), 'out');
    const options = { out };
    const first = await runWith('succeeded', { options });
    const expected = {
      number: first.record.buildNumber,
      steps: [
        { task: 'PackerBakeVmss', stage: 'Bake', milliseconds: 500 },
        { task: 'PackerBakeVmss', stage: 'Bake', milliseconds: 500 },
      ],
    };
    assert.deepEqual((await runWith('failed', { options })).report.previous, expected);
    assert.deepEqual(
      (await runWith('succeeded', { options })).report.previous,
      expected,
      'one that failed hands it on',
    );
    await run(steps('- bash: echo no task'), { options });
    assert.ok(!existsSync(join(out, 'release-report.json')), 'none is left of a run before');
  });
});
