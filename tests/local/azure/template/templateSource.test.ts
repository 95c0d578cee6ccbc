import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { sourceOf, unknownSource } from '../../../../local/azure/template/templateSource.js';

const request = `{"properties": {"mode": "Incremental", template:{
  // a comment with a { brace
  "parameters": {
    /* and
       another */
    'size': { "type": "string", "metadata": { "description": "two
 lines and a \\" quote" } },
    "a b": {}
  },
  "resources": [ {"name": "x"},
    {"name": "y", resources: [
      {"name": "z"}]}]
}}}`;

describe('templateSource', () => {
  const source = sourceOf(request);

  it('tells line and column as Azure counts them', () => {
    assert.deepEqual(source(['parameters', 'size']), {
      lineNumber: 6,
      linePosition: 13,
      path: 'properties.template.parameters.size',
    });
    assert.deepEqual(source(['parameters', 'a b']), {
      lineNumber: 8,
      linePosition: 12,
      path: "properties.template.parameters['a b']",
    });
    assert.deepEqual(source(['resources', 1, 'resources', 0]), {
      lineNumber: 12,
      linePosition: 7,
      path: 'properties.template.resources[1].resources[0]',
    });
    assert.deepEqual(source([]), { lineNumber: 1, linePosition: 49, path: 'properties.template' });
  });

  it('finds names whatever their case, and nothing where nothing is', () => {
    assert.equal(source(['PARAMETERS', 'Size']).lineNumber, 6);
    assert.deepEqual(source(['parameters', 'other']), { lineNumber: 0, linePosition: 0, path: '' });
    assert.deepEqual(unknownSource(['parameters']), { lineNumber: 0, linePosition: 0, path: '' });
  });

  it('finds every member of any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), value => {
        const find = sourceOf(JSON.stringify(value, null, 1), []);
        const lowered = Object.keys(value).map(key => key.toLowerCase());
        for (const key of Object.keys(value)) {
          if (lowered.filter(other => other === key.toLowerCase()).length === 1)
            assert.ok(find([key]).lineNumber > 1);
        }
      }),
    );
  });

  it('ends on any text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[{}[\]"':,/*a \\\n]{0,60}$/), text => {
        assert.ok(sourceOf(text)(['a']).lineNumber >= 0);
      }),
    );
    assert.ok(sourceOf('['.repeat(200_000))(['a']).lineNumber === 0);
  });
});
