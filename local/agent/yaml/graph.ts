/** Puts stages and jobs in an order in which each comes after all it depends on. */

import { listOf } from '../../../shared/core/text.js';
import type { Position, Report } from './source.js';

export interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly string[];
  readonly at: Position;
}

/**
 * Checks names and dependencies, and orders: dependencies first, otherwise as in the file.
 * @param what `stage` or `job`
 */
export function inDependencyOrder<T extends Dependent>(
  items: readonly T[],
  what: string,
  report: Report,
): T[] {
  const byName = new Map<string, T>();
  for (const item of items) {
    const key = item.name.toLowerCase();
    if (byName.has(key)) report(item.at, `there are two ${what}s named '${item.name}'`);
    else byName.set(key, item);
  }
  for (const item of items)
    for (const name of item.dependsOn)
      if (!byName.has(name.toLowerCase()))
        report(
          item.at,
          `the ${what} '${item.name}' depends on '${name}', but there is no such ${what}; there are ${listOf(items.map(other => `'${other.name}'`))}`,
        );
  const ordered: T[] = [];
  const open = new Set<string>(byName.keys());
  const isReady = (item: T) => item.dependsOn.every(name => !open.has(name.toLowerCase()));
  for (;;) {
    const next = items.find(
      item =>
        byName.get(item.name.toLowerCase()) === item && open.has(item.name.toLowerCase()) && isReady(item),
    );
    if (next === undefined) break;
    open.delete(next.name.toLowerCase());
    ordered.push(next);
  }
  const stuck = items.filter(item => open.has(item.name.toLowerCase()));
  const [first] = stuck;
  if (first !== undefined)
    report(first.at, `the ${what}s ${listOf(stuck.map(item => `'${item.name}'`))} wait for each other`);
  return ordered;
}
