import assert from 'node:assert/strict';
import { readJson } from '../../../tasks/DeployVmssImage/src/jsonFile.js';
import { bindParameters } from '../../../tasks/DeployVmssImage/src/templateParameters.js';

const template = readJson(
  'web.json',
  `{
  // what it takes
  "definitions": { "size": { "type": "int" } },
  "parameters": {
    "name": { "type": "string" },
    "count": { "$ref": "#/definitions/size", "defaultValue": 2 },
    "on": { "type": "bool", "defaultValue": false },
    "zones": { "type": "array", "defaultValue": [] },
    "tags": { "type": "object", "defaultValue": {} },
    "pw": { "type": "secureString", "nullable": true },
    "keys": { "type": "secureObject", "defaultValue": {} },
  },
}`,
);
const file = (parameters: unknown) =>
  readJson('web.parameters.json', JSON.stringify({ parameters }, null, 2));
const bind = (parameters: unknown, overrides: Record<string, string> = {}) =>
  bindParameters(template, file(parameters), new Map(Object.entries(overrides)));

describe('readJson', () => {
  it('takes comments, trailing commas and a byte order mark', () => {
    assert.deepEqual(template.problems, []);
    assert.deepEqual(readJson('x', '\ufeff{"a":1,}').value, { a: 1 });
  });

  it('lets a comment speak of tokens', () => {
    assert.deepEqual(readJson('x', '{ // @@TOKENS@@ are filled\n /* @@A@@ */ "a": 1 }').problems, []);
  });

  it('tells faults and leftover tokens by line and column', () => {
    const { problems } = readJson('x.json', '{\n  "a": "@@IMAGE@@",\n  "b" 1\n}');
    assert.ok(
      problems.includes(
        "x.json:2:9: @@IMAGE@@ was never filled in (PatchArmImageUri's input 'tokens' does that)",
      ),
    );
    assert.ok(problems.some(problem => problem.startsWith('x.json:3:7: colon expected')));
    assert.deepEqual(readJson('x.json', '[1]').problems, ['x.json:1:1: is no JSON object']);
    assert.equal(readJson('x.json', '').problems.length, 1);
  });
});

describe('bindParameters', () => {
  it('reads overrides as the types that the template declares', () => {
    const { parameters, problems } = bind(
      { name: { value: 'from the file' } },
      { NAME: '7', count: '-3', on: 'TRUE', zones: '["1", "2",]', tags: '{"a": 1}' },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(parameters, {
      name: { value: '7' },
      count: { value: -3 },
      on: { value: true },
      zones: { value: ['1', '2'] },
      tags: { value: { a: 1 } },
    });
  });

  it('keeps references and null values as they are', () => {
    const reference = { keyVault: { id: '/vault' }, secretName: 's' };
    const { parameters, problems } = bind({ name: { value: null }, pw: { reference } });
    assert.deepEqual(problems, []);
    assert.deepEqual(parameters, { name: { value: null }, pw: { reference } });
  });

  it('gives the texts of secure parameters to be masked, from file and overrides', () => {
    const { secrets } = bind(
      { name: { value: 'open' }, keys: { value: { a: 'inner-1', b: ['inner-2'] } } },
      { pw: 'override-3' },
    );
    assert.deepEqual(secrets.toSorted(), ['inner-1', 'inner-2', 'override-3']);
  });

  it('names everything that does not fit, with its place', () => {
    const { problems } = bind(
      { nope: { value: 1 }, on: {} },
      { count: 'many', zones: '{}', tags: 'x', on: 'yes', other: '1' },
    );
    assert.deepEqual(problems, [
      "web.parameters.json:3:5: the template declares no parameter 'nope'",
      'web.parameters.json:6:5: parameter \'on\' has neither a "value" nor a "reference"',
      "'overrideParameters': 'count' is an int in the template, not 'many'",
      "'overrideParameters': 'zones' is an array in the template; give it as JSON",
      "'overrideParameters': 'tags' is an object in the template; give it as JSON",
      "'overrideParameters': 'on' is a bool in the template: true or false, not 'yes'",
      "'overrideParameters': the template declares no parameter 'other'",
      "web.json:5:5: parameter 'name' has no default and no value; give it in the parameters file or in 'overrideParameters'",
    ]);
  });

  it('says when a file is no parameters file', () => {
    const { problems } = bindParameters(template, readJson('p.json', '{"name": {"value": 1}}'), new Map());
    assert.match(problems[0] ?? '', /^p\.json:1:1: is no parameters file/);
  });
});
