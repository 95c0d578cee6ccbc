/** Holds manifests, code, docs and pictures together. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { readManifest, repositoryRoot, taskNames, type TaskInput } from '../../scripts/tasks.js';
import { taskVersion } from '../../scripts/version.js';

const read = (...path: string[]) => readFileSync(join(repositoryRoot, ...path), 'utf8');
const json = (...path: string[]): unknown => JSON.parse(read(...path));
const packageVersion = (json('package.json') as { version: string }).version;
const extension = json('vss-extension.json') as {
  publisher: string;
  version: string;
  name: string;
  description: string;
  categories: string[];
  scopes: string[];
  files: { path: string; addressable?: boolean }[];
  contributions: {
    id: string;
    type: string;
    targets: string[];
    properties: { name: string; uri?: string; supportsTasks?: string[]; registeredObjectId?: string };
  }[];
};
/** What pipelines out there rely on: it may only grow. */
const lock = json('tests', 'contract', 'names.lock.json') as Record<
  string,
  { id: string; inputs: string[]; outputs: string[] }
>;
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
  json('tests', 'contract', 'task.schema.json') as object,
);

const expected = [
  'DeployVmssImage',
  'PackerBakeVmss',
  'PatchArmImageUri',
  'RunJmeterLoad',
  'RunSeleniumSmoke',
];

