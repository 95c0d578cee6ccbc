/** The sample's pipeline against what it uses: the tasks' inputs, the templates' variables, the tokens, the plan's properties. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse as parseJson, type ParseError } from 'jsonc-parser';
import { parseDocument } from 'yaml';
import { parseNameValues } from '../../shared/core/nameValues.js';
import { sample, sampleText } from './sample.js';

interface Step {
  readonly task?: string;
  readonly checkout?: string;
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, string>>;
}
interface Job {
  readonly job?: string;
  readonly deployment?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly runOnce: { readonly deploy: { readonly steps: readonly Step[] } } };
}
interface Pipeline {
  readonly parameters: readonly { readonly name: string; readonly default: string; readonly values: readonly string[] }[];
  readonly variables: Readonly<Record<string, string>>;
  readonly stages: readonly { readonly stage: string; readonly jobs: readonly Job[] }[];
}
interface TaskManifest {
  readonly inputs: readonly {
    readonly name: string;
    readonly aliases?: readonly string[];
    readonly required?: boolean;
    readonly defaultValue?: unknown;
    readonly visibleRule?: string;
  }[];
  readonly outputVariables?: readonly { readonly name: string }[];
}
interface Template {
  readonly parameters: Readonly<Record<string, { readonly type: string; readonly defaultValue?: unknown }>>;
  readonly resources: readonly { readonly type: string; readonly name: string; readonly apiVersion: string }[];
  readonly outputs: Readonly<Record<string, unknown>>;
}
interface Parameters {
  readonly parameters: Readonly<Record<string, { readonly value: unknown }>>;
}

const document = parseDocument(sampleText('azure-pipelines.yml'));
const pipeline = document.toJS() as Pipeline;
const steps = pipeline.stages.flatMap(({ jobs }) =>
  jobs.flatMap(job => job.steps ?? job.strategy?.runOnce.deploy.steps ?? []),
);
const inputsOf = (task: string): Readonly<Record<string, string>> => {
  const inputs = steps.find(step => step.task === `${task}@1`)?.inputs;
  assert.ok(inputs, `the pipeline runs ${task}`);
  return inputs;
};
const manifestOf = (task: string): TaskManifest => {
  const path = fileURLToPath(new URL(`../../tasks/${task}/task.json`, import.meta.url));
  return JSON.parse(readFileSync(path, 'utf8')) as TaskManifest;
};
const readJsonc = (path: string): unknown => {
  const errors: ParseError[] = [];
  const value: unknown = parseJson(sampleText(path), errors);
  assert.deepEqual(errors, []);
  return value;
};
/** The names of a multi-line input, with the pipeline's variables filled in as the agent does before a task sees them. */
const namesIn = (multiLine: string | undefined): string[] => [
  ...parseNameValues(multiLine?.replace(/\$\([\w.]+\)/g, 'x'), 'the input').keys(),
];

