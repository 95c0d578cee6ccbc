import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { analyse, follow } from '../../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { poolLabels, samplesOf } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { analyseBothWays, timelineBothWays } from './bothWays.js';

const header = 'timeStamp,elapsed,label,responseCode,success,failureMessage,bytes\n';
const row = (start: number, label = 'a') => `${start},10,${label},200,true,,10\n`;
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => row(1000 + index, `l${index % 5}`)).join('');

function read(...pieces: string[]) {
  return analyseBothWays(() => pieces.map(piece => Buffer.from(piece)));
}

describe('Results that are not what they should be', () => {
  it('count a record with a field of 60 MB, and those after it', () => {
    function* pieces() {
      yield Buffer.from(`${header}${row(1)}2,10,b,200,false,"too long: `);
      const piece = Buffer.from('x, ""y""\n'.repeat(100_000));
      for (let written = 0; written < 60_000_000; written += piece.length) yield piece;
      yield Buffer.from(`",77\n${row(3)}`);
    }
    const { overall, malformed, cut } = analyseBothWays(pieces);
    assert.deepEqual([overall.times.count, overall.bytes, malformed, cut], [3, 97, 0, false]);
    assert.equal(overall.errors.assertion, 1);
    assert.match(overall.messages[0]?.text ?? '', /^too long: x, "y"\nx, /);
  });

  it('count a record of which every field is long', () => {
    const long = 'y'.repeat(300_000);
    const { overall, labels, malformed } = read(
      `${header}1,10,${long},200,false,${long},10\n2,10,${long},200,false,"${long}",10\n${row(3)}`,
    );
    assert.deepEqual([overall.times.count, labels.length, malformed], [3, 2, 0]);
  });

  it('do not hide a record of a million fields, nor a line end that never comes', () => {
    const wide = read(`${header}${row(1)}${','.repeat(1_500_000)}\n${row(2)}`);
    assert.deepEqual([wide.overall.times.count, wide.malformed], [2, 1]);
    const endless = read(`${header}${row(1)}`, 'x'.repeat(3_000_000));
    assert.deepEqual([endless.overall.times.count, endless.cut], [1, true]);
  });

  it('end as cut where a lone quote takes the rest', () => {
    const opened = read(`${header}${row(1)}2,10,"lone,200,true,,10\n${many(50_000)}`);
    assert.deepEqual([opened.overall.times.count, opened.cut], [1, true]);
    const inside = read(`${header}${row(1)}2,10,5" disk,200,true,,10\n${row(3)}`);
    assert.deepEqual([inside.overall.times.count, inside.malformed, inside.cut], [3, 0, false]);
  });

  it('tell of other records than the header says', () => {
    const other = read(`${header}${many(9000)}${row(1).replaceAll(',', ';')}${header}${row(5)}`);
    assert.deepEqual([other.overall.times.count, other.malformed], [9001, 1]);
    assert.match(other.firstMalformed ?? '', /^record 9002 \(of the header's 7 fields it has 1\): 1;10;a/);
    const dated = read(`${header}2026/11/23 05:00:00,10,a,200,true,,10\n`);
    assert.match(dated.firstMalformed ?? '', /^record 2 \(without a start .* in milliseconds.*2026\/11\/23/);
    assert.equal(
      read(`${header}-5,10,a,200,true,,10\n5,-1,a,200,true,,10\n5,1e3,a,200,true,,1\n`).malformed,
      3,
    );
    assert.equal(read(`${header}\n\r\n${row(4)}\n`).malformed, 0);
  });

  it('have no header: the defaults of JMeter 2.13 to 5', () => {
    for (const [line, threads] of [
      ['1700000000000,21,a,200,OK,T 1-1,text,true,345,1,5,20', 5],
      ['1700000000000,21,a,200,OK,T 1-1,text,true,,345,1,6,20,0,1', 6],
      ['1700000000000;21;a;200;OK;T 1-1;text;true;;345;100;1;7;20;0;1', 7],
      ['1700000000000\t21\ta\t200\tOK\tT 1-1\ttext\ttrue\t\t345\t100\t1\t8\thttp://x/?a,b\t20\t0\t1', 8],
    ] as const) {
      const text = `${line}\r\n${line}\r\n`;
      const { overall, malformed } = read(text);
      assert.deepEqual([overall.times.count, overall.bytes, malformed], [2, 690, 0]);
      const course = timelineBothWays(text)?.labels[0]?.whole;
      assert.deepEqual([overall.latency.maximum, course?.threads], [20, threads]);
    }
  });

  it('quote every field', () => {
    const quoted = (line: string) => line.replaceAll(/[^,\n]+/g, '"$&"');
    const { overall, malformed } = read(quoted(header) + quoted(many(10)) + many(10));
    assert.deepEqual([overall.times.count, overall.times.sum, malformed], [20, 200, 0]);
  });

  it('have more labels and threads than there is room for', () => {
    const rows = Array.from(
      { length: 30_000 },
      (_, index) => `${index},10,${index % 9000}-${'l'.repeat(60)},true,t${index}\n`,
    );
    const text = Buffer.from(`timeStamp,elapsed,label,success,threadName\n${rows.join('')}`);
    const { labels, overall } = analyseBothWays(() => [text], { labelLimit: 20_000 });
    assert.deepEqual([labels.length, overall.times.count], [9000, 30_000]);
    assert.ok(labels.every(({ times }) => times.count === 3 || times.count === 4));
  });

  it('have clocks that jump', () => {
    const text = `${header}${row(5)}${row(1_700_000_000_000)}${row(999_999_999_999_999)}${row(3)}`;
    const { overall } = read(text);
    assert.deepEqual(
      poolLabels(timelineBothWays(text)?.labels ?? []).map(block => [block.at, samplesOf(block)]),
      [
        [0, 1],
        [1, 2],
        [30, 1],
      ],
    );
    assert.deepEqual([overall.firstStart, overall.lastEnd], [3, 1_000_000_000_000_009]);
  });
});

describe('Results in files', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'analyse-'));
    path = join(directory, 'results.jtl');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('are read compressed as they are, also when they are cut', async () => {
    const text = header + many(20_000);
    writeFileSync(path, text);
    const plain = await analyse(path);
    assert.deepEqual([plain.overall.times.count, plain.labels.length, plain.cut], [20_000, 5, false]);
    const packed = gzipSync(text);
    writeFileSync(path, packed);
    const whole = await analyse(path);
    assert.deepEqual(whole, plain);
    writeFileSync(path, packed.subarray(0, packed.length / 2));
    const half = await analyse(path);
    assert.ok(half.overall.times.count > 1000 && half.overall.times.count < 20_000);
    assert.deepEqual([half.cut, half.malformed], [true, 0]);
    packed.fill(0xff, packed.length / 2, packed.length / 2 + 500);
    writeFileSync(path, packed);
    await assert.rejects(analyse(path), { name: 'UserError', message: /is damaged and cannot be unpacked/ });
  });

  it('are followed while they grow', async () => {
    const follower = follow(path);
    assert.equal(await follower.poll(), 0);
    writeFileSync(path, header + row(1) + row(2).slice(0, 5));
    assert.ok((await follower.poll()) > 0);
    const first = follower.snapshot();
    appendFileSync(path, row(2).slice(5) + row(3));
    await follower.poll();
    assert.deepEqual([first.overall.times.count, follower.snapshot().overall.times.count], [1, 3]);
    assert.equal(await follower.poll(), 0);
    assert.deepEqual([follower.end().overall.times.count, follower.end().cut], [3, false]);
  });

  it('are missed by name', async () => {
    await assert.rejects(analyse(join(directory, 'none.jtl')), { code: 'ENOENT' });
    writeFileSync(path, '');
    await assert.rejects(analyse(path), { name: 'UserError', message: /is empty/ });
  });
});
