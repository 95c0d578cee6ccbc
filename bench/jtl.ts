/**
 * Time to analyse JMeter's results, beside others on the same file: `npm run bench:jtl -- [SAMPLES] [ROUNDS]` (1000000, 5). The results are
 * made (bench/jtlData.ts) and every count and percentile of ours is held against what is true of them. Peers (bench/jtlPeers.ts) are
 * installed into a temporary folder; with `--native` also pandas and DuckDB. JMeter's own report generator takes part with `--jmeter`,
 * where the set-up has put it.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { kernelDefinition } from '../scripts/kernel.js';
import { rangeWorkerDefinition } from '../scripts/rangeWorker.js';
import { jmeterHome } from '../scripts/setup/cache.mjs';
import { threadsFor } from '../tasks/RunJmeterLoad/src/analysis/ranges/workers.js';
import { truePercentile, writeResults, type Truth } from './jtlData.js';
import { installPeers, type Contender } from './jtlPeers.js';

const [samples = 1_000_000, rounds = 5] = process.argv
  .slice(2)
  .filter(argument => /^\d+$/.test(argument))
  .map(Number);
const percents = [50, 90, 95, 99, 99.9];

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-jtl-'));
  try {
    const peers = installPeers(directory, percents, process.argv.includes('--native'));
    const own = await bundle(join(directory, 'own.cjs'), {
      ...kernelDefinition(),
      ...rangeWorkerDefinition(),
    });
    const plain = await bundle(join(directory, 'plain.cjs'), {});
    const node = (name: string, file: string, ...more: readonly string[]): Contender => ({
      name,
      command: [process.execPath, file, 'FILE', ...more],
      rounds,
    });
    const wc: Contender = { name: 'wc -l', command: ['wc', '-l', 'FILE'], rounds };
    const ours = [
      node('this analysis', own, 'threads=1'),
      node('… and course', own, 'threads=1', 'course'),
      { ...node('… without kernel', plain), rounds: Math.min(2, rounds) },
    ];
    const two = [
      node('… two threads', own, 'threads=2'),
      node('… and course, two', own, 'threads=2', 'course'),
    ];
    const [processor] = cpus();
    console.log(`${processor?.model ?? ''}, ${cpus().length} processors, Node ${process.version}`);
    if (peers.absent.length > 0) console.log(`Not here: ${peers.absent.join(', ')}`);
    const jmeter = process.argv.includes('--jmeter') ? [reportGenerator(directory)] : [];
    for (const [format, others] of [
      ['csv', [...peers.csv, ...jmeter]],
      ['xml', peers.xml],
    ] as const) {
      const path = join(directory, `results.${format}`);
      check(path, writeResults(path, samples, format), own);
      // What is still being written to the disk would be written at the cost of whoever comes first.
      execFileSync('sync');
      const large = format === 'csv' && threadsFor(statSync(path).size, 2) > 1;
      compare(path, [wc, ...ours, ...(large ? two : []), ...others]);
      rmSync(path);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The analysis as a task's bundle holds it, printing its figures as JSON. */
async function bundle(outfile: string, define: Readonly<Record<string, string>>): Promise<string> {
  const source = join(import.meta.dirname, '..', 'tasks', 'RunJmeterLoad', 'src');
  await build({
    stdin: {
      contents: `
        import { createHash } from 'node:crypto';
        import { analyse } from './analysis/analyse.js';
        import { collectTimeline } from './timeline/collectTimeline.js';
        void (async () => {
        const [path, ...words] = process.argv.slice(2);
        const timeline = words.includes('course') ? collectTimeline(undefined) : undefined;
        const threads = words.map(word => /^threads=(\\d+)$/.exec(word)?.[1]).find(Boolean);
        const analysis = await analyse(path, timeline && { timeline }, threads && { threads: Number(threads) });
        const all = words.includes('all') ? JSON.stringify([analysis, timeline?.timeline()], (_, value) => value?.toData?.() ?? value) : '';
        const figures = analysis.labels.map(({ label, times, errors, bytes }) => [label, times.count,
          errors.assertion + errors.response + errors.transport, bytes, ...${JSON.stringify(percents)}.map(p => times.percentile(p))]);
        console.log(JSON.stringify({ figures, all: createHash('sha256').update(all).digest('hex'), memory: process.resourceUsage().maxRSS / 1024 }));
        })();`,
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    keepNames: true,
    outfile,
    define: { ...define },
  });
  return outfile;
}

/** Holds our figures against what is true, and those of several threads against all that one finds. */
function check(path: string, truth: ReadonlyMap<string, Truth>, own: string): void {
  const found = run(own, path, 'threads=1');
  const lines = new Map(found.figures.map(line => [line[0], line]));
  for (const [label, known] of truth)
    assert.deepEqual(lines.get(label), [
      label,
      known.samples,
      known.errors,
      known.bytes,
      ...percents.map(percent => truePercentile(known, percent)),
    ]);
  assert.equal(lines.size, truth.size);
  const [all, ...others] = [1, 2, 3].map(
    threads => run(own, path, `threads=${threads}`, 'course', 'all').all,
  );
  for (const other of others) assert.equal(other, all);
  const bare = execFileSync(process.execPath, ['-p', 'process.resourceUsage().maxRSS / 1024'], {
    encoding: 'utf8',
  });
  const over = ({ memory }: { readonly memory: number }) => `${Math.round(memory - Number(bare))} MiB`;
  console.log(
    `\n${samples} samples, ${Math.round(statSync(path).size / 1e6)} MB of ${path.slice(-3).toUpperCase()}. All counts and percentiles right. ` +
      `Peak memory over that of bare Node (${Math.round(Number(bare))} MiB): ${over(found)}, with the course ${over(run(own, path, 'threads=1', 'course'))}, ` +
      `with two threads ${over(run(own, path, 'threads=2'))} and ${over(run(own, path, 'threads=2', 'course'))}.`,
  );
}

function run(own: string, ...words: readonly string[]) {
  const output = execFileSync(process.execPath, [own, ...words], { encoding: 'utf8' });
  return JSON.parse(output) as {
    readonly figures: unknown[][];
    readonly all: string;
    readonly memory: number;
  };
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

await main();
