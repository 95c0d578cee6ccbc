import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { guid, murmur64, uniqueString } from '../../../../local/azure/template/hashes.js';

describe('hashes', () => {
  it('gives what Azure gives', () => {
    // Values from the live service and from Microsoft's own compiler.
    assert.equal(uniqueString(['hello', 'world']), 'a7wkljktk6wne');
    assert.equal(murmur64(Buffer.from('hello-world')), 571013382255652050n);
    assert.equal(uniqueString(['tyeth']), 'zcztcwvu6iyg6');
    assert.equal(uniqueString(['asd', 'asdf', 'asdf']), 'iizpqit7ih3cc');
    assert.equal(guid(['asdf']), '228d27cc-6fdb-5934-b7ac-1efccebade04');
  });

  it('depends on the text of the arguments only', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), parts => {
        const text = uniqueString(parts);
        assert.match(text, /^[a-z2-7]{13}$/);
        assert.equal(uniqueString([parts.join('-')]), text);
        assert.match(guid(parts), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.equal(guid([parts.join('-')]), guid(parts));
      }),
    );
  });

  it('differs in the last character alone', () => {
    const seen = new Set(
      Array.from({ length: 2000 }, (_item, index) => uniqueString(['shop', String(index)])),
    );
    assert.equal(seen.size, 2000);
  });
});
