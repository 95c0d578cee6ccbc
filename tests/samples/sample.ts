/** The sample application's files, and its servers for as long as a test needs them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../fakes/freePort.js';

export const sample = fileURLToPath(new URL('../../samples/php-webapp', import.meta.url));

export const sampleText = (path: string): string => readFileSync(join(sample, path), 'utf8');

export interface Server {
  readonly url: string;
  /** Resolves when it and everything it started is gone. */
  readonly stop: () => Promise<void>;
}

/** The site by PHP's built-in server, as its unit starts it. */
export async function serveSite(): Promise<Server> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const child = start('php', ['-S', address, '-t', 'app/public', 'app/router.php'], sample);
  return answering(child, `http://${address}`, '/health');
}

export async function startChromedriver(): Promise<Server> {
  const port = await freePort();
  return answering(start('chromedriver', [`--port=${port}`], sample), `http://127.0.0.1:${port}`, '/status');
}

/** Runs a program to its end, without holding up this process as spawnSync would. */
export function ends(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', status => {
      resolve({ status, output });
    });
  });
}

/** In a process group of its own, since browsers outlive their driver. */
function start(command: string, args: readonly string[], cwd: string): ChildProcess {
  return spawn(command, args, { cwd, detached: true, stdio: 'ignore' });
}

async function answering(child: ChildProcess, url: string, path: string): Promise<Server> {
  const ended = new Promise<string>(resolve => {
    child.once('error', error => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(`it ended with ${String(signal ?? code)}`);
    });
  });
  let failure: string | undefined;
  void ended.then(how => {
    failure = how;
  });
  for (;;) {
    if (failure !== undefined) throw new Error(`${child.spawnfile} does not serve ${url}: ${failure}`);
    const response = await fetch(url + path).catch(() => undefined);
    if (response?.ok === true) break;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const stop = async () => {
    if (child.pid !== undefined && failure === undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  return { url, stop };
}
