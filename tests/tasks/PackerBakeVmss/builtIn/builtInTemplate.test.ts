import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  readBuiltIn,
  readStartImage,
  type BuiltInBake,
} from '../../../../tasks/PackerBakeVmss/src/builtIn/builtInSpec.js';
import { formatBuiltInTemplate } from '../../../../tasks/PackerBakeVmss/src/builtIn/builtInTemplate.js';
import { expression, formatHcl } from '../../../../tasks/PackerBakeVmss/src/builtIn/hcl.js';
import { bake } from '../../../../tasks/PackerBakeVmss/src/run.js';
import { describe as prose } from '../../../../shared/core/errors.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { defaultInput } from '../bakeInput.js';
import { clientSecret, closedAzure, endpoints } from '../connections.js';

const compute = '/subscriptions/sub-1/resourceGroups/base/providers/Microsoft.Compute';
const managed = { managedImageName: 'web-1', managedImageResourceGroupName: 'images' };
const gallery = {
  galleryName: 'shop',
  galleryResourceGroupName: 'images',
  galleryImageDefinition: 'web',
  galleryImageVersion: '1.0.7',
};
const vhd = {
  vhdStorageAccount: 'shopimages',
  vhdResourceGroupName: 'images',
  vhdContainer: 'vhds',
  vhdNamePrefix: 'web-1',
};

