import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patchBody } from '../../../shared/report/bodies.js';
import { patchFiles } from '../../../tasks/PatchArmImageUri/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { nothing, type Input } from './patching.js';
import {
  galleryId,
  idTemplate,
  managedId,
  parametersText,
  template,
  vhdTemplate,
  vhdUri,
} from './samples.js';

const credentials = 'VMUSERNAME=azureuser\nVMPASSWORD=a"b/&\\c=1';

describe('PatchArmImageUri', () => {
  let directory: string;
  let fake: FakeAgent;
  const path = (name: string) => join(directory, name);
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(path(name), content);
  };
  const read = (name: string) => readFileSync(path(name), 'utf8');
  const run = (input: Partial<Input>) => patchFiles({ ...nothing, ...input }, fake.agent);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'patch-'));
    fake = fakeAgent({ workingDirectory: directory });
    write('web.parameters.json', parametersText);
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('changes nothing but the values of a file with comments, odd blanks and Windows line ends', () => {
    const sentence = run({ imageReference: vhdUri, tokens: credentials });
    const expected = parametersText
      .replace('"@@IMAGEURI@@"', `"${vhdUri}"`)
      .replace('"@@VMUSERNAME@@"', '"azureuser"')
      .replace('"@@VMPASSWORD@@"', () => String.raw`"a\"b/&\\c=1"`);
    assert.equal(read('web.parameters.json'), expected);
    assert.match(sentence, /^Made 3 changes in web\.parameters\.json\. The image is in imageUri\.$/);
    assert.deepEqual(fake.outputs, {
      patchedFiles: path('web.parameters.json'),
      patchedParameter: 'imageUri',
      imageReference: vhdUri,
    });
    assert.deepEqual(fake.warnings, []);
    assert.deepEqual(readdirSync(directory), ['web.parameters.json']);
  });

  it('prints each change with its line and masks passwords and secret tokens', () => {
    run({ imageReference: vhdUri, tokens: credentials, secretTokens: 'VMUSERNAME' });
    assert.deepEqual(fake.log, [
      'web.parameters.json:10: parameters.adminUsername.value: @@VMUSERNAME@@ → ***',
      `web.parameters.json:12: parameters.imageUri.value: "@@IMAGEURI@@" → "${vhdUri}"`,
      'web.parameters.json:14: parameters.adminPassword.value: @@VMPASSWORD@@ → ***',
    ]);
    assert.ok(fake.secrets.includes('azureuser'));
  });

  it('tells the release report the image and each change, none of them when nothing may be changed', () => {
    run({ imageReference: vhdUri, tokens: credentials, secretTokens: 'VMUSERNAME' });
    const told = fake.reported();
    assert.ok(told?.task === 'PatchArmImageUri');
    const change = (line: number, where: string, from: string, to: string) => ({ line, where, from, to });
    assert.deepEqual(patchBody.parse(told.body), {
      image: vhdUri,
      dryRun: false,
      files: [
        {
          path: 'web.parameters.json',
          changes: [
            change(10, 'parameters.adminUsername.value', '@@VMUSERNAME@@', '***'),
            change(12, 'parameters.imageUri.value', '"@@IMAGEURI@@"', `"${vhdUri}"`),
            change(14, 'parameters.adminPassword.value', '@@VMPASSWORD@@', '***'),
          ],
        },
      ],
      omitted: 0,
    });
    write('other.json', '{}');
    assert.throws(() => run({ imageReference: vhdUri, files: 'other.json', dryRun: true }));
    const failed = fake.reported();
    assert.deepEqual(failed?.body, { image: vhdUri, dryRun: true, files: [], omitted: 0 });
  });

  it('finds nothing to change the second time and succeeds', () => {
    run({ imageReference: vhdUri, tokens: credentials });
    const once = read('web.parameters.json');
    const before = statSync(path('web.parameters.json'), { bigint: true });
    const sentence = run({ imageReference: vhdUri, tokens: credentials });
    assert.match(sentence, /^Nothing to change: web\.parameters\.json already holds it all/);
    assert.equal(read('web.parameters.json'), once);
    assert.equal(statSync(path('web.parameters.json'), { bigint: true }).mtimeNs, before.mtimeNs);
    assert.deepEqual(fake.warnings, []);
  });

  it('keeps a byte order mark and UTF-16', () => {
    const utf16 = Buffer.from(`\ufeff${parametersText}`, 'utf16le');
    write('a.parameters.json', Buffer.from(`\ufeff${parametersText}`));
    write('web.parameters.json', utf16);
    run({ imageReference: vhdUri, missingTokens: 'keep' });
    const expected = `\ufeff${parametersText.replace('"@@IMAGEURI@@"', `"${vhdUri}"`)}`;
    assert.deepEqual(readFileSync(path('a.parameters.json')), Buffer.from(expected));
    assert.deepEqual(readFileSync(path('web.parameters.json')), Buffer.from(expected, 'utf16le'));
  });

  it('keeps permissions and writes through a symbolic link', () => {
    chmodSync(path('web.parameters.json'), 0o640);
    symlinkSync(path('web.parameters.json'), path('link.json'));
    run({ files: 'link.json', imageReference: vhdUri, missingTokens: 'keep' });
    assert.equal(statSync(path('web.parameters.json')).mode & 0o777, 0o640);
    assert.match(read('web.parameters.json'), /packer-osDisk/);
    assert.ok(readdirSync(directory).includes('link.json'));
  });

  it('writes to outputFile and leaves the source', () => {
    run({ imageReference: vhdUri, tokens: credentials, outputFile: path('out.json') });
    assert.equal(read('web.parameters.json'), parametersText);
    assert.match(read('out.json'), /packer-osDisk/);
    assert.equal(fake.outputs['patchedFiles'], path('out.json'));
  });

  it('refuses outputFile for several files', () => {
    write('b.parameters.json', parametersText);
    assert.throws(
      () => run({ imageReference: vhdUri, outputFile: path('out.json') }),
      /'outputFile' can take one file, but 'files' matches 2/,
    );
    assert.equal(existsSync(path('out.json')), false);
  });

  it('prints and writes nothing in a dry run', () => {
    const sentence = run({ imageReference: vhdUri, tokens: credentials, dryRun: true });
    assert.match(sentence, /^Dry run, nothing written: would make 3 changes/);
    assert.equal(read('web.parameters.json'), parametersText);
    assert.ok(fake.log.includes('+      "value": "' + vhdUri + '"'), fake.log.join('\n'));
  });

  it('lists every token without a value with file and line, and writes no file', () => {
    write('b.parameters.json', parametersText);
    assert.throws(
      () => run({ imageReference: vhdUri, tokens: 'VMUSERNAME=x' }),
      /No file was changed\. For tokens without a value add .*:\n {2}- b\.parameters\.json:14: @@VMPASSWORD@@ has no value\n {2}- web\.parameters\.json:14: @@VMPASSWORD@@ has no value$/s,
    );
    assert.equal(read('b.parameters.json'), parametersText);
    assert.equal(read('web.parameters.json'), parametersText);
  });

  it('writes no file when one of several cannot take the image, and names all that cannot', () => {
    write('a.parameters.json', '{"parameters":{"size":{"value":"x"}}}');
    write('b.parameters.json', '{"parameters":{');
    assert.throws(
      () => run({ imageReference: vhdUri, tokens: credentials }),
      /No file was changed:\n {2}- a\.parameters\.json: none of its parameters \(size\) speaks of an image.*\n {2}- b\.parameters\.json: it is no JSON \(line 1: /s,
    );
    assert.equal(read('web.parameters.json'), parametersText);
  });

  it('fails when nothing was patched', () => {
    write('notes.json', '{"a": 1}');
    assert.throws(
      () => run({ files: 'notes.json', imageReference: vhdUri }),
      /The image was written nowhere: notes\.json is neither/,
    );
    assert.throws(
      () => run({ files: 'notes.json', tokens: 'A=1' }),
      /Nothing was patched: notes\.json holds none of the tokens @@A@@/,
    );
    assert.throws(() => run({}), /There is nothing to write/);
    assert.throws(() => run({ files: 'missing/*.json', imageReference: vhdUri }), /'files' matches no file/);
  });

  it('warns of a token that no file holds', () => {
    run({ imageReference: vhdUri, tokens: `${credentials}\nVMUSER=x` });
    assert.deepEqual(fake.warnings, ["No file holds @@VMUSER@@, though 'tokens' gives a value."]);
  });

  it('tells of all inputs that do not go together', () => {
    assert.throws(
      () => run({ imageReference: vhdUri, packerLog: 'x', parameterName: 'a', jsonPath: 'b' }),
      /'imageReference' and 'packerLog' each name the image.*\n.*'parameterName' and 'jsonPath' both say/s,
    );
    assert.throws(
      () => run({ tokens: 'A=1', secretTokens: 'B' }),
      /'secretTokens' names B, which 'tokens' has no value for/,
    );
    assert.throws(() => run({ tokens: 'A=1', tokenPattern: '@@@@' }), /'tokenPattern' must be the word NAME/);
  });

  it('never writes the name of a variable that does not exist in place of its value', () => {
    assert.throws(
      () => run({ tokens: 'VMPASSWORD=$(vmPassword)' }),
      /line 1: 'VMPASSWORD' is \$\(vmPassword\): this variable does not exist here.*stageDependencies/,
    );
  });

  describe('with the template', () => {
    beforeEach(() => {
      write('vhd.json', vhdTemplate);
      write('id.json', idTemplate);
    });

    it('refuses an image of the wrong kind and says what to do', () => {
      assert.throws(
        () => run({ imageReference: vhdUri, templateFile: path('id.json'), tokens: credentials }),
        /'imageUri' ends up in imageReference\.id .*takes a gallery image version or a managed image, but the image is a VHD URI.*managed_image_name/,
      );
      assert.throws(
        () => run({ imageReference: managedId, templateFile: path('vhd.json'), tokens: credentials }),
        /'imageUri' ends up in osDisk\.image\.uri .*takes a VHD URI, but the image is a managed image.*set storageProfile\.imageReference\.id/,
      );
    });

    it('finds the parameter, whatever its name', () => {
      write(
        't.json',
        template({ imageReference: { id: "[parameters('golden')]" } }, { golden: { type: 'string' } }),
      );
      write('web.parameters.json', '{"parameters":{"GOLDEN":{"value":""},"imageId":{"value":"@@X@@"}}}');
      run({ imageReference: galleryId, templateFile: path('t.json'), missingTokens: 'keep' });
      assert.equal(
        read('web.parameters.json'),
        `{"parameters":{"GOLDEN":{"value":"${galleryId}"},"imageId":{"value":"@@X@@"}}}`,
      );
      assert.equal(fake.outputs['patchedParameter'], 'GOLDEN');
    });

    it('adds a declared parameter that the file lacks, in the manner of the file', () => {
      write(
        'web.parameters.json',
        '{\n\t"parameters": {\n\t\t"instanceCount": { "value": 1 } // last\n\t}\n}\n',
      );
      run({ imageReference: managedId, templateFile: path('id.json') });
      assert.equal(
        read('web.parameters.json'),
        `{\n\t"parameters": {\n\t\t"instanceCount": { "value": 1 }, // last\n\t\t"imageUri": { "value": "${managedId}" }\n\t}\n}\n`,
      );
    });

    it('refuses a parameter that the template does not declare, has not as a string or does not allow', () => {
      write(
        't.json',
        template({}, { image: { type: 'object' }, imageId: { type: 'string', allowedValues: ['a', 'b'] } }),
      );
      const at = (parameterName: string) =>
        run({
          imageReference: managedId,
          parameterName,
          templateFile: path('t.json'),
          missingTokens: 'keep',
        });
      assert.throws(() => at('imageUri'), /declares no parameter 'imageUri'; it declares image and imageId/);
      assert.throws(
        () => at('image'),
        /'image' as object, and an image is a string.*parameters\.image\.value\.id/,
      );
      assert.throws(() => at('imageId'), /allows only 'a' or 'b' for the parameter 'imageId'/);
    });

    it('names the parameters when several take an image', () => {
      const both = template(
        { imageReference: { id: "[if(equals(1, 2), parameters('one'), variables('two'))]" } },
        { one: { type: 'string' }, other: { type: 'string' } },
        { two: "[parameters('other')]" },
      );
      write('t.json', both);
      assert.throws(
        () => run({ imageReference: managedId, templateFile: path('t.json') }),
        /t\.json has several parameters that end up as an image: 'one' \(resources.*\) and 'other' \(.*\)\. Say which one is meant with 'parameterName'/,
      );
      write('web.parameters.json', '{"parameters":{"one":{"value":""}}}');
      run({ imageReference: managedId, templateFile: path('t.json'), parameterName: 'one' });
      assert.equal(read('web.parameters.json'), `{"parameters":{"one":{"value":"${managedId}"}}}`);
    });

    it('masks a secure parameter of any name', () => {
      write('t.json', template({}, { pin: { type: 'secureString' } }));
      write('web.parameters.json', '{"parameters":{"pin":{"value":"@@PIN@@"}}}');
      run({ tokens: 'PIN=1234', templateFile: path('t.json') });
      assert.deepEqual(fake.log, ['web.parameters.json:1: parameters.pin.value: @@PIN@@ → ***']);
    });

    it('refuses a template that is none', () => {
      assert.throws(
        () => run({ imageReference: vhdUri, templateFile: path('web.parameters.json') }),
        /'templateFile': .* is no ARM template/,
      );
    });
  });

  it('never overwrites a reference to a Key Vault', () => {
    const text = '{"parameters":{"imageId":{"reference":{"keyVault":{"id":"x"},"secretName":"y"}}}}';
    write('web.parameters.json', text);
    assert.throws(
      () => run({ imageReference: managedId }),
      /'imageId' is a reference to a Key Vault secret, which is not overwritten/,
    );
    assert.equal(read('web.parameters.json'), text);
  });

  it('lists the candidates when several parameters speak of an image', () => {
    write('web.parameters.json', `{"parameters":{"a":{"value":"${managedId}"},"imageId":{"value":""}}}`);
    assert.throws(
      () => run({ imageReference: managedId }),
      /several of its parameters may take the image: a and imageId/,
    );
    run({ imageReference: galleryId, parameterName: 'imageid' });
    assert.match(read('web.parameters.json'), /"imageId":\{"value":"\/subscriptions\/.*1\.0\.7"/);
  });

  it('refuses to put an id in the place of a VHD without a template', () => {
    write('web.parameters.json', `{"parameters":{"a":{"value":"${vhdUri}"}}}`);
    assert.throws(
      () => run({ imageReference: managedId }),
      /'a' holds a VHD URI and would become a managed image/,
    );
  });

  it('patches what a JSON path names, and checks the kind there too', () => {
    write('own.json', '{"images":[{"id":null}], "imageReference": {}}');
    run({ files: 'own.json', imageReference: managedId, jsonPath: '$.images[0].id' });
    run({ files: 'own.json', imageReference: galleryId, jsonPath: 'imageReference.id' });
    assert.equal(
      read('own.json'),
      `{"images":[{"id":"${managedId}"}], "imageReference": {\n  "id": "${galleryId}"\n}}`,
    );
    assert.equal(fake.outputs['patchedParameter'], 'imageReference.id');
    assert.throws(
      () => run({ files: 'own.json', imageReference: vhdUri, jsonPath: 'imageReference.id' }),
      /takes a gallery image version or a managed image/,
    );
    assert.throws(
      () => run({ files: 'own.json', imageReference: vhdUri, jsonPath: 'no.such.path' }),
      /has nothing at the path/,
    );
    assert.throws(
      () => run({ files: 'own.json', imageReference: vhdUri, jsonPath: 'images' }),
      /holds an array, not a text/,
    );
    assert.throws(
      () => run({ files: 'own.json', imageReference: vhdUri, jsonPath: 'a..b' }),
      /'jsonPath' is no path/,
    );
  });

  it("writes into a template: its literal, its variable, its parameter's default", () => {
    write('literal.json', template({ imageReference: { id: galleryId } }, {}));
    write(
      'variable.json',
      template({ imageReference: { id: "[variables('v').image]" } }, {}, { v: { image: managedId } }),
    );
    write(
      'default.json',
      template({ imageReference: { id: "[parameters('i')]" } }, { i: { type: 'string', defaultValue: '' } }),
    );
    const next = managedId.replace('web-42', 'web-43');
    run({ files: 'literal.json\nvariable.json\ndefault.json', imageReference: next });
    for (const name of ['literal.json', 'variable.json', 'default.json'])
      assert.ok(read(name).includes(next), name);
    assert.equal(
      fake.outputs['patchedParameter'],
      'i,resources[1].properties.virtualMachineProfile.storageProfile.imageReference.id,variables.v.image',
    );
  });

  it('leaves a default to the parameters file that is patched beside the template', () => {
    write('t.json', idTemplate);
    run({ files: '*.json', imageReference: managedId, missingTokens: 'keep' });
    assert.equal(read('t.json'), idTemplate);
    assert.match(read('web.parameters.json'), /web-42/);
  });

  it('fills tokens outside of strings as they are, and says when that is no JSON', () => {
    write('web.parameters.json', '{"parameters":{"n":{"value":@@COUNT@@},"l":{"value":[@@ZONES@@]}}}');
    run({ tokens: 'COUNT=3\nZONES="1", "2"' });
    assert.equal(read('web.parameters.json'), '{"parameters":{"n":{"value":3},"l":{"value":["1", "2"]}}}');
    write('web.parameters.json', '{"parameters":{"n":{"value":@@COUNT@@}}}');
    assert.throws(
      () => run({ tokens: 'COUNT=three' }),
      /it would be no JSON any more .*Tokens outside of quotation marks.*@@COUNT@@ \(line 1\)/,
    );
  });

  it('fills tokens of another pattern in a text that is no JSON', () => {
    write('settings.env', 'URL=https://#{HOST}#/\nKEY=#{KEY}#\n');
    run({ files: '*.env', tokens: 'HOST=a"b\nKEY=k', tokenPattern: '#{NAME}#' });
    assert.equal(read('settings.env'), 'URL=https://a"b/\nKEY=k\n');
  });

  it('takes the image that fits the template from a Packer log', () => {
    const log = [
      '==> Builds finished. The artifacts of successful builds are:',
      '--> azure-arm.web: Azure.ResourceManagement.VMImage:',
      '',
      'OSType: Linux',
      `ManagedImageId: ${managedId}`,
      'StorageAccountLocation: westeurope',
      `VHDOSDiskUri: ${vhdUri}`,
    ].join('\n');
    write('packer.log', log);
    write('t.json', vhdTemplate);
    run({ packerLog: path('packer.log'), templateFile: path('t.json'), missingTokens: 'keep' });
    assert.equal(fake.outputs['imageReference'], vhdUri);
  });

  it('takes the image from a Packer manifest', () => {
    const build = { name: 'web', builder_type: 'azure-arm', artifact_id: managedId, packer_run_uuid: '2' };
    write(
      'm.json',
      JSON.stringify({
        builds: [{ ...build, artifact_id: galleryId, packer_run_uuid: '1' }, build],
        last_run_uuid: '2',
      }),
    );
    run({ packerManifest: path('m.json'), missingTokens: 'keep' });
    assert.equal(fake.outputs['imageReference'], managedId);
  });

  it('says which file cannot be written and changes none', function () {
    const blocked = path('sub.parameters.json');
    write('sub.parameters.json', parametersText);
    assert.throws(
      () =>
        run({
          imageReference: vhdUri,
          files: 'web.parameters.json',
          tokens: credentials,
          outputFile: join(blocked, 'x.json'),
        }),
      /x\.json cannot be written: .*No file was changed/,
    );
  });
});
