/** Where programs of this machine are. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of a program, which may have one of several names. */
export function onPath(...names: string[]): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = names.flatMap(name => folders.map(folder => join(folder, name))).find(existsSync);
  assert.ok(found !== undefined, `${names.join(' and ')} are not on PATH`);
  return found;
}
