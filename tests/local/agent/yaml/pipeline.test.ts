import assert from 'node:assert/strict';
import { join } from 'node:path';
import { UserError } from '../../../../shared/core/errors.js';
import { loadPipeline } from '../../../../local/agent/yaml/load.js';
import type { Pipeline, ScriptStep } from '../../../../local/agent/yaml/model.js';
import { removeFolders, temporaryFolder, writeFiles } from '../support.js';

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

function load(yaml: string, given: Given = {}): Pipeline {
  const folder = temporaryFolder();
  writeFiles(folder, { 'p.yml': yaml, ...given.files });
  return loadPipeline({
    file: join(folder, 'p.yml'),
    root: folder,
    parameters: new Map(Object.entries(given.parameters ?? {})),
    variables: new Map(Object.entries(given.variables ?? {})),
  });
}

/** The problems of a file, each without the folder before its name. */
function problems(yaml: string, given: Given = {}): string[] {
  try {
    load(yaml, given);
  } catch (error) {
    assert.ok(error instanceof UserError);
    const text = error.message.replace(/^The pipeline file cannot be run:\s*/, '');
    return text.split('\n').map(line => line.replace(/^\s*- /, '').replace(/^\S*\//, ''));
  }
  return [];
}

function scripts(pipeline: Pipeline): string[] {
  return pipeline.stages.flatMap(stage =>
    stage.jobs.flatMap(job =>
      job.phases.flatMap(phase =>
        phase.steps
          .filter((step): step is ScriptStep => step.kind === 'script' || step.kind === 'bash')
          .map(step => step.script),
      ),
    ),
  );
}

describe('reading a pipeline file', () => {
  after(removeFolders);

  it('spells out a file of steps', () => {
    const { stages } = load('pool: x\ntimeoutInMinutes: 5\nsteps:\n- script: a\n- bash: b\n- script: c\n');
    assert.equal(stages[0]?.name, '__default');
    const [job] = stages[0].jobs;
    assert.equal(job?.name, 'Job');
    assert.equal(job.timeoutInMinutes, 5);
    assert.deepEqual(
      job.phases[0]?.steps.map(step => step.name),
      ['__checkout', 'CmdLine', 'Bash', 'CmdLine1'],
    );
  });

  it('spells out a file of jobs, in dependency order', () => {
    const { stages } = load(
      'jobs:\n- job: B\n  dependsOn: A\n  steps: [{script: b}]\n- job: A\n  steps: [{script: a}]\n- job:\n  steps: [{script: c}]\n',
    );
    assert.deepEqual(
      stages[0]?.jobs.map(job => job.name),
      ['A', 'B', 'Job3'],
    );
  });

  it('lets a stage wait for the one before it unless it says otherwise', () => {
    const { stages } = load(
      'stages:\n- stage: A\n  jobs: [{job: x, steps: [{script: a}]}]\n- stage: B\n  jobs: [{job: x, steps: [{script: a}]}]\n- stage: C\n  dependsOn: []\n  jobs: [{job: x, steps: [{script: a}]}]\n',
    );
    assert.deepEqual(
      stages.map(stage => stage.dependsOn),
      [[], ['A'], []],
    );
  });

  it('reads the hooks of a deployment job in the order of their run', () => {
    const { stages } = load(`jobs:
- deployment: Web
  environment: {name: qa}
  strategy:
    runOnce:
      on:
        success: {steps: [{script: good}]}
        failure: {steps: [{script: bad}]}
      postRouteTraffic: {steps: [{script: after}]}
      deploy: {steps: [{script: deploy}]}
      preDeploy: {steps: [{download: none}, {script: before}]}
`);
    const [job] = stages[0]?.jobs ?? [];
    assert.equal(job?.environment, 'qa');
    assert.deepEqual(
      job.phases.map(phase => [phase.hook, ...phase.steps.map(step => step.kind)]),
      [
        ['preDeploy', 'download', 'script'],
        ['deploy', 'download', 'script'],
        ['postRouteTraffic', 'script'],
        ['failure', 'script'],
        ['success', 'script'],
      ],
    );
  });

  it('chooses, repeats and inserts', () => {
    const pipeline = load(
      `parameters:
- name: names
  type: object
  default: [x, y]
- name: map
  type: object
  default: {one: '1', two: '2'}
- name: on
  type: boolean
  default: true
- name: more
  type: stepList
  default:
  - script: given
variables:
  where: \${{ upper('qa') }}
steps:
- \${{ if eq(parameters.on, false) }}:
  - script: not this
- \${{ elseif eq(variables.where, 'QA') }}:
  - script: this in \${{ variables.where }}
- \${{ else }}:
  - script: nor this
- \${{ each name in parameters.names }}:
  - script: \${{ name }} and \${{ length(parameters.names) }}
- \${{ each pair in parameters.map }}:
  - script: \${{ pair.key }}=\${{ pair.value }}
- \${{ parameters.more }}
- script: env
  env:
    \${{ insert }}: \${{ parameters.map }}
    \${{ if parameters.on }}:
      three: '3'
`,
    );
    assert.deepEqual(scripts(pipeline), [
      'this in QA',
      'x and 2',
      'y and 2',
      'one=1',
      'two=2',
      'given',
      'env',
    ]);
    const last = pipeline.stages[0]?.jobs[0]?.phases[0]?.steps.at(-1);
    assert.deepEqual(
      [...(last?.env ?? [])],
      [
        ['one', '1'],
        ['two', '2'],
        ['three', '3'],
      ],
    );
  });

  it('takes parameters and variables that are given for the run', () => {
    const yaml = `parameters:
- {name: who, type: string, values: [me, you]}
- {name: list, type: object, default: []}
variables:
- name: a
  value: file
steps:
- script: \${{ parameters.who }} \${{ variables.a }} \${{ variables.b }} \${{ join('+', parameters.list) }}
`;
    const given = { parameters: { who: 'you', list: '[p, q]' }, variables: { A: 'run', b: 'new' } };
    assert.deepEqual(scripts(load(yaml, given)), ['you run new p+q']);
    assert.match(problems(yaml).join(), /needs a value for the parameter 'who'/);
    assert.match(
      problems(yaml, { parameters: { who: 'us', x: '1' } }).join(),
      /one of me, you, not 'us'.*no parameter 'x'; it has who, list/,
    );
  });

  it('puts templates of every kind in their places, nested ones beside the file that names them', () => {
    const files = {
      'templates/steps.yml':
        'parameters:\n- name: text\n- name: n\n  type: number\n  default: 7\nsteps:\n- script: ${{ parameters.text }} ${{ parameters.n }}\n- template: deep/inner.yml\n',
      'templates/deep/inner.yml': 'steps:\n- script: inner ${{ variables.v }}\n- template: /root.yml\n',
      'root.yml': 'parameters: {old: style}\nsteps:\n- script: root ${{ parameters.old }}\n',
      'variables.yml': 'variables:\n  v: from template\n',
      'jobs.yml':
        'parameters:\n- name: body\n  type: stepList\njobs:\n- job: T\n  steps: ${{ parameters.body }}\n',
      'stages.yml':
        'stages:\n- stage: S2\n  jobs:\n  - template: jobs.yml\n    parameters:\n      body:\n      - template: root.yml\n',
    };
    const pipeline = load(
      `variables:
- template: variables.yml
- {name: w, value: own}
stages:
- stage: S1
  jobs:
  - job: J
    steps:
    - template: templates/steps.yml
      parameters: {text: "hello \${{ variables.w }}"}
- template: stages.yml
`,
      { files },
    );
    assert.deepEqual(scripts(pipeline), ['hello own 7', 'inner from template', 'root style', 'root style']);
  });

  it('knows each variable where the next ones are written', () => {
    const files = {
      'prod.yml': 'variables:\n  region: westeurope\n  zone: ${{ variables.region }}-1\n',
      'named.yml':
        'parameters:\n- name: env\nvariables:\n- {name: who, value: "for ${{ parameters.env }}"}\n',
      'base.yml': 'parameters:\n- name: env\nsteps:\n- script: ${{ parameters.env }}\n',
    };
    const pipeline = load(
      `variables:
- {name: env, value: prod}
- template: \${{ variables.env }}.yml
- template: named.yml
  parameters: {env: "\${{ variables.env }}"}
- \${{ if eq(variables.region, 'westeurope') }}:
  - {name: a, value: near}
  - {name: b, value: "very \${{ variables.a }}"}
- \${{ else }}:
  - {name: b, value: far}
steps:
- script: \${{ variables.zone }}, \${{ variables.who }}, \${{ variables.b }}
`,
      { files },
    );
    assert.deepEqual(scripts(pipeline), ['westeurope-1, for prod, very near']);
    const extended = load(
      'variables:\n  env: uat\nextends:\n  template: base.yml\n  parameters: {env: "${{ variables.env }}"}\n',
      { files },
    );
    assert.deepEqual(scripts(extended), ['uat']);
  });

  it('reads parameters of every form, and refuses what would be taken for text', () => {
    const yaml = `parameters:
- {name: my-list, type: stringList, default: [a], values: [a, b]}
- {name: connection, type: serviceConnection, default: azure}
steps:
- script: \${{ join('+', parameters.my-list) }} \${{ parameters['my-list'][0] }} \${{ parameters.connection }}
`;
    assert.deepEqual(scripts(load(yaml)), ['a a azure']);
    assert.deepEqual(scripts(load(yaml, { parameters: { 'my-list': '[a, b]' } })), ['a+b a azure']);
    assert.match(problems(yaml, { parameters: { 'my-list': '[a, c]' } }).join(), /one of a, b, not 'c'/);
    assert.match(
      problems(
        'parameters:\n- {name: p, type: object, default: {a: ["${{ variables.x }}"]}}\nsteps: [{script: a}]\n',
      ).join(),
      /p\.yml:2:\d+: the default of a parameter cannot hold the expression '\$\{\{ variables\.x \}\}'/,
    );
    assert.match(
      problems('steps:\n- template: t.yml\n  parameters: [a]\n', {
        files: { 't.yml': 'steps:\n- script: a\n' },
      }).join(),
      /p\.yml:3:\d+: the parameters for the template 't\.yml' must be a map/,
    );
  });

  it('extends a template', () => {
    const files = {
      't.yml':
        'parameters:\n- name: body\n  type: stepList\nstages:\n- stage: X\n  jobs:\n  - job: J\n    steps:\n    - ${{ each step in parameters.body }}:\n      - ${{ each pair in step }}:\n          ${{ pair.key }}: ${{ pair.value }}\n        continueOnError: true\n      - ${{ step }}\n',
    };
    const pipeline = load(
      'trigger: none\nextends:\n  template: t.yml\n  parameters:\n    body:\n    - script: a\n    - script: b\n',
      { files },
    );
    assert.deepEqual(scripts(pipeline), ['a', 'a', 'b', 'b']);
    assert.equal(pipeline.stages[0]?.jobs[0]?.phases[0]?.steps[1]?.continueOnError, true);
  });

  it('tells all problems of a file at once, each with its place', () => {
    assert.deepEqual(
      problems(`trigger: none
nonsense: 1
variables:
- group: secrets
stages:
- stage: A
  dependsOn: Z
  jobs:
  - job: J
    strategy:
      matrix: {x: {a: b}}
    steps:
    - script: a
      timeoutInMinutes: soon
      condition: eq(1
    - pwsh: b
    - script: c
      displayname: small
    - task: X@1
      inputs: {a: [1]}
    - checkout: other
  - deployment: D
    environment: prod.machine
    strategy: {canary: {}}
- stage: B
  jobs: []
`),
      [
        "p.yml:2:1: 'nonsense' is not a key of a pipeline; its keys are name, variables, parameters, trigger, pr, schedules, resources, pool, appendCommitMessageToRunName, lockBehavior, stages, jobs, steps, displayName, continueOnError, timeoutInMinutes, cancelTimeoutInMinutes, container, strategy, services and workspace",
        "p.yml:4:3: variable groups live in Azure DevOps; give the variables of 'secrets' with --var and --secret-env and take the group out, or put it behind an ${{ if }}",
        "p.yml:6:10: the stage 'A' depends on 'Z', but there is no such stage; there are 'A' and 'B'",
        "p.yml:11:7: 'matrix' is not supported: write the jobs out, or use ${{ each }}",
        'p.yml:14:25: timeoutInMinutes must be a whole number from 0 to 35791',
        "p.yml:15:18: in the expression 'eq(1': expected ')' but the expression ends (at character 5)",
        "p.yml:16:7: 'pwsh' needs PowerShell, which this runner does not start; use bash",
        "p.yml:18:7: 'displayname' is not a key of this step; write 'displayName'",
        "p.yml:20:19: the input 'a' must be text",
        "p.yml:21:17: only 'self' and 'none' can be checked out locally, not 'other'",
        "p.yml:22:17: the deployment job 'D' needs 'strategy: runOnce: deploy: steps:'",
        "p.yml:23:18: the resource 'machine' of an environment cannot be deployed to locally: jobs run on this machine",
        "p.yml:24:16: 'canary' is not supported: only 'runOnce' is",
        "p.yml:25:10: the stage 'B' has no jobs",
      ],
    );
  });

  const single: readonly (readonly [string, string, RegExp])[] = [
    ['broken YAML', 'steps:\n- script: "a\n', /p\.yml:\d+:\d+: .*quote/],
    ['an anchor', 'steps:\n- script: &x a\n- script: *x\n', /p\.yml:2:\d+: YAML anchors/],
    ['a tag', 'steps:\n- script: !!js a\n', /p\.yml:2:11: Unresolved tag/],
    ['a job without an agent', 'jobs:\n- job: A\n  pool: server\n  steps: []\n', /p\.yml:3:9: .*'server'/],
    ['two documents', 'steps: []\n---\nsteps: []\n', /one YAML document/],
    ['an empty file', '', /map|empty/],
    ['nothing to run', 'trigger: none\n', /p\.yml:1:1: a pipeline needs 'stages', 'jobs' or 'steps'/],
    ['jobs beside steps', 'jobs: []\nsteps: []\n', /'steps' cannot stand beside 'jobs'/],
    ['a key twice', 'steps:\n- script: a\n  env: {A: b, a: c}\n', /p\.yml:3:15: 'a' stands twice/],
    [
      'two jobs of one name',
      'jobs:\n- job: A\n  steps: [{script: a}]\n- job: a\n  steps: [{script: a}]\n',
      /two jobs named 'a'/,
    ],
    [
      'a circle',
      'jobs:\n- job: A\n  dependsOn: B\n  steps: [{script: a}]\n- job: B\n  dependsOn: A\n  steps: [{script: a}]\n',
      /'A' and 'B' wait for each other/,
    ],
    [
      'two steps of one name',
      'steps:\n- script: a\n  name: x\n- script: b\n  name: X\n',
      /two steps of this job are named 'X'/,
    ],
    [
      'an unknown directive value',
      'steps:\n- script: ${{ parameterz.x }}\n',
      /p\.yml:2:11: .*'parameterz' is not known here/,
    ],
    [
      'an object in text',
      'parameters: [{name: o, type: object, default: {a: b}}]\nsteps:\n- script: x ${{ parameters.o }}\n',
      /is an Object and cannot stand inside text/,
    ],
    [
      'an else without if',
      'steps:\n- ${{ else }}:\n  - script: a\n',
      /p\.yml:2:3: 'else' must follow an 'if'/,
    ],
    ['an open expression', 'steps:\n- script: a ${{ b\n', /no closing '\}\}'/],
    [
      'a template that is not there',
      'steps:\n- template: none.yml\n',
      /p\.yml:2:13: the template 'none.yml' cannot be read/,
    ],
    ['a template of another repository', 'steps:\n- template: a.yml@tools\n', /in another repository/],
    ['a template that includes itself', 'steps:\n- template: p.yml\n', /include itself/],
    ['another container', 'steps:\n- script: a\n  target: box\n', /only run on the 'host'/],
    [
      'a status function outside a condition',
      'variables: {a: "$[ succeeded() ]"}\nsteps: [{script: a}]\n',
      /no function 'succeeded' here/,
    ],
    [
      'dependencies in a step',
      "steps:\n- script: a\n  condition: eq(dependencies.A.result, 'x')\n",
      /only variables can be used/,
    ],
    ['a retry too many', 'steps:\n- script: a\n  retryCountOnTaskFailure: 11\n', /from 0 to 10/],
    [
      'a pipeline resource',
      'resources: {pipelines: [{pipeline: x}]}\nsteps: [{script: a}]\n',
      /'pipelines' are not available locally/,
    ],
    [
      'a step that is none',
      'steps:\n- displayName: x\n',
      /p\.yml:2:3: a step must be one of .*begins with 'displayName'/,
    ],
  ];
  for (const [what, yaml, message] of single)
    it(`refuses ${what}`, () => {
      assert.match(problems(yaml).join('\n'), message);
    });
});
