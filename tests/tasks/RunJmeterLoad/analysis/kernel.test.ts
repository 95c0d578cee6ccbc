import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAnalyser } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { compileKernel } from '../../../../tasks/RunJmeterLoad/src/analysis/kernel.js';
import type { AnalysisOptions } from '../../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { collectTimeline } from '../../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import { kernel } from './bothWays.js';

/** Everything that is found in a text, by the kernel or by plain TypeScript. */
function read(
  text: string,
  pieceSize: number,
  step: number | undefined,
  fast: boolean,
  options: AnalysisOptions,
) {
  const timeline = collectTimeline(step);
  const analyser = createAnalyser({ ...options, timeline }, fast ? kernel : undefined);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceSize) analyser.push(bytes.subarray(at, at + pieceSize));
  return { analysis: analyser.end(), timeline: timeline.timeline() };
}

function assertSame(text: string, pieceSize = 1 << 20, step?: number, options: AnalysisOptions = {}) {
  const [fast, plain] = [true, false].map(each => read(text, pieceSize, step, each, options));
  assert.deepEqual(fast, plain);
  return fast!;
}

const columns = [
  'timeStamp',
  'elapsed',
  'label',
  'responseCode',
  'responseMessage',
  'threadName',
  'success',
  'failureMessage',
  'bytes',
  'sentBytes',
  'allThreads',
  'URL',
  'Latency',
  'Connect',
];

const mostly = <Value>(usual: fc.Arbitrary<Value>, ...rare: readonly fc.Arbitrary<Value>[]) =>
  fc.oneof({ arbitrary: usual, weight: 30 }, ...rare);
const texts = (...all: readonly string[]) => fc.constantFrom(...all);
const numbers = (max: number) => fc.nat(max).map(String);
const odd = texts('', 'x', '-1', '1e3', '1234567890', '123456789012345', '1234567890123456', '"5"', ' 7');
const sample = fc.record({
  timeStamp: mostly(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_090_000 }).map(String),
    fc.integer({ min: 0, max: 4_000_000_000_000 }).map(String),
    odd,
  ),
  elapsed: mostly(numbers(300), numbers(140_000), odd),
  label: texts(
    'GET /',
    'GET /data',
    '"a, ""b"""',
    '"line\nend"',
    'é;\t',
    '',
    'x'.repeat(70),
    'bare "quote"',
    '"closed" early',
  ),
  responseCode: texts('200', '404', 'Non HTTP response code: java.net.SocketException', ''),
  responseMessage: mostly(
    texts('OK', 'Not', 'N', '"Number'),
    texts(
      '"Number of samples in transaction : 3, number of failing samples : 0"',
      'Number of samples in transaction : 0',
      '"Number of samples in transaction : 0, number of failing samples : 0"',
      'Number of samples in transaction : ',
      'Number of samples in transaction : 07',
      'Number of samples in transaction : x',
    ),
  ),
  threadName: texts('T 1-1', 'T 1-2', '"T 1-2"', 'T, 3'),
  success: mostly(texts('true', 'true', 'true', 'false'), texts('TRUE', '"true"', 'maybe', '')),
  failureMessage: mostly(fc.constant(''), texts('"too\n""slow"""', 'slow', '"', '"""')),
  bytes: mostly(numbers(20_000), odd),
  sentBytes: mostly(numbers(500), odd),
  allThreads: mostly(numbers(50), odd),
  URL: mostly(texts('http://x/', 'null'), texts('"null"', '', '"http://x/?a,b"')),
  Latency: mostly(numbers(300), numbers(140_000), odd),
  Connect: mostly(numbers(20), odd),
});

