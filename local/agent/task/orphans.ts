/** Finds and ends what a job's processes have left behind, by the mark that the agent puts into every environment. */

import { readFileSync, readdirSync } from 'node:fs';

export const lookupVariable = 'VSTS_PROCESS_LOOKUP_ID';

export interface Orphan {
  readonly pid: number;
  readonly commandLine: string;
}

/** The processes whose environment carries the mark, this one aside. */
export function findOrphans(lookupId: string): Orphan[] {
  const wanted = `${lookupVariable}=${lookupId}`;
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap(name => {
      const environment = readProcess(name, 'environ');
      if (!environment.split('\0').includes(wanted)) return [];
      return [{ pid: Number(name), commandLine: readProcess(name, 'cmdline').split('\0').join(' ').trim() }];
    });
}

/** Kills them until none is left: one may start another while the list is read. */
export function sweepOrphans(lookupId: string): Orphan[] {
  const swept = new Map<number, Orphan>();
  for (let round = 0; round < 20; round++) {
    const orphans = findOrphans(lookupId);
    if (orphans.length === 0) break;
    for (const orphan of orphans) {
      swept.set(orphan.pid, orphan);
      try {
        process.kill(orphan.pid, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile, which is what is wanted.
      }
    }
  }
  return [...swept.values()];
}

// A process that ends while it is read, or that is another user's, is none of this job's.
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
