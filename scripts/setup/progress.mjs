/** Long steps of the set-up: what runs, for how long, its output in a log file whose end is shown when it fails. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const heartbeatMilliseconds = 10_000;
const tailLines = 20;

/** A set-up that cannot go on; its message is all that is shown. */
export class SetupError extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs an action with its title before, a line every ten seconds, and its time after it.
 * @template T
 * @param {string} title
 * @param {number} usualSeconds how long it takes on an ordinary machine
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(title, usualSeconds, action) {
  const start = Date.now();
  const elapsed = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  say(`• ${title} (usually about ${usualSeconds} s)`);
  const heartbeat = setInterval(() => {
    say(`  … ${elapsed()}`);
  }, heartbeatMilliseconds);
  try {
    const result = await action();
    say(`  done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Runs a program to its end, its output appended to the log.
 * @param {string} log path
 * @param {readonly string[]} command program and arguments
 * @param {{ cwd?: string, input?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<void>}
 * @throws {SetupError} when it cannot be started or fails, with the end of its output
 */
export async function run(log, command, options = {}) {
  const [program = '', ...args] = command;
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  try {
    /** @type {number | string | null} */
    const ending = await new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        stdio: ['pipe', output, output],
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        resolve(signal ?? code);
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
    if (ending !== 0) throw new SetupError(failure(program, `ended with ${String(ending)}`, log));
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(failure(program, `could not be run: ${String(error)}`, log), { cause: error });
  } finally {
    closeSync(output);
  }
}

/** @type {(program: string, what: string, log: string) => string} */
function failure(program, what, log) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-tailLines);
  return [`${program} ${what}. The end of ${log}:`, ...lines.map(line => `  | ${line}`)].join('\n');
}
