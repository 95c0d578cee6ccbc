/**
 * How fast a long log of Packer's streams through the task, and in how much memory: `npx tsx bench/packerLog.ts [LINES]`.
 * LINES of a provisioner (1,000,000 when absent). `pipe`: Node drains the pipe and looks at nothing. `readline`: Node's readline splits lines and
 * writes them on. `task`: all that the task does, from the child process to the agent's log and the log file.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectPipelines } from '../shared/agent/pipelines.js';
import { showRun } from '../tasks/PackerBakeVmss/src/log/showRun.js';

const ways = ['pipe', 'readline', 'task'] as const;
type Way = (typeof ways)[number];

async function main(): Promise<void> {
  const lines = Number(process.argv[2] ?? 1_000_000);
  const directory = mkdtempSync(join(tmpdir(), 'bench-packer-log-'));
  try {
    console.log('lines      way          lines/s       MB/s  CPU µs/line  RSS MiB  of it new');
    for (const count of [Math.round(lines / 10), lines]) {
      const log = join(directory, `${count}.log`);
      writeLog(log, count);
      for (const way of ways) await measure(way, log, count, directory);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** As Packer writes it with `-machine-readable`: lines with commas, colours and signatures among them. */
function writeLog(path: string, count: number): void {
  const file = openSync(path, 'w');
  const start = [
    '==> azure-arm: Running builder ...',
    '==> azure-arm: Provisioning with shell script: setup.sh',
  ];
  writeFileSync(file, start.map(line => `1795396607,,ui,say,${line}\n`).join(''));
  for (let begin = 0; begin < count; begin += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - begin) }, (_, index) => {
      const number = begin + index;
      return `1795396607,,ui,message,    azure-arm: Get:${number} http://deb.debian.org/debian bookworm/main amd64 package-${number}%!(PACKER_COMMA) ${number % 977} kB of archives\n`;
    });
    writeFileSync(file, lines.join(''));
  }
  closeSync(file);
}

/** Each way in a process of its own, which starts a program that writes the log, and itself writes to nowhere. */
async function measure(way: Way, log: string, count: number, directory: string): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', import.meta.filename, `--${way}`, log], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, AGENT_TEMPDIRECTORY: directory, AGENT_VERSION: '4.265.1' },
  });
  let said = '';
  child.stderr.on('data', chunk => (said += String(chunk)));
  await once(child, 'close');
  const own = /(\d+) kB before, (\d+) kB in (\d+) ms, (\d+) µs CPU/.exec(said);
  if (own === null) throw new Error(`${way} failed: ${said}`);
  const [before = 0, peak = 0, milliseconds = 0, cpu = 0] = own.slice(1).map(Number);
  const figures = [
    Math.round((count / milliseconds) * 1000).toLocaleString('en'),
    (statSync(log).size / 1e3 / milliseconds).toFixed(0),
    (cpu / count).toFixed(2),
    (peak / 1024).toFixed(0),
    ((peak - before) / 1024).toFixed(0),
  ];
  console.log(
    `${String(count).padEnd(10)} ${way.padEnd(9)} ${figures.map(each => each.padStart(10)).join(' ')}`,
  );
}

/** The child's part: reads what `cat` writes to its end and tells its time and memory. */
async function stream(way: Way, log: string): Promise<void> {
  const { agent } = connectPipelines(new AbortController().signal);
  for (const secret of ['a-client-secret~of.Azure', 'another-secret-value', 'job-token-0123456789'])
    agent.secret(secret);
  const before = process.resourceUsage().maxRSS;
  const [begun, used] = [performance.now(), process.cpuUsage()];
  if (way === 'task') {
    const run = showRun(openSync('/dev/null', 'w'), true, () => undefined, agent);
    await agent.start({
      name: 'cat',
      path: '/bin/cat',
      args: [log],
      echo: false,
      onLine: line => {
        run.take(line);
      },
    }).ended;
    run.end();
  } else {
    const { stdout } = spawn('/bin/cat', [log], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (way === 'pipe') await once(stdout.resume(), 'end');
    else for await (const line of createInterface({ input: stdout })) process.stdout.write(`${line}\n`);
  }
  const took = Math.round(performance.now() - begun);
  const { user, system } = process.cpuUsage(used);
  process.stderr.write(
    `${before} kB before, ${process.resourceUsage().maxRSS} kB in ${took} ms, ${user + system} µs CPU\n`,
  );
}

const way = ways.find(each => process.argv.includes(`--${each}`));
await (way === undefined ? main() : stream(way, process.argv.at(-1) ?? ''));
