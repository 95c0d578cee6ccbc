/** `npm run demo`: the sample's whole release on this machine, from a commit to a verdict; `--break STAGE` commits a fault first. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatDuration } from '../shared/core/duration.js';
import { reportFile } from '../shared/report/names.js';
import { standaloneTemplate } from '../shared/report/standalone.js';
import { breaks, isBreak } from './demo/breaks.js';
import { leftovers, markVariable } from './demo/processes.js';
import { summarise, type RunRecord } from './demo/summary.js';
import { repositoryRoot } from './tasks.js';

const usage = `npm run demo -- [--break ${Object.keys(breaks).join('|')}] [--out DIR]`;

/** Where the demo marks a repository as its own; git does not look there. */
const sourceMark = join('.git', 'bake-and-roll-demo');

process.exitCode = await demo();

/** Runs the demo and returns its exit code: that of the pipeline run, or 2 when it could not be run as asked. */
async function demo(): Promise<number> {
  const started = Date.now();
  const options = readOptions();
  if (options === undefined) return 2;
  const { broken, out } = options;
  const mark = randomUUID();

  console.log('Building the tasks …');
  execFileSync('npm', ['run', '--silent', 'build', '--', '--if-stale'], {
    cwd: repositoryRoot,
    stdio: 'inherit',
  });

  const source = commitSample(out);
  if (broken !== undefined) {
    breaks[broken].edit(source);
    commit(source, `Break ${broken}: ${breaks[broken].what}`);
    console.log(`\nBroken on purpose: ${breaks[broken].what}. The ${broken} step must fail, and say why.`);
  }

  const exitCode = await runPipeline(source, out, { [markVariable]: mark, adminPassword: password() });
  const record = join(out, 'run.json');
  if (existsSync(record)) {
    console.log(`\n${summarise(JSON.parse(readFileSync(record, 'utf8')) as RunRecord)}`);
  }
  const page = join(out, standaloneTemplate);
  if (existsSync(page)) console.log(`\nRelease report: ${page}`);
  console.log(`\nRecord: ${record}   Traffic of the local Azure: ${join(out, 'azure-traffic.jsonl')}`);
  const left = leftovers(mark);
  console.log(`Processes left behind: ${left.length === 0 ? 'none' : `\n  ${left.join('\n  ')}`}`);
  console.log(`Wall time: ${formatDuration(Date.now() - started)}`);
  return left.length > 0 && exitCode === 0 ? 1 : exitCode;
}

function readOptions(): { broken: keyof typeof breaks | undefined; out: string } | undefined {
  try {
    const { values } = parseArgs({ options: { break: { type: 'string' }, out: { type: 'string' } } });
    const broken = values.break;
    if (broken !== undefined && !isBreak(broken)) throw new Error(`--break knows no '${broken}'`);
    const out = resolve(values.out ?? join(repositoryRoot, 'out', 'demo'));
    const foreign = [out, sourceOf(out)].find(folder => !mayBeRemoved(folder));
    if (foreign !== undefined)
      throw new Error(
        `${foreign} holds files that no demo has made, and they would be lost: name another --out`,
      );
    return { broken, out };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`);
    return undefined;
  }
}

function sourceOf(out: string): string {
  return `${out}-source`;
}

/** Whether a folder holds nothing, or what an earlier demo left: a run's counters, or the sample's repository with our mark. */
function mayBeRemoved(folder: string): boolean {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return true;
  return [join(folder, 'counters.json'), join(folder, sourceMark)].some(mark => existsSync(mark));
}

/** A repository of its own beside the record, which holds the sample as its first commit, as a team would have it. */
function commitSample(out: string): string {
  const source = sourceOf(out);
  // What the last run hands on to this one: its number, and how long its steps took.
  const kept = ['counters.json', reportFile];
  const before = existsSync(out) ? readdirSync(out).filter(name => !kept.includes(name)) : [];
  for (const path of [source, ...before.map(name => join(out, name))])
    rmSync(path, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  execFileSync('git', ['init', '--quiet', '--initial-branch=main'], { cwd: source });
  writeFileSync(join(source, sourceMark), '');
  cpSync(join(repositoryRoot, 'samples', 'php-webapp'), source, { recursive: true });
  commit(source, 'The sample application');
  return source;
}

function commit(directory: string, message: string): void {
  const author = [
    '-c',
    'user.name=Bake & Roll demo',
    '-c',
    'user.email=demo@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  execFileSync('git', ['add', '--all', '--force'], { cwd: directory });
  execFileSync('git', [...author, 'commit', '--quiet', '--message', message], { cwd: directory });
}

/** A password as Azure wants it: long, and of several kinds of characters. Nobody needs to know it. */
function password(): string {
  return `${randomBytes(18).toString('base64url')}aA1!`;
}

async function runPipeline(
  source: string,
  out: string,
  environment: Record<string, string>,
): Promise<number> {
  const runner = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', join(repositoryRoot, 'local', 'agent', 'main.ts')],
      join(source, 'azure-pipelines.yml'),
      ...['--azure', 'local', '--resource-group', 'webapp-images=westeurope', '--out', out],
      ...['--secret-env', 'adminPassword'],
    ],
    { cwd: repositoryRoot, stdio: 'inherit', env: { ...process.env, ...environment } },
  );
  // Ctrl-C reaches the runner by itself, as one of the terminal's processes; this process waits for it to end in order.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => runner.kill('SIGTERM'));
  return new Promise(resolve => {
    runner.once('close', code => {
      resolve(code ?? 1);
    });
  });
}
