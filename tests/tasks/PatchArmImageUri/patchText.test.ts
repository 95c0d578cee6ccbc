import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseImageReference } from '../../../shared/core/imageReference.js';
import { parseExpression } from '../../../tasks/PatchArmImageUri/src/armExpression.js';
import { readTemplate } from '../../../tasks/PatchArmImageUri/src/armTemplate.js';
import { formatPath, parsePath } from '../../../tasks/PatchArmImageUri/src/jsonPath.js';
import {
  applyEdits,
  getNodeValue,
  insertProperty,
  parseJson,
} from '../../../tasks/PatchArmImageUri/src/jsonText.js';
import { patchText, type Patch } from '../../../tasks/PatchArmImageUri/src/patchText.js';
import { parseTokenPattern } from '../../../tasks/PatchArmImageUri/src/tokens.js';
import { galleryId, managedId, template } from './samples.js';

const patch: Patch = {
  image: parseImageReference(managedId, 'test'),
  choice: {},
  pattern: parseTokenPattern('@@NAME@@'),
  tokens: new Map(),
  secretTokens: new Set(),
  withParameters: true,
};

describe('patchText', () => {
  const blank = fc.stringMatching(/^[ \t]{0,3}$/);
  const separator = fc.oneof(
    blank,
    fc.constantFrom('\n  ', '\r\n\t', ' /* "imageId": "@@NO@@" */ ', ' // @@NO@@ }\n'),
  );
  const parameter = fc.tuple(
    fc.stringMatching(/^[a-z]{1,8}$/).map(name => `x${name}`),
    fc.jsonValue({ maxDepth: 2 }),
  );

  it('changes nothing but the one value, whatever is around it, and nothing the second time', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(parameter, { selector: ([name]) => name, maxLength: 6 }),
        fc.nat(6),
        fc.array(separator, { minLength: 8, maxLength: 8 }),
        fc.string(),
        (others, position, gaps, old) => {
          const entries = others.map(
            ([name, value]) => `${JSON.stringify(name)}:${gaps[0]!}${JSON.stringify({ value })}`,
          );
          entries.splice(
            Math.min(position, entries.length),
            0,
            `"imageId"${gaps[1]!}:{${gaps[2]!}"value":${gaps[3]!}<OLD>${gaps[4]!}}`,
          );
          const pattern = `{${gaps[5]!}"parameters":${gaps[6]!}{${entries.join(`,${gaps[7]!}`)}}}`;
          fc.pre(
            pattern.split('<OLD>').length === 2 && !/@@[\w.-]+@@/.test(pattern.replaceAll('@@NO@@', '')),
          );
          const text = pattern.replace('<OLD>', () => JSON.stringify(old));
          const expected = pattern.replace('<OLD>', () => JSON.stringify(managedId));
          const once = patchText(text, 'a.json', patch);
          assert.equal(once.text, expected);
          assert.equal(once.imageLabel, 'imageId');
          assert.equal(patchText(once.text, 'a.json', patch).changes.length, 0);
        },
      ),
    );
  });

  it('fills a token in a string so that the string reads as the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, before) => {
        fc.pre(!before.includes('@@') && !before.endsWith('@'));
        const text = JSON.stringify({ a: `${before}@@TOKEN@@!` });
        const { text: result } = patchText(text, 'a.json', {
          ...patch,
          image: undefined,
          tokens: new Map([['TOKEN', value]]),
        });
        assert.deepEqual(JSON.parse(result), { a: `${before}${value}!` });
      }),
    );
  });

  it('never fills what a value brought in', () => {
    const tokens = new Map([
      ['A', '@@B@@'],
      ['B', 'x'],
    ]);
    assert.equal(
      patchText('{"a":"@@A@@"}', 'a.json', { ...patch, image: undefined, tokens }).text,
      '{"a":"@@B@@"}',
    );
  });

  it('keeps tokens without a value and tells where they are', () => {
    const { left, text } = patchText('{\n"a":"@@A@@",\n"b":@@B@@}', 'a.json', { ...patch, image: undefined });
    assert.deepEqual(left, [
      { name: 'A', line: 2 },
      { name: 'B', line: 3 },
    ]);
    assert.equal(text, '{\n"a":"@@A@@",\n"b":@@B@@}');
  });

  it('takes 10,000 tokens of a megabyte in one pass', () => {
    const text = JSON.stringify({
      parameters: { list: { value: Array(10_000).fill(`${'x'.repeat(90)}@@A@@`) } },
    });
    const result = patchText(text, 'a.json', { ...patch, image: undefined, tokens: new Map([['A', 'y']]) });
    assert.equal(result.changes.length, 10_000);
    assert.ok(!result.text.includes('@@'));
  });
});

describe('insertProperty', () => {
  it('gives JSON that holds the old properties and the new one', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 })),
        fc.constantFrom(0, 2, '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', ',', ' // c', ', // c', ' /* c */'),
        (object, indentation, eol, tail) => {
          const body = JSON.stringify(object, undefined, indentation);
          const commented = tail.includes('//') && !body.includes('\n') ? '' : tail;
          const text = Object.keys(object).length === 0 ? body : body.replace(/(\s*)\}$/, `${commented}$1}`);
          const given = text.replaceAll('\n', eol);
          const parsed = parseJson(given);
          assert.ok('root' in parsed, given);
          const result = applyEdits(given, insertProperty(given, parsed.root, 'NEW', { value: 'v' }));
          const again = parseJson(result);
          assert.ok('root' in again, result);
          const content = JSON.stringify(getNodeValue(again.root));
          assert.equal(content, JSON.stringify({ ...object, NEW: { value: 'v' } }));
          assert.equal(given.includes('\r\n') && /[^\r]\n/.test(result), false);
        },
      ),
    );
  });
});

