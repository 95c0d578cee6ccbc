import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseImageReference } from '../../../shared/core/imageReference.js';
import { bicep } from '../../../tasks/PatchArmImageUri/src/bicep.js';
import { quoteBicep, readBicep } from '../../../tasks/PatchArmImageUri/src/bicepText.js';
import { readBicepTemplate } from '../../../tasks/PatchArmImageUri/src/bicepTemplate.js';
import { getNodeValue } from '../../../tasks/PatchArmImageUri/src/jsonText.js';
import { patchText, type Patch } from '../../../tasks/PatchArmImageUri/src/patchText.js';
import type { Template } from '../../../tasks/PatchArmImageUri/src/template.js';
import { parseTokenPattern } from '../../../tasks/PatchArmImageUri/src/tokens.js';
import { makeFolder, type Folder } from './patching.js';
import { galleryId, managedId, vhdUri } from './samples.js';

const parametersText = [
  "using './main.bicep'",
  '',
  '/* @@NO@@ stays: this is a comment */',
  "param location = 'westeurope' // @@NO@@ too",
  'param instanceCount = 2',
  "param imageId = '/subscriptions/old'",
  'param tags = {',
  "  owner: 'it''s'",
  '}',
  "param adminPassword = readEnvironmentVariable('VM_PASSWORD', '')",
  '',
].join('\n');

const templateText = `
targetScope = 'resourceGroup'
import { size } from 'types.bicep'

@description('Which image, as $\{it} is called')
@minLength(10)
param imageId string
param location string = resourceGroup().location
@allowed([
  1
  2
  3
])
param instanceCount int = 2
@secure()
param adminPassword string
param size
  | 'small'
  | 'large' = 'small'
param tags object = {}
param zones string[]?

var image = empty(imageId)
  ? null
  : { id: trim(imageId) }
var profile = {
  osDisk: { createOption: 'FromImage' }
  imageReference: { id: imageId }
}

#disable-next-line no-unused-vars
resource web 'Microsoft.Compute/virtualMachineScaleSets@2024-07-01' = if (instanceCount > 0) {
  name: 'web'
  properties: {
    virtualMachineProfile: {
      storageProfile: profile
      osProfile: { adminPassword: adminPassword, computerNamePrefix: '\${location}-web' }
    }
  }
}
output id string = web.id
func hello(name string) string =>
  '\${name}!'
`;

const profile = (storageProfile: string, declarations = 'param imageId string') => `${declarations}
resource web 'Microsoft.Compute/virtualMachineScaleSets@2024-07-01' = {
  properties: { virtualMachineProfile: { storageProfile: ${storageProfile} } }
}`;

const read = (text: string, module?: (path: string) => Template | undefined) => {
  const template = readBicepTemplate(text, module ?? (() => undefined));
  assert.ok(!('problem' in template), JSON.stringify(template));
  return template;
};
const contentOf = (text: string): unknown => {
  const parsed = bicep.parse(text);
  assert.ok('root' in parsed, text);
  return JSON.parse(JSON.stringify(getNodeValue(parsed.root)));
};

