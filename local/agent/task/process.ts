/** Runs one process of a step: its lines, its end, and the signals that stop it. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createLineSplitter } from './lines.js';

/** How long the agent waits, in milliseconds. */
export interface Patience {
  /** From SIGINT to SIGTERM. */
  readonly interrupt: number;
  /** From SIGTERM to SIGKILL. */
  readonly terminate: number;
  /** For output that others still hold open after the process itself has ended. */
  readonly output: number;
  /** For the process of a step that has said it is done. */
  readonly completion: number;
  /** In a minute of a time limit. */
  readonly minute: number;
}

/** The agent's own figures. */
export const agentPatience: Patience = {
  interrupt: 7500,
  terminate: 2500,
  output: 5000,
  completion: 5000,
  minute: 60_000,
};

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Aborted: the process is asked to end, then made to. */
  readonly stop: AbortSignal;
  /** Aborted: the process is killed at once. */
  readonly kill: AbortSignal;
  /** Aborted: the step is over although the process is not. */
  readonly abandon: AbortSignal;
  readonly patience: Patience;
}

/**
 * Runs a process to its end. Its standard input is closed, and it is the first of a process group of its own, so that Ctrl-C at
 * the terminal reaches it only through `stop`.
 * @returns its exit code, 128 + n when signal n ended it; undefined when it was abandoned
 * @throws Error when it cannot be started
 */
export function runProcess(options: ProcessOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const timers = new Set<NodeJS.Timeout>();
    const later = (milliseconds: number, action: () => void) => {
      timers.add(setTimeout(action, milliseconds));
    };
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    // Only the process itself is signalled, never its group: what it has started is its own affair until the job ends.
    const signal = (name: NodeJS.Signals) => {
      if (isRunning()) child.kill(name);
    };
    const onStop = () => {
      signal('SIGINT');
      later(options.patience.interrupt, () => {
        signal('SIGTERM');
        later(options.patience.terminate, () => {
          signal('SIGKILL');
        });
      });
    };
    const onKill = () => {
      signal('SIGKILL');
    };
    const splitters = (['stdout', 'stderr'] as const).map(stream => {
      const splitter = createLineSplitter(line => {
        options.onLine(line, stream);
      });
      child[stream].on('data', (chunk: Buffer) => {
        splitter.push(chunk);
      });
      return splitter;
    });
    const settle = (action: () => void) => {
      for (const timer of timers) clearTimeout(timer);
      options.stop.removeEventListener('abort', onStop);
      options.kill.removeEventListener('abort', onKill);
      options.abandon.removeEventListener('abort', onAbandon);
      child.removeAllListeners();
      child.on('error', () => undefined);
      for (const stream of [child.stdout, child.stderr]) {
        stream.removeAllListeners();
        stream.destroy();
      }
      action();
    };
    const finish = (code: number | undefined) => {
      settle(() => {
        for (const splitter of splitters) splitter.end();
        resolve(code);
      });
    };
    const onAbandon = () => {
      child.unref();
      finish(undefined);
    };
    child.on('error', error => {
      settle(() => {
        reject(error);
      });
    });
    child.on('exit', (code, name) => {
      const exitCode = code ?? 128 + (name === null ? 0 : constants.signals[name]);
      child.on('close', () => {
        finish(exitCode);
      });
      later(options.patience.output, () => {
        finish(exitCode);
      });
    });
    if (options.stop.aborted) onStop();
    else options.stop.addEventListener('abort', onStop);
    if (options.kill.aborted) onKill();
    else options.kill.addEventListener('abort', onKill);
    if (options.abandon.aborted) onAbandon();
    else options.abandon.addEventListener('abort', onAbandon);
  });
}
