import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  readTextFile,
  writeTextFiles,
  type FileToWrite,
} from '../../../tasks/PatchArmImageUri/src/textFile.js';

describe('text files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'text-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const path = (name: string) => join(directory, name);
  const file = (name: string, text: string): FileToWrite => ({
    path: path(name),
    text,
    encoding: 'utf8',
    mark: false,
    isPrivate: false,
  });

  it('come back byte for byte, in every encoding', () => {
    const text = fc.string({ unit: 'binary' }).filter(value => !/\p{Surrogate}|^\ufeff/u.test(value));
    fc.assert(
      fc.property(text, fc.constantFrom('utf8', 'marked', 'utf16le', 'utf16be'), (content, encoding) => {
        const plain = Buffer.from(
          (encoding === 'utf8' ? '' : '\ufeff') + content,
          encoding.startsWith('utf16') ? 'utf16le' : 'utf8',
        );
        const bytes = encoding === 'utf16be' ? plain.swap16() : plain;
        writeFileSync(path('a'), bytes);
        const read = readTextFile(path('a'));
        assert.equal(read.text, content);
        writeTextFiles([{ ...read, path: path('b'), isPrivate: false }]);
        assert.deepEqual(readFileSync(path('b')), bytes);
        rmSync(path('b'));
      }),
      { numRuns: 50 },
    );
  });

  it('of another encoding are refused, not spoilt', () => {
    for (const bytes of [Buffer.from('caf\u00e9', 'latin1'), Buffer.from([0xff, 0xfe, 0x41])]) {
      writeFileSync(path('a'), bytes);
      assert.throws(() => readTextFile(path('a')), /a is no UTF-8 text/);
    }
    assert.throws(() => readTextFile(path('none')), /none does not exist: check the path/);
    assert.throws(() => readTextFile(directory), /is a folder, not a file/);
  });

  it('are all written or none: what was moved already is put back', () => {
    writeFileSync(path('first'), 'old');
    // The third needs a folder where the second is to be a file.
    const files = [file('first', 'new'), file('new', 'x'), file('clash', 'y'), file('clash/inside', 'z')];
    assert.throws(() => {
      writeTextFiles(files);
    }, /clash cannot be written: .*No file was changed/);
    assert.equal(readFileSync(path('first'), 'utf8'), 'old');
    assert.equal(existsSync(path('new')), false);
    const left = readdirSync(directory, { recursive: true });
    assert.deepEqual(
      left.filter(name => String(name).endsWith('.tmp')),
      [],
    );
  });

  it('are not begun when one of them cannot be', () => {
    mkdirSync(path('folder'));
    assert.throws(() => {
      writeTextFiles([file('first', 'new'), file('folder', 'x')]);
    }, /folder cannot be written: .*No file was changed/);
    assert.deepEqual(readdirSync(directory), ['folder']);
  });
});
