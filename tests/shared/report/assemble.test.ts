import assert from 'node:assert/strict';
import { assemble, previousOf, runOf } from '../../../shared/report/assemble.js';
import { releaseReport, type ReportPart } from '../../../shared/report/format.js';
import { partName } from '../../../shared/report/names.js';

const run = { pipeline: 'p', number: '7', url: null, commit: null, branch: null, repository: null };
const before = { number: '5', steps: [{ task: 'PackerBakeVmss', stage: 'Bake', milliseconds: 1 }] };

interface Given {
  readonly task?: ReportPart['task'];
  readonly stage?: string;
  readonly job?: string;
  readonly id?: string;
  readonly attempts?: readonly [stage: number, job: number];
  /** Seconds. */
  readonly at: number;
  readonly result?: ReportPart['result'];
}

function part({ task = 'PackerBakeVmss', stage = 'Bake', job = 'J', id = '1', ...given }: Given): ReportPart {
  const [stageAttempt, jobAttempt] = given.attempts ?? [1, 1];
  return {
    schemaVersion: 1,
    taskVersion: '1.1.0',
    task,
    step: { id, displayName: id, stage, job, stageAttempt, jobAttempt },
    startedAt: new Date(given.at * 1000).toISOString(),
    finishedAt: new Date(given.at * 1000 + 500).toISOString(),
    result: given.result ?? 'succeeded',
    message: '',
    warnings: [],
    body: null,
  };
}

describe('a whole release report', () => {
  it('has its parts in the order of their beginning; stages, jobs of a matrix and attempts stay apart', () => {
    const parts = [
      part({ at: 5, stage: 'Deploy', task: 'DeployVmssImage' }),
      part({ at: 9, stage: 'Deploy', task: 'DeployVmssImage', attempts: [2, 1] }),
      part({ at: 7, stage: 'Deploy', task: 'DeployVmssImage', attempts: [1, 2] }),
      part({ at: 3, job: 'leg b' }),
      part({ at: 2, job: 'leg a' }),
      part({ at: 1, id: '2' }),
    ];
    const report = releaseReport.parse(assemble(run, parts, before));
    assert.deepEqual(
      report.parts.map(({ startedAt }) => Date.parse(startedAt) / 1000),
      [1, 2, 3, 5, 7, 9],
    );
    assert.equal(new Set(parts.map(partName)).size, parts.length);
    assert.deepEqual(report.previous, before);
  });

  it('has the last try only of a step that was retried in place', () => {
    const tries = [part({ at: 2, result: 'failed' }), part({ at: 8 }), part({ at: 5, result: 'failed' })];
    assert.deepEqual(
      assemble(run, tries, null).parts.map(({ result }) => result),
      ['succeeded'],
    );
    assert.equal(new Set(tries.map(partName)).size, 3);
  });

  it('hands on the durations of the last attempts when the run passed, else those of the run before it', () => {
    const failed = part({ at: 1, result: 'failed' });
    const passed = part({ at: 9, attempts: [2, 1] });
    const own = { number: '7', steps: [{ task: 'PackerBakeVmss', stage: 'Bake', milliseconds: 500 }] };
    assert.deepEqual(previousOf(assemble(run, [passed, failed], before)), own);
    assert.deepEqual(previousOf(assemble(run, [failed], before)), before);
    assert.deepEqual(previousOf(assemble(run, [], before)), before);
  });

  it('knows its run by the variables of a build and of a classic release', () => {
    const of = (variables: Readonly<Record<string, string>>) => runOf(name => variables[name]);
    const build = {
      'Build.DefinitionName': 'shop',
      'Build.BuildNumber': '20261123.1',
      'Build.BuildId': '7',
      'System.CollectionUri': 'https://dev.azure.com/contoso',
      'System.TeamProject': 'a/b',
      'Build.SourceVersion': '',
    };
    const address = 'https://dev.azure.com/contoso/a%2Fb/_build/results?buildId=7';
    const expected = { ...run, pipeline: 'shop', number: '20261123.1', url: address };
    assert.deepEqual(of(build), expected);
    const release = { 'Release.DefinitionName': 'live', 'Release.ReleaseName': 'R-1' };
    assert.deepEqual(of({ ...build, ...release, 'Release.ReleaseWebURL': 'https://r/' }), {
      ...expected,
      pipeline: 'live',
      number: 'R-1',
      url: 'https://r/',
    });
    assert.deepEqual(of({}), { ...run, pipeline: '', number: '' });
  });

  it('has names for attachments that a file can have, whatever stages and jobs are called', () => {
    for (const name of ['../..', 'a/b\\c:d*?"<>|', '\u202e##vso[x]', '', 'ä'.repeat(500)])
      assert.match(partName(part({ at: 1, stage: name, job: name, id: name })), /^\w[\w.-]{1,160}\.json$/);
  });
});
