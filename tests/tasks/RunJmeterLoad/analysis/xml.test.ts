import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileKernel as buildKernel } from '../../../../scripts/kernel.js';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { compileKernel } from '../../../../tasks/RunJmeterLoad/src/analysis/kernel.js';
import type { JtlAnalysis } from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';

const module = compileKernel(buildKernel());

function read(text: string, pieceSize = 1 << 20, fast = false) {
  const analyser = createAnalyser({}, fast ? module : undefined);
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

  it('goes through an attribute of 60 MB, a million samples in each other and quotes that nothing closes', () => {
    const one = `<httpSample ${attributes(1, 1, 'a')}/>\n`;
    const long = createAnalyser({}, module);
    long.push(Buffer.from(`${root}${one}<httpSample ${attributes(2, 2, 'b')} x="`));
    for (let written = 0; written < 60; written += 1) long.push(Buffer.alloc(1_000_000, "y'<> "));
    long.push(Buffer.from(`"/>\n${one}${close}`));
    const { overall, malformed, firstMalformed, cut } = long.end();
    assert.deepEqual([overall.times.count, malformed, cut], [2, 1, false]);
    assert.match(firstMalformed ?? '', /^record 2 .*a tag of more than 384 KiB/);

    const deep = read(
      `${root}<sample ${attributes(3, 3, 'c')}>${'<sample>'.repeat(1_000_000)}${'</sample>'.repeat(1_000_001)}${one}${close}`,
      undefined,
      true,
    );
    assert.deepEqual([deep.overall.times.count, deep.malformed, deep.cut], [2, 0, false]);

    const lone = read(`${root}${one}<httpSample t="1 ts='5>${one.repeat(50_000)}${close}`);
    assert.ok(lone.overall.times.count >= 1 && (lone.cut || lone.malformed > 0));
  });

  it('does not expand entities that a file defines', () => {
    const bomb = `<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>`;
    const { labels } = read(
      `<?xml version="1.0"?>\n${bomb}\n<testResults><sample ${attributes(1, 1, '&b;&c;')}/>${close}`,
    );
    assert.deepEqual(
      labels.map(({ label }) => label),
      ['&b;&c;'],
    );
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

describe('random XML', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'N', 'é', '&', '<', '>', '"', "'", ' ', '=', '/', '😀'),
    maxLength: 8,
  });
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;');
  const anySample = fc.record({
    element: fc.constantFrom('httpSample', 'sample'),
    start: fc.integer({ min: 0, max: 2_000_000_000_000 }),
    elapsed: fc.oneof(fc.nat(500), fc.nat(5_000_000_000)),
    label: word,
    bytes: fc.oneof(fc.nat(9), fc.nat(9_000_000_000)),
    success: fc.constantFrom('true', 'True', 'false', 'False'),
    code: fc.constantFrom('200', '503', '', 'Non HTTP response code: a&amp;b'),
    message: fc.oneof(word, fc.constantFrom('OK', 'Number of', 'Number of samples in transaction : 2, x')),
    thread: fc.option(word, { nil: undefined }),
    more: fc.subarray(['it="0"', 'ec="1"', 'userName="a&amp;b > c"', "de='x\"y'", 'b:c="1"']),
    order: fc.array(fc.nat(1000), { minLength: 16, maxLength: 16 }),
    quote: fc.constantFrom('"', "'"),
    space: fc.constantFrom(' ', '  ', '\n', '\t '),
  });
  type AnySample = typeof anySample extends fc.Arbitrary<infer One> ? One : never;

  function tagOf({ element, more, order, quote, space, ...one }: AnySample): string {
    const named = {
      t: String(one.elapsed),
      ts: String(one.start),
      lb: escaped(one.label),
      s: one.success,
      by: String(one.bytes),
      rm: escaped(one.message),
      rc: one.code,
      ...(one.thread === undefined ? {} : { tn: escaped(one.thread) }),
    };
    const all = [...Object.entries(named).map(([name, value]) => `${name}=${quote}${value}${quote}`), ...more]
      .map((text, index) => ({ text, key: order[index] ?? 0 }))
      .sort((a, b) => a.key - b.key);
    return `<${element}${all.map(({ text }) => `${space}${text}`).join('')}`;
  }

  const content: fc.Arbitrary<string> = fc.letrec<{ node: string; content: string }>(tie => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        '\n  ',
        '<responseData class="a > b">&lt;httpSample t=&quot;1&quot;/&gt;</responseData>',
        '<java.net.URL>http://x/?a=1&amp;b=2</java.net.URL>',
        '<requestHeader/>',
        '<assertionResult><name>a</name><failure>true</failure><error>false</error><failureMessage>m &amp; n</failureMessage></assertionResult>',
        '<assertionResult><name>b</name><failure>false</failure><error>true</error><failureMessage>no\n</failureMessage></assertionResult>',
        '<assertionResult><failure>false</failure><error>false</error><failureMessage>held</failureMessage></assertionResult>',
        '<failureMessage>stray</failureMessage><failureMessage/><failure >true</failure>',
        '<failure> true </failure><failureMessage a="b">spaced</failureMessage><failures>true</failures>',
        "<method a='\">'>GET</method>",
        '<!-- </httpSample> -->',
        '<![CDATA[</sample><httpSample>]]>',
        '<?note </httpSample> ?>',
        '<httpSampler/><samples>x</samples>',
        'text &gt; " \' text',
        'long text '.repeat(20),
      ),
      fc.tuple(anySample, tie('content')).map(([one, inner]) => `${tagOf(one)}>${inner}</${one.element}>`),
      anySample.map(one => `${tagOf(one)}/>`),
    ),
    content: fc.array(tie('node'), { maxLength: 4 }).map(nodes => nodes.join('')),
  })).content;
  const document = fc.array(fc.tuple(anySample, fc.option(content, { nil: undefined })), {
    minLength: 1,
    maxLength: 12,
  });
  const textOf = (samples: readonly (readonly [AnySample, string | undefined])[]) =>
    `${root}${samples
      .map(([one, inner]) =>
        inner === undefined ? `${tagOf(one)}/>\n` : `${tagOf(one)}>${inner}</${one.element}>`,
      )
      .join('')}${close}`;

  it('is counted as it was made', () => {
    fc.assert(
      fc.property(document, samples => {
        const { overall, labels, malformed, cut } = read(textOf(samples));
        assert.deepEqual([malformed, cut], [0, false]);
        const total = (of: (one: AnySample) => number) => samples.reduce((sum, [one]) => sum + of(one), 0);
        const found = (of: (line: typeof overall) => number) =>
          labels.reduce((sum, line) => sum + of(line), 0);
        assert.equal(
          found(line => line.times.count),
          samples.length,
        );
        assert.equal(
          found(line => line.times.sum),
          total(one => one.elapsed),
        );
        assert.equal(
          found(line => line.bytes),
          total(one => one.bytes),
        );
        assert.deepEqual(
          new Set(labels.map(({ label }) => label)),
          new Set(samples.map(([{ label }]) => label)),
        );
        for (const [{ label }] of samples) {
          const own = samples.filter(([one]) => one.label === label);
          const lines = labels.filter(line => line.label === label);
          const sum = (of: (line: typeof overall) => number) =>
            lines.reduce((all, line) => all + of(line), 0);
          assert.equal(
            sum(line => line.times.count),
            own.length,
          );
          assert.equal(
            sum(({ errors }) => errors.assertion + errors.transport + errors.response),
            own.filter(([one]) => one.success.toLowerCase() === 'false').length,
          );
          assert.equal(
            Math.min(...lines.map(line => line.firstStart)),
            Math.min(...own.map(([one]) => one.start)),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is read alike in one piece and in many, by the kernel and without it, also when it is damaged', () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('', '"', "'", '<', '>', '/', '=', ' ', 'x', '<!--', '</httpSample>'),
      ),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(document, damage, fc.integer({ min: 1, max: 200 }), (samples, changes, size) => {
        let text = textOf(samples);
        for (const [at, change] of changes) {
          const place = root.length + (at % (text.length - root.length));
          text = text.slice(0, place) + change + text.slice(place + 1);
        }
        const whole = figuresOf(read(text));
        assert.deepEqual(figuresOf(read(text, size)), whole);
        assert.deepEqual(figuresOf(read(text, undefined, true)), whole);
        assert.deepEqual(figuresOf(read(text, size, true)), whole);
      }),
      { numRuns: 50 },
    );
  });
});

function figuresOf({ labels, malformed, firstMalformed, cut, unlisted }: JtlAnalysis) {
  return {
    labels: labels.map(({ times, latency, connect, ...line }) => ({
      ...line,
      times: [[...times.entries()], times.sum, times.minimum, times.maximum],
      others: [latency.sum, connect.sum],
    })),
    malformed,
    firstMalformed,
    cut,
    unlisted,
  };
}
