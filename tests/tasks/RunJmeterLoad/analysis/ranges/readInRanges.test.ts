import assert from 'node:assert/strict';
import fc from 'fast-check';
import { kernel } from '../bothWays.js';
import { assertSame, behind, failed, header, read, sample, time, transaction } from './inRanges.js';

const texts = (...all: readonly string[]) => fc.constantFrom(...all);
const mostly = <Value>(usual: fc.Arbitrary<Value>, ...rare: readonly fc.Arbitrary<Value>[]) =>
  fc.oneof({ arbitrary: usual, weight: 20 }, ...rare);
const records = fc
  .record({
    start: mostly(
      fc.integer({ min: time, max: time + 90_000 }).map(String),
      fc.nat(4_000_000).map(String),
      texts('x', '999999999999999'),
    ),
    elapsed: mostly(fc.nat(400).map(String), fc.nat(300_000).map(String), texts('', '999999999999999')),
    label: mostly(texts('a', 'b', '"c, ""d"""', '"e\nf"'), fc.nat(40).map(String)),
    message: mostly(
      texts('OK', 'No'),
      texts('"Number of samples in transaction : 2, x"', '"Number of samples in transaction : 0, x"'),
      texts('"Number of samples in transaction : 2, x"', 'Number of samples in transaction : x'),
    ),
    thread: texts('T 1-1', '"T 1-1"', 'T 1-2', 'T 1-3'),
    success: mostly(texts('true'), texts('false', 'maybe')),
    failure: mostly(
      texts('', 'slow 1', 'slow 2'),
      fc.nat(30).map(number => `${'x'.repeat(number)} too`),
      texts(`"first\n${sample(time).trim()}\n${sample(time)}"`, '"lone'),
    ),
    bytes: mostly(fc.nat(5000).map(String), texts('-', '999999999999999')),
  })
  .map(({ start, elapsed, label, message, thread, success, failure, bytes }) =>
    [start, elapsed, label, '200', message, thread, success, failure, bytes, '5', '7'].join(','),
  );

describe('A file in ranges', () => {
  it('gives what it gives in one, wherever they begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mostly(records, texts('', header, 'a,b', ',,,,,,,,,,', '"')), {
          minLength: 1,
          maxLength: 60,
        }),
        texts('\n', '\r\n'),
        fc.array(fc.tuple(fc.boolean(), fc.nat(10_000)), { maxLength: 6 }),
        fc.constantFrom(undefined, 1000, 10_000),
        fc.constantFrom(0, 0, 20),
        fc.constantFrom(6, 2000),
        fc.constantFrom(0, 0, 500, 1000),
        async (rows, lineEnd, places, step, seconds, labelLimit, head) => {
          const text = [header, ...rows, ''].join(lineEnd);
          const ends = behind(text, ...rows.keys());
          const begins = places.map(([atLine, place]) =>
            atLine ? (ends[place % ends.length] ?? 0) : place % text.length,
          );
          const options = { warmUp: { seconds, testStart: undefined }, labelLimit };
          begins.sort((a, b) => a - b);
          await assertSame(text, begins, { step, options, head });
        },
      ),
      { numRuns: 300 },
    );
  });

  const many = (count: number, row: (index: number) => string) =>
    header + '\n' + Array.from({ length: count }, (_, index) => row(index)).join('');

  it('takes transactions for repeats of samples that came in the range before', async () => {
    const text = many(300, index =>
      index % 3 === 2
        ? transaction(time + (index - 2) * 10, `T 1-${(index - 2) % 5}`)
        : sample(time + index * 10, 'a', `T 1-${(index - (index % 3)) % 5}`),
    );
    assert.equal(await assertSame(text, behind(text, 101, 150, 152, 200)), 4);
  });

  it('takes them for samples where the controllers generate a parent sample', async () => {
    const text = many(300, index =>
      index < 2
        ? sample(time + index * 10, 'login', `T 1-${index % 2}`)
        : transaction(time + index * 10, `T 1-${index % 2}`),
    );
    assert.equal(await assertSame(text, behind(text, 100, 200)), 2);
  });

  it('reads a range again where transactions are not what they were before', async () => {
    const text = many(300, index =>
      index < 100 && index % 2 === 0
        ? sample(time + index * 10)
        : transaction(time + index * 10 - (index < 100 ? 10 : 0)),
    );
    assert.equal(await assertSame(text, behind(text, 50, 101, 200)), 1);
  });

  it('reads a range again that begins within a record', async () => {
    const text = many(300, index =>
      index === 150 ? failed(time, `"one\n${sample(time)}${sample(time)}two"`) : sample(time + index),
    );
    assert.equal(await assertSame(text, behind(text, 100, 153, 200)), 1);
    assert.equal(await assertSame(text, behind(text, 100, 152, 153, 200, 250)), 2);
  });

  it('tells of the first record that is none by its number in the file', async () => {
    const text = many(300, index => (index === 140 || index === 240 ? 'odd\n' : sample(time + index)));
    assert.equal(await assertSame(text, behind(text, 50, 100, 200)), 3);
    const { analysis } = await read(text, behind(text, 50, 100, 200), { module: kernel });
    assert.deepEqual([analysis.malformed, analysis.firstMalformed?.slice(0, 11)], [2, 'record 142 ']);
  });

  it('says that it is cut where its last range is', async () => {
    const text = many(300, index => sample(time + index)) + sample(time).slice(0, 20);
    assert.equal(await assertSame(text, behind(text, 100, 301)), 2);
    const { analysis } = await read(text, behind(text, 100, 301), { module: kernel });
    assert.deepEqual([analysis.cut, analysis.overall.times.count], [true, 300]);
  });

  it('keeps the messages that come first in the file, and counts all that are like them', async () => {
    const text = many(1200, index =>
      failed(time + index, `${'x'.repeat(index < 600 ? index % 30 : 99 - (index % 60))} slow by ${index}`),
    );
    assert.equal(await assertSame(text, behind(text, 10, 300, 601)), 3);
    const { analysis } = await read(text, behind(text, 10, 300, 601), { module: kernel });
    assert.equal(analysis.overall.messages.length, 20);
  });

  it('reads a range again that has too many messages to hold them against those before', async () => {
    const text = many(900, index => failed(time + index, 'x'.repeat(index < 300 ? 1 : index % 450)));
    assert.equal(await assertSame(text, behind(text, 200, 301, 801)), 2);
  });

  it('lists as many labels as it may, in the order of the file', async () => {
    const text = many(300, index => sample(time + index, `l${Math.floor(index / 20)}`));
    const options = { labelLimit: 12 };
    assert.equal(await assertSame(text, behind(text, 100, 200), { options }), 1);
    assert.equal(await assertSame(text, behind(text, 30, 100, 250), { options }), 1);
    assert.equal(await assertSame(text, behind(text, 100, 200)), 2);
  });

  it('leaves out the warm-up by its first sample, and lays blocks from the first that counts', async () => {
    const text = many(900, index => sample(time + index * 333 - (index === 500 ? 90_000 : 0)));
    for (const step of [undefined, 5000])
      for (const [seconds, ranges] of [
        [0, 4],
        [10, 4],
        [200, 1],
      ] as const) {
        const options = { warmUp: { seconds, testStart: undefined } };
        assert.equal(await assertSame(text, behind(text, 100, 400, 501, 700), { step, options }), ranges);
      }
  });

  it('adds sums as long as they are exact', async () => {
    const text = many(60, () => sample(1000).replace(',10,', ',999999999999999,'));
    assert.equal(await assertSame(text, behind(text, 8, 10, 20)), 1);
  });
});
