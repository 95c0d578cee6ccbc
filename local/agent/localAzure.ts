/** Starts the local Azure for a run and stops it again. */

import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from '../../shared/core/errors.js';
import { lastLines } from '../../shared/core/text.js';
import { sleep } from '../../shared/core/wait.js';
import type { AzureFacts } from './connections.js';

export interface LocalAzure {
  readonly facts: AzureFacts;
  readonly stop: () => Promise<void>;
}

export interface LocalAzureOptions {
  /** The command that starts it; `--ready-file F --traffic F` are added. */
  readonly command: readonly string[];
  readonly trafficFile: string;
  readonly signal: AbortSignal;
  /** Told when it ends although nobody has stopped it. */
  readonly onDeath: (error: ToolError) => void;
}

const pollMilliseconds = 100;
const readyMilliseconds = 120_000;
const stopMilliseconds = 15_000;

/** @throws ToolError when it ends, or is not ready in time; its last words are in the message */
export async function startLocalAzure(options: LocalAzureOptions): Promise<LocalAzure> {
  const [command = process.execPath, ...args] = options.command;
  const folder = mkdtempSync(join(tmpdir(), 'local-azure-ready-'));
  const readyFile = join(folder, 'ready.json');
  const child = spawn(command, [...args, '--ready-file', readyFile, '--traffic', options.trafficFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C at the terminal must not end it while steps still clean up.
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    said = (said + chunk).slice(-20_000);
  });
  let ready = false;
  let stopping = false;
  child.on('exit', () => {
    if (ready && !stopping) options.onDeath(failure('has ended in the middle of the run', said));
  });
  let startError: Error | undefined;
  child.on('error', error => {
    startError = error;
  });
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    stopping = true;
    rmSync(folder, { recursive: true, force: true });
    if (!isRunning()) return;
    const ended = new Promise<void>(resolve => {
      child.once('exit', () => {
        resolve();
      });
    });
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      if (isRunning()) child.kill('SIGKILL');
    }, stopMilliseconds);
    await ended;
    clearTimeout(timer);
    child.stderr.destroy();
  };
  const deadline = Date.now() + readyMilliseconds;
  try {
    for (;;) {
      const facts = readFacts(readyFile);
      if (facts !== undefined) {
        ready = true;
        return { facts, stop };
      }
      if (!isRunning() || startError !== undefined)
        throw failure('ended before it was ready', said, startError);
      if (Date.now() > deadline) throw failure('was not ready in two minutes', said);
      await sleep(pollMilliseconds, options.signal);
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

function failure(what: string, said: string, cause?: Error): ToolError {
  const why = cause === undefined ? '' : ` (${cause.message})`;
  return new ToolError(
    `The local Azure ${what}${why}.`,
    'local Azure',
    undefined,
    lastLines(said.split('\n')),
  );
}

/** Its facts, undefined while the file is not there or not whole. */
function readFacts(file: string): AzureFacts | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  // It is whole when its one line is.
  if (!text.trimEnd().endsWith('}')) return undefined;
  return JSON.parse(text) as AzureFacts;
}

/** The environment of steps that reach Azure through its proxy and trust its authority. */
export function azureEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  { proxy, caFile }: AzureFacts,
): Record<string, string | undefined> {
  return {
    ...environment,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    NODE_EXTRA_CA_CERTS: caFile,
    SSL_CERT_FILE: caFile,
    REQUESTS_CA_BUNDLE: caFile,
    // Its proxy stands for the metadata service, which no proxy leads to.
    AZURE_POD_IDENTITY_AUTHORITY_HOST: proxy,
    // These would lead past the proxy or to other authorities.
    SSL_CERT_DIR: undefined,
    HTTP_PROXY: undefined,
    http_proxy: undefined,
    ALL_PROXY: undefined,
    all_proxy: undefined,
  };
}
