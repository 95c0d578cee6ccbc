/** `local/azure/main.ts` as a process of its own, for clients that are processes of their own, too. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../../local/azure/localAzure.js';
import { trafficFile } from '../trafficFile.js';

export interface Server {
  readonly connection: Connection;
  /** For files of the test; gone after `close`. */
  readonly directory: string;
  close(): Promise<void>;
}

/** @param options of the command line */
export async function startServer(options: readonly string[] = []): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'azure-client-test-'));
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', 'local/azure/main.ts', '--traffic', trafficFile(directory), ...options],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await Promise.race([
    once(server.stdout, 'data'),
    // Nobody waits for one that does not start; what it said stands above.
    once(server, 'exit').then(([code]) => {
      throw new Error(`The local Azure ended with exit code ${String(code)} before it was ready.`);
    }),
  ])) as [Buffer];
  const connection = JSON.parse(line.toString()) as Connection;
  return {
    connection,
    directory,
    close: async () => {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
      rmSync(directory, { recursive: true });
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly log: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const path = process.env['PATH'];
  assert.ok(path !== undefined);
  const child = spawn(program, args, {
    env: { PATH: path, LANG: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, log] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, log };
}
