/** What the tab decides without a browser: when to look again, what is dark, what a part is. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nextWait } from '../../../report/hosts/follow.js';
import { readPart } from '../../../report/hosts/readPart.js';
import { themeOf } from '../../../report/hosts/theme.js';
import { sample } from './stage.js';

describe('nextWait', () => {
  it('grows to a minute while nothing comes, and begins anew when something did', () => {
    const waits = [0];
    for (let look = 0; look < 12; look += 1) waits.push(nextWait(waits.at(-1) ?? 0, false, true));
    assert.equal(waits[1], 5_000);
    assert.ok(waits.slice(1).every((wait, index) => wait >= (waits[index] ?? 0) && wait <= 60_000));
    assert.equal(waits.at(-1), 60_000);
    assert.equal(nextWait(60_000, true, true), 5_000);
  });

  it('is minutes once the run has ended: only a retry changes it', () => {
    assert.equal(nextWait(5_000, true, false), 300_000);
  });
});

describe('themeOf', () => {
  it('takes the colours as the service writes them', () => {
    for (const color of ['rgba(255,255,255,1)', '255, 255, 255', '#fff', '#F8F8F8', ' rgb(250 249 248)'])
      assert.equal(themeOf(color), 'light', color);
    for (const color of ['rgba(32, 31, 30, 1)', '0,0,0', '#000', '#1b1a19', 'rgba(0, 0, 120, 1)'])
      assert.equal(themeOf(color), 'dark', color);
    for (const color of ['', 'var(--x)', 'url(https://example.com)', '#12'])
      assert.equal(themeOf(color), undefined, color);
  });
});

describe('readPart', () => {
  const parts = sample('smokeFailed').parts;

  it('reads what the tasks write', () => {
    for (const part of parts) assert.deepEqual(readPart(JSON.stringify(part), 'a'), { part });
  });

  it('leaves out members that a later version of the extension adds', () => {
    const [part] = parts;
    assert.deepEqual(readPart(JSON.stringify({ ...part, added: { later: true } }), 'a'), { part });
  });

  it('has a sentence for everything else, and never throws', () => {
    const change = fc.oneof(
      fc.jsonValue().map(value => JSON.stringify(value)),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(change, text => {
        const read = readPart(text, 'a');
        assert.ok('note' in read && read.note.endsWith('.'));
      }),
    );
    const texts = parts.map(part => JSON.stringify(part));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.double({ min: 0, max: 0.999, noNaN: true }), (text, at) => {
        assert.ok('note' in readPart(text.slice(0, Math.floor(text.length * at)), 'a'));
      }),
    );
  });

  it('names a newer version even where nothing else of the part is as known', () => {
    const read = readPart('{"schemaVersion":7,"task":9,"step":[]}', 'X-1.json');
    assert.ok('note' in read);
    assert.match(read.note, /'X-1\.json'.* version 7 .*version 1/);
  });
});
