import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';

function read(text: string, pieceSize = 1 << 20) {
  const analyser = createAnalyser();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceSize) analyser.push(bytes.subarray(at, at + pieceSize));
  return analyser.end();
}

const root = '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n';
const close = '</testResults>\n';
const attributes = (
  start: number,
  elapsed: number,
  label: string,
  rest = 's="true" rc="200" rm="OK" tn="T 1-1"',
) => `t="${elapsed}" it="0" lt="4" ct="1" ts="${start}" lb="${label}" ${rest} by="10" sby="5" ng="1" na="7"`;
const failed = (message: string) =>
  `<assertionResult><name>fine</name><failure>false</failure><error>false</error></assertionResult>
   <assertionResult><name>text</name><failure>true</failure><error>false</error><failureMessage>${message}</failureMessage></assertionResult>`;
const transaction = (start: number, samples: number) =>
  `<sample ${attributes(start, 20, 'Visit', `s="true" rc="" rm="Number of samples in transaction : ${samples}, number of failing samples : 0" tn="T 1-1"`)}/>`;

describe('createAnalyser on XML', () => {
  it('counts the outermost samples, whatever stands in them', () => {
    const { overall, labels, malformed, cut } = read(
      `${root}<httpSample ${attributes(1000, 30, 'GET /')}>
  <httpSample ${attributes(1001, 10, 'GET /logo.png')}>
    <responseData class="java.lang.String">&lt;httpSample t=&quot;5&quot;/&gt;</responseData>
  </httpSample>
  <responseHeader class="java.lang.String">x: "y</responseHeader>
  <responseData class="java.lang.String"><![CDATA[</httpSample> <httpSample t="5">]]></responseData>
  <!-- </httpSample> -->
  <java.net.URL>http://x/</java.net.URL>
</httpSample>
<sample ${attributes(1040, 50, 'script &gt; &quot;&#233;&quot;')}/>\n${close}`,
    );
    assert.deepEqual(
      labels.map(({ label, times }) => [label, times.count]),
      [
        ['GET /', 1],
        ['script > "é"', 1],
      ],
    );
    assert.deepEqual([malformed, cut], [0, false]);
    assert.deepEqual(
      [
        overall.bytes,
        overall.sentBytes,
        overall.firstStart,
        overall.lastEnd,
        overall.latency.sum,
        overall.connect.sum,
      ],
      [20, 10, 1000, 1090, 8, 2],
    );
    assert.equal(overall.series.buckets()[0]?.threads, 7);
  });

  it('takes the message of the assertion that failed', () => {
    const bad = 's="false" rc="200" rm="OK" tn="T 1-1"';
    const { overall } = read(
      `${root}<httpSample ${attributes(1000, 30, 'a', bad)}>${failed('expected &lt;b&gt;\n&amp; got &#x41;')}</httpSample>
<httpSample ${attributes(1000, 30, 'a', 's="false" rc="503" rm="Busy" tn="T"')}/>
<httpSample ${attributes(1000, 30, 'a', 's="false" rc="Non HTTP response code: x" rm="refused" tn="T"')}/>${close}`,
    );
    assert.deepEqual(
      overall.messages.map(({ kind, text }) => [kind, text]),
      [
        ['assertion', 'expected <b>\n& got A'],
        ['response', '503 Busy'],
        ['transport', 'Non HTTP response code: x refused'],
      ],
    );
  });

  it('shows transactions apart, and takes one with a parent sample for the sample', () => {
    const { overall, labels } = read(
      `${root}<httpSample ${attributes(1000, 10, 'a')}/>${transaction(1000, 1)}${transaction(1030, 2)}${close}`,
    );
    assert.equal(overall.times.count, 2);
    assert.deepEqual(
      labels.map(({ label, transaction: apart, times }) => [label, apart, times.count]),
      [
        ['a', false, 1],
        ['Visit', true, 1],
        ['Visit', false, 1],
      ],
    );
  });

  it('says what is no sample, and that a file is cut', () => {
    const one = `<httpSample ${attributes(1000, 10, 'a')}/>`;
    assert.equal(read(`${root}${one}`).cut, true);
    assert.deepEqual([read(`${root}${one}<httpSample t="1" ts="5`).cut], [true]);
    const bad = read(`${root}${one}<httpSample t="soon" ts="5" lb="a" s="true"/>${one}${close}`);
    assert.deepEqual([bad.overall.times.count, bad.malformed, bad.cut], [2, 1, false]);
    assert.match(bad.firstMalformed ?? '', /^record 2 .*<httpSample t="soon"/);
    const appended = read(`${root}${one}<httpSample ${attributes(1, 1, 'b')}>\n${root}${one}${close}`);
    assert.deepEqual([appended.overall.times.count, appended.malformed, appended.cut], [2, 1, false]);
  });

  it('reads past fields of any length', () => {
    const long = 'x<'.repeat(2_000_000).replaceAll('<', '&lt;');
    const { overall, labels, malformed, cut } = read(
      `${root}<httpSample ${attributes(1, 1, 'a')}><responseData>${long}</responseData></httpSample>` +
        `<httpSample ${attributes(1, 1, long)}><a/></httpSample><httpSample ${attributes(1, 1, 'b')}/>${close}`,
    );
    assert.deepEqual([overall.times.count, labels.length, malformed, cut], [2, 2, 1, false]);
  });

  it('gives the same, whatever the pieces', () => {
    const label = fc.string({
      unit: fc.constantFrom('a', 'é', '&', '<', '>', '"', "'", ' ', '=', '/', '😀'),
    });
    const escaped = (text: string) =>
      text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&apos;');
    const sample = fc.record({ label, message: label, elapsed: fc.nat(200_000), success: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (samples, size) => {
          const text = samples.map(
            one =>
              `<httpSample ${attributes(1000, one.elapsed, escaped(one.label), `s="${one.success}" rc="200"`)}>${one.success ? '' : failed(escaped(one.message))}</httpSample>\n`,
          );
          const { overall, labels, malformed, cut } = read(root + text.join('') + close, size);
          assert.deepEqual([overall.times.count, malformed, cut], [samples.length, 0, false]);
          assert.deepEqual(new Set(labels.map(line => line.label)), new Set(samples.map(one => one.label)));
          assert.equal(
            overall.times.sum,
            samples.reduce((sum, { elapsed }) => sum + elapsed, 0),
          );
          const bad = samples.filter(({ success }) => !success);
          assert.equal(overall.errors.assertion + overall.errors.transport, bad.length);
          const first = bad.find(({ message }) => message !== '');
          if (first !== undefined)
            assert.ok(overall.messages.some(message => message.text === first.message));
        },
      ),
      { numRuns: 200 },
    );
  });
});