describe('Bicep parameters', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = makeFolder();
    folder.write('web.bicepparam', parametersText.replace("it''s", 'web team'));
  });
  afterEach(async () => {
    await folder.close();
  });
  const before = () => folder.read('web.bicepparam');
  const run = (input: Parameters<Folder['run']>[0]) => folder.run({ files: '*.bicepparam', ...input });

  it('change in nothing but the value of the literal, and in nothing the second time', () => {
    const text = before();
    run({ imageReference: galleryId });
    assert.equal(before(), text.replace('/subscriptions/old', galleryId));
    assert.equal(folder.fake.outputs['patchedParameter'], 'imageId');
    assert.match(run({ imageReference: galleryId }), /^Nothing to change/);
  });

  it('are held against the template that using names, when it is there', () => {
    folder.write(
      'main.bicep',
      templateText.replace('param imageId', 'param goldenId').replaceAll('imageId', 'goldenId'),
    );
    assert.throws(
      () => run({ imageReference: managedId }),
      /declares no parameter 'imageId'; it declares goldenId, location, instanceCount, adminPassword, size, tags, zones/,
    );
    folder.write('web.bicepparam', before().replace('param imageId', 'param goldenId').replace('= 2', '= 4'));
    assert.throws(
      () => run({ imageReference: managedId }),
      /web\.bicepparam:5: the value of 'instanceCount' is none of those the template allows: 1, 2, 3/,
    );
  });

  it('find the image parameter in a Bicep template, whatever its name, and refuse a VHD for it', () => {
    folder.write('t.bicep', profile('{ imageReference: { id: golden } }', 'param golden string'));
    folder.write('web.bicepparam', "using 'other.bicep'\nparam golden = ''\n");
    assert.throws(
      () => run({ imageReference: vhdUri, templateFile: 't.bicep' }),
      /'golden' ends up in imageReference\.id \(web\.properties\.virtualMachineProfile\.storageProfile\.imageReference\.id\)/,
    );
    run({ imageReference: managedId, templateFile: 't.bicep' });
    assert.equal(before(), `using 'other.bicep'\nparam golden = '${managedId}'\n`);
  });

  it('get the parameter that they lack after the last one, with their own line ends', () => {
    folder.write(
      't.bicep',
      profile('{ imageReference: { id: imageId } }', 'param imageId string\nparam a string'),
    );
    folder.write('web.bicepparam', "using 't.bicep'\r\nparam a = 'x' // last\r\n\r\nvar b = 1");
    run({ imageReference: managedId });
    assert.equal(
      before(),
      `using 't.bicep'\r\nparam a = 'x' // last\r\nparam imageId = '${managedId}'\r\n\r\nvar b = 1`,
    );
    folder.write('web.bicepparam', "using 't.bicep'");
    run({ imageReference: managedId });
    assert.equal(before(), `using 't.bicep'\n\nparam imageId = '${managedId}'`);
    assert.match(run({ imageReference: managedId }), /^Nothing to change/);
  });

  it('keep a function or another expression unless told', () => {
    for (const expression of [
      "readEnvironmentVariable('IMAGE_ID', '')",
      "az.getSecret('sub', 'rg', 'vault', 'image')",
      "'${prefix}/images/web'",
      "prod\n  ? 'a'\n  : 'b'",
    ]) {
      const text = `using 'none.bicep'\nparam imageId = ${expression}\nparam other = 1\n`;
      folder.write('web.bicepparam', text);
      assert.throws(
        () => run({ imageReference: managedId }),
        /'imageId' is computed \(.*replaceReference: true/s,
      );
      assert.equal(before(), text);
      run({ imageReference: managedId, replaceReference: true });
      assert.equal(
        before(),
        text.replace(expression, () => `'${managedId}'`),
      );
    }
  });

  it('take the image as a member of an object', () => {
    folder.write('t.bicep', profile('{ imageReference: image }', 'param image object'));
    folder.write('web.bicepparam', "using 't.bicep'\nparam image = {\n  id: 'old' // the image\n}\n");
    run({ imageReference: managedId });
    assert.equal(before(), `using 't.bicep'\nparam image = {\n  id: '${managedId}' // the image\n}\n`);
    folder.write(
      'web.bicepparam',
      "using 't.bicep'\nparam image = { publisher: 'Debian', offer: 'debian-12' }\n",
    );
    run({ imageReference: managedId });
    assert.equal(before(), `using 't.bicep'\nparam image = {\n  id: '${managedId}'\n}\n`);
    folder.write('t.bicep', profile('{ imageReference: { id: vm.imageId } }', 'param vm object'));
    folder.write('web.bicepparam', "using 't.bicep'\nparam vm = {\n  size: 2 // two\n}\n");
    run({ imageReference: managedId });
    assert.equal(before(), `using 't.bicep'\nparam vm = {\n  size: 2 // two\n  imageId: '${managedId}'\n}\n`);
  });

  it('take tokens, escaped in strings, as they are elsewhere, never in comments', () => {
    folder.write('web.bicepparam', "param a = 'x@@A@@' // @@A@@\nparam n = @@N@@\nparam t = '''\n@@T@@'''\n");
    run({ tokens: "A=it's ${x}\\\nN=3\nT=a\\b" });
    assert.equal(before(), "param a = 'xit\\'s \\${x}\\\\' // @@A@@\nparam n = 3\nparam t = '''\na\\b'''\n");
    folder.write('web.bicepparam', "param n = @@N@@\nparam t = '''@@T@@'''");
    assert.throws(
      () => run({ tokens: "N=three four\nT=it's" }),
      /line 2: the value of @@T@@ cannot stand in a string of three quotation marks/,
    );
    assert.throws(
      () => run({ tokens: 'N={\nT=a' }),
      /it would be no Bicep any more \(line 1: .*@@N@@ \(line 1\)/,
    );
  });

  it('mask secrets in a dry run', () => {
    folder.write('web.bicepparam', "param adminPassword = 'hunter2'\nparam imageId = 'old'\n");
    run({ imageReference: managedId, dryRun: true });
    assert.deepEqual(folder.fake.log, [
      '--- web.bicepparam',
      '+++ web.bicepparam',
      '@@ -1,2 +1,2 @@',
      " param adminPassword = '***'",
      "-param imageId = 'old'",
      `+param imageId = '${managedId}'`,
    ]);
  });

  it('say what is wrong with a text that is no Bicep, and where', () => {
    for (const [text, problem] of [
      ["param a = 'x", 'line 1: a string is not closed'],
      ["param a = 'x\\q'", String.raw`line 1: '\\q' is no escape of Bicep's`],
      ["\nparam a = {\n  b: 'x'", 'line 2: an object is not closed'],
      ['param a = ', 'line 1: a value is missing'],
      ['/* x', 'line 1: a comment is not closed'],
      ['{"parameters": {}}', String.raw`line 1: '\{' begins no statement`],
    ] as const) {
      folder.write('web.bicepparam', text);
      assert.throws(() => run({ imageReference: managedId }), new RegExp(`it is no Bicep \\(${problem}`));
    }
  });
});

