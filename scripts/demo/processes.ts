/** Which processes a run left behind on Linux: those that began with it and still live once it has ended. */
import { readFileSync, readdirSync } from 'node:fs';

/** Processes as they are now: start time by pid. */
export type Snapshot = ReadonlyMap<number, string>;

/** The machine's processes; empty where there is no /proc. */
export function snapshot(): Snapshot {
  const processes = new Map<number, string>();
  for (const name of entries('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const started = startTime(Number(name));
    if (started !== undefined) processes.set(Number(name), started);
  }
  return processes;
}

/** What a release on this machine starts; anything else that began meanwhile belongs to somebody else. */
const ours =
  /\b(packer|chrome|chromium|chromedriver|java|php|phpunit|sshd|ansible\S*|unshare)\b|local\/(azure|agent)\/main/;

/** The command lines of processes that are not in `before`, are of the kinds a run starts, and still live. */
export function leftovers(before: Snapshot): string[] {
  return [...snapshot()].flatMap(([pid, started]) => {
    if (pid === process.pid || pid === process.ppid || before.get(pid) === started) return [];
    const command = read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
    return ours.test(command) ? [`${pid} ${command.slice(0, 150)}`] : [];
  });
}

function startTime(pid: number): string | undefined {
  // Field 22 of stat, counted after the command in its brackets, which may itself hold blanks and brackets.
  return read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')[19];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
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
