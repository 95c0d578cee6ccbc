/** Lock files that name their owner: the lock of a process that has ended is void. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

/** Makes the lock file for this process; false when there is one, or it cannot be made. */
export function claim(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx');
    writeSync(file, `${process.pid} ${startTime(process.pid) ?? ''}`);
    closeSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Takes over the lock of a process that has ended; false when its owner lives, or another process was faster. */
export function claimVoid(lock: string): boolean {
  if (ownerOf(lock) !== 'ended') return false;
  rmSync(lock, { force: true });
  return claim(lock);
}

/** Whether the owner of a lock lives; `none` when there is no lock, or it is being written. */
export function ownerOf(lock: string): 'lives' | 'ended' | 'none' {
  try {
    const [pid = '', started] = readFileSync(lock, 'utf8').split(' ');
    if (pid === '') return 'none';
    return startTime(Number(pid)) === started ? 'lives' : 'ended';
  } catch {
    return 'none';
  }
}

/** When a process started, in the kernel's ticks since boot; tells it from a later one with the same number (proc(5), stat). */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
