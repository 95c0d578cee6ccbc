/** Azurite, Microsoft's storage emulator, as a process of its own: fetched into the cache when a client first uploads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../../scripts/setup/cache.mjs';
import { locked } from '../../../scripts/setup/lock.mjs';
import { ToolError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';

/** The last version that runs on Node 20. */
const version = '3.35.0';

/** The blob service of one storage account. */
export interface BlobService {
  /** On loopback. */
  readonly port: number;
  close(): Promise<void>;
}

// It ends with its standard input, and so with this process, however that ends; on a SIGTERM it first writes what it has.
const wrapper =
  "const end = () => { if (!process.emit('SIGTERM')) process.exit(); setTimeout(process.exit, 5000).unref(); }; process.stdin.resume().on('end', end); process.argv.splice(1, 0, 'azurite'); " +
  'require(process.env.AZURITE_MAIN);';

/**
 * Starts the service.
 * @param keys of the account, base64
 * @param directory where it keeps the blobs over restarts; all that it holds is in memory when absent
 * @throws ToolError when it cannot be fetched or does not start
 */
export async function startAzurite(
  account: string,
  keys: readonly string[],
  directory?: string,
): Promise<BlobService> {
  const main = await installed();
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const options = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    '0',
    ...(directory === undefined ? ['--inMemoryPersistence'] : ['--location', directory]),
    '--disableTelemetry',
  ];
  const child = spawn(
    process.execPath,
    ['-e', wrapper, '--', ...options, '--silent', '--skipApiVersionCheck', '--loose'],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: {
        PATH: process.env['PATH'],
        AZURITE_MAIN: main,
        AZURITE_ACCOUNTS: [account, ...keys].join(':'),
      },
    },
  );
  let said = '';
  const ended = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-20_000);
      const found = /successfully listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    ended.then(() => {
      reject(failure('ended before it was ready', said));
    }, reject);
  });
  return {
    port,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Fetches Azurite unless it is there. It is no dependency: most runs upload nothing, and it is 186 MB. */
async function installed(): Promise<string> {
  const home = join(cacheDirectory(), 'azurite', version);
  const main = join(home, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
  if (existsSync(main)) return main;
  await locked(join(cacheDirectory(), 'azurite.lock'), async () => {
    if (existsSync(main)) return;
    process.stderr.write(`Fetching Azurite ${version} (npm) for the first upload of a blob; 186 MB, once.\n`);
    const draft = `${home}.unfinished`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    const child = spawn('npm', ['install', '--prefix', draft, ...quiet, `azurite@${version}`], {
      cwd: draft,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const take = (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-20_000));
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw failure(`could not be fetched by npm (exit code ${String(code)})`, said);
    await rename(draft, home);
  });
  return main;
}

function failure(what: string, said: string): ToolError {
  return new ToolError(`Azurite ${what}.`, 'azurite', undefined, lastLines(said.split('\n')));
}
