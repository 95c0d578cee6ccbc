/** What a template says, as the real Packer works it out. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHcl } from '../../../../tasks/PackerBakeVmss/src/template/hclBody.js';
import { newestPlugins } from '../../../../tasks/PackerBakeVmss/src/packer/pluginVersions.js';
import { readPackerTemplate } from '../../../../tasks/PackerBakeVmss/src/template/packerTemplate.js';
import type { TemplateBody } from '../../../../tasks/PackerBakeVmss/src/template/templateModel.js';
import {
  readTemplateModel,
  type BuildSelection,
} from '../../../../tasks/PackerBakeVmss/src/template/templateReader.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';

describe('reading a template', function () {
  this.timeout(60_000);
  let directory: string;
  let fake: FakeAgent;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'template-'));
    fake = fakeAgent({ workingDirectory: directory });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const everything: BuildSelection = { only: undefined, except: undefined };
  const read = (
    text: string,
    { name = 'web.pkr.hcl', selection = everything, args = [] as string[], environment = {} } = {},
  ) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    const version = { text: '1.6.6', major: 1, minor: 6 };
    const session = {
      packer: { path: '/usr/bin/packer', version },
      workingDirectory: directory,
      environment,
      logFile: join(directory, 'log'),
    };
    return readTemplateModel(readPackerTemplate(path), selection, args, session, fake.agent);
  };
  const value = (body: TemplateBody | undefined, option: string) => body?.options.get(option)?.value;

  const hcl = `
# a comment with a { brace
variable "word" { default = "one" }
variable "secret" {
  default   = "geheim-geheim"
  sensitive = true
}
locals {
  words = [for each in [var.word, "two"] : upper(each)] // "
}
source "null" "web" {
  communicator = "none" /* } */
}
source "null" "db" { communicator = "none" }
build {
  sources = ["source.null.web", "source.null.db"]
  provisioner "shell-local" {
    inline = [
      "echo \${join("-", local.words)}", # }
      "echo \\"\${var.secret}\\"",
    ]
    environment_vars = [
      <<-EOT
        A="\${var.word}\\n"
          B
      EOT
    ]
    override = {
      web = {
        inline = ["x"] // no comma
        only_on = "linux"
      }
    }
  }
  provisioner "file" {
    source      = "\${path.root}/app"
    destination = "/tmp/\${build.ID}"
  }
  post-processors {
    post-processor "manifest" {
      output = "m.json"
    }
  }
}
`;

  it('has the values of HCL2 expressions, with locals and functions, and none of what is known later or secret', async () => {
    const model = await read(hcl, { environment: { PKR_VAR_word: 'uno' } });
    assert.deepEqual(
      model.sources.map(({ name }) => name),
      ['null.web', 'null.db'],
    );
    const [shell, file] = model.provisioners;
    assert.deepEqual(value(shell, 'inline'), ['echo UNO-TWO', 'echo "<sensitive>"']);
    assert.deepEqual(value(shell, 'environment_vars'), ['A="uno\\n"\n  B\n']);
    assert.deepEqual(value(shell, 'override'), { web: { inline: ['x'], only_on: 'linux' } });
    assert.equal(value(file, 'source'), `${directory}/app`);
    assert.equal(file?.options.get('destination')?.known, false);
    assert.deepEqual(
      model.postProcessors.map(({ type }) => type),
      ['manifest'],
    );
    assert.deepEqual(model.variables.get('word'), { value: 'uno', sensitive: false });
    assert.deepEqual(model.variables.get('secret'), { value: undefined, sensitive: true });
    assert.ok(!JSON.stringify([...model.provisioners.map(({ options }) => [...options])]).includes('geheim'));
  });

  it('leaves out the builds that are not meant', async () => {
    const names = async (selection: BuildSelection) =>
      (await read(hcl, { selection })).sources.map(({ name }) => name);
    assert.deepEqual(await names({ only: 'null.web', except: undefined }), ['null.web']);
    assert.deepEqual(await names({ only: 'null.*', except: 'null.web' }), ['null.db']);
  });

  it('reads HCL2 in JSON', async () => {
    const template = {
      variable: { word: { default: 'one' } },
      source: {
        null: { web: { communicator: 'none', shared_image_gallery: { image_name: '${var.word}' } } },
      },
      build: {
        sources: ['source.null.web'],
        provisioner: [{ 'shell-local': { inline: ['echo ${upper(var.word)}'] } }, { file: { source: 'a' } }],
      },
    };
    const model = await read(JSON.stringify(template), { name: 'web.pkr.json' });
    assert.deepEqual(
      model.provisioners.map(({ type }) => type),
      ['shell-local', 'file'],
    );
    assert.deepEqual(value(model.provisioners[0], 'inline'), ['echo ONE']);
    assert.equal(value(model.sources[0]?.blocks.get('shared_image_gallery')?.[0], 'image_name'), 'one');
  });

  it('reads the older JSON with its variables and files of them', async () => {
    writeFileSync(join(directory, 'vars.json'), '{"word": "file"}');
    const template = {
      variables: { word: 'one', other: '{{user `word`}}-x', secret: 'geheim', none: null },
      'sensitive-variables': ['secret'],
      builders: [
        { type: 'null', communicator: 'none' },
        { type: 'null', name: 'db', communicator: 'none' },
      ],
      provisioners: [
        { type: 'shell', script: '{{template_dir}}/{{user `word`}}.sh', inline: ['{{user `secret`}}'] },
        { type: 'file', source: '{{build `ID`}}', execute_command: 'sudo {{.Path}}' },
      ],
    };
    const model = await read(JSON.stringify(template), {
      name: 'web.json',
      selection: { only: 'db', except: undefined },
      args: [`-var-file=${join(directory, 'vars.json')}`],
    });
    assert.deepEqual(
      model.sources.map(({ name }) => name),
      ['db'],
    );
    const [shell, file] = model.provisioners;
    assert.equal(value(shell, 'script'), `${directory}/file.sh`);
    assert.equal(shell?.options.get('inline')?.known, false, 'a secret is not filled in');
    assert.equal(file?.options.get('source')?.known, false);
    assert.equal(value(file, 'execute_command'), 'sudo {{.Path}}');
    assert.equal(model.variables.get('other')?.value, 'file-x');
  });

  it('says where it cannot follow', async () => {
    assert.throws(() => readHcl('a = "b\nc {'), SyntaxError);
    assert.throws(() => readHcl('}'), /line 1: '}' was not expected/);
    await assert.rejects(read('source "null" {\n  = 1\n}\n'), /cannot follow the template .*line 2/);
  });

  it('tells the newest of each plugin that is used', () => {
    const installed = [
      '/root/.config/packer/plugins/github.com/hashicorp/azure/packer-plugin-azure_v2.0.9_x5.0_linux_amd64',
      '/root/.config/packer/plugins/github.com/hashicorp/azure/packer-plugin-azure_v2.0.10_x5.0_linux_amd64',
      'C:\\plugins\\github.com\\hashicorp\\ansible\\packer-plugin-ansible_v1.1.0_x5.0_windows_amd64.exe',
      'Error: none',
    ];
    assert.deepEqual(newestPlugins(installed, []), ['hashicorp/ansible v1.1.0', 'hashicorp/azure v2.0.10']);
    assert.deepEqual(newestPlugins(installed, ['github.com/hashicorp/azure']), ['hashicorp/azure v2.0.10']);
  });
});
