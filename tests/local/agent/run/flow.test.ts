import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, removeFolders, run, steps, temporaryFolder } from '../support.js';

describe('the flow of a run', () => {
  after(removeFolders);

  it('carries outputs across steps, jobs, stages and hooks', async () => {
    const { text, record } = await run(`stages:
- stage: One
  jobs:
  - job: A
    steps:
    - bash: echo "##vso[task.setvariable variable=v;isOutput=true]from A"
      name: s
  - job: B
    dependsOn: A
    variables:
      got: $[ dependencies.A.outputs['s.v'] ]
    condition: eq(dependencies.A.outputs['s.v'], 'FROM A')
    steps:
    - bash: echo "B got $(got)"
  - deployment: D
    strategy:
      runOnce:
        deploy:
          steps:
          - bash: echo "##vso[task.setvariable variable=v;isOutput=true]from D"
            name: s
- stage: Two
  condition: and(succeeded(), eq(dependencies.One.outputs['A.s.v'], 'from A'))
  variables:
    got: $[ stageDependencies.One.A.outputs['s.v'] ]
    deployed: $[ stageDependencies.One.D.outputs['D.s.v'] ]
    result: $[ stageDependencies.One.A.result ]
  jobs:
  - job: C
    steps:
    - bash: echo "C got $(got), $(deployed), $(result)"
- stage: Three
  dependsOn: One
  condition: eq(dependencies.One.outputs['A.s.v'], 'other')
  jobs:
  - job: C
    steps: [{bash: echo never}]
`);
    assert.match(text, /^B got from A$/m);
    assert.match(text, /^C got from A, from D, Succeeded$/m);
    assert.doesNotMatch(text, /^never$/m);
    assert.deepEqual(
      record.stages.map(stage => [stage.name, stage.result, stage.jobs.length]),
      [
        ['One', 'succeeded', 3],
        ['Two', 'succeeded', 1],
        ['Three', 'skipped', 1],
      ],
    );
    assert.equal(record.result, 'succeeded');
  });

  it('skips what depends on a failure, however far back, and runs what is meant for it', async () => {
    const job = (name: string, more: string, script = 'true') =>
      `  - job: ${name}\n${more}    steps: [{checkout: none}, {bash: '${script}'}]\n`;
    const { record } = await run(
      `stages:\n- stage: One\n  jobs:\n${job('A', '', 'exit 1')}${job('B', '    dependsOn: A\n    condition: always()\n')}${job('C', '    dependsOn: B\n')}${job('D', '    dependsOn: A\n    condition: failed()\n')}${job('E', "    dependsOn: [A, B]\n    condition: succeeded('B')\n")}${job('F', '    dependsOn: C\n    condition: succeededOrFailed()\n')}- stage: Two\n  jobs:\n${job('A', '')}- stage: Three\n  condition: failed()\n  jobs:\n${job('A', '')}`,
    );
    const [one, two, three] = record.stages;
    assert.deepEqual(
      one?.jobs.map(({ name, result }) => `${name} ${result}`),
      ['A failed', 'B succeeded', 'C skipped', 'D succeeded', 'E succeeded', 'F skipped'],
    );
    assert.equal(two?.result, 'skipped');
    assert.equal(three?.result, 'succeeded');
    assert.equal(record.result, 'failed');
  });

  it('runs steps by their conditions', async () => {
    const { step, text, record } = await run(
      `variables: {go: 'no'}\n${steps(`- bash: exit 1
  name: soft
  continueOnError: true
- bash: echo "status $(Agent.JobStatus)"
  name: after
- bash: exit 2
  name: hard
- bash: echo never
  name: skipped
- bash: echo x
  name: onFailure
  condition: failed()
- bash: echo x
  name: both
  condition: and(succeededOrFailed(), eq(variables.go, 'yes'))
- bash: echo x
  name: disabled
  enabled: false
  condition: always()
- bash: echo x
  name: broken
  condition: and(always(), gt(1, variables.go))
- bash: echo "status $(Agent.JobStatus)"
  name: last
  condition: always()`)}`,
    );
    const results = [
      'soft',
      'after',
      'hard',
      'skipped',
      'onFailure',
      'both',
      'disabled',
      'broken',
      'last',
    ].map(name => step(name).result);
    assert.deepEqual(results, [
      'succeededWithIssues',
      'succeeded',
      'failed',
      'skipped',
      'succeeded',
      'skipped',
      'skipped',
      'failed',
      'succeeded',
    ]);
    assert.match(text, /^status SucceededWithIssues$/m);
    assert.match(text, /^status Failed$/m);
    assert.match(text, /Exit code 2 returned from process/);
    assert.equal(record.result, 'failed');
  });

  it('lets a job fail without the run when it continues on error', async () => {
    const { record } = await run(
      'jobs:\n- job: A\n  continueOnError: true\n  steps: [{bash: exit 1}]\n- job: B\n  dependsOn: A\n  steps: [{bash: "true"}]\n',
    );
    assert.deepEqual(
      record.stages[0]?.jobs.map(({ result }) => result),
      ['succeededWithIssues', 'succeeded'],
    );
    assert.equal(record.result, 'succeededWithIssues');
  });

  it('runs hooks until one fails, then the one for failures', async () => {
    const { text, record } = await run(`jobs:
- deployment: D
  strategy:
    runOnce:
      preDeploy: {steps: [{bash: echo pre-deploy}]}
      deploy: {steps: [{bash: exit 1}]}
      routeTraffic: {steps: [{bash: echo route}]}
      on:
        failure: {steps: [{bash: echo on-failure}]}
        success: {steps: [{bash: echo on-success}]}
`);
    assert.match(text, /^pre-deploy$/m);
    assert.match(text, /^on-failure$/m);
    assert.doesNotMatch(text, /^(route|on-success)$/m);
    assert.equal(record.result, 'failed');
  });

  it('runs parts before first and parts after last, in reverse, whatever happens between', async () => {
    const { text, job } = await run(
      steps(
        '- bash: echo work && exit 1\n- task: Phases@1\n  inputs: {name: one}\n- task: Phases@1\n  condition: always()\n  inputs: {name: two}',
      ),
    );
    const said = text.split('\n').filter(line => /^(pre|main|post|work)/.test(line));
    assert.deepEqual(said, [
      'pre one',
      'pre two',
      'work',
      'main two kept two',
      'post two kept two',
      'post one kept one',
    ]);
    assert.deepEqual(
      job('Job').steps.map(({ name, phase, result }) => `${name} ${phase} ${result}`),
      [
        'Phases_prejob pre succeeded',
        'Phases1_prejob pre succeeded',
        '__checkout main succeeded',
        'Bash main failed',
        'Phases main skipped',
        'Phases1 main succeeded',
        'Phases1_postjob post succeeded',
        'Phases_postjob post succeeded',
      ],
    );
    assert.match(text, /^##\[section\]Starting: Pre-job: Phases$/m);
  });

  it('tries a failed step again', async () => {
    const file = join(temporaryFolder(), 'attempts');
    const { step, text } = await run(
      steps(
        `- task: Flaky@1\n  name: f\n  retryCountOnTaskFailure: 2\n  inputs: {file: ${file}, failures: 1}`,
      ),
    );
    assert.equal(step('f').result, 'succeeded');
    assert.equal(step('f').attempts, 2);
    assert.match(text, /attempt #: 1 out of 2\) after 1000 ms/);
  });

  it('expands names that are shown, and counts runs', async () => {
    const out = temporaryFolder();
    const yaml = `name: app-$(v)-$(Rev:rr)\nvariables:\n  v: '7'\n  n: $[ counter('x', 5) ]\n${steps('- bash: echo "n is $(n) of $(Build.BuildNumber)"\n  displayName: Show $(v)')}`;
    await run(yaml, { options: { out } });
    const { text, record } = await run(yaml, { options: { out } });
    assert.equal(record.buildNumber, 'app-7-02');
    assert.match(text, /^n is 6 of app-7-02$/m);
    assert.match(text, /^##\[section\]Starting: Show 7$/m);
  });

  it('takes variables of the run over those of the file', async () => {
    const { text } = await run(`variables: {a: file, b: file}\n${steps('- bash: echo "$(a) $(b) $(c)"')}`, {
      options: {
        variables: new Map([
          ['A', 'run'],
          ['c', 'new'],
        ]),
      },
    });
    assert.match(text, /^run file new$/m);
  });

  it('takes secrets of the run over variables of the file, and never shows them', async () => {
    const { text } = await run(
      `variables: {key: file}\n${steps('- bash: echo "$(key) ${{ variables.key }}" | rev')}`,
      {
        options: { secrets: new Map([['KEY', 'drowssap']]) },
      },
    );
    assert.match(text, /^elif password$/m);
    assert.doesNotMatch(text, /drowssap/);
  });

  it('fails scripts on standard error only when told to, and in a folder that is not there', async () => {
    const { step } = await run(
      steps(
        '- bash: echo x >&2\n  name: a\n- bash: echo x >&2\n  name: b\n  failOnStderr: true\n  continueOnError: true\n- bash: echo x\n  name: c\n  workingDirectory: none\n  continueOnError: true\n- bash: pwd && test "$(basename "$PWD")" = a\n  name: d\n  workingDirectory: ../a',
      ),
    );
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map(name => step(name).result),
      ['succeeded', 'succeededWithIssues', 'succeededWithIssues', 'succeeded'],
    );
  });

  it('works out the variables of a stage before the conditions of its jobs', async () => {
    const { record } = await run(`stages:
- stage: A
  jobs:
  - job: a
    steps:
    - bash: echo "##vso[task.setvariable variable=go;isOutput=true]yes"
      name: s
- stage: B
  variables:
    go: $[ stageDependencies.A.a.outputs['s.go'] ]
  jobs:
  - job: runs
    condition: eq(variables.go, 'yes')
    steps: [{bash: echo}]
  - job: rests
    condition: eq(variables.go, 'no')
    steps: [{bash: echo}]
`);
    assert.deepEqual(
      record.stages[1]?.jobs.map(({ name, result }) => [name, result]),
      [
        ['runs', 'succeeded'],
        ['rests', 'skipped'],
      ],
    );
  });

  it('works in the folder of the checkout', async () => {
    const { step } = await run(
      steps(
        '- checkout: self\n  path: s/sub\n- bash: test -f pipeline.yml && echo x > made\n  name: a\n- publish: made\n  artifact: made\n  name: b',
      ),
    );
    assert.deepEqual([step('a').result, step('b').result], ['succeeded', 'succeeded']);
  });

  it('publishes an artifact once, as the service does', async () => {
    const { step } = await run(
      steps(
        '- bash: echo x > f\n- publish: f\n  artifact: drop\n- publish: f\n  artifact: drop\n  name: again',
      ),
    );
    assert.equal(step('again').result, 'failed');
    assert.match(step('again').issues[0]?.message ?? '', /already has an artifact 'drop'/);
  });

  it('writes the record with a log for each step', async () => {
    const { record, out, step, lines } = await run(steps('- bash: echo hello\n  name: s'));
    assert.deepEqual(readRecord(out), record);
    assert.equal(step('s').log, 'logs/__default/Job/2_s.log');
    assert.match(readFileSync(join(out, step('s').log), 'utf8'), /^\d{4}-\d\d-\d\dT[\d:.]+Z hello$/m);
    assert.ok(lines.includes('hello'));
    assert.equal(step('s').task, 'bash');
    assert.ok(Date.parse(step('s').startTime) <= Date.parse(step('s').finishTime));
  });
});
