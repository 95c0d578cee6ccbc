import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe as prose } from '../../../shared/core/errors.js';
import { readHcl } from '../../../tasks/PackerBakeVmss/src/template/hclBody.js';
import { bake } from '../../../tasks/PackerBakeVmss/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { defaultInput } from './bakeInput.js';
import { endpoints } from './connections.js';

/** What users of PackerBuild@1 complain of, shown not to happen here. Real Packer, with its null builder. */
describe('pains of PackerBuild@1', function () {
  this.timeout(120_000);
  let directory: string;
  let fake: FakeAgent;
  const path = (name: string) => join(directory, name);
  const write = (name: string, content: string | object) => {
    writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));
    return path(name);
  };
  const fails = async (templatePath: string, more: Record<string, string> = {}): Promise<string> => {
    let sentence: string;
    try {
      sentence = await bake(defaultInput({ azureSubscription: 'key', templatePath, ...more }), fake.agent);
    } catch (error) {
      return prose(error);
    }
    return assert.fail(`it passed: ${sentence}`);
  };
  const log = () => fake.log.join('\n');
  const packerLog = () => readFileSync(fake.outputs['packerLog'] ?? '', 'utf8');
  /** Every file with its content and times: what a build must not touch. */
  const tree = () =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map(name => {
        const { mtimeMs, size, mode } = statSync(path(name));
        return { name, mtimeMs, size, mode };
      });
  /** A Packer of another version, which answers as that one does. */
  const standIn = (version: string, body: string) => {
    write('packer-stand-in', `#!/bin/sh\ncase "$1" in version) echo '${version}'; exit 0;; esac\n${body}\n`);
    chmodSync(path('packer-stand-in'), 0o755);
    return path('packer-stand-in');
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'any-template-'));
    fake = fakeAgent({
      workingDirectory: directory,
      endpoints,
      tools: { packer: '/usr/bin/packer' },
      environment: { PKR_VAR_from_environment: 'environment-secret' },
    });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const hcl = (commands: string, variables = '') =>
    `${variables}\nsource "null" "web" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.web"]\n  provisioner "shell-local" {\n    inline = [${commands}]\n  }\n}\n`;

  it('b1: bakes HCL2, HCL2 as JSON and a folder of both, with only and except', async () => {
    const json = {
      variable: { zones: { type: 'list(string)' } },
      source: { null: { web: { communicator: 'none' }, other: { communicator: 'none' } } },
      build: [
        {
          sources: ['source.null.web', 'source.null.other'],
          provisioner: [{ 'shell-local': { inline: ['echo zone ${var.zones[1]}'] } }],
        },
      ],
    };
    const zones = 'zones=["1", "2"]';
    await fails(write('web.pkr.json', json), { variables: zones });
    assert.match(log(), /null\.web: zone 2[^]*null\.other: zone 2|null\.other: zone 2[^]*null\.web: zone 2/);
    fake.log.length = 0;
    mkdirSync(path('folder'));
    write('folder/web.pkr.json', json);
    write('folder/more.pkr.hcl', 'variable "more" {\n  default = "x"\n}\n');
    await fails(path('folder'), { variables: zones, only: 'null.web' });
    assert.match(log(), /null\.web: zone 2/);
    assert.doesNotMatch(log(), /null\.other: zone/);
    fake.log.length = 0;
    await fails(path('folder'), { variables: zones, except: 'null.web' });
    assert.doesNotMatch(log(), /null\.web: zone/);
    assert.match(log(), /null\.other: zone 2/);
  });

  it('b2: refuses a template of which the Azure builder would not be given the connection', async () => {
    const template = hcl('').replaceAll('"null"', '"azure-arm"').replaceAll('.null.', '.azure-arm.');
    assert.match(
      await fails(write('web.pkr.hcl', template)),
      /never mentions client_id[^]*client_id = var\.client_id/,
    );
  });

  it('b4: names the block to add where Packer brings no plugins', async () => {
    const template = hcl('', 'variable "client_id" {}')
      .replaceAll('"null"', '"azure-arm"')
      .replaceAll('.null.', '.azure-arm.');
    // What Packer 1.10 says of it, as its source has it.
    const said = `printf '%s\\n' 'Error: Unknown source type "azure-arm"' '' "  on web.pkr.hcl line 2:" '' 'The source "azure-arm" is unknown by Packer, and is likely part of a plugin that is not installed.'; exit 1`;
    const packerPath = standIn('Packer v1.11.2', `case "$2" in validate) ${said};; esac`);
    const problem = await fails(write('web.pkr.hcl', template), { packerPath });
    const block = /^packer \{\n[^]*?^\}$/m.exec(problem)?.[0] ?? assert.fail(problem);
    const [plugins] = readHcl(block).blocks[0]?.body.blocks ?? [];
    assert.equal(plugins?.type, 'required_plugins');
    assert.match(plugins.body.attributes.get('azure') ?? '', /source\s*= "github\.com\/hashicorp\/azure"/);
    assert.match(problem, /packerVersion: ~1\.9/);
  });

  it('b4: installs the plugins that the template names, pinned, into the folder that is named, before anything else', async () => {
    const template = `packer {\n  required_plugins {\n    azure = {\n      source = "github.com/hashicorp/azure"\n      version = "= 2.5.0"\n    }\n  }\n}\n${hcl('')}`;
    const packerPath = standIn('Packer v1.11.2', 'echo "did $2 with $PACKER_PLUGIN_PATH"; exit 1');
    const problem = await fails(write('web.pkr.hcl', template), { packerPath, pluginsPath: path('plugins') });
    assert.match(
      problem,
      /packer init could not install the template's plugins[^]*PACKER_GITHUB_API_TOKEN[^]*pluginsPath/,
    );
    assert.match(log(), new RegExp(`did init with ${path('plugins')}`));
    assert.doesNotMatch(log(), /did validate/);
  });

  it('b5: reads the version of every Packer', async () => {
    for (const [said, version] of [
      ['Packer v1.6.6', '1.6.6'],
      ['Packer v1.10.0', '1.10.0'],
      ['Packer v1.4.0\n\nYour version of Packer is out of date! The latest version\nis 1.11.2.', '1.4.0'],
      ['Packer v1.15.0-dev (1b2c3d)', '1.15.0-dev'],
    ] as const) {
      fake.log.length = 0;
      await fails(write('web.pkr.hcl', hcl('')), { packerPath: standIn(said, 'exit 1') });
      assert.ok(log().includes(`Packer ${version} (`), log());
    }
  });

  it('b7: leaves the folder of the template as it was', async () => {
    write('template.json', { variables: { word: '' }, builders: [{ type: 'null', communicator: 'none' }] });
    write('web.pkr.hcl', hcl('"true"', 'variable "word" {}'));
    write('words.pkrvars.hcl', 'word = "x"\n');
    mkdirSync(path('folder'));
    write('folder/web.pkr.hcl', hcl('"true"'));
    const before = tree();
    await fails(path('template.json'), { variables: 'word=x' });
    await fails(path('web.pkr.hcl'), { variableFiles: 'words.pkrvars.hcl' });
    await fails(path('folder'));
    assert.deepEqual(tree(), before);
  });

  it('b8: keeps what a template calls sensitive out of the kept log, wherever it was given', async () => {
    const sensitive = ['given', 'from_file', 'from_environment', 'by_default'];
    const variables = sensitive
      .map(
        name =>
          `variable "${name}" {\n  type = string\n  sensitive = true\n${name === 'by_default' ? '  default = "default-secret"\n' : ''}}\n`,
      )
      .join('');
    write('more.pkrvars.hcl', 'from_file = "file-secret"\n');
    const encoded = `"echo ${sensitive.map(name => `\${base64encode(var.${name})}`).join(' ')}"`;
    await fails(write('web.pkr.hcl', hcl(encoded, variables)), {
      variables: 'given=given-secret',
      variableFiles: 'more.pkrvars.hcl',
    });
    const values = ['given-secret', 'file-secret', 'default-secret', 'environment-secret'];
    for (const value of values) assert.ok(fake.secrets.includes(value), value);
    assert.doesNotMatch(
      packerLog(),
      new RegExp(values.map(value => Buffer.from(value).toString('base64')).join('|')),
    );
  });

  it('b8: keeps sensitive variables of the older JSON out of the kept log', async () => {
    const template = {
      variables: { word: 'word-secret', open: 'nothing to hide' },
      'sensitive-variables': ['word'],
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: [{ type: 'shell-local', inline: ['echo {{user `word`}} {{user `open`}} | rev | rev'] }],
    };
    await fails(write('template.json', template), { variables: 'word=line-secret' });
    assert.ok(fake.secrets.includes('line-secret') && fake.secrets.includes('word-secret'));
    assert.match(packerLog(), /nothing to hide/);
    assert.doesNotMatch(packerLog(), /line-secret/);
  });
});
