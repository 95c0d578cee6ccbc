import assert from 'node:assert/strict';
import fc from 'fast-check';
import { amountOf, parseAmount } from '../../../shared/core/amount.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { escapeXml, listOf, plural, singleLine, stripAnsi } from '../../../shared/core/text.js';

describe('nameValues', () => {
  it('keeps what follows the first equals sign', () => {
    const values = parseNameValues('a=1\r\n# remark\n\n b = x=y \nempty=', 'variables');
    assert.deepEqual(
      [...values],
      [
        ['a', '1'],
        ['b', 'x=y'],
        ['empty', ''],
      ],
    );
  });

  it('tells every bad line at once', () => {
    assert.throws(
      () => parseNameValues('novalue\n=nameless\na=1\na=2', 'tokens'),
      (error: Error) =>
        /'tokens'/.test(error.message) &&
        /line 1 has no '='/.test(error.message) &&
        /line 2 has no name/.test(error.message) &&
        /line 4 gives 'a' a second time/.test(error.message),
    );
  });

  it('reads back whatever was written, in order', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,12}$/);
    const value = fc.stringMatching(/^[!-~]{0,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), pairs => {
        const text = pairs.map(([key, content]) => `${key}=${content}`).join('\n');
        assert.deepEqual([...parseNameValues(text, 'x')], pairs);
      }),
    );
  });
});

describe('amount', () => {
  it('is a count or a share, rounded down', () => {
    assert.equal(amountOf(parseAmount('20%', 'batchSize'), 14), 2);
    assert.equal(amountOf(parseAmount(' 3 ', 'batchSize'), 14), 3);
    assert.equal(amountOf(parseAmount('30', 'batchSize'), 14), 14);
  });
  for (const text of ['', '-1', '101%', '2.5', 'all', '%']) {
    it(`refuses '${text}'`, () => {
      assert.throws(() => parseAmount(text, 'batchSize'), /Input 'batchSize'/);
    });
  }
});

describe('duration', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [59_999, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [3_720_000, '1 h 02 min'],
  ];
  for (const [milliseconds, text] of cases) {
    it(`${milliseconds} ms is ${text}`, () => {
      assert.equal(formatDuration(milliseconds), text);
    });
  }
});

describe('text', () => {
  it('drops terminal sequences', () => {
    assert.equal(stripAnsi('\u001b[1;32m==> ok\u001b[0m \u001b]0;title\u0007end'), '==> ok end');
  });

  it('writes XML that holds no forbidden character and no markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const escaped = escapeXml(text);

        assert.doesNotMatch(escaped, /[<>\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
      }),
    );
  });

  it('makes one line of many and cuts it', () => {
    assert.equal(singleLine('a\r\nb\tc'), 'a b c');
    assert.equal(singleLine('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
  });

  it('speaks in plain sentences', () => {
    assert.equal(plural(1, 'instance'), '1 instance');
    assert.equal(plural(0, 'instance'), '0 instances');
    assert.equal(listOf(['a', 'b', 'c']), 'a, b and c');
  });
});
