import assert from 'node:assert/strict';
import { isMeant } from '../../../../local/agent/run/pattern.js';

describe('artifact patterns', () => {
  const table: readonly (readonly [string, readonly string[], boolean])[] = [
    ['a/b/c.txt', ['**'], true],
    ['a/b/c.txt', ['**/*.txt'], true],
    ['c.txt', ['**/*.txt'], true],
    ['a/b/c.txt', ['*.txt'], false],
    ['a/b/c.txt', ['a/*/c.tx?'], true],
    ['a/b/c+d.txt', ['a/b/c+d.txt'], true],
    ['a/b/cctxt', ['a/b/c.txt'], false],
    ['a/b/c.txt', ['**', '!**/*.txt'], false],
    ['a/b/c.txt', ['!**/*.txt', '**'], true],
    ['a', [], false],
  ];
  for (const [path, patterns, expected] of table)
    it(`${expected ? 'means' : 'does not mean'} ${path} with ${patterns.join(' ')}`, () => {
      assert.equal(isMeant(path, patterns), expected);
    });
});
