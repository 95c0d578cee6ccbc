/** Processes in a machine's namespaces: its first one, which makes it, and those that enter it later. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { ToolError } from '../../../shared/core/errors.js';
import type { MachineConsole } from './machineConsole.js';
import type { CommandResult } from './machineHost.js';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const longestOutput = 1024 * 1024;
const enterMachine = join(import.meta.dirname, 'enterMachine.sh');

/** A machine's processes begin as its own first one would have them, whatever the host's umask is. */
const withUmask = ['/bin/sh', '-c', 'umask 022; exec "$@"', 'sh'];

/** How a process ended: by exit code or by signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `exit code 1` or `signal SIGKILL`. */
export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
}

/** The namespaces of one running machine. */
export interface Namespaces {
  /** Settles when the machine has no process any more, for whatever reason. */
  readonly ended: Promise<Ending>;
  /** The machine's root directory as the outside reaches it; only links resolved by hand stay inside. */
  readonly root: string;
  /** Starts a process inside, as root; its environment is exactly the given one, with a PATH. */
  enter(command: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess;
  /** Ends every process of the machine at once. */
  kill(): Promise<void>;
}

/**
 * Makes the namespaces and the file system, runs the boot script inside and resolves when it is through.
 * @param directory the machine's directory, with `root`, `upper`, `work` and the links that `lower` names
 * @throws ToolError with the last lines of the console when the boot script fails
 */
export async function createNamespaces(
  directory: string,
  lower: readonly string[],
  bootScript: string,
  console: MachineConsole,
): Promise<Namespaces> {
  // A session of its own: Ctrl-C in the terminal is for the host alone, which then ends its machines in order.
  const child = spawn(
    'unshare',
    [
      '--fork',
      '--kill-child=SIGKILL',
      '--mount',
      '--pid',
      '--uts',
      '--ipc',
      'sh',
      enterMachine,
      lower.join(':'),
    ],
    { cwd: directory, detached: true, env: { PATH: path }, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] },
  );
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const { stdin, stdout, stderr } = child;
  // Broken when the machine ends before it has read everything; `ended` tells why.
  stdin.on('error', () => undefined);
  stdin.write(bootScript);
  console.follow('boot', stdout);
  console.follow('boot', stderr);
  const pid = await Promise.race([becomesReady(child.stdio[3] as Readable), ended.then(() => undefined)]);
  if (pid === undefined) {
    const how = describeEnding(await ended);
    throw new ToolError('The machine did not boot.', 'unshare', child.exitCode ?? undefined, [
      ...console.lines(),
      how,
    ]);
  }
  return {
    ended,
    root: `/proc/${pid}/root`,
    enter(command, environment) {
      const where = ['--target', String(pid), '--mount', '--uts', '--ipc', '--pid'];
      return spawn('nsenter', [...where, '--', ...withUmask, ...command], {
        detached: true,
        env: { PATH: path, LANG: 'C.UTF-8', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    },
    async kill() {
      // What `unshare` has to say about this is none of the machine's.
      stderr.destroy();
      // The first process takes all others with it, and `unshare` ends after it: then nothing is left.
      try {
        if (child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGKILL');
      } catch {
        // It ended a moment ago.
      }
      await ended;
    },
  };
}

/** The first process's number outside, once it has said `ready`; undefined when it ends before. */
async function becomesReady(control: Readable): Promise<number | undefined> {
  let pid: number | undefined;
  try {
    for await (const line of createInterface({ input: control })) {
      if (line.startsWith('pid ')) pid = Number(line.slice(4));
      if (line === 'ready') return pid;
    }
    return undefined;
  } finally {
    control.destroy();
  }
}

/** Runs a command inside to its end. Of what it says the last mebibyte is kept. @throws Error when it cannot be started */
export async function runInside(
  namespaces: Namespaces,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const child = namespaces.enter(command, environment);
  let output = '';
  let chunks = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      chunks += 1;
      output = (output + text).slice(-longestOutput);
    });
  }
  const closed = once(child, 'close');
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // A daemon that the command leaves behind may hold its output open. What the command itself has said is in the pipes by now,
  // and read in the next turns of the event loop: on a busy machine these may come later than any time that is waited.
  await Promise.race([closed, delay(250)]);
  for (let before = -1; before !== chunks;) {
    before = chunks;
    await nextTurn();
    await nextTurn();
  }
  return { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), output };
}
