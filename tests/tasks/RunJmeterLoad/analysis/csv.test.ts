import assert from 'node:assert/strict';
import fc from 'fast-check';
import { failureOf } from '../../../../tasks/RunJmeterLoad/src/analysis/sampleFields.js';
import type { ErrorKind, WarmUp } from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { analyseBothWays } from './bothWays.js';

const all: WarmUp = { seconds: 0, testStart: undefined };
const labelLimit = 50;

function read(text: string, warmUp = all, pieceSize = 1 << 20) {
  const bytes = Buffer.from(text);
  function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  return analyseBothWays(pieces, { warmUp, labelLimit });
}

const header =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes';
const row = (start: number, elapsed: number, label: string, rest = '200,OK,T 1-1,text,true,,10') =>
  `${start},${elapsed},${label},${rest}\n`;
const transaction = (start: number, elapsed: number, samples: number, thread = 'T 1-1', success = true) =>
  row(
    start,
    elapsed,
    'Visit',
    `${success ? '200' : ''},"Number of samples in transaction : ${samples}, number of failing samples : 0",${thread},,${success},,20`,
  );

const refused = 'Non HTTP response code: java.net.ConnectException';

describe('failureOf', () => {
  for (const [code, message, assertion, kind, shown] of [
    ['200', 'OK', 'The operation lasted too long', 'assertion', 'The operation lasted too long'],
    ['200', 'OK', '', 'assertion', '200 OK'],
    ['302', '', 'x', 'assertion', 'x'],
    ['503', 'Busy', '', 'response', '503 Busy'],
    ['404', 'Not Found', 'Test failed: text expected', 'response', '404 Not Found'],
    [refused, 'Connection refused', '', 'transport', `${refused} Connection refused`],
    [refused, 'Connection refused', 'Test failed: text', 'transport', `${refused} Connection refused`],
    ['', '', '', 'transport', ''],
    ['OK', '', 'Test failed', 'assertion', 'Test failed'],
  ] as [string, string, string, ErrorKind, string][]) {
    it(`calls '${code}' with '${assertion}' ${kind}: ${shown}`, () => {
      assert.deepEqual(failureOf(code, message, assertion), { kind, message: shown });
    });
  }
});

