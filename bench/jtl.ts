/**
 * Time to analyse JMeter's results, beside others on the same file: `npm run bench:jtl -- [SAMPLES] [ROUNDS]` (1000000, 5). The results are
 * made (bench/jtlData.ts) and every count and percentile of ours is held against what is true of them. Peers are installed into
 * a temporary folder; JMeter's own report generator takes part with `--jmeter`, where the set-up has put it.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { jmeterHome } from '../scripts/setup/cache.mjs';
import { truePercentile, writeResults, type Truth } from './jtlData.js';

const [samples = 1_000_000, rounds = 5] = process.argv
  .slice(2)
  .filter(argument => /^\d+$/.test(argument))
  .map(Number);
const percents = [50, 90, 95, 99, 99.9];
const peers = { 'csv-parse': '7.0.3', udsv: '0.7.3', saxes: '6.0.0' };

/** A program on one file, whose path stands for `FILE`. */
interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  /** How many rounds it takes part in: slow ones in one. */
  readonly rounds: number;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-jtl-'));
  try {
    writeFileSync(join(directory, 'package.json'), '{"private":true,"type":"module"}');
    const packages = Object.entries(peers).map(([name, version]) => `${name}@${version}`);
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', ...packages], {
      cwd: directory,
      stdio: 'ignore',
    });
    const own = await bundle(directory);
    const script = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return [process.execPath, join(directory, name), 'FILE'];
    };
    const wc: Contender = { name: 'wc -l', command: ['wc', '-l', 'FILE'], rounds };
    const ours: Contender = { name: 'this analysis', command: [process.execPath, own, 'FILE'], rounds };
    const csv = join(directory, 'results.csv');
    check(csv, writeResults(csv, samples, 'csv'), own);
    compare(csv, [
      wc,
      ours,
      { name: 'csv-parse', command: script('csvParse.js', csvParse), rounds: 2 },
      { name: 'udsv', command: script('udsv.js', udsv), rounds: 2 },
      ...(process.argv.includes('--jmeter') ? [reportGenerator(directory)] : []),
    ]);
    rmSync(csv);
    const xml = join(directory, 'results.xml');
    check(xml, writeResults(xml, samples, 'xml'), own);
    compare(xml, [wc, ours, { name: 'saxes', command: script('saxes.js', saxes), rounds: 2 }]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The analysis as a task's bundle holds it, printing its figures as JSON. */
async function bundle(directory: string): Promise<string> {
  const outfile = join(directory, 'own.js');
  const source = join(import.meta.dirname, '..', 'tasks', 'RunJmeterLoad', 'src', 'analysis');
  await build({
    stdin: {
      contents: `
        import { analyse } from './analyse.js';
        const analysis = await analyse(process.argv[2]);
        const figures = analysis.labels.map(({ label, times, errors, bytes }) => [label, times.count,
          errors.assertion + errors.response + errors.transport, bytes, ...${JSON.stringify(percents)}.map(p => times.percentile(p))]);
        console.log(JSON.stringify({ figures, memory: process.resourceUsage().maxRSS / 1024 }));`,
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    outfile,
  });
  return outfile;
}

/** Holds our figures against what is true. */
function check(path: string, truth: ReadonlyMap<string, Truth>, own: string): void {
  const output = execFileSync(process.execPath, [own, path], { encoding: 'utf8' });
  const { figures, memory } = JSON.parse(output) as {
    figures: unknown[][];
    memory: number;
  };
  const found = new Map(figures.map(line => [line[0], line]));
  for (const [label, known] of truth)
    assert.deepEqual(found.get(label), [
      label,
      known.samples,
      known.errors,
      known.bytes,
      ...percents.map(percent => truePercentile(known, percent)),
    ]);
  assert.equal(found.size, truth.size);
  const bare = execFileSync(process.execPath, ['-p', 'process.resourceUsage().maxRSS / 1024'], {
    encoding: 'utf8',
  });
  console.log(
    `\n${path}: ${samples} samples, ${Math.round(statSync(path).size / 1e6)} MB. All counts and percentiles right. Peak ${Math.round(memory)} MiB (bare Node ${Math.round(Number(bare))}).`,
  );
}

/** In turns, and medians of the ratios to the first: the machine's speed drifts. */
function compare(path: string, contenders: readonly Contender[]): void {
  const ratios = new Map<string, { wall: number[]; cpu: number[] }>();
  for (let round = 0; round < rounds; round += 1) {
    let first: Times | undefined;
    for (const { name, command, rounds: limit } of contenders) {
      if (round >= limit) continue;
      const times = timed(command.map(word => (word === 'FILE' ? path : word)));
      first ??= times;
      const known = ratios.get(name) ?? { wall: [], cpu: [] };
      ratios.set(name, known);
      known.wall.push(times.wall / first.wall);
      known.cpu.push(times.cpu / first.cpu);
    }
  }
  console.log(`${'times of'.padEnd(16)} ${(contenders[0]?.name ?? '').padStart(8)}   by processor`);
  for (const [name, { wall, cpu }] of ratios)
    console.log(
      `${name.padEnd(16)} ${median(wall).toFixed(1).padStart(8)} ${median(cpu).toFixed(1).padStart(12)}`,
    );
}

interface Times {
  readonly wall: number;
  /** User and system time, what a busy machine changes least. */
  readonly cpu: number;
}

function timed(command: readonly string[]): Times {
  const { stderr, status } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null', 'bash', ...command],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${String(status)}: ${stderr}`);
  const [wall = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  // A processor's time is counted in thousandths.
  return { wall: Math.max(wall, 0.001), cpu: Math.max(user + system, 0.001) };
}

function reportGenerator(directory: string): Contender {
  const jmeter = join(jmeterHome(), 'bin', 'jmeter');
  if (!existsSync(jmeter)) throw new Error(`${jmeter} is not there: run npm run setup first.`);
  const work = join(directory, 'report');
  mkdirSync(work);
  const log = join(work, 'jmeter.log');
  return {
    name: 'jmeter -g',
    command: [jmeter, '-g', 'FILE', '-o', join(work, 'html'), '-j', log, '-f'],
    rounds: 1,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The same job for each peer: by label count, errors, bytes and exact counts of times. */
const job = `
const lines = new Map();
function add(label, elapsed, success, bytes) {
  let line = lines.get(label);
  if (line === undefined) lines.set(label, (line = { n: 0, errors: 0, bytes: 0, times: new Uint32Array(131072) }));
  line.n++; line.bytes += +bytes; if (success !== 'true') line.errors++;
  line.times[Math.min(131071, +elapsed)]++;
}
process.on('exit', () => {
  for (const [label, { n, times }] of lines) {
    const found = ${JSON.stringify(percents)}.map(percent => {
      let rank = Math.ceil(percent * n / 100), value = 0;
      while ((rank -= times[value]) > 0) value++;
      return value;
    });
    console.log(label, n, ...found);
  }
});
import { createReadStream } from 'node:fs';
const input = createReadStream(process.argv[2], { highWaterMark: 1 << 20, encoding: 'utf8' });`;
const csvParse = `${job}
import { parse } from 'csv-parse';
const parser = input.pipe(parse({ from_line: 2 }));
for await (const row of parser) add(row[2], row[1], row[7], row[9]);`;
const udsv = `${job}
import { inferSchema, initParser } from 'udsv';
let parser;
for await (const piece of input) {
  parser ??= initParser(inferSchema(piece, {}, 1));
  parser.chunk(piece, parser.stringArrs, rows => { for (const row of rows) add(row[2], row[1], row[7], row[9]); });
}
parser.end();`;
const saxes = `${job}
import { SaxesParser } from 'saxes';
const parser = new SaxesParser();
parser.on('opentag', ({ attributes: a }) => { if (a.lb !== undefined) add(a.lb, a.t, a.s, a.by); });
for await (const piece of input) parser.write(piece);
parser.close();`;

await main();
