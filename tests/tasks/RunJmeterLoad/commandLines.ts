/** What runs on this machine, by /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** The command lines, blanks between their arguments, of all running processes that name this text. */
export function commandLinesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()];
      } catch {
        return [];
      }
    })
    .filter(line => line.includes(text));
}