describe('parseExpression', () => {
  it('reads calls, constants and members', () => {
    assert.deepEqual(parseExpression("[concat(parameters('a').b[0]['c d'], 'it''s', -1)]"), {
      type: 'call',
      name: 'concat',
      members: [],
      args: [
        {
          type: 'call',
          name: 'parameters',
          args: [{ type: 'constant', value: 'a' }],
          members: ['b', '0', 'c d'],
        },
        { type: 'constant', value: "it's" },
        { type: 'constant', value: -1 },
      ],
    });
  });

  it('never throws and takes literals for what they are', () => {
    assert.equal(parseExpression('[[literal]'), undefined);
    assert.equal(parseExpression('plain'), undefined);
    assert.equal(parseExpression("[f('a']"), undefined);
    fc.assert(fc.property(fc.stringMatching(/^\[[a-z()'.,[\]0-9 ]*\]$/), text => void parseExpression(text)));
  });
});

describe('readTemplate', () => {
  const slots = (text: string) => readTemplate(JSON.parse(text) as Record<string, unknown>).slots;
  const parameters = { p: { type: 'string' }, Q: { type: 'string' } };
  const byId = (id: string, variables = {}) =>
    slots(template({ imageReference: { id } }, parameters, variables))[0]?.sources;

  it('follows a value through variables, conditions and functions that pass it on', () => {
    const p = { type: 'parameter', name: 'p', members: [] };
    const q = { type: 'parameter', name: 'Q', members: [] };
    assert.deepEqual(byId("[parameters('P')]"), [p]);
    assert.deepEqual(byId("[ variables( 'v' ) ]", { v: "[trim(parameters('p'))]" }), [p]);
    assert.deepEqual(byId("[variables('v').image]", { V: { Image: "[parameters('p')]" } }), [p]);
    assert.deepEqual(byId("[if(empty(parameters('p')), parameters('q'), parameters('p'))]"), [q, p]);
    assert.deepEqual(byId("[coalesce(parameters('p'), parameters('p'))]"), [p]);
  });

  it('sees that a computed value is no parameter of its own', () => {
    assert.deepEqual(byId("[resourceId('Microsoft.Compute/images', parameters('p'))]"), []);
    assert.deepEqual(byId("[concat('/subscriptions/', parameters('p'))]"), []);
    assert.deepEqual(byId("[parameters('p')[parameters('q')]]"), []);
    assert.deepEqual(byId("[variables('v')]", { v: "[variables('v')]" }), []);
  });

  it('stays quick where variables fan out, run in circles or nest without end', () => {
    const fan = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `v${index}`,
        `[coalesce(${Array.from({ length: 40 }, () => `variables('v${index + 1}')`).join(', ')})]`,
      ]),
    );
    assert.deepEqual(byId("[variables('v0')]", { ...fan, v40: "[parameters('p')]" }), [
      { type: 'parameter', name: 'p', members: [] },
    ]);
    assert.deepEqual(byId(`[${'trim('.repeat(100_000)}1${')'.repeat(100_000)}]`), []);
  });

  it('finds every place that takes an image', () => {
    const kinds = (profile: unknown) => slots(template(profile)).map(slot => [slot.property, slot.kinds[0]]);
    assert.deepEqual(kinds({ osDisk: { image: { uri: 'x' } } }), [['osDisk.image.uri', 'vhd']]);
    assert.deepEqual(kinds({ osDisk: { blobUri: 'x' } }), [['osDisk.blobUri', 'vhd']]);
    assert.deepEqual(kinds({ imageReference: { id: 'x' } }), [['imageReference.id', 'gallery']]);
    assert.deepEqual(kinds({ imageReference: "[parameters('imageUri')]" }), [['imageReference', 'gallery']]);
    assert.deepEqual(kinds({ imageReference: { publisher: 'Debian', offer: 'debian-12' } }), []);
  });

  it('follows a value into a nested template of its own scope', () => {
    const nested = (scope: string, id: string) => ({
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      parameters: { outer: { type: 'string' } },
      resources: [
        {
          type: 'Microsoft.Resources/deployments',
          properties: {
            expressionEvaluationOptions: { scope },
            parameters: { inner: { value: "[parameters('outer')]" }, fixed: { value: galleryId } },
            template: {
              parameters: { inner: { type: 'string' }, fixed: { type: 'string' } },
              resources: [{ properties: { storageProfile: { imageReference: { id } } } }],
            },
          },
        },
      ],
    });
    const outer = [{ type: 'parameter', name: 'outer', members: [] }];
    assert.deepEqual(readTemplate(nested('inner', "[parameters('inner')]")).slots[0]?.sources, outer);
    assert.deepEqual(readTemplate(nested('outer', "[parameters('outer')]")).slots[0]?.sources, outer);
    assert.deepEqual(readTemplate(nested('inner', "[parameters('fixed')]")).slots[0]?.sources, [
      {
        type: 'literal',
        path: ['resources', 0, 'properties', 'parameters', 'fixed', 'value'],
        value: galleryId,
      },
    ]);
  });
});

describe('parsePath', () => {
  it('reads what formatPath writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(99), fc.stringMatching(/^[\w .-]{1,6}$/)), { minLength: 1 }),
        path => {
          assert.deepEqual(parsePath(formatPath(path)), path);
        },
      ),
    );
    assert.deepEqual(parsePath('$.a[0]["b.c"].d'), ['a', 0, 'b.c', 'd']);
  });
});
