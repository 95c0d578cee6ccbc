/** Finds and ends every process of one run, also those that left their parent and their process group, as Chromium's do. */
import { readFileSync, readdirSync } from 'node:fs';
import { sleep } from '../../../shared/core/wait.js';

/** A running process, as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Its start time; with the pid it names one process for ever, since pids are used again. */
  readonly started: string;
  /** Whether its environment holds the run's mark. */
  readonly marked: boolean;
}

const grace = 1500;
const pause = 50;

/** All marked processes and everything that descends from them: Chromium's zygotes overwrite their environment, so the mark alone is not enough. */
export function familyOf(processes: readonly ProcessEntry[]): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of processes) children.set(entry.parent, [...(children.get(entry.parent) ?? []), entry]);
  const family = new Map<number, ProcessEntry>();
  const open = processes.filter(entry => entry.marked);
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (family.has(entry.pid)) continue;
    family.set(entry.pid, entry);
    open.push(...(children.get(entry.pid) ?? []));
  }
  return [...family.values()];
}

/** The family that now runs. On systems without /proc it is always empty. */
export function runningFamily(mark: string): ProcessEntry[] {
  return familyOf(readProcesses(mark));
}

/**
 * Ends the family: asked first, killed when its grace is over.
 * @param known members seen before; ended too, though they may have lost their marked parents since
 * @returns how many processes were still there when it was called
 */
export async function endFamily(mark: string, known: readonly ProcessEntry[]): Promise<number> {
  const deadline = Date.now() + grace;
  let first: number | undefined;
  for (;;) {
    const processes = readProcesses(mark);
    const remaining = new Map(familyOf(processes).map(entry => [entry.pid, entry]));
    for (const entry of processes) {
      if (known.some(({ pid, started }) => pid === entry.pid && started === entry.started))
        remaining.set(entry.pid, entry);
    }
    first ??= remaining.size;
    if (remaining.size === 0) return first;
    const signal = Date.now() < deadline ? 'SIGTERM' : 'SIGKILL';
    for (const pid of remaining.keys()) signalProcess(pid, signal);
    // Its own time, not the run's signal: this is what happens after an abort.
    await sleep(pause, new AbortController().signal);
    if (Date.now() > deadline + grace) return first;
  }
}

function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between.
  }
}

function readProcesses(mark: string): ProcessEntry[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => parseProcess(read(`/proc/${name}/stat`), read(`/proc/${name}/environ`).includes(mark)))
    .filter(entry => entry !== undefined);
}

/** A file of /proc; empty when the process has ended in between or does not show it, as another user's or a sandboxed one. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Reads a line of /proc/PID/stat (proc(5)); the command in parentheses may hold blanks and parentheses. A zombie has ended already. */
export function parseProcess(stat: string, marked: boolean): ProcessEntry | undefined {
  const pid = Number.parseInt(stat, 10);
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '' || state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), started: rest[17] ?? '', marked };
}
