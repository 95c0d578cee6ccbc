/** One set-up at a time: a kernel lock that vanishes with its holder, however that ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { say } from './progress.mjs';

const busy = 75;

/**
 * Runs the action while holding the lock; waits for another holder, saying so.
 * @template T
 * @param {string} file the lock file, made when missing
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function locked(file, action) {
  mkdirSync(dirname(file), { recursive: true });
  let release = await hold(file, ['--nonblock', '--conflict-exit-code', String(busy)]);
  if (release === undefined) {
    say('• Waiting for another set-up on this machine to finish');
    release = await hold(file, []);
  }
  try {
    return await action();
  } finally {
    release?.();
  }
}

/**
 * flock(1) holds the lock while its child lives, and that one lives until our end of its pipe is closed.
 * @param {string} file
 * @param {string[]} options
 * @returns {Promise<(() => void) | undefined>} how to release it; undefined when somebody else holds it
 */
async function hold(file, options) {
  const child = spawn('flock', [...options, file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // an interrupt from the keyboard must not release it before this process has cleaned up
  });
  const held = once(child.stdout, 'data').then(() => true);
  const ended = once(child, 'exit').then(([code]) => {
    if (code === busy) return false;
    throw new Error(`flock could not lock ${file} (exit code ${String(code)})`);
  });
  if (!(await Promise.race([held, ended]))) return undefined;
  ended.catch(() => undefined);
  return () => {
    child.stdin.end();
    child.stdout.destroy();
    child.unref();
  };
}
