/** What tests ask about processes of this machine, with the patience that a busy one needs. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is yes, for half a minute at most. */
export async function eventually(isSo: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/** Whether a process ends within half a minute. One that only waits for its parent, as some init processes let it do for ever, has ended. */
export function hasEnded(pid: number): Promise<boolean> {
  return eventually(() => {
    try {
      return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\)/s, ''));
    } catch {
      return true;
    }
  });
}
