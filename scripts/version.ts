/** Writes package.json's version into vss-extension.json and every task.json; `npm version` runs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyEdits, modify } from 'jsonc-parser';
import { repositoryRoot, taskNames } from './tasks.js';

/**
 * A task's version under an extension version. The task's major is its contract (`@1` in a pipeline) and stands on its own;
 * the rest must rise with every release, or agents keep the task they have: 0.1.0 becomes 1.1.0, 1.2.3 becomes 1.102.3.
 */
export function taskVersion(
  extension: string,
  taskMajor: number,
): { Major: number; Minor: number; Patch: number } {
  const [major = 0, minor = 0, patch = 0] = extension.split('.').map(Number);
  return { Major: taskMajor, Minor: major * 100 + minor, Patch: patch };
}

function stamp(file: string, path: string[], value: unknown): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    applyEdits(text, modify(text, path, value, { formattingOptions: { tabSize: 2, insertSpaces: true } })),
  );
}

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  stamp(join(repositoryRoot, 'vss-extension.json'), ['version'], version);
  for (const name of taskNames()) {
    const file = join(repositoryRoot, 'tasks', name, 'task.json');
    const { version: current } = JSON.parse(readFileSync(file, 'utf8')) as { version: { Major: number } };
    for (const [part, number] of Object.entries(taskVersion(version, current.Major)))
      stamp(file, ['version', part], number);
  }
  console.log(`vss-extension.json and every task.json carry ${version}`);
}