describe('the tree of Bicep parameters', () => {
  it('is that of their JSON counterpart', () => {
    assert.deepEqual(
      contentOf(`using none
param s = 'a\\u{1F600}\\'b' // c
param n = -3
param l = [ 1, 'b'
  true
]
param o = { 'a b': null, c: { d: [] }, e: f() }
param m = '''
line''quote'''
param e = a == b ? { x: 1 } : { x: 2 }
var v = 1`),
      {
        variables: { v: 1 },
        parameters: {
          s: { value: "a\u{1F600}'b" },
          n: { value: -3 },
          l: { value: [1, 'b', true] },
          o: { value: { 'a b': null, c: { d: [] }, e: { reference: 'f()' } } },
          m: { value: "line''quote" },
          e: { reference: 'a == b ? { x: 1 } : { x: 2 }' },
        },
      },
    );
  });

  it('never throws, and ends, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        "'''",
        '$',
        '${',
        '}',
        '{',
        '[',
        ']',
        '(',
        ')',
        '\\',
        '\n',
        'param',
        ' ',
        'a',
        '=',
        ':',
        ',',
        '//',
        '/*',
        '@',
        '?',
        '1',
        'resource',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
        const text = pieces.join('');
        bicep.parse(text);
        readBicepTemplate(text, () => undefined);
      }),
      { numRuns: 2000 },
    );
    for (const text of [
      "'${".repeat(50_000),
      'param a = ' + '{b:'.repeat(50_000),
      '('.repeat(50_000),
      'param a = ' + '['.repeat(50_000),
    ])
      assert.ok('problem' in bicep.parse(text));
  });
});

