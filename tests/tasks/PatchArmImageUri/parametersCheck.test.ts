import assert from 'node:assert/strict';
import { parameterProblems } from '../../../tasks/PatchArmImageUri/src/parametersCheck.js';

const parameters = [
  { name: 'imageId', type: 'string', allowedValues: undefined },
  { name: 'instanceCount', type: 'int', allowedValues: undefined },
  { name: 'vmSize', type: 'string', allowedValues: ['small', 'large'] },
  { name: 'adminPassword', type: 'securestring', allowedValues: undefined },
  { name: 'tags', type: 'object', allowedValues: undefined },
];

const file = (parameters: string) => `{
  // a remark
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "parameters": {
    ${parameters}
  }
}`;

describe('parameterProblems', () => {
  it('finds nothing in a file that fits, whatever the case of its names', () => {
    const text = file(
      '"IMAGEID": { "value": "x" }, "instanceCount": { "value": 3 }, "vmSize": { "value": "large" }, "tags": { "value": {} }',
    );
    assert.deepEqual(parameterProblems(text, { parameters }), []);
  });

  it('tells every name, type and value that does not fit, with its line', () => {
    const text = file(
      [
        '"instanceCuont": { "value": 3 },',
        '    "instanceCount": { "value": "3" },',
        '    "vmSize": { "value": "huge" },',
        '    "tags": { "value": [] }',
      ].join('\n'),
    );
    assert.deepEqual(parameterProblems(text, { parameters }), [
      {
        line: 5,
        problem:
          "the template declares no parameter 'instanceCuont'; it declares imageId, instanceCount, vmSize, adminPassword, tags",
      },
      { line: 6, problem: "'instanceCount' is of type int in the template, and its value is a string" },
      { line: 7, problem: `the value of 'vmSize' is none of those the template allows: "small", "large"` },
      { line: 8, problem: "'tags' is of type object in the template, and its value is an array" },
    ]);
  });

  it('shows no value, which may be secret', () => {
    const [problem] = parameterProblems(file('"adminPassword": { "value": 123456 }'), { parameters });
    assert.doesNotMatch(problem?.problem ?? '', /123456/);
  });

  it('leaves Key Vault references and other files alone', () => {
    assert.deepEqual(
      parameterProblems(file('"imageId": { "reference": { "secretName": "x" } }'), { parameters }),
      [],
    );
    assert.deepEqual(parameterProblems('{ "resources": [] }', { parameters }), []);
    assert.deepEqual(parameterProblems('not json', { parameters }), []);
  });
});
