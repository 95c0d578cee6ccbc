import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBundle, type BundleRun } from '../bundleRun.js';
import { idTemplate, managedId, parametersText, vhdUri } from './samples.js';

describe('the PatchArmImageUri bundle', () => {
  let directory: string;
  let done: BundleRun | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'patch-bundle-'));
    writeFileSync(join(directory, 'web.parameters.json'), parametersText);
    writeFileSync(join(directory, 'azuredeploy.json'), idTemplate);
  });
  afterEach(() => {
    done?.close();
    rmSync(directory, { recursive: true });
  });

  const run = async (inputs: Record<string, string>) => {
    done = await runBundle({
      task: 'PatchArmImageUri',
      directory,
      inputs: { tokens: 'VMUSERNAME=me\nVMPASSWORD=P@ss"word', secretTokens: 'VMPASSWORD', ...inputs },
    });
    assert.equal(done.status, 0);
    return done;
  };

  it('patches the files that a pattern matches and tells where the image went', async () => {
    const { result, outputs, lines } = await run({
      files: '**/*.parameters.json\n!old/**',
      templateFile: join(directory, 'azuredeploy.json'),
      imageReference: managedId,
    });
    assert.match(result, /^##vso\[task\.complete result=Succeeded;\]Made 3 changes in web\.parameters\.json/);
    assert.deepEqual(outputs, {
      patchedFiles: join(directory, 'web.parameters.json'),
      patchedParameter: 'imageUri',
      imageReference: managedId,
    });
    assert.match(readFileSync(join(directory, 'web.parameters.json'), 'utf8'), /web-42/);
    for (const line of lines.filter(each => each.startsWith('##vso[')))
      assert.match(
        line,
        /^##vso\[task\.(debug|setvariable|setsecret|complete|issue|addattachment|uploadfile)[ \]]/,
      );
    assert.ok(lines.filter(line => line.includes('P@ss')).every(line => line.startsWith('##vso[task.')));
  });

  it('fails without a change when the image does not fit', async () => {
    const { result, outputs } = await run({
      files: 'web.parameters.json',
      templateFile: join(directory, 'azuredeploy.json'),
      imageReference: vhdUri,
    });
    assert.match(
      result,
      /result=Failed;.*takes a gallery image version or a managed image, but the image is a VHD URI/,
    );
    assert.deepEqual(outputs, {});
    assert.equal(readFileSync(join(directory, 'web.parameters.json'), 'utf8'), parametersText);
  });
});
