/**
 * What it costs to follow a run while it goes on: `npx tsx bench/followJtl.ts [SECONDS] [SAMPLES A SECOND]` (30, 5000). This process writes results
 * as JMeter does, several times a second; another one watches them as the task does (watchRun in a bundle, with a criterion that may
 * end the run), and tells how much of a processor that took.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { kernelDefinition } from '../scripts/kernel.js';
import { writeResults } from './jtlData.js';

const [seconds = 30, perSecond = 5000] = process.argv.slice(2).map(Number);
const writesPerSecond = 10;
const directory = mkdtempSync(join(tmpdir(), 'bench-follow-'));
try {
  const { header, records } = makeRecords(join(directory, 'made.csv'));
  const jtl = join(directory, 'results.jtl');
  const file = openSync(jtl, 'w');
  writeSync(file, header);
  const watcher = spawn(process.execPath, [await bundle(), jtl], { stdio: ['pipe', 'pipe', 'inherit'] });
  let told = '';
  watcher.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const started = Date.now();
  for (let written = 0; written < seconds * perSecond;) {
    const due = Math.floor(((Date.now() - started) / 1000) * perSecond);
    let text = '';
    for (; written < Math.min(due, seconds * perSecond); written += 1)
      text += `${Date.now()}${records[written % records.length] ?? ''}\n`;
    writeSync(file, text);
    await pause(1000 / writesPerSecond);
  }
  closeSync(file);
  // The last ones are taken at the next look.
  await pause(1500);
  watcher.stdin.end();
  await once(watcher, 'close');
  const { cpu, samples, lines } = JSON.parse(told) as { cpu: number; samples: number; lines: string[] };
  for (const line of lines) console.log(line);
  assert.ok(samples > seconds * perSecond * 0.6, `${samples} samples told of`);
  const part = (cpu / 1000 / (Date.now() - started)) * 100;
  console.log(
    `\n${perSecond} samples a second followed for ${seconds} s: ${part.toFixed(2)} % of a processor.`,
  );
} finally {
  rmSync(directory, { recursive: true });
}

/** Records of 22 labels, without the time that they begin with. */
function makeRecords(path: string): { header: string; records: string[] } {
  writeResults(path, 20_000, 'csv');
  const text = readFileSync(path, 'utf8');
  const end = text.indexOf('\n') + 1;
  const records = text
    .slice(end)
    .trimEnd()
    .split(/\n(?=\d{13},)/)
    .map(record => record.slice(13));
  return { header: text.slice(0, end), records };
}

/** The watching part of the task with a run that ends when the standard input does. */
async function bundle(): Promise<string> {
  const outfile = join(directory, 'watch.mjs');
  await build({
    stdin: {
      contents: `
        import { parseCriteria } from './criteria/parseCriteria.js';
        import { watchRun } from './watchRun.js';
        const lines = [];
        const agent = { info: line => lines.push(line), progress: () => {}, signal: new AbortController().signal };
        const ended = new Promise(resolve => { process.stdin.resume(); process.stdin.on('end', resolve); });
        const { criteria: abortWhen } = parseCriteria('error_rate > 50%\\np95(response_time) > 60s');
        const watch = { abortWhen, countedErrors: ['assertion', 'response', 'transport'], silenceSeconds: 60, durationSeconds: 600,
          warmUpSeconds: 0, stepMilliseconds: undefined };
        const run = { tool: { ended }, jtl: process.argv[2], testStart: () => undefined, lastLine: () => 0, port: () => undefined, trouble: async () => undefined };
        const before = process.cpuUsage();
        const { endedBecause: why } = await watchRun(run, watch, agent);
        const { user, system } = process.cpuUsage(before);
        const samples = Number(/So far (\\d+)/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
        console.log(JSON.stringify({ cpu: user + system, samples, lines: why === undefined ? lines : [why] }));`,
      resolveDir: join(import.meta.dirname, '..', 'tasks', 'RunJmeterLoad', 'src'),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    define: { ...kernelDefinition() },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile,
  });
  return outfile;
}