describe('a Bicep template', () => {
  it('is read as far as its declarations tell', () => {
    const { parameters, slots } = read(templateText);
    const tell = Object.fromEntries(
      parameters.map(({ name, ...rest }) => [name, JSON.parse(JSON.stringify(rest)) as unknown]),
    );
    assert.deepEqual(tell, {
      imageId: { type: 'string', nullable: false, minLength: 10 },
      location: { type: 'string', nullable: false },
      instanceCount: { type: 'int', nullable: false, allowedValues: [1, 2, 3] },
      adminPassword: { type: 'securestring', nullable: false },
      size: { type: 'string', nullable: false, allowedValues: ['small', 'large'] },
      tags: { type: 'object', nullable: false },
      zones: { type: 'array', nullable: true },
    });
    assert.equal(slots.length, 1);
  });

  const sources = (text: string) => read(text).slots.map(slot => slot.sources);
  const p = (name: string, ...members: string[]) => ({ type: 'parameter', name, members });

  it('leads from the slot to the parameter', () => {
    const declarations = `param imageId string
param other string
param image object
var direct = imageId
var chosen = empty(other) ? imageId : other
var held = { id: imageId }
var circle = circle
var map = { web: { image: { id: other } } }`;
    const at = (storageProfile: string) => sources(profile(storageProfile, declarations))[0];
    assert.deepEqual(at('{ imageReference: { id: imageId } }'), [p('imageId')]);
    assert.deepEqual(at('{ imageReference: { id: direct } }'), [p('imageId')]);
    assert.deepEqual(at('{ imageReference: { id: chosen } }'), [p('imageId'), p('other')]);
    assert.deepEqual(at('{ imageReference: { id: (toLower(trim(imageId))) } }'), [p('imageId')]);
    assert.deepEqual(at('{ imageReference: { id: other ?? imageId } }'), [p('other'), p('imageId')]);
    assert.deepEqual(at('{ imageReference: held }'), [p('imageId')]);
    assert.deepEqual(at('{ imageReference: image }'), [p('image', 'id')]);
    assert.deepEqual(at("{ imageReference: { id: image.?deep['id']! } }"), [p('image', 'deep', 'id')]);
    assert.deepEqual(at("{ imageReference: map['web'].image }"), [p('other')]);
    assert.deepEqual(at('{ imageReference: { id: circle } }'), []);
    assert.deepEqual(at("{ imageReference: { id: resourceId('Microsoft.Compute/images', other) } }"), []);
    assert.deepEqual(at('{ osDisk: { image: { uri: imageId } } }'), [p('imageId')]);
    assert.deepEqual(at('profileOf'), undefined);
  });

  it('leads on through loops, child resources and modules', () => {
    const loop = `param imageId string
resource web 'Microsoft.Compute/virtualMachineScaleSets@2024-07-01' = [for i in range(0, 2): if (i > 0) {
  properties: { virtualMachineProfile: { storageProfile: { imageReference: { id: imageId } } } }
}]`;
    assert.deepEqual(sources(loop), [[p('imageId')]]);
    const inner = read(profile('{ imageReference: { id: imageId } }'));
    const outer = `param golden string
module web './web.bicep' = {
  name: 'web'
  params: { imageId: golden }
}
module other 'br/public:avm/res/compute/vmss:0.1.0' = { params: { imageReference: { id: golden } } }`;
    const template = read(outer, path => (path === './web.bicep' ? inner : undefined));
    assert.deepEqual(
      template.slots.map(slot => slot.sources),
      [[p('golden')], [p('golden')]],
    );
  });
});

