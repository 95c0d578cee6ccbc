/** How the tests are split into parts that run side by side. */
import { basename } from 'node:path';
import { singleLine } from '../../../shared/core/text.js';
import type { TestUnit } from './runners/finding.js';

/** One part of the tests. */
export interface Shard {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  /** The names of what it runs; undefined when the program itself is to choose, by `SHARD` and `SHARDS`. */
  readonly units: readonly string[] | undefined;
}

const shownUnits = 5;

/** A part by its number and what it runs, as in `shard 2 of 3 (ATest, BTest)`. */
export function describeShard({ number, of, units }: Shard): string {
  const names = (units ?? []).slice(0, shownUnits).map(name => singleLine(basename(name), 80));
  const more = (units?.length ?? 0) > shownUnits ? ', …' : '';
  return `shard ${number} of ${of}${names.length === 0 ? '' : ` (${names.join(', ')}${more})`}`;
}

/** All tests in one part. */
export const whole: Shard = { number: 1, of: 1, units: undefined };

/**
 * How many parts there are to be.
 * @param asked the input; 0 for as many as can run at once
 * @param free how many browsers can be opened now
 * @param browsers how many runs of all tests share them
 */
export function shardCount(asked: number, free: number, browsers: number): number {
  return asked > 0 ? asked : Math.max(1, Math.floor(free / browsers));
}

/**
 * Splits tests into at most `count` parts of about as many tests each: the largest units first, each to the part that has least. The
 * same tests are always split in the same way; no part is empty.
 */
export function splitUnits(units: readonly TestUnit[], count: number): Shard[] {
  const parts = Array.from({ length: Math.max(1, Math.min(count, units.length)) }, () => ({
    tests: 0,
    names: [] as string[],
  }));
  const order = [...units].sort((a, b) => b.tests - a.tests || (a.name < b.name ? -1 : 1));
  for (const { name, tests } of order) {
    const least = parts.reduce((one, other) => (other.tests < one.tests ? other : one));
    least.tests += tests;
    least.names.push(name);
  }
  if (parts.length === 1) return [whole];
  return parts.map(({ names }, index) => ({
    number: index + 1,
    of: parts.length,
    units: names.sort(),
  }));
}

/** Parts of tests that only the program itself can choose. */
export function numberedShards(count: number): Shard[] {
  return Array.from({ length: count }, (_none, index) => ({
    number: index + 1,
    of: count,
    units: undefined,
  }));
}