describe('createAnalyser on CSV', () => {
  it('counts by label, kind and size, and keeps the first message of each kind', () => {
    const { overall, labels } = read(
      `${header}\n${row(1000, 30, '"GET /, ""home"""')}${row(1010, 20, 'GET /data', '200,OK,T 1-2,text,false,"too\nslow",10')}` +
        `${row(1020, 40, 'GET /data', '200,OK,T 1-2,text,false,second,10')}${row(1030, 5, 'GET /data', '500,Internal,T 1-2,text,false,,3')}` +
        row(
          900,
          1,
          'GET /data',
          'Non HTTP response code: java.net.ConnectException,refused,T 1-2,text,false,,0',
        ),
    );
    assert.deepEqual(
      labels.map(({ label, times, errors }) => [label, times.count, errors]),
      [
        ['GET /, "home"', 1, { assertion: 0, response: 0, transport: 0 }],
        ['GET /data', 4, { assertion: 2, response: 1, transport: 1 }],
      ],
    );
    assert.deepEqual(
      labels[1]?.messages.map(({ kind, text, count }) => [kind, text, count]),
      [
        ['assertion', 'too\nslow', 1],
        ['assertion', 'second', 1],
        ['response', '500 Internal', 1],
        ['transport', 'Non HTTP response code: java.net.ConnectException refused', 1],
      ],
    );
    assert.deepEqual(
      [overall.times.count, overall.bytes, overall.firstStart, overall.lastEnd],
      [5, 33, 900, 1060],
    );
  });

  it('does not count transactions twice, nested ones neither', () => {
    const { overall, labels } = read(
      `${header}\n${row(1000, 10, 'a')}${row(1010, 10, 'b')}${transaction(1000, 20, 2)}${transaction(1000, 20, 2)}${row(1030, 10, 'a')}${transaction(1030, 10, 1)}${transaction(1040, 0, 0)}`,
    );
    assert.equal(overall.times.count, 3);
    assert.deepEqual(
      labels.map(({ label, transaction, times }) => [label, transaction, times.count]),
      [
        ['a', false, 2],
        ['b', false, 1],
        ['Visit', true, 4],
      ],
    );
  });

  it('counts a transaction that is the only sample of its samplers (generate parent sample)', () => {
    const { overall, labels } = read(
      `${header}\n${row(990, 10, 'login', '200,OK,T 1-1,text,true,,10')}${transaction(1000, 20, 2)}${row(1005, 1, 'other', '200,OK,T 1-9,text,true,,1')}${transaction(1030, 25, 2, 'T 1-1', false)}`,
    );
    assert.equal(overall.times.count, 4);
    const visit = labels.find(({ label }) => label === 'Visit');
    assert.deepEqual([visit?.transaction, visit?.times.count, visit?.errors.transport], [false, 2, 1]);
  });

  it("does not let a site hide a request behind a transaction's message", () => {
    const message = '"Number of samples in transaction : 0, x"';
    const rows = `1000,10,a,500,${message},false,http://x/\n1000,10,Visit,200,${message},true,null\n`;
    const { overall } = read(`timeStamp,elapsed,label,responseCode,responseMessage,success,URL\n${rows}`);
    assert.deepEqual([overall.times.count, overall.errors.response], [1, 1]);
  });

  it('leaves out what began during the warm-up, from the start of the test or of the first sample', () => {
    const text = `${header}\n${row(1000, 10, 'a')}${row(2999, 5000, 'a')}${row(3000, 10, 'a')}`;
    assert.deepEqual([read(text, { seconds: 2, testStart: undefined }).overall.times.count], [1]);
    const late = read(text, { seconds: 2, testStart: 1001 });
    assert.deepEqual([late.overall.times.count, late.warmUp], [0, 3]);
    assert.equal(read(text, { seconds: 0, testStart: 5000 }).overall.times.count, 3);
  });

  it('takes columns in any order, any delimiter, CRLF, a byte order mark, and header lines inside', () => {
    const columns = 'success;label;bytes;"my variable";elapsed;timeStamp';
    const { overall, labels } = read(
      `\ufeff${columns}\r\ntrue;a,b;7;x;12;1000\r\n${columns}\r\nfalse;a,b;7;x;14;1001\r\n`,
    );
    assert.deepEqual(
      [labels.length, labels[0]?.label, overall.times.count, overall.errors],
      [1, 'a,b', 2, { assertion: 0, response: 0, transport: 1 }],
    );
    assert.equal(read('timeStamp\telapsed\tlabel\tsuccess\n5\t6\tx\ttrue\n').overall.times.maximum, 6);
  });

  it('never counts what it cannot read, and says so', () => {
    const cut = read(`${header}\n${row(1000, 10, 'a')}${row(1010, 1234, 'a').slice(0, 9)}`);
    assert.deepEqual([cut.overall.times.count, cut.cut, cut.malformed], [1, true, 0]);
    const torn = read(
      `${header}\n1000,1\n${row(1000, 10, 'a')}soon,10,a,200,OK,T,text,true,,1\n${row(1000, 10, 'a', '200,OK,T,text,maybe,,1')}`,
    );
    assert.deepEqual([torn.overall.times.count, torn.malformed], [1, 3]);
    assert.match(torn.firstMalformed ?? '', /^record 2 \(of the header's 10 fields it has 2\): 1000,1$/);
    const quote = read(
      `${header}\n${row(1000, 10, 'a')}1001,10,"lone,200,OK,T,text,true,,1\n${row(1002, 10, 'a')}`,
    );
    assert.deepEqual([quote.overall.times.count, quote.cut], [1, true]);
  });

  it('refuses a file without a header', () => {
    assert.throws(() => read(''), { name: 'UserError', message: /is empty/ });
    for (const text of [
      row(1000, 10, 'a'),
      'no line end',
      '1700000000000,1,2\n',
      `${header.replace('label', 'name')}\n`,
      '<!DOCTYPE html>\n<html><body>Sign in</body></html>',
      '<?xml version="1.0"?>\n<!-- a <page> -->\n<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ])
      assert.throws(() => read(text), { name: 'UserError', message: /does not begin with a header line/ });
    assert.throws(() => read('x'.repeat(100_000), all, 1000), { name: 'UserError', message: /header line/ });
  });

  it('lists so many labels and no more, but counts all samples', () => {
    const rows = Array.from({ length: labelLimit + 50 }, (_, index) =>
      row(1000 + index, 1, `GET /${index}`),
    ).join('');
    const { overall, labels, unlisted } = read(`${header}\n${rows}`);
    assert.deepEqual(
      [overall.times.count, labels.length, unlisted, labels.at(-1)?.label],
      [labelLimit + 50, labelLimit + 1, 50, '(other)'],
    );
  });

  it('agrees with a naive exact reference on any file', () => {
    const sample = fc.record({
      timeStamp: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_060_000 }),
      elapsed: fc.integer({ min: 0, max: 90_000 }),
      label: fc.constantFrom('GET /', 'a, "b"', 'line\nend', 'é;\t', ''),
      success: fc.boolean(),
      failureMessage: fc.string({ unit: fc.constantFrom('x', '"', ',', '\n', ';', 'é') }),
      responseCode: fc.constantFrom('200', '404', 'Non HTTP response code: java.net.SocketException', ''),
      threadName: fc.constantFrom('T 1-1', 'T 1-2'),
      bytes: fc.nat(100_000),
    });
    const columnNames = [
      'timeStamp',
      'elapsed',
      'label',
      'success',
      'failureMessage',
      'responseCode',
      'threadName',
      'bytes',
    ] as const;
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 60 }),
        fc.shuffledSubarray([...columnNames], { minLength: columnNames.length }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 200 }),
        (samples, columns, delimiter, lineEnd, pieceSize) => {
          const cell = (text: string) =>
            /[",;\t|\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const lines = [
            columns.join(delimiter),
            ...samples.map(one => columns.map(name => cell(String(one[name]))).join(delimiter)),
          ];
          const analysis = read(lines.map(line => line + lineEnd).join(''), all, pieceSize);
          assert.deepEqual([analysis.malformed, analysis.cut], [0, false]);
          const groups = new Map<string, typeof samples>([['All samples', samples]]);
          for (const one of samples)
            groups.set(`=${one.label}`, [...(groups.get(`=${one.label}`) ?? []), one]);
          const statistics = new Map([
            ['All samples', analysis.overall],
            ...analysis.labels.map(line => [`=${line.label}`, line] as const),
          ]);
          assert.deepEqual([...statistics.keys()], [...groups.keys()]);
          for (const [key, group] of groups) {
            const found = statistics.get(key)!;
            const sorted = group.map(one => one.elapsed).sort((a, b) => a - b);
            assert.equal(found.times.count, group.length);
            for (const percent of [50, 90, 95, 99])
              assert.equal(
                found.times.percentile(percent),
                sorted[Math.ceil((percent * sorted.length) / 100) - 1],
              );
            assert.equal(
              found.bytes,
              group.reduce((sum, one) => sum + one.bytes, 0),
            );
            assert.equal(found.firstStart, Math.min(...group.map(one => one.timeStamp)));
            assert.equal(found.lastEnd, Math.max(...group.map(one => one.timeStamp + one.elapsed)));
            for (const kind of ['assertion', 'response', 'transport'] as const) {
              const failed = group.filter(
                one => !one.success && failureOf(one.responseCode, '', one.failureMessage).kind === kind,
              );
              assert.equal(found.errors[kind], failed.length);
            }
          }
        },
      ),
    );
  });
});
