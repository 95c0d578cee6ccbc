/**
 * How fast a long log of Packer's streams through the task, and in how much memory: `npx tsx bench/packerLog.ts [LINES]`.
 * LINES of a provisioner (1,000,000 when absent), beside the same lines through `cat` and through Node's readline alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { showRun } from '../tasks/PackerBakeVmss/src/showRun.js';

const ways = ['cat', 'readline', 'task'] as const;
type Way = (typeof ways)[number];

async function main(): Promise<void> {
  const lines = Number(process.argv[2] ?? 1_000_000);
  const directory = mkdtempSync(join(tmpdir(), 'bench-packer-log-'));
  try {
    console.log('lines      way       lines/s      MB/s   peak RSS MiB');
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

/** Each way in a process of its own, which reads the log from a pipe and writes to nowhere. */
async function measure(way: Way, log: string, count: number, directory: string): Promise<void> {
  const begun = performance.now();
  const command =
    way === 'cat'
      ? `cat < '${log}' | cat > /dev/null`
      : `cat '${log}' | '${process.execPath}' --import tsx '${import.meta.filename}' --${way} 2>&1 >/dev/null`;
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, AGENT_TEMPDIRECTORY: directory, AGENT_VERSION: '4.265.1' },
  });
  let said = '';
  child.stdout.on('data', chunk => (said += String(chunk)));
  await once(child, 'close');
  const own = /(\d+) kB in (\d+) ms/.exec(said);
  const milliseconds = own === null ? performance.now() - begun : Number(own[2]);
  const figures = [
    Math.round((count / milliseconds) * 1000).toLocaleString('en'),
    (statSync(log).size / 1e3 / milliseconds).toFixed(0),
    own === null ? '-' : (Number(own[1]) / 1024).toFixed(0),
  ];
  console.log(
    `${String(count).padEnd(10)} ${way.padEnd(9)} ${figures.map(each => each.padStart(9)).join(' ')}`,
  );
}

/** The child's part: reads standard input to its end and tells its time and memory. */
async function stream(way: Way): Promise<void> {
  const begun = performance.now();
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  if (way === 'readline') {
    for await (const line of lines) process.stdout.write(`${line}\n`);
  } else {
    // It speaks to the agent as soon as it is loaded.
    const { connectPipelines } = await import('../shared/agent/pipelines.js');
    const { agent } = connectPipelines(new AbortController().signal);
    for (const secret of ['a-client-secret~of.Azure', 'another-secret-value', 'job-token-0123456789'])
      agent.secret(secret);
    const file = openSync('/dev/null', 'w');
    const run = showRun(file, true, () => undefined, agent);
    for await (const line of lines) run.take(line);
    run.end();
  }
  process.stderr.write(
    `${process.resourceUsage().maxRSS} kB in ${Math.round(performance.now() - begun)} ms\n`,
  );
}

const way = ways.find(each => process.argv.includes(`--${each}`));
await (way === undefined ? main() : stream(way));
