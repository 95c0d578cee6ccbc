/** Counters that go on from run to run in the same folder: build ids, `$(Rev:r)` and `counter()`. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @returns the next number under a prefix, beginning with the seed */
export function createCounters(file: string): (prefix: string, seed: number) => number {
  const counters = new Map<string, number>(existsSync(file) ? readCounters(file) : []);
  const given = new Map<string, number>();
  return (prefix, seed) => {
    // Within one run the same counter has the same value, however often it is asked.
    const before = given.get(prefix);
    if (before !== undefined) return before;
    const last = counters.get(prefix);
    const next = last === undefined ? seed : last + 1;
    counters.set(prefix, next);
    given.set(prefix, next);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(counters), null, 2)}\n`);
    return next;
  };
}

function readCounters(file: string): [string, number][] {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof json !== 'object' || json === null) return [];
    return Object.entries(json).flatMap(([name, value]): [string, number][] =>
      typeof value === 'number' ? [[name, value]] : [],
    );
  } catch {
    // A counter that starts again harms nobody here.
    return [];
  }
}
