/** Where a local Azure keeps its disks and files: a directory that is kept, or a temporary one. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../../shared/core/errors.js';
import { claim, claimVoid, ownerOf } from './lockFile.js';

export interface WorkDirectory {
  readonly path: string;
  /** Whether it outlives the process. */
  readonly kept: boolean;
  /** Deletes it, or gives it back. Safe to call twice, and at the end of the process. */
  release(): void;
}

const prefix = 'local-azure-';
const lockName = 'owner.lock';

/**
 * @param kept the directory of `--state`; a temporary one when absent
 * @param temporary where temporary ones are made; those of processes that have ended are swept away first
 * @throws UserError when the directory is in use by another local Azure
 */
export function openWorkDirectory(kept: string | undefined, temporary = tmpdir()): WorkDirectory {
  if (kept !== undefined) {
    const path = resolve(kept);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = join(path, lockName);
    if (!claim(lock) && !claimVoid(lock)) {
      throw new UserError(
        `The state in ${path} is in use by another local Azure, or cannot be written: end that one, or name another directory.`,
      );
    }
    return {
      path,
      kept: true,
      release: () => {
        rmSync(lock, { force: true });
      },
    };
  }
  sweep(temporary);
  const path = mkdtempSync(join(temporary, prefix));
  claim(join(path, lockName));
  return {
    path,
    kept: false,
    release: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Deletes what killed processes left; their mounts went with their namespaces. Returns what was deleted. */
export function sweep(temporary: string): readonly string[] {
  const stale = readdirSync(temporary, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name.startsWith(prefix))
    .map(entry => join(temporary, entry.name))
    .filter(path => ownerOf(join(path, lockName)) === 'ended');
  for (const path of stale) rmSync(path, { recursive: true, force: true });
  return stale;
}