/** Width and height from a PNG's IHDR chunk. */
function pngSize(...path: string[]): [number, number] {
  const bytes = readFileSync(join(repositoryRoot, ...path));
  assert.equal(bytes.subarray(1, 4).toString('latin1'), 'PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

function sourcesOf(task: string): string {
  const folder = join(repositoryRoot, 'tasks', task, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.includes('.generated.'))
    .map(file => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}

function rulesOf(input: TaskInput): string[] {
  return (input.visibleRule ?? '')
    .split(/&&|\|\|/)
    .flatMap(rule => /^\s*([A-Za-z0-9]+)/.exec(rule)?.[1] ?? []);
}

describe('the extension', () => {
  it('holds exactly the five tasks', () => {
    assert.deepEqual(taskNames(), expected);
    const contributed = extension.contributions
      .filter(({ type }) => type === 'ms.vss-distributed-task.task')
      .map(contribution => contribution.properties.name);
    assert.deepEqual(
      contributed.toSorted(),
      expected.map(name => `tasks/${name}`),
    );
  });

  it('shows the release report on the run of a pipeline that has one of the tasks, and on the stage of a classic release', () => {
    const tabs = extension.contributions.filter(({ type }) => type !== 'ms.vss-distributed-task.task');
    assert.deepEqual(
      tabs.map(({ type, targets }) => [type, ...targets]),
      [
        ['ms.vss-build-web.build-results-tab', 'ms.vss-build-web.build-results-view'],
        ['ms.vss-web.tab', 'ms.vss-releaseManagement-web.release-environment-editor-tab'],
      ],
    );
    assert.deepEqual(
      tabs[0]?.properties.supportsTasks,
      expected.map(name => lock[name]?.id),
    );
    assert.equal(tabs[1]?.properties.registeredObjectId, tabs[1]?.id);
    for (const { properties } of tabs) {
      const [folder, page] = (properties.uri ?? '').split('/');
      assert.ok(extension.files.some(({ path, addressable }) => path === folder && addressable === true));
      assert.ok(existsSync(join(repositoryRoot, 'dist', 'extension', folder ?? '', page ?? '')));
    }
  });

  it('asks for no more than to read runs and releases', () => {
    assert.deepEqual(extension.scopes, ['vso.build', 'vso.release']);
  });

  it('carries the version of package.json', () => {
    assert.equal(extension.version, packageVersion);
  });

  it('keeps to the marketplace rules', () => {
    assert.ok(extension.description.length <= 200);
    assert.ok(extension.name.length <= 200);
    assert.deepEqual(extension.categories, ['Azure Pipelines']);
    assert.deepEqual(pngSize('images', 'extension.png'), [128, 128]);
  });

  it('names its publisher in one place', () => {
    const named = execFileSync(
      'git',
      ['grep', '-lE', '"publisher":', '--', '*.json', '*.ts', '*.mjs', ':!tests'],
      {
        cwd: repositoryRoot,
        encoding: 'utf8',
      },
    );
    assert.deepEqual(named.trim().split('\n'), ['vss-extension.json']);
  });

  it('has generated files that follow from the manifests', () => {
    execFileSync(
      process.execPath,
      ['--import', 'tsx', join(repositoryRoot, 'scripts', 'generate.ts'), '--check'],
      {
        cwd: repositoryRoot,
      },
    );
    assert.deepEqual(
      readdirSync(join(repositoryRoot, 'docs', 'tasks')).toSorted(),
      expected.map(name => `${name}.md`),
    );
  });
});

for (const name of expected) {
  describe(`${name}/task.json`, () => {
    const manifest = readManifest(name);
    const inputNames = manifest.inputs.map(input => input.name);
    const outputNames = (manifest.outputVariables ?? []).map(output => output.name);

    it('fits its schema', () => {
      validate(json('tasks', name, 'task.json'));
      assert.deepEqual(validate.errors ?? [], []);
    });

    it('is named as its folder and versioned as the package', () => {
      assert.equal(manifest.name, name);
      assert.deepEqual(manifest.version, taskVersion(packageVersion, 1));
    });

    it('refers to inputs and groups that exist', () => {
      const groups = new Set((manifest.groups ?? []).map(group => group.name));
      assert.equal(new Set(inputNames).size, inputNames.length);
      for (const input of manifest.inputs) {
        if (input.groupName !== undefined)
          assert.ok(groups.has(input.groupName), `${input.name}: group ${input.groupName}`);
        for (const other of rulesOf(input))
          assert.ok(inputNames.includes(other), `${input.name}: visibleRule ${other}`);
        assert.doesNotMatch(input.visibleRule ?? '', /&&.*\|\||\|\|.*&&/, `${input.name}: && beside ||`);
        if (input.options !== undefined)
          assert.ok((input.defaultValue ?? '') in input.options, `${input.name}: default`);
      }
      assert.ok(inputNames.includes('timeoutInMinutes'));
    });

    it('uses every input it declares', () => {
      const sources = sourcesOf(name);
      const handledByTheFrame = new Set(['timeoutInMinutes']);
      for (const input of inputNames) {
        if (handledByTheFrame.has(input)) continue;
        assert.match(
          sources,
          new RegExp(String.raw`\b${input}\b`),
          `input ${input} is declared and never read`,
        );
      }
    });

    it('declares the outputs that the code sets, and lets the task set them', () => {
      const own = sourcesOf(name);
      const gate = readFileSync(join(repositoryRoot, 'shared', 'agent', 'gate.ts'), 'utf8');
      const sources = own.includes('/gate.js') ? own + gate : own;
      const set = [...sources.matchAll(/\boutput\(\s*'([A-Za-z]+)'/g)].map(match => match[1] ?? '');
      for (const output of set) assert.ok(outputNames.includes(output), `${output} is set and not declared`);
      for (const output of outputNames) {
        assert.match(sources, new RegExp(String.raw`\b${output}\b`), `${output} is declared and never set`);
      }
      const allowed = manifest.restrictions?.settableVariables?.allowed ?? [];
      assert.deepEqual(
        outputNames.filter(output => !allowed.includes(output)),
        [],
      );
    });

    it('has an icon of 32 by 32 pixels', () => {
      assert.deepEqual(pngSize('tasks', name, 'icon.png'), [32, 32]);
    });

    it('runs one bundle on both of the agent’s Node versions', () => {
      assert.equal(manifest.execution['Node20_1']?.target, manifest.execution['Node24']?.target);
      const target = manifest.execution['Node24']?.target ?? '';
      assert.ok(
        existsSync(join(repositoryRoot, 'dist', 'extension', 'tasks', name, target)),
        'run "npm run build" first',
      );
    });

    it('keeps the id and the names that pipelines rely on', () => {
      const kept = lock[name];
      assert.ok(kept, `add ${name} to tests/contract/names.lock.json`);
      assert.equal(manifest.id, kept.id);
      assert.deepEqual(
        kept.inputs.filter(input => !inputNames.includes(input)),
        [],
      );
      assert.deepEqual(
        kept.outputs.filter(output => !outputNames.includes(output)),
        [],
      );
      assert.deepEqual(
        inputNames.filter(input => !kept.inputs.includes(input)),
        [],
        'new inputs go into the lock',
      );
      assert.deepEqual(
        outputNames.filter(output => !kept.outputs.includes(output)),
        [],
        'new outputs go into the lock',
      );
    });

    it('has a page that shows it in YAML and links to the reference', () => {
      const page = read('tasks', name, 'README.md');
      assert.ok(page.includes(`task: ${name}@1`));
      assert.ok(page.includes(`docs/tasks/${name}.md`));
    });
  });
}

describe('task ids', () => {
  it('are all different', () => {
    const ids = expected.map(name => readManifest(name).id);
    assert.equal(new Set(ids).size, ids.length);
  });
});
