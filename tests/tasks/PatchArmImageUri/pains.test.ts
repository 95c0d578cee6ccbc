import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { parse } from 'jsonc-parser';
import { makeFolder, type Folder } from './patching.js';
import { galleryId, idTemplate, managedId, parametersText, vhdTemplate, vhdUri } from './samples.js';

/** What people suffer from with sed, replace-tokens, file transforms and overrideParameters. */
describe('what other ways of writing an image into ARM files get wrong', () => {
  let folder: Folder;
  const web = 'web.parameters.json';
  beforeEach(() => {
    folder = makeFolder();
    folder.write(web, parametersText);
    folder.write('id.json', idTemplate);
  });
  afterEach(async () => {
    await folder.close();
  });
  const fill = { missingTokens: 'keep' as const };
  const values = () => parse(folder.read(web)) as { parameters: Record<string, { value: unknown }> };

  describe('quoting of values', () => {
    it('a Windows path stays a path: no new line, no tab', () => {
      folder.run({ ...fill, tokens: String.raw`VMUSERNAME=C:\new\table "x"` });
      assert.equal(values().parameters['adminUsername']?.value, String.raw`C:\new\table "x"`);
    });

    it('slashes, ampersands, dollars and back references stay what they are', () => {
      folder.run({ ...fill, tokens: String.raw`VMPASSWORD=a/b&c\1$1$&$(x` });
      assert.equal(values().parameters['adminPassword']?.value, String.raw`a/b&c\1$1$&$(x`);
    });

    it('a list stays a list, not the text of one', () => {
      folder.write(web, '{"parameters": {"zones": {"value": @@ZONES@@}}}');
      folder.run({ tokens: 'ZONES=["1", "2"]' });
      assert.deepEqual(values().parameters['zones']?.value, ['1', '2']);
    });

    it('a quote in the expression of a template is doubled', () => {
      folder.write(
        'main.json',
        `{"resources": [], "variables": {"a": "[concat('@@A@@', parameters('b'))]", "c": "it's @@A@@"}}`,
      );
      folder.run({ files: 'main.json', tokens: "A=it's" });
      assert.match(folder.read('main.json'), /"\[concat\('it''s', parameters\('b'\)\)\]", "c": "it's it's"/);
    });
  });

  describe('success with nothing replaced', () => {
    it('no file: the step fails', () => {
      assert.throws(() => folder.run({ files: 'none/*.json', imageReference: vhdUri }), /matches no file/);
    });

    it('no token of that name: the step fails', () => {
      assert.throws(
        () => folder.run({ tokens: 'OTHER=1', ...fill }),
        /Nothing was patched: .* none of the tokens @@OTHER@@/,
      );
    });

    it('a token without a value: the step fails and the file stays', () => {
      assert.throws(
        () => folder.run({ imageReference: vhdUri }),
        /web\.parameters\.json:10: @@VMUSERNAME@@ has no value/,
      );
      assert.equal(folder.read(web), parametersText);
    });

    it('an empty image in a token: the step fails and the file stays', () => {
      assert.throws(
        () => folder.run({ ...fill, tokens: 'IMAGEURI=' }),
        /web\.parameters\.json:12: @@IMAGEURI@@ has an empty value: see that the step which hands the image over ran/,
      );
      assert.equal(folder.read(web), parametersText);
    });

    it('another empty value: a warning says where', () => {
      folder.run({ ...fill, tokens: 'VMUSERNAME=' });
      assert.match(
        folder.fake.warnings.join(),
        /web\.parameters\.json:10: @@VMUSERNAME@@ was replaced by nothing/,
      );
    });

    it('no image where one was meant: the step fails, or warns when tokens keep it busy', () => {
      assert.throws(() => folder.run({ imageReference: undefined }), /There is nothing to write/);
      for (const place of [{ parameterName: 'imageUri' }, { jsonPath: 'parameters.imageUri.value' }])
        assert.throws(
          () => folder.run({ ...place, tokens: 'A=1' }),
          /but there is no image: 'imageReference' is empty/,
        );
      folder.run({ ...fill, tokens: 'VMUSERNAME=me', templateFile: 'id.json' });
      assert.match(folder.fake.warnings.join(), /No image was given, so imageUri stayed as before/);
    });

    it('a file that is no template or parameters file: the step says so beside the tokens', () => {
      folder.write('README.md', 'Fill @@TOKENS@@.');
      assert.throws(
        () => folder.run({ files: 'README.md', imageReference: vhdUri }),
        /The image was written nowhere: README\.md is neither .*\n.*README\.md:1: @@TOKENS@@ has no value/,
      );
    });
  });

  describe('what a deployment would find out too late', () => {
    it('a parameter that the template does not declare', () => {
      folder.write(web, '{"parameters": {"imageUrl": {"value": ""}}}');
      assert.throws(
        () => folder.run({ imageReference: managedId, templateFile: 'id.json' }),
        /web\.parameters\.json:1: the template declares no parameter 'imageUrl'/,
      );
    });

    it('a parameter that the file lacks is added, not passed over', () => {
      folder.write(web, '{"parameters": {}}');
      folder.run({ imageReference: galleryId, templateFile: 'id.json' });
      assert.deepEqual(values().parameters, { imageUri: { value: galleryId } });
    });

    it('an image of the wrong kind, also where a token brings it', () => {
      assert.throws(
        () =>
          folder.run({ tokens: `IMAGEURI=${vhdUri}\nVMUSERNAME=a\nVMPASSWORD=b`, templateFile: 'id.json' }),
        /web\.parameters\.json:11: 'imageUri' is a VHD URI, and the template passes it to imageReference\.id, which takes a gallery image version or a managed image/,
      );
    });

    it('everything at once, in every file', () => {
      folder.write(
        'a.parameters.json',
        '{"parameters": {"imageUri": {"reference": {}}, "b": {"value": "@@B@@"}}}',
      );
      folder.write('c.parameters.json', '{"parameters": ');
      folder.write('vhd.json', vhdTemplate);
      assert.throws(
        () => folder.run({ imageReference: vhdUri, templateFile: 'vhd.json' }),
        (error: Error) => {
          const told = [
            /a\.parameters\.json: its parameter 'imageUri' is a reference to a Key Vault secret/,
            /a\.parameters\.json:1: @@B@@ has no value/,
            /c\.parameters\.json: it is no JSON \(line 1: /,
            /web\.parameters\.json:10: @@VMUSERNAME@@ has no value/,
          ];
          for (const expected of told) assert.match(error.message, expected);
          return true;
        },
      );
      assert.equal(folder.read(web), parametersText);
    });

    it('inputs, all of them', () => {
      assert.throws(
        () =>
          folder.run({ imageReference: 'web-42', tokens: 'A', templateFile: 'none.json', secretTokens: 'B' }),
        /must be mended first:\n.*'tokens'.*line 1 has no '='.*\n.*'templateFile': .*none\.json does not exist.*\n.*'imageReference' is no image: 'web-42'/,
      );
    });
  });

  describe('the shell scripts of 2017', () => {
    const sas = `${vhdUri}?se=2017-01-09T09%3A30%3A20Z&sig=c2VjcmV0&sp=r&sr=b&sv=2015-02-21`;
    const log = (uri: string) =>
      [
        `    azure-arm: OSDiskUri: https://noise.blob.core.windows.net/images/of-a-provisioner.vhd`,
        "Build 'azure-arm' finished.",
        '',
        '==> Builds finished. The artifacts of successful builds are:',
        '--> azure-arm: Azure.ResourceManagement.VMImage:',
        '',
        'StorageAccountLocation: westus',
        `OSDiskUri: ${uri}`,
        `OSDiskUriReadOnlySas: ${sas}`,
        '',
      ].join('\n');
    const inputs = {
      templateFile: 'vhd.json',
      packerLog: 'packer.log',
      tokens: String.raw`VMUSERNAME=azureuser
VMPASSWORD=a/b&c|d\1"e`,
      secretTokens: 'VMPASSWORD',
      outputFile: 'out.json',
    };
    beforeEach(() => {
      folder.write('vhd.json', vhdTemplate);
      folder.write('packer.log', log(vhdUri));
    });

    it('are one step: the image of the log, a password that sed would have spoilt, nothing of it in the log', () => {
      folder.run(inputs);
      const { parameters } = parse(folder.read('out.json')) as ReturnType<typeof values>;
      assert.equal(parameters['imageUri']?.value, vhdUri);
      assert.equal(parameters['adminPassword']?.value, String.raw`a/b&c|d\1"e`);
      assert.equal(folder.read(web), parametersText);
      assert.doesNotMatch(folder.fake.log.join('\n'), /a\/b&c|sig=/);
    });

    it('wrote nothing for a build that failed; the step fails', () => {
      folder.write(
        'packer.log',
        "Build 'azure-arm' errored: no quota\n\n==> Some builds didn't complete successfully\n",
      );
      assert.throws(() => folder.run(inputs), /packer\.log/);
      assert.equal(existsSync(folder.path('out.json')), false);
    });

    it('wrote a managed image into osDisk.image.uri; the step tells what to change', () => {
      folder.write('packer.log', log(vhdUri).replace(`OSDiskUri: ${vhdUri}`, `ManagedImageId: ${managedId}`));
      assert.throws(
        () => folder.run(inputs),
        /ends up in osDisk\.image\.uri .* but the image is a managed image: .*Change the template: in place of osDisk\.image\.uri set storageProfile\.imageReference\.id/,
      );
    });
  });

  it('only the named parameter changes, whatever other pipeline variables there are', async () => {
    await folder.close();
    folder = makeFolder({ variables: { 'parameters.vmSku.value': 'Standard_M416', vmSku: 'x' } });
    folder.write(web, parametersText);
    folder.run({ ...fill, imageReference: managedId });
    assert.equal(folder.read(web), parametersText.replace('"@@IMAGEURI@@"', `"${managedId}"`));
  });

  it('old and new value are told for each change', () => {
    folder.run({ ...fill, imageReference: managedId });
    folder.run({ ...fill, imageReference: galleryId });
    assert.deepEqual(folder.fake.log, [
      `web.parameters.json:12: parameters.imageUri.value: "@@IMAGEURI@@" → "${managedId}"`,
      `web.parameters.json:12: parameters.imageUri.value: "${managedId}" → "${galleryId}"`,
    ]);
  });
});
