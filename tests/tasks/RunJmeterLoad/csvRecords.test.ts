import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createCsvReader } from '../../../tasks/RunJmeterLoad/src/csvRecords.js';

function read(pieces: readonly string[], delimiter = ','): { records: string[][]; open: boolean } {
  const records: string[][] = [];
  const reader = createCsvReader(delimiter, fields => void records.push(fields));
  for (const piece of pieces) reader.push(piece);
  return { records, open: reader.end() };
}

describe('createCsvReader', () => {
  for (const [text, records, open] of [
    ['', [], false],
    [
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      false,
    ],
    [
      'a,b\r\n\r\nc,\r\n',
      [
        ['a', 'b'],
        ['c', ''],
      ],
      false,
    ],
    ['"a,""b""\n",c\n', [['a,"b"\n', 'c']], false],
    ['"",""\n', [['', '']], false],
    ['5" disk,b "x"\n', [['5" disk', 'b "x"']], false],
    ['"a"x,b\n', [['ax', 'b']], false],
    ['a,b\nc,d', [['a', 'b']], true],
    ['a,b\n"c,d\n', [['a', 'b']], true],
    ['a\n,', [['a']], true],
  ] as [string, string[][], boolean][]) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(read([text]), { records, open });
      assert.deepEqual(read(text.match(/[^]/gu) ?? []), { records, open }, 'one character at a time');
    });
  }

  it('keeps a bounded part of an endless field and goes on after it', () => {
    const { records } = read([...Array.from({ length: 100 }, () => 'x'.repeat(10_000)), ',b\n', 'c,d\n']);
    assert.ok(records[0]![0]!.length < 100_000);
    assert.deepEqual([records[0]![1], records[1]], ['b', ['c', 'd']]);
  });

  it('reads back any fields, whatever the pieces, the delimiter and the line ends', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\t', '\n', '\r', ' ') });
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 7 }),
        (records, delimiter, lineEnd, size) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = records.map(fields => fields.map(quoted).join(delimiter) + lineEnd).join('');
          const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
          const actual = read(pieces, delimiter);
          assert.deepEqual(actual.records, records);
          assert.equal(actual.open, false);
        },
      ),
    );
  });
});
