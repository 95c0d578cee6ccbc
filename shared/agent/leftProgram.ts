/** Programs that an earlier part of a step left running because it was killed itself. */
import { readFileSync } from 'node:fs';
import { sleep } from '../core/wait.js';

/** A program as it was started: the first of its process group. */
export interface LeftProgram {
  readonly pid: number;
  /** The full path it was started by: another process may have its number by now. */
  readonly path: string;
}

const lookMilliseconds = 100;

/**
 * Ends a left program with all its group, asked first and killed when its grace is over.
 * @returns whether it was still running
 */
export async function endLeftProgram(
  program: LeftProgram,
  how: { readonly stopSignal: 'SIGINT' | 'SIGTERM'; readonly graceMilliseconds: number },
  signal: AbortSignal,
): Promise<boolean> {
  if (!isThere(program)) return false;
  kill(program, how.stopSignal);
  const end = Date.now() + how.graceMilliseconds;
  while (isThere(program)) {
    if (Date.now() >= end || signal.aborted) {
      kill(program, 'SIGKILL');
      break;
    }
    await sleep(lookMilliseconds, signal).catch(() => undefined);
  }
  return true;
}

/** A process that has ended and that nobody has waited for yet has no command line. */
function isThere({ pid, path }: LeftProgram): boolean {
  return commandLineOf(pid).includes(path);
}

/** Empty where there is no such process, or no `/proc` to ask. */
function commandLineOf(pid: number): string {
  if (!Number.isSafeInteger(pid) || pid <= 1) return '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function kill({ pid }: LeftProgram, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}
