import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parse } from 'jsonc-parser';
import { makeFolder, type Folder } from './patching.js';
import { parametersText, template, vhdUri } from './samples.js';

const password = 'p@ss/&\\"wörd|$1';
const tokens = `VMUSERNAME=azureuser\nVMPASSWORD=${password}`;

describe('secret values', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = makeFolder();
    folder.write('web.parameters.json', parametersText);
  });
  afterEach(async () => {
    await folder.close();
  });
  const modeOf = (name: string) => statSync(folder.path(name)).mode & 0o777;
  const said = () =>
    [...folder.fake.log, ...folder.fake.warnings, JSON.stringify(folder.fake.outputs)].join('\n');

  it('are in no line of a dry run, whether from a token or in the file before', () => {
    folder.write(
      't.json',
      template(
        {},
        { pin: { type: 'secureString' }, adminUsername: { type: 'string' }, users: { type: 'secureObject' } },
      ),
    );
    folder.write(
      'web.parameters.json',
      '{\r\n "parameters": {\r\n  "pin": {"value": "4711-old"},\r\n  "users": {"value": {"a": ["b-old"]}},\r\n  "adminUsername": {"value": "@@VMUSERNAME@@ @@VMPASSWORD@@"}\r\n }\r\n}',
    );
    folder.run({ tokens, secretTokens: 'VMPASSWORD', templateFile: 't.json', dryRun: true });
    assert.deepEqual(folder.fake.log, [
      '--- web.parameters.json',
      '+++ web.parameters.json',
      '@@ -2,6 +2,6 @@',
      '  "parameters": {',
      '   "pin": {"value": "***"},',
      '   "users": {"value": {"a": ["***"]}},',
      '-  "adminUsername": {"value": "@@VMUSERNAME@@ @@VMPASSWORD@@"}',
      '+  "adminUsername": {"value": "azureuser ***"}',
      '  }',
      ' }',
      '\\ No newline at end of file',
    ]);
  });

  it('are in no line of a run, of a second run, or of a failure', () => {
    const input = { imageReference: vhdUri, tokens, secretTokens: 'VMPASSWORD' };
    folder.run(input);
    folder.run(input);
    folder.run({ ...input, dryRun: true, imageReference: vhdUri.replace('1.vhd', '2.vhd') });
    assert.doesNotMatch(said(), /p@ss/);
    folder.write('web.parameters.json', '{"parameters": {"n": {"value": @@VMPASSWORD@@}}}');
    assert.throws(
      () => folder.run({ tokens, secretTokens: 'VMPASSWORD' }),
      (error: Error) => /no JSON any more/.test(error.message) && !error.message.includes('p@ss'),
    );
    assert.ok(folder.fake.secrets.includes(password));
    assert.ok(folder.fake.secrets.includes(JSON.stringify(password).slice(1, -1)));
  });

  it('are for the owner alone in an output file, and the source has none of them', () => {
    writeFileSync(folder.path('out.json'), 'old', { mode: 0o644 });
    folder.run({ imageReference: vhdUri, tokens, secretTokens: 'VMPASSWORD', outputFile: 'out.json' });
    assert.equal(modeOf('out.json'), 0o600);
    assert.equal(folder.read('web.parameters.json'), parametersText);
    const { parameters } = parse(folder.read('out.json')) as {
      parameters: Record<string, { value: unknown }>;
    };
    assert.equal(parameters['adminPassword']?.value, password);
    folder.run({ imageReference: vhdUri, missingTokens: 'keep', outputFile: 'deep/er/open.json' });
    assert.notEqual(modeOf('deep/er/open.json'), 0o600);
    assert.deepEqual(readdirSync(folder.path('deep/er')), ['open.json']);
  });

  it('call for a warning where artifacts are published from', async () => {
    const secret = { imageReference: vhdUri, tokens, secretTokens: 'VMPASSWORD' };
    const published = makeFolder();
    const other = makeFolder({ variables: { 'Build.ArtifactStagingDirectory': published.path('') } });
    try {
      other.write('web.parameters.json', parametersText);
      other.run({ ...secret, outputFile: 'out.json' });
      assert.deepEqual(other.fake.warnings, []);
      other.run({ ...secret, outputFile: relative(other.path(''), published.path('out.json')) });
      assert.match(
        other.fake.warnings.join(),
        /out\.json holds secret values and lies where artifacts are published from\. Set 'outputFile'/,
      );
    } finally {
      await other.close();
      await published.close();
    }
  });

  it('come through whole whatever sed would make of them', () => {
    const text = '{"parameters":{"a":{"value":"@@A@@"},"b":{"value":"x@@B@@y"}}}';
    folder.write('web.parameters.json', text);
    const values = { A: '/&\\1|$&`#"\'\t', B: 's/@@A@@/x/g; $(rm -rf /) %{x} ${y}' };
    folder.run({
      tokens: Object.entries(values)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    });
    assert.deepEqual(JSON.parse(readFileSync(folder.path('web.parameters.json'), 'utf8')), {
      parameters: { a: { value: values.A.trim() }, b: { value: `x${values.B}y` } },
    });
  });
});