describe("Bicep's strings", () => {
  const text = fc.string({ unit: 'binary' }).filter(value => !/\p{Surrogate}/u.test(value));

  it('say what was quoted', () => {
    fc.assert(
      fc.property(text, value => {
        const words = readBicep(quoteBicep(value));
        assert.ok(!('problem' in words), JSON.stringify(words));
        assert.deepEqual(
          words.tokens.map(token => token.value),
          [value],
        );
        assert.doesNotMatch(quoteBicep(value), /[\r\n]/);
      }),
    );
  });

  it('are not opened by what a token leaves behind', async () => {
    const folder = makeFolder();
    try {
      folder.write('web.bicepparam', "param a = '$@@T@@{x}'");
      assert.throws(
        () => folder.run({ files: '*.bicepparam', tokens: 'T=' }),
        /web\.bicepparam: a '\$' before a token and a '\{' after it would begin an expression; escape the '\$' as '\\\$'/,
      );
    } finally {
      await folder.close();
    }
  });

  it('read as the value of the token that stood in them, whatever stands around it', () => {
    const hostile = fc.oneof(
      text,
      fc.constantFrom('{', '$', '${x}', "'", "'''", '\\', '\\u{41}', '{$', '\r\n'),
    );
    const around = fc.stringMatching(/^[a-z${]{0,4}$/).filter(value => !value.includes('${'));
    fc.assert(
      fc.property(hostile, around, around, (value, before, after) => {
        fc.pre(value !== '' || !`${before}${after}`.includes('${'));
        const patch: Patch = {
          image: undefined,
          choice: {},
          pattern: parseTokenPattern('@@NAME@@'),
          tokens: new Map([['T', value]]),
          secretTokens: new Set(),
          withParameters: true,
        };
        const source = `param a = '${before}@@T@@${after}'\nparam b = 'z'\n`;
        const { text: result, problems } = patchText(source, 'a.bicepparam', patch);
        assert.deepEqual(problems, []);
        assert.deepEqual(contentOf(result), {
          parameters: { a: { value: before + value + after }, b: { value: 'z' } },
        });
      }),
    );
  });
});

describe('patchText of Bicep parameters', () => {
  it('changes nothing but the one value, whatever is around it, and nothing the second time', () => {
    const gap = fc.constantFrom('', ' ', '  ', '\t', ' /* param imageId = @@NO@@ */ ');
    const end = fc.constantFrom('\n', '\r\n', ' // @@NO@@ }\r\n', '\n\n');
    const value = fc.oneof(
      fc.integer().map(String),
      fc.string().map(quoteBicep),
      fc.constantFrom(
        'true',
        '{\n  a: 1 // b\n}',
        "[\n  'x'\n]",
        "readEnvironmentVariable('A')",
        "'''\n@ '' \n'''",
        "'${a}'",
      ),
    );
    const statement = fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), gap, gap, value, end);
    fc.assert(
      fc.property(
        fc.uniqueArray(statement, { selector: ([name]) => name, maxLength: 5 }),
        fc.nat(5),
        fc.tuple(gap, gap, end),
        fc.string(),
        (others, position, [before, after, eol], old) => {
          const lines = others.map(([name, a, b, other, last]) => `param x${name}${a}=${b}${other}${last}`);
          lines.splice(Math.min(position, lines.length), 0, `param imageId${before}=${after}<OLD>${eol}`);
          const pattern = lines.join('');
          fc.pre(
            pattern.split('<OLD>').length === 2 &&
              !/@@[\w.-]+@@/.test((pattern + old).replaceAll('@@NO@@', '')),
          );
          const patch: Patch = {
            image: parseImageReference(managedId, 'test'),
            choice: {},
            pattern: parseTokenPattern('@@NAME@@'),
            tokens: new Map(),
            secretTokens: new Set(),
            withParameters: true,
          };
          const once = patchText(
            pattern.replace('<OLD>', () => quoteBicep(old)),
            'a.bicepparam',
            { ...patch },
          );
          assert.deepEqual(once.problems, []);
          assert.equal(
            once.text,
            pattern.replace('<OLD>', () => quoteBicep(managedId)),
          );
          assert.equal(patchText(once.text, 'a.bicepparam', patch).changes.length, 0);
        },
      ),
    );
  });
});
