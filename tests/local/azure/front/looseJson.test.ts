import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseBody } from '../../../../local/azure/front/body.js';
import { LooseJsonError, parseLooseJson } from '../../../../local/azure/front/looseJson.js';

describe('The tolerant JSON reader', () => {
  it('takes what the Azure CLI sends: names without quotes, comments, line breaks in strings', () => {
    const text = `{"properties": {"mode": 'Incremental', template:{
      // a comment
      "$schema": "s", /** another **/ $id: 1,
      "text": "one
two \\"three\\" \\u00e4",
      "list": [1, -2.5e1, true, null,],
    }}}`;
    assert.deepEqual(parseBody(text), {
      properties: {
        mode: 'Incremental',
        template: {
          $schema: 's',
          $id: 1,
          text: 'one\ntwo "three" ä',
          list: [1, -25, true, null],
        },
      },
    });
  });

  it('reads all JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = JSON.stringify(value, null, 2);
        assert.deepEqual(parseLooseJson(text), JSON.parse(text));
      }),
    );
  });

  it('ends on any text, with a value or with the place of what is wrong', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\'\\/*ab1 \n-')) }), text => {
        try {
          parseLooseJson(text);
        } catch (error) {
          assert.ok(error instanceof LooseJsonError);
          assert.ok(error.lineNumber >= 1 && error.linePosition >= 1);
        }
      }),
    );
  });

  it('says where a text stops being JSON, and keeps hostile names as what they are', () => {
    assert.throws(() => parseLooseJson('{\n  "a": 1\n  "b": 2\n}'), { lineNumber: 3, linePosition: 3 });
    assert.throws(() => parseLooseJson('{"a": "b'), /Unterminated string\..*Line 1, position 7/);
    assert.throws(() => parseLooseJson('['.repeat(100_000)), /maximum depth of 128/);
    assert.throws(() => parseLooseJson('{"a":1} x'), /Additional text/);
    const hostile = parseLooseJson('{"__proto__": {"polluted": 1}}');
    assert.deepEqual(Object.keys(hostile as object), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal(parseBody('<html>'), undefined);
  });
});
