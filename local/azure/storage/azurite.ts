/** Azurite, Microsoft's storage emulator, as a process of its own: fetched into the cache when a client first uploads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { installAzurite } from '../../../scripts/setup/azurite.mjs';
import { azurite } from '../../../scripts/setup/cache.mjs';
import { ToolError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';

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
 * @throws SetupError when it cannot be fetched, ToolError when it does not start
 */
export async function startAzurite(
  account: string,
  keys: readonly string[],
  directory?: string,
): Promise<BlobService> {
  if (!existsSync(azurite())) await installAzurite();
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
        AZURITE_MAIN: azurite(),
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

function failure(what: string, said: string): ToolError {
  return new ToolError(`Azurite ${what}.`, 'azurite', undefined, lastLines(said.split('\n')));
}