describe('the built-in template', function () {
  this.timeout(120_000);
  let directory: string;
  let fake: FakeAgent;
  const path = (name: string) => join(directory, name);
  const given = (over: Record<string, string> = {}) => ({
    azureSubscription: 'key',
    templateType: 'builtIn',
    baseImage: 'Debian:debian-12:12',
    location: 'westeurope',
    packagePath: path('app'),
    ...over,
  });
  const read = (over: Record<string, string>) => readBuiltIn(defaultInput(given(over)), directory);
  const spec = (over: Record<string, string>): BuiltInBake => {
    const bakeable = read(over);
    if ('problems' in bakeable) assert.fail(bakeable.problems.join('\n'));
    return bakeable;
  };
  const problems = (over: Record<string, string>): string => {
    const wrong = read(over);
    return 'problems' in wrong ? wrong.problems.join('\n') : assert.fail('nothing was wrong');
  };
  const run = (over: Record<string, string>) =>
    bake(defaultInput(given({ dryRun: 'true', ...over })), fake.agent, closedAzure);
  const packer = async (args: readonly string[]) =>
    fake.agent.run({
      name: 'Packer',
      path: '/usr/bin/packer',
      args,
      env: { CHECKPOINT_DISABLE: '1' },
      echo: false,
    });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'built-in-'));
    mkdirSync(path('app'));
    mkdirSync(path('deploy'));
    writeFileSync(path('app/index.php'), '<?php');
    writeFileSync(path('deploy/deploy.sh'), '#!/bin/sh\n');
    writeFileSync(path('deploy/deploy.ps1'), 'exit 0\n');
    writeFileSync(path('deploy/site.yml'), '[]\n');
    fake = fakeAgent({ workingDirectory: directory, endpoints, tools: { packer: '/usr/bin/packer' } });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('starts from the marketplace, a managed image, a gallery image or a VHD', () => {
    assert.deepEqual(readStartImage('Canonical:ubuntu-24_04-lts:server'), {
      kind: 'platform',
      publisher: 'Canonical',
      offer: 'ubuntu-24_04-lts',
      sku: 'server',
      version: 'latest',
    });
    assert.deepEqual(readStartImage(`${compute}/images/base-1`), {
      kind: 'managed',
      resourceGroup: 'base',
      name: 'base-1',
    });
    const definition = {
      kind: 'gallery',
      subscription: 'sub-1',
      resourceGroup: 'base',
      gallery: 'g',
      definition: 'd',
    };
    assert.deepEqual(readStartImage(`${compute}/galleries/g/images/d/versions/1.2.3`), {
      ...definition,
      version: '1.2.3',
    });
    assert.deepEqual(readStartImage(`${compute}/galleries/g/images/d`), {
      ...definition,
      version: undefined,
    });
    assert.deepEqual(readStartImage('https://a.blob.core.windows.net/b/c.vhd'), {
      kind: 'vhd',
      uri: 'https://a.blob.core.windows.net/b/c.vhd',
    });
    for (const wrong of ['ubuntu', 'a:b', 'a:b:c:', 'a::c:1', 'a:b:c:d:e', 'https://example.com/image.iso'])
      assert.equal(readStartImage(wrong), undefined, wrong);
  });

  it('says all that is missing or does not fit, by the names of the inputs', async () => {
    const input = { azureSubscription: 'key', templateType: 'builtIn', packerVersion: 'newest' };
    await assert.rejects(bake(defaultInput(input), fake.agent), (error: Error) => {
      for (const said of [
        /'packerVersion' must be a version/,
        /'location' is required with templateType: builtIn/,
        /'baseImage' is required/,
        /One of 'packagePath', 'deployScript' and 'ansiblePlaybook' is needed/,
        /A destination is needed/,
      ])
        assert.match(error.message, said);
      return true;
    });
    await assert.rejects(
      bake(defaultInput({ azureSubscription: 'key' }), fake.agent),
      /'templatePath' is required with templateType: custom/,
    );
    await assert.rejects(
      bake(defaultInput({ azureSubscription: 'key', baseImage: 'Debian:debian-12:12' }), fake.agent),
      /'baseImage' is given: for the built-in template set templateType: builtIn/,
    );
    await assert.rejects(
      bake(defaultInput(given({ templatePath: path('web.json') })), fake.agent),
      (error: Error) => /'templatePath' is not read with templateType: builtIn/.test(prose(error)),
    );
    const wrong = problems({
      baseImage: 'ubuntu',
      packagePath: path('none'),
      deployScript: path('deploy'),
      deployScriptArguments: 'a\nb',
      managedImageName: 'web',
      ...gallery,
      galleryImageVersion: 'v1',
      packageDestination: '/srv/{{site}}',
    });
    for (const said of [
      /'baseImage' must be publisher:offer:sku.*not 'ubuntu'/,
      /'packagePath': .*none does not exist/,
      /'deployScript': .*deploy is no file/,
      /'deployScriptArguments' must be one line/,
      /'managedImageResourceGroupName' must be given, too, with 'managedImageName'/,
      /'galleryImageVersion' must be auto, or three numbers/,
      /'packageDestination' must not have '\{\{' in it/,
    ])
      assert.match(wrong, said);
    assert.match(
      problems({ ...managed, osType: 'Windows', ansiblePlaybook: path('deploy/site.yml') }),
      /must be Linux; for Windows use 'deployScript'/,
    );
    assert.match(
      problems({ ...managed, baseImage: 'https://a.blob.core.windows.net/b/c.vhd' }),
      /can only become a VHD/,
    );
  });

  it('is the same in every checkout, and from run to run', () => {
    const first = spec({ ...managed, ...gallery, deployScript: path('deploy/deploy.sh') });
    const second = spec({
      ...managed,
      ...gallery,
      deployScript: path('deploy/deploy.sh'),
      deployScriptArguments: '--flag',
      managedImageName: 'web-2',
      galleryImageVersion: '1.0.8',
    });
    const [a, b] = [first, second].map(each => formatBuiltInTemplate(each.spec, { hasPlugins: true }));
    assert.equal(a, b);
    assert.ok(!a?.includes(directory));
    assert.deepEqual(Object.fromEntries(second.variables), {
      image_name: 'web-2',
      gallery_image_version: '1.0.8',
      deploy_script_arguments: '--flag',
    });
  });

  it('is valid to Packer for Linux and Windows, from and to all kinds of images', async () => {
    const everything = { deployScript: path('deploy/deploy.sh'), ansiblePlaybook: path('deploy/site.yml') };
    const windows = {
      osType: 'Windows',
      deployScript: path('deploy/deploy.ps1'),
      deployScriptArguments: "-Name 'a b' ${x} {{y}}",
    };
    for (const over of [
      { ...managed, ...everything },
      {
        ...managed,
        ...gallery,
        ...everything,
        baseImage: `${compute}/galleries/g/images/d`,
        packagePath: path('app/index.php'),
      },
      { ...managed, ...windows, baseImage: `${compute}/images/base-1` },
      { ...vhd, baseImage: 'https://a.blob.core.windows.net/b/c.vhd' },
    ])
      assert.equal(await run(over), 'Dry run: the template is valid, nothing was built.');
  });

  it('is shown in the log and kept with the run, without a secret in it', async () => {
    await run({
      ...managed,
      deployScript: path('deploy/deploy.sh'),
      deployScriptArguments: '--key hidden-value',
    });
    const file = fake.outputs['templateFile'] ?? '';
    const text = readFileSync(file, 'utf8');
    assert.ok(fake.kept.includes(file));
    assert.ok(fake.log.join('\n').includes(text.trimEnd()));
    assert.ok(!text.includes(clientSecret) && !text.includes('hidden-value'));
    assert.deepEqual(readdirSync(directory).toSorted(), ['app', 'deploy']);
  });

  it('names its plugins, and asks for fresh federated tokens, where Packer has plugins', () => {
    const { spec: linux } = spec({ ...managed, ansiblePlaybook: path('deploy/site.yml') });
    const newer = formatBuiltInTemplate(linux, { hasPlugins: true });
    assert.match(
      newer,
      /required_plugins \{\n {4}azure = \{\n {6}source {2}= "github\.com\/hashicorp\/azure"\n {6}version = "~> 2"/,
    );
    assert.match(newer, /source {2}= "github\.com\/hashicorp\/ansible"/);
    assert.match(newer, /oidc_request_url\s+= var\.oidc_request_url/);
    const older = formatBuiltInTemplate(linux, { hasPlugins: false });
    assert.doesNotMatch(older, /required_plugins|oidc_|client_cert_password/);
  });

  it('builds Windows over WinRM and generalizes it by Sysprep', () => {
    const text = formatBuiltInTemplate(
      spec({
        ...managed,
        osType: 'Windows',
        packageDestination: "C:/it's here",
        deployScript: path('deploy/deploy.ps1'),
      }).spec,
      { hasPlugins: true },
    );
    for (const said of [
      /communicator\s+= "winrm"/,
      /winrm_use_ssl\s+= true/,
      /New-Item -ItemType Directory -Force -Path 'C:\/it''s here'/,
      /source\s+= "deploy\/deploy\.ps1"\n\s+destination = "C:\/Windows\/Temp\/bake-deploy\.ps1"/,
      /Invoke-Expression \(\\"& 'C:\/Windows\/Temp\/bake-deploy\.ps1' \\" \+ .*'\$\{base64encode\(var\.deploy_script_arguments\)\}'/,
      /Sysprep\.exe \/oobe \/generalize \/quiet \/quit \/mode:vm/,
      /IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE/,
    ])
      assert.match(text, said);
    assert.doesNotMatch(text, /waagent|sudo/);
  });

  it('quotes every text so that Packer reads back what was meant', async () => {
    const awkward = [
      '${',
      '%{',
      '$',
      '%',
      '}}',
      '{',
      '"',
      '\\',
      '\n',
      '\r\n',
      '\t',
      "'",
      '`',
      '$${',
      '%%{',
      '\0',
      '<<EOT',
      '#',
    ];
    const piece = fc.oneof(
      fc.constantFrom(...awkward),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    );
    // HCL itself brings texts into Unicode's composed form; double braces are refused before.
    const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map(pieces =>
      pieces
        .join('')
        .normalize('NFC')
        .replace(/\{(?=\{)/g, '{ '),
    );
    // One run of Packer reads them all: starting it takes longer than the rest.
    const several = fc.array(text, { minLength: 200, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(several, async texts => {
        const [list = ''] = /\[[^]*\]/.exec(formatHcl([{ head: 'x', options: { list: texts } }])) ?? [];
        const source = {
          head: 'source "file" "texts"',
          options: { content: expression(`jsonencode(${list})`), target: path('texts.json') },
        };
        const build = { head: 'build', options: { sources: ['source.file.texts'] } };
        writeFileSync(path('texts.pkr.hcl'), formatHcl([source, build]));
        const { exitCode, tail } = await packer(['build', '-force', path('texts.pkr.hcl')]);
        assert.equal(exitCode, 0, tail.join('\n'));
        assert.deepEqual(JSON.parse(readFileSync(path('texts.json'), 'utf8')), texts);
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });
});
