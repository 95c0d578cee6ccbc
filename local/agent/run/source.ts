/** The source folder: what git says about it, and its files as a checkout brings them. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';

export interface Source {
  readonly folder: string;
  readonly name: string;
  /** `refs/heads/…` */
  readonly branch: string;
  /** Empty outside git. */
  readonly commit: string;
  readonly message: string;
  readonly user: string;
}

export function readSource(folder: string): Source {
  const top = git(folder, 'rev-parse', '--show-toplevel');
  return {
    folder,
    name: basename(top ?? folder),
    branch: git(folder, 'symbolic-ref', '-q', 'HEAD') ?? 'refs/heads/main',
    commit: git(folder, 'rev-parse', '-q', '--verify', 'HEAD') ?? '',
    message: git(folder, 'log', '-1', '--format=%s') ?? '',
    user: userInfo().username,
  };
}

/**
 * The files of a checkout, relative to the folder: in git what is tracked or could be (as in the working tree), else everything.
 * @param without a folder that is left out: the run's own output
 */
export function sourceFiles(folder: string, without: string): string[] {
  // A folder that git ignores as a whole has no files as git sees it.
  const isIgnored = git(folder, 'check-ignore', '-q', '.') !== undefined;
  const listed = isIgnored
    ? undefined
    : git(folder, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  const files =
    listed === undefined
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter(entry => !entry.isDirectory())
          .map(entry => relative(folder, join(entry.parentPath, entry.name)))
      : [...new Set(listed.split('\0'))].filter(file => file !== '');
  // The output can lie in the source, and the source in the folder of the output.
  const isOutput = without.startsWith(folder + sep);
  return files
    .filter(file => !isOutput || !join(folder, file).startsWith(without + sep))
    .filter(file => {
      // A tracked file can be gone from the working tree, and a submodule is listed as a folder.
      const stat = lstatSync(join(folder, file), { throwIfNoEntry: false });
      return stat !== undefined && (stat.isFile() || stat.isSymbolicLink());
    })
    .sort();
}

/** @returns the number of files copied */
export function copySource(folder: string, target: string, without: string): number {
  const files = sourceFiles(folder, without);
  for (const file of files) {
    const from = join(folder, file);
    const to = join(target, file);
    mkdirSync(dirname(to), { recursive: true });
    if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to);
  }
  return files.length;
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  try {
    const text = execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
    });
    return text.replace(/\n$/, '');
  } catch {
    // No git, no repository or no commit: there is nothing to know.
    return undefined;
  }
}
