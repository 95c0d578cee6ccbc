import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bytesOf, writtenOnce } from '../../../../local/azure/front/jsonBody.js';

describe('bodies as they go out', () => {
  it('are texts as they are, nothing for undefined, and JSON for all else', () => {
    assert.equal(bytesOf('Grüße').toString(), 'Grüße');
    assert.equal(bytesOf(undefined).length, 0);
    for (const body of [{ value: [] }, { value: [1, 'ü'] }, { value: {} }, [1], null, 7])
      assert.equal(bytesOf(body).toString(), JSON.stringify(body));
  });

  it('are the same JSON whichever entries of a list are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.jsonValue(), fc.boolean())), fc.boolean(), (entries, more) => {
        const value = entries.map(([entry, keep]) =>
          keep && typeof entry === 'object' && entry !== null ? writtenOnce(entry) : entry,
        );
        const body = more ? { value, nextLink: 'https://example.org/' } : { value };
        for (let times = 0; times < 2; times++) assert.equal(bytesOf(body).toString(), JSON.stringify(body));
      }),
    );
  });

  it('have a kept entry written once', () => {
    let times = 0;
    const entry = writtenOnce({ toJSON: () => ({ times: ++times }) });
    for (const body of [{ value: [entry] }, { value: [entry, 2] }]) bytesOf(body);
    assert.equal(bytesOf({ value: [entry] }).toString(), '{"value":[{"times":1}]}');
  });
});
