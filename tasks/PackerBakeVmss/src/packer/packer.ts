/** The Packer program on this machine, and one way to run it. */
import { closeSync, openSync } from 'node:fs';
import type { Agent } from '../../../../shared/agent/agent.js';
import { UserError } from '../../../../shared/core/errors.js';
import type { BuildWatch } from '../cleanUp/buildWatch.js';
import type { PackerReader } from '../log/packerLog.js';
import type { Phase } from '../log/packerPhases.js';
import { showRun } from '../log/showRun.js';

/** Packer's own clean-up deletes a virtual machine and its group, which takes Azure minutes. */
const cleanUpMilliseconds = 15 * 60_000;

/** A Packer that can be run. */
export interface Packer {
  readonly path: string;
  readonly version: PackerVersion;
}

/** Its version. */
export interface PackerVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/**
 * Finds Packer and asks its version.
 * @param given the full path of a binary, else the one on PATH is taken
 * @throws UserError when there is none, or it is another program of this name
 */
export async function findPacker(given: string | undefined, agent: Agent): Promise<Packer> {
  const path = given ?? agent.findTool('packer');
  if (path === undefined) {
    throw new UserError(
      "Packer is not installed: there is no 'packer' on PATH. Install it on the agent, or name the binary with 'packerPath'.",
    );
  }
  const result = await agent.run({
    name: 'Packer',
    path,
    args: ['version'],
    env: packerEnvironment,
    echo: false,
  });
  const version = parseVersion(result.tail.join('\n'));
  if (result.exitCode === 0 && version !== undefined) return { path, version };
  throw new UserError(
    `${path} is not HashiCorp Packer: 'packer version' said '${result.tail.join(' ').slice(0, 200)}'. ` +
      "Another program of this name may come first on PATH; name the right one with 'packerPath'.",
  );
}

/** Reads `Packer v1.6.6`. */
export function parseVersion(text: string): PackerVersion | undefined {
  const match = /\bPacker v((\d+)\.(\d+)\.\d+\S*)/i.exec(text);
  if (match === null) return undefined;
  return { text: match[1] ?? '', major: Number(match[2]), minor: Number(match[3]) };
}

/** Whether this Packer has `packer init`. */
export function hasInit({ major, minor }: PackerVersion): boolean {
  return major > 1 || (major === 1 && minor >= 7);
}

/** The environment of every run of Packer. */
export const packerEnvironment = {
  // Asks the network for nothing but the build, and does not colour its output.
  CHECKPOINT_DISABLE: '1',
  PACKER_NO_COLOR: '1',
  // By this the agent finds and kills what is left of a job. A Packer that was told to stop must finish deleting what it made.
  VSTS_PROCESS_LOOKUP_ID: undefined,
};

/** What every command of one bake shares. */
export interface PackerSession {
  readonly packer: Packer;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the log for people goes, secrets masked. */
  readonly logFile: string;
  /** Follows a build. */
  readonly watch?: Pick<BuildWatch, 'started' | 'learned'>;
  /** Gets the list of a command's parts, which grows as they end. */
  readonly onPhases?: (phases: readonly Phase[]) => void;
}

/** How a command ended. */
export interface PackerResult {
  readonly exitCode: number | undefined;
  readonly run: PackerReader;
}

/**
 * Runs a Packer command; its output goes to the log and the log file as people know it.
 * @throws the signal's reason when the task was cancelled, once Packer has cleaned up
 */
export async function runPacker(
  session: PackerSession,
  args: readonly string[],
  agent: Agent,
): Promise<PackerResult> {
  agent.signal.throwIfAborted();
  const file = openSync(session.logFile, 'a', 0o600);
  const shown = showRun(file, args[0] === 'build', () => session.watch?.learned(), agent);
  const run = shown.reader;
  session.onPhases?.(shown.phases);
  try {
    const tool = agent.start({
      name: 'Packer',
      path: session.packer.path,
      args: ['-machine-readable', ...args],
      cwd: session.workingDirectory,
      env: { ...packerEnvironment, ...session.environment },
      echo: false,
      onLine: line => {
        shown.take(line);
      },
      // Sent to the whole group: the first process of a Packer run ignores the signal, its children obey.
      stopSignal: 'SIGINT',
      stopGraceMilliseconds: cleanUpMilliseconds,
    });
    session.watch?.started({ pid: tool.pid, path: session.packer.path }, run);
    const announce = () => {
      agent.info('Packer was asked to stop and cleans up; the lines that follow are its own.');
    };
    agent.signal.addEventListener('abort', announce, { once: true });
    const result = await tool.ended;
    agent.signal.removeEventListener('abort', announce);
    agent.signal.throwIfAborted();
    return { exitCode: result.exitCode, run };
  } finally {
    shown.end();
    closeSync(file);
  }
}