describe('The kernel', () => {
  it('is there, and its machine runs it', () => {
    assert.notEqual(kernel, undefined);
    assert.equal(compileKernel(Uint8Array.of(0, 97, 115, 109, 9, 9, 9, 9)), undefined);
  });

  it('finds the same as plain TypeScript in any results', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 150, size: 'max' }),
        fc.shuffledSubarray(columns, { minLength: columns.length - 3 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        // Names are known in the pieces after that in which they came first: then the kernel counts them.
        mostly(fc.integer({ min: 500, max: 4000 }), fc.constant(1 << 20), fc.integer({ min: 1, max: 300 })),
        fc.constantFrom(undefined, 1000, 5000),
        fc.constantFrom(0, 0, 20),
        (samples, kept, separator, lineEnd, pieceSize, step, seconds) => {
          const needed = ['timeStamp', 'elapsed', 'label', 'success'].filter(each => !kept.includes(each));
          const names = [...kept, ...needed];
          const line = (one: Readonly<Record<string, string>>) =>
            names.map(name => one[name]).join(separator);
          const text = [names.join(separator), ...samples.map(line), ''].join(lineEnd);
          assertSame(text, pieceSize, step, { warmUp: { seconds, testStart: undefined }, labelLimit: 6 });
        },
      ),
    );
  });

  it('takes any bytes apart as plain TypeScript does', () => {
    const bits = texts(
      '"',
      '"',
      ',',
      '\n',
      '\r\n',
      '1',
      'abcdefgh',
      ',true,',
      '""',
      '1000,5,a,true\n',
      'x'.repeat(61),
    );
    fc.assert(
      fc.property(
        fc.array(bits, { maxLength: 300 }),
        fc.integer({ min: 1, max: 700 }),
        (parts, pieceSize) => {
          assertSame(`timeStamp,elapsed,label,success\n1,1,a,true\n${parts.join('')}`, pieceSize);
        },
      ),
    );
  });

  it('counts long tests, jumping clocks and many labels the same', () => {
    const header = 'timeStamp,elapsed,label,threadName,success,bytes,Latency,Connect';
    const rows = (count: number, start: (index: number) => number, names: number) =>
      Array.from(
        { length: count },
        (_, index) =>
          `${start(index)},${(index * 7919) % 3000},GET /${index % names},T ${index % 50},true,${index % 999},${index % 700},${index % 3}\n`,
      ).join('');
    const time = 1_700_000_000_000;
    for (const [count, start, names, step] of [
      [40_000, (index: number) => time + index * 400, 20, undefined],
      [40_000, (index: number) => time + index * 200, 5, 10_000],
      [40_000, (index: number) => time + (index % 2) * 7_200_000 + index * 10, 5, undefined],
      [20_000, (index: number) => time + ((index * 7919) % 20_000) * 1000, 3, undefined],
      [12_000, (index: number) => time + index, 2500, undefined],
      [20_000, (index: number) => time + ((index * 7919) % 90) * 1000, 29, 1000],
    ] as const) {
      const { analysis } = assertSame(`${header}\n${rows(count, start, names)}`, 1 << 20, step);
      assert.equal(analysis.overall.times.count, count);
    }
  });

  it('has a block for every second of a test of days', () => {
    const seconds = 200_000;
    const rows = Array.from({ length: seconds }, (_, index) => `${index * 1000},5,a,true,7\n`);
    const timeline = collectTimeline(1000);
    const analyser = createAnalyser({ timeline }, kernel);
    analyser.push(Buffer.from(`timeStamp,elapsed,label,success,allThreads\n${rows.join('')}`));
    analyser.end();
    const [label] = timeline.timeline()?.labels ?? [];
    assert.deepEqual([label?.blocks.length, label?.whole.threads], [seconds, 7]);
  });

  it('gives what there is so far and goes on', () => {
    const text = Array.from({ length: 3000 }, (_, index) => `${1000 + index},${index % 90},a,true\n`).join(
      '',
    );
    const timelines = [kernel, undefined].map(each => {
      const timeline = collectTimeline(undefined);
      const analyser = createAnalyser({ timeline }, each);
      analyser.push(Buffer.from('timeStamp,elapsed,label,success\n'));
      const seen = [];
      for (let at = 0; at < text.length; at += 10_000) {
        analyser.push(Buffer.from(text.slice(at, at + 10_000)));
        seen.push(analyser.snapshot(), JSON.stringify(timeline.timeline()));
      }
      return [...seen, analyser.end()];
    });
    assert.deepEqual(timelines[0], timelines[1]);
  });
});
