import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { print, removeFolders, run, steps } from '../support.js';

const id = '6f9619ff-8b86-d011-b42d-00c04fc964ff';

describe('logging commands', () => {
  after(removeFolders);

  /** Runs the fixture task `Print` with these lines, and a script after it that shows variables. */
  async function say(lines: readonly string[], more = '', show = '') {
    const text = `${print('p', lines, more)}${show === '' ? '' : `\n- bash: |\n    ${show}\n  name: show\n  condition: always()`}`;
    return run(steps(text));
  }

  it('sets variables for later steps, as macros and in the environment', async () => {
    const { text, record } = await say(
      ['##vso[task.setvariable variable=My.Name]a%0Ab', 'left ##vso[task.setvariable variable=x]1'],
      '',
      'echo "<$MY_NAME> $(x) $(y)"',
    );
    assert.match(text, /<a\nb>|1 \$\(y\)/);
    assert.match(text, /1 /);
    assert.doesNotMatch(text, /^left/m);
    assert.equal(record.result, 'succeeded');
  });

  it('keeps outputs under the name of the step only', async () => {
    const { text, step } = await say(
      ['##vso[task.setvariable variable=o;isOutput=true]1', '##vso[task.setvariable variable=declared]2'],
      '',
      'echo "[$(p.o)] [$(o)] [$(p.declared)] [$P_O]" || true',
    );
    assert.match(text, /^\[1\] \[\] \[2\] \[1\]$/m);
    assert.deepEqual(step('p').outputs, { o: '1', declared: '2' });
  });

  it('hides secret variables, keeps them out of the environment and out of the record', async () => {
    const { text, step, out } = await say(
      [
        '##vso[task.setvariable variable=s;issecret=true;isoutput=true]hunter2',
        '##vso[task.setsecret]other%20',
        'hunter2 other%20',
      ],
      '',
      'echo "env <$P_S>" "$(p.s)" | rev',
    );
    assert.match(text, /^\*\*\* \*\*\*$/m);
    assert.match(text, /2retnuh >< vne/);
    assert.equal(step('p').outputs['s'], '***');
    assert.doesNotMatch(readFileSync(join(out, 'run.json'), 'utf8'), /hunter2/);
  });

  it('does not hide the base64 of a secret that a step has told, as the agent does not', async () => {
    const { text } = await say(
      ['##vso[task.setvariable variable=s;issecret=true]hunter2hunter2', 'aHVudGVyMmh1bnRlcjI='],
      '',
      'printf %s "$(s)" | base64',
    );
    assert.equal(text.split('\n').filter(line => line === 'aHVudGVyMmh1bnRlcjI=').length, 2);
  });

  it('refuses a secret of several lines, and the step fails', async () => {
    const { step, text } = await say(['##vso[task.setvariable variable=s;issecret=true]a%0Ab']);
    assert.equal(step('p').result, 'failed');
    assert.match(text, /Unable to process command .*one line each/);
  });

  it('allows a secret of several lines when told to', async () => {
    const { record } = await run(
      `variables: {SYSTEM_UNSAFEALLOWMULTILINESECRET: 'true'}\n${steps(print('p', ['##vso[task.setvariable variable=s;issecret=true]a%0Ab']))}`,
    );
    assert.equal(record.result, 'succeeded');
  });

  it('warns about read-only variables and sets them, or fails when told to', async () => {
    const line = '##vso[task.setvariable variable=Build.SourceBranch]x';
    const lenient = await say([line], '', 'echo "$(Build.SourceBranch)"');
    assert.equal(lenient.step('p').issues[0]?.type, 'warning');
    assert.match(lenient.text, /^x$/m);
    const strict = await run(`variables: {agent.readOnlyVariables: 'true'}\n${steps(print('p', [line]))}`);
    assert.equal(strict.step('p').result, 'failed');
  });

  it('logs all issues and keeps ten of each type', async () => {
    const lines = Array.from({ length: 12 }, (_, index) => `##vso[task.logissue type=error]e${index}`);
    const { step, text } = await say([...lines, '##vso[task.issue type=warning]w']);
    assert.equal(step('p').issues.length, 11);
    assert.match(text, /^##\[error\]e11$/m);
    assert.match(text, /^##\[warning\]w$/m);
    assert.equal(step('p').result, 'succeeded');
  });

  it('names the place of an issue', async () => {
    const { step } = await say([
      '##vso[task.logissue type=error;sourcepath=$(Build.SourcesDirectory)/a/b.php;linenumber=3;columnnumber=4;code=E1]bad',
    ]);
    const [issue] = step('p').issues;
    assert.equal(issue?.message, 'a/b.php(3,4): error E1: bad');
    assert.equal(issue.sourcePath, 'a/b.php');
  });

  it('fails on an unknown type of issue and warns without one', async () => {
    assert.equal((await say(['##vso[task.logissue type=fatal]x'])).step('p').result, 'failed');
    const { step } = await say(['##vso[task.logissue]x']);
    assert.equal(step('p').result, 'succeeded');
    assert.equal(step('p').issues[0]?.type, 'warning');
  });

  const completions: readonly (readonly [readonly string[], number, string])[] = [
    [['Succeeded'], 0, 'succeeded'],
    [['SucceededWithIssues'], 0, 'succeededWithIssues'],
    [['Failed', 'Succeeded'], 0, 'failed'],
    [['succeededwithissues', 'FAILED'], 0, 'failed'],
    [['Canceled'], 0, 'canceled'],
    [['Skipped'], 0, 'skipped'],
    [['Succeeded'], 3, 'failed'],
    // What task-lib 5 writes for a cancelled task; the agent does not know the word.
    [['Cancelled'], 0, 'failed'],
  ];
  for (const [results, exitCode, expected] of completions)
    it(`ends ${expected} on ${results.join(' then ')} with exit code ${exitCode}`, async () => {
      const { step } = await say(
        results.map(result => `##vso[task.complete result=${result}]done`),
        `    exitCode: ${exitCode}\n`,
      );
      assert.equal(step('p').result, expected);
    });

  it('takes progress from 0 to 100', async () => {
    assert.equal((await say(['##vso[task.setprogress value=40]half'])).step('p').result, 'succeeded');
    assert.equal((await say(['##vso[task.setprogress value=101]x'])).step('p').result, 'failed');
  });

  it('keeps nested records', async () => {
    const child = id.replace(/^6/, '7');
    const { step } = await say([
      `##vso[task.logdetail id=${id};name=outer;type=build;order=1]working`,
      `##vso[task.logdetail id=${child};parentid=${id};name=inner;type=build]`,
      `##vso[task.logdetail id=${id};progress=150;state=Completed;result=Succeeded]`,
    ]);
    const [outer, inner] = step('p').details;
    assert.equal(outer?.state, 'Completed');
    assert.equal(outer.progress, 100);
    assert.equal(outer.currentOperation, 'working');
    assert.equal(inner?.parentId, id);
  });
  for (const [what, line] of [
    ['without an id', '##vso[task.logdetail name=a;type=b]'],
    ['without a name', `##vso[task.logdetail id=${id};type=b]`],
    [
      'with an unknown parent',
      `##vso[task.logdetail id=${id};name=a;type=b;parentid=${id.replace(/^6/, '9')}]`,
    ],
  ] as const)
    it(`refuses a nested record ${what}`, async () => {
      assert.equal((await say([line])).step('p').result, 'failed');
    });

  it('shows debug lines only in debug runs', async () => {
    const yaml = steps(print('p', ['##vso[task.debug]detail']));
    assert.doesNotMatch((await run(yaml)).text, /detail/);
    const { text } = await run(yaml, { options: { variables: new Map([['System.Debug', 'true']]) } });
    assert.match(text, /^##\[debug\]detail$/m);
    assert.match(text, /^##\[debug\]Processed: ##vso\[task.debug\]detail$/m);
  });

  it('prepends to PATH for later steps, the last one first', async () => {
    const { text } = await say(
      ['##vso[task.prependpath]/first', '##vso[task.prependpath]/second'],
      '',
      'echo "$PATH"',
    );
    assert.match(text, /^\/second:\/first:/m);
  });

  it('keeps attachments, summaries and files', async () => {
    const { step, out } = await run(
      steps(
        `- bash: echo '# Good' > $(Agent.TempDirectory)/s.md\n${print('p', [
          '##vso[task.uploadsummary]$(Agent.TempDirectory)/s.md',
          '##vso[task.uploadfile]$(Agent.TempDirectory)/s.md',
          '##vso[task.addattachment type=report;name=one]$(Agent.TempDirectory)/s.md',
          '##vso[task.addattachment type=report;name=one]$(Agent.TempDirectory)/s.md',
          '##vso[build.uploadlog]$(Agent.TempDirectory)/s.md',
        ])}`,
      ),
    );
    const { attachments } = step('p');
    assert.deepEqual(
      attachments.map(({ type, name }) => `${type} ${name}`),
      [
        'Distributedtask.Core.Summary s.md',
        'Distributedtask.Core.FileAttachment s.md',
        'report one',
        'report one',
        'Distributedtask.Core.Log s.md',
      ],
    );
    assert.equal(new Set(attachments.map(({ path }) => path)).size, 5);
    for (const { path } of attachments) assert.equal(readFileSync(join(out, path), 'utf8'), '# Good\n');
  });

  for (const line of [
    '##vso[task.addattachment type=a/b;name=x]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[task.addattachment type=a;name=../x]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[task.addattachment type=..;name=x]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[task.addattachment name=x]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[task.uploadsummary]/no/such/file',
    '##vso[task.uploadfile]',
    '##vso[task.setvariable]x',
    '##vso[task.prependpath]',
    '##vso[task.complete]x',
    '##vso[task.frobnicate]x',
    '##vso[artifact.upload artifactname=a]/no/such/file',
    '##vso[artifact.upload]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[artifact.upload artifactname=../a]$(Build.SourcesDirectory)/pipeline.yml',
    '##vso[build.addbuildtag]',
    '##vso[release.updatereleasename]x',
    '##vso[results.publish resultFiles=/a.xml]',
    '##vso[results.publish type=NUnit]/a.xml',
    `##vso[task.setendpoint id=${id};field=url]https://x/`,
  ])
    it(`fails the step on ${line}`, async () => {
      const { step } = await say([line]);
      assert.equal(step('p').result, 'failed');
      assert.equal(step('p').issues.filter(({ type }) => type === 'error').length, 1);
    });

  it('takes what makes no difference here, and refuses it without its properties', async () => {
    const { step } = await say([
      '##vso[telemetry.publish area=a;feature=b]{}',
      '##vso[artifact.associate artifactname=a;type=filepath]/share',
      '##vso[codecoverage.publish codecoveragetool=JaCoCo;summaryfile=$(Build.SourcesDirectory)/pipeline.yml]',
      '##vso[codecoverage.enable buildtool=maven]',
    ]);
    assert.equal(step('p').result, 'succeeded');
    assert.deepEqual(
      step('p').attachments.map(({ type }) => type),
      ['CodeCoverage'],
    );
    assert.equal((await say(['##vso[artifact.associate artifactname=a]/share'])).step('p').result, 'failed');
  });

  it('renames a release on the release host', async () => {
    const { text } = await run(
      steps(`${print('p', ['##vso[release.updatereleasename]R-1'])}\n- bash: echo "$(Release.ReleaseName)"`),
      { options: { host: 'release' } },
    );
    assert.match(text, /^R-1$/m);
  });

  it('only warns about unknown areas and lines that are no commands', async () => {
    const { step, text } = await say([
      '##vso[planet.spin]x',
      '##vso[task.debug',
      '##VSO[task.complete result=Failed]',
    ]);
    assert.equal(step('p').result, 'succeeded');
    assert.equal(step('p').issues.length, 2);
    assert.match(text, /^##vso\[task\.debug$/m);
  });

  it('reads commands from both streams and from scripts', async () => {
    const { text } = await run(
      steps(
        "- task: Print@1\n  inputs:\n    errors: '##vso[task.setvariable variable=fromErr]1'\n- bash: |\n    echo '##vso[task.setvariable variable=fromScript]2' >&2\n    printf 'x\\r##vso[task.setvariable variable=afterReturn]3\\r'\n- bash: echo \"$(fromErr)$(fromScript)$(afterReturn)\"",
      ),
    );
    assert.match(text, /^123$/m);
  });

  it('uploads artifacts after the process has ended, and downloads them in another job', async () => {
    const { record, text, out } = await run(`jobs:
- job: A
  steps:
  - bash: mkdir -p d/e && echo 1 > d/e/f && echo "##vso[artifact.upload artifactname=raw;containerfolder=raw]$PWD/d" && echo 2 > d/late && mkdir empty && echo "##vso[artifact.upload artifactname=none]$PWD/empty"
  - publish: d
    artifact: named
- job: B
  dependsOn: A
  steps:
  - checkout: none
  - download: current
    patterns: '**/f'
  - bash: cd "$(Pipeline.Workspace)" && find named raw -type f | sort && ls s
  - download: current
    artifact: named
    path: $(Build.SourcesDirectory)/here
  - bash: cat here/late
`);
    assert.equal(record.result, 'succeeded', text);
    assert.deepEqual(record.artifacts, ['named', 'raw']);
    assert.ok(existsSync(join(out, 'artifacts/raw/late')));
    assert.match(text, /^named\/e\/f\nraw\/e\/f$/m);
    assert.match(text, /^2$/m);
    assert.match(text, /is empty/);
  });

  it('refuses uploads in a classic release', async () => {
    const { step } = await run(
      steps(
        print('p', ['##vso[artifact.upload artifactname=a]$(System.DefaultWorkingDirectory)/pipeline.yml']),
      ),
      { options: { host: 'release' } },
    );
    assert.equal(step('p').result, 'failed');
  });

  it('changes the number and the tags of the run', async () => {
    const { record, text } = await say(
      ['##vso[build.updatebuildnumber]9.9', '##vso[build.addbuildtag]good'],
      '',
      'echo "$(Build.BuildNumber)"',
    );
    assert.equal(record.buildNumber, '9.9');
    assert.deepEqual(record.tags, ['good']);
    assert.match(text, /^9\.9$/m);
  });

  it('reads published test results, merged or not', async () => {
    const files = {
      'a.xml':
        '<testsuites><testsuite name="s"><testcase name="good" classname="C"/><testcase name="bad" classname="C"><failure message="no &amp; no">at x</failure></testcase><testsuite name="inner"><testcase name="off"><skipped/></testcase><testcase/></testsuite></testsuite></testsuites>',
      'b.xml': '<testsuite name="t"><testcase name="broken"><error>stack</error></testcase></testsuite>',
      'c.xml': '<testsuite name="t"><testcase',
    };
    const publish = (name: string, properties: string, list: string) =>
      print(name, [`##vso[results.publish type=JUnit;${properties}]${list}`], '  continueOnError: true\n');
    const root = '$(Build.SourcesDirectory)';
    const { step, out } = await run(
      steps(
        [
          publish('merged', 'runTitle=All', `${root}/a.xml,${root}/b.xml`),
          publish('apart', 'mergeResults=false;runTitle=All', `${root}/a.xml,${root}/b.xml`),
          publish('strict', 'failTaskOnFailedTests=true', `${root}/b.xml`),
          publish('broken', 'runTitle=x', `${root}/c.xml,${root}/none.xml`),
        ].join('\n'),
      ),
      { files },
    );
    const [merged] = step('merged').testResults;
    assert.equal(merged?.title, 'All');
    assert.deepEqual([merged.total, merged.passed, merged.failed, merged.skipped], [4, 1, 2, 1]);
    assert.deepEqual(merged.failures, [
      { name: 'C.bad', message: 'no & no' },
      { name: 'broken', message: 'stack' },
    ]);
    for (const file of merged.files) assert.ok(existsSync(join(out, file)));
    assert.deepEqual(
      step('apart').testResults.map(({ title }) => title),
      ['All_1', 'All_2'],
    );
    assert.equal(step('strict').result, 'succeededWithIssues');
    assert.deepEqual(
      step('broken').issues.map(({ type }) => type),
      ['error', 'warning'],
    );
    assert.equal(step('broken').testResults.length, 0);
  });

  it('drops what restrictions do not allow, with a warning each', async () => {
    const { step, text } = await run(
      steps(
        `- task: Restricted@1
  name: r
  inputs:
    lines: |
      ##vso[task.setvariable variable=imageId]1
      ##vso[task.setvariable variable=evil]2
      ##vso[task.prependpath]/evil
      ##vso[task.uploadsummary]/etc/passwd
      ##vso[artifact.upload artifactname=a]/etc
      ##vso[task.logissue type=warning]allowed
- bash: echo "$(imageId) $(evil) $PATH"
- bash: |
    echo "##vso[task.setvariable variable=a]1"
    echo "##vso[task.setvariable variable=b]2"
    echo "##vso[build.addbuildtag]t"
  name: target
  target: {commands: restricted, settableVariables: [a]}
- bash: echo "[$A] [$B]"
  target: {settableVariables: none}`,
      ),
    );
    assert.equal(step('r').result, 'succeeded');
    assert.equal(step('r').issues.length, 5);
    assert.deepEqual(step('r').attachments, []);
    assert.match(text, /^1 .*command not found|^1 {2}/m);
    assert.doesNotMatch(text, /^1 .*\/evil/m);
    assert.equal(step('target').issues.length, 2);
    assert.match(text, /^\[1\] \[\]$/m);
  });

  it('survives huge lines and bytes that are no text', async () => {
    const { step, out } = await run(
      steps(
        "- bash: |\n    head -c 5000000 /dev/zero | tr '\\0' x\n    printf '\\n\\377\\376##vso[task.setvariable variable=v;isOutput=true]\\377\\n'\n  name: big",
      ),
    );
    assert.equal(step('big').result, 'succeeded');
    assert.deepEqual(step('big').outputs, { v: '\ufffd' });
    assert.ok(readFileSync(join(out, step('big').log), 'utf8').includes('x'.repeat(5_000_000)));
  });
});
