/** What runs on this machine, by /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** The command lines, blanks between their arguments, of all running processes that name this text. */
export function commandLinesWith(text: string): string[] {
  return running(text).map(({ line }) => line);
}

/** The numbers of these processes. */
export function processesWith(text: string): number[] {
  return running(text).map(({ pid }) => pid);
}

function running(text: string): { pid: number; line: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), line }];
      } catch {
        return [];
      }
    })
    .filter(({ line }) => line.includes(text));
}
