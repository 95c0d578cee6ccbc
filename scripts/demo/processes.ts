/** Which processes a run left behind on Linux: those that carry its mark in their environment and still live. */
import { readFileSync, readdirSync } from 'node:fs';

/** The variable that marks a run's processes. What a VM's init starts may drop it, but nothing in a VM outlives its init. */
export const markVariable = 'BAKE_AND_ROLL_RUN';

/** The command lines of the processes that carry this mark, this one left out; empty where there is no /proc. */
export function leftovers(mark: string): string[] {
  return entries('/proc').flatMap(name => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    const environment = read(`/proc/${name}/environ`)?.split('\0') ?? [];
    if (!environment.includes(`${markVariable}=${mark}`)) return [];
    const command = read(`/proc/${name}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
    return [`${name} ${command.slice(0, 150)}`];
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return undefined;
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