describe("sample's pipeline", () => {
  const tasks = [
    'PackerBakeVmss',
    'PatchArmImageUri',
    'DeployVmssImage',
    'RunSeleniumSmoke',
    'RunJmeterLoad',
  ];

  it('is sound YAML with every key once', () => {
    assert.deepEqual(
      [...document.errors, ...document.warnings].map(({ message }) => message),
      [],
    );
  });

  it('runs the five tasks in the order of a release', () => {
    assert.deepEqual(
      steps.flatMap(({ task }) => task ?? []),
      tasks.map(task => `${task}@1`),
    );
  });

  for (const task of tasks) {
    it(`gives ${task} inputs that it knows, and all that it requires`, () => {
      const { inputs } = manifestOf(task);
      const known = inputs.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      const given = Object.keys(inputsOf(task));
      assert.deepEqual(
        given.filter(name => !known.includes(name)),
        [],
      );
      const missing = inputs.filter(
        ({ name, aliases = [], required, defaultValue, visibleRule }) =>
          required === true &&
          visibleRule === undefined &&
          (defaultValue === undefined || defaultValue === '') &&
          ![name, ...aliases].some(one => given.includes(one)),
      );
      assert.deepEqual(missing, []);
    });
  }

  it('reads only outputs that their tasks declare', () => {
    const text = sampleText('azure-pipelines.yml');
    const named = new Map(steps.flatMap(({ name, task }) => (name && task ? [[name, task.replace(/@.*/, '')]] : [])));
    const reads = [...text.matchAll(/(?:\$\(|outputs\[')(bake|patch|deploy|smoke|load)\.(\w+)/g)];
    assert.ok(reads.length >= 3);
    for (const [, step = '', output = ''] of reads) {
      const declared = manifestOf(named.get(step) ?? '').outputVariables?.map(({ name }) => name) ?? [];
      assert.ok(declared.includes(output), `${step}.${output}`);
    }
  });

  it('names files that are there', () => {
    const files = [
      ...(pipeline.parameters.find(({ name }) => name === 'packerTemplate')?.values ?? []),
      inputsOf('PatchArmImageUri')['files'],
      inputsOf('PatchArmImageUri')['templateFile'],
      inputsOf('DeployVmssImage')['templateFile'],
      inputsOf('RunSeleniumSmoke')['tests'],
      inputsOf('RunJmeterLoad')['testPlan'],
    ];
    assert.deepEqual(
      files.filter(file => file === undefined || !existsSync(join(sample, file))),
      [],
    );
  });

  it('gives both Packer templates variables that they declare, and all that have no default', () => {
    const given = namesIn(inputsOf('PackerBakeVmss')['variables']).sort();
    const credentials = ['client_id', 'client_secret', 'tenant_id', 'subscription_id'];
    const json = JSON.parse(sampleText('packer/webapp.json')) as { variables: Record<string, string | null> };
    const hcl = [...sampleText('packer/webapp.pkr.hcl').matchAll(/^variable "(\w+)" \{([\s\S]*?)^\}/gm)];
    const required = {
      json: Object.keys(json.variables).filter(name => json.variables[name] === null),
      hcl: hcl.filter(([, , body = '']) => !/^ {2}default/m.test(body)).map(([, name = '']) => name),
    };
    const declared = hcl.map(([, name = '']) => name);
    assert.deepEqual(declared.sort(), Object.keys(json.variables).sort());
    assert.deepEqual(
      given.filter(name => !declared.includes(name)),
      [],
    );
    assert.deepEqual(
      [...required.json, ...required.hcl].filter(name => !given.includes(name) && !credentials.includes(name)),
      [],
    );
  });

  it('fills every token of the parameters file and no other, and knows which one is secret', () => {
    const tokens = [...sampleText('arm/azuredeploy.parameters.json').matchAll(/@@(\w+)@@/g)].map(([, name]) => name);
    const inputs = inputsOf('PatchArmImageUri');
    assert.deepEqual(namesIn(inputs['tokens']).sort(), [...new Set(tokens)].sort());
    assert.equal(inputs['secretTokens'], 'ADMIN_PASSWORD');
    assert.ok(!('adminPassword' in pipeline.variables), 'the password is in no file');
  });

  it('sets properties that the JMeter plan reads', () => {
    const read = [...sampleText('load/site.jmx').matchAll(/\$\{__P\((\w+),/g)].map(([, name]) => name);
    const given = namesIn(inputsOf('RunJmeterLoad')['properties']);
    assert.deepEqual([...new Set(read)].sort(), [
      ...['host', 'loops', 'maxMilliseconds', 'path', 'port', 'protocol', 'rampSeconds', 'users'],
    ]);
    assert.deepEqual(
      given.filter(name => !read.includes(name)),
      [],
    );
  });
});

describe("sample's ARM template", () => {
  const template = readJsonc('arm/azuredeploy.json') as Template;
  const { parameters } = readJsonc('arm/azuredeploy.parameters.json') as Parameters;

  it('gets parameters that it declares, and all that have no default', () => {
    const declared = Object.entries(template.parameters);
    const required = declared.filter(([, one]) => !('defaultValue' in one)).map(([name]) => name);
    assert.deepEqual(
      Object.keys(parameters).filter(name => !(name in template.parameters)),
      [],
    );
    assert.deepEqual(
      required.filter(name => !(name in parameters)),
      [],
    );
    assert.equal(template.parameters['adminPassword']?.type, 'securestring');
  });

  it('reads only parameters and variables that it has, and leaves none unread', () => {
    const text = sampleText('arm/azuredeploy.json');
    for (const kind of ['parameters', 'variables'] as const) {
      const declared = Object.keys((template as unknown as Record<string, object>)[kind] ?? {});
      const read = [...text.matchAll(new RegExp(`${kind}\\('(\\w+)'\\)`, 'g'))].map(([, name = '']) => name);
      assert.deepEqual([...new Set(read)].sort(), declared.sort());
    }
  });

  it('makes a network, a load balancer and a scale set, and tells the site and the scale set', () => {
    assert.deepEqual(template.resources.map(({ type }) => type).sort(), [
      'Microsoft.Compute/virtualMachineScaleSets',
      'Microsoft.Network/loadBalancers',
      'Microsoft.Network/networkSecurityGroups',
      'Microsoft.Network/publicIPAddresses',
      'Microsoft.Network/virtualNetworks',
    ]);
    assert.ok('siteUrl' in template.outputs && 'scaleSetName' in template.outputs);
  });
});
