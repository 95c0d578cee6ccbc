/** Hashes files and folders as a checkout on any machine has them: whatever its path, its line endings and the order of its files. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import ignore, { type Ignore } from 'ignore';
import { sha256, type DigestEntry } from './digestEntries.js';

/** As git tells text from binary: by a NUL in the first 8,000 bytes. */
const sniffed = 8000;
const buffer = Buffer.allocUnsafeSlow(1 << 20);
const cr = 0x0d;
const lf = 0x0a;
/** How many bytes are read before the event loop gets its turn. */
const turn = 64 << 20;

/** Something to hash. */
export interface HashRoot {
  /** Full path of a file or folder. */
  readonly path: string;
  /** What its entries' names begin with; of a file its name. */
  readonly name: string;
}

/** The patterns of `.gitignore`, one a line, as a test of names. Version control's own folder never counts. */
export function exclusion(patterns: string): Ignore {
  return ignore().add('.git').add(patterns);
}

/**
 * Hashes what lies under the roots. Links are followed, as Packer does when it uploads. Each file's hash covers its content, with line ends
 * of text as LF, and whether it is executable.
 * @throws the system's error for what cannot be read; the signal's reason when it is aborted
 */
export async function hashTrees(
  roots: readonly HashRoot[],
  excluded: Ignore,
  signal: AbortSignal,
): Promise<DigestEntry[]> {
  const entries = new Map<string, DigestEntry>();
  let read = 0;
  const visit = async (path: string, given: string, above: readonly string[]): Promise<void> => {
    const name = printable(given);
    const facts = statSync(path, { throwIfNoEntry: false });
    const isFolder = facts?.isDirectory() === true;
    if (excludes(excluded, isFolder ? `${name}/` : name)) return;
    if (!isFolder) {
      entries.set(name, { name, hash: facts === undefined ? sha256('absent') : hashFile(path, facts) });
      read += facts?.size ?? 0;
      if (read < turn && entries.size % 1000 !== 0) return;
      read = 0;
      signal.throwIfAborted();
      await setImmediate();
      return;
    }
    const real = realpathSync(path);
    // A link to a folder above would go round for ever.
    if (above.includes(real)) return;
    for (const child of readdirSync(path)) {
      await visit(join(path, child), name === '' ? child : `${name}/${child}`, [...above, real]);
    }
  };
  for (const root of roots) await visit(root.path, root.name, []);
  return [...entries.values()];
}

/** A file's name may hold a line end. */
function printable(name: string): string {
  return /[\x00-\x1f]/.test(name) ? JSON.stringify(name) : name;
}

/** The library takes only relative paths that stay below. */
function excludes(excluded: Ignore, name: string): boolean {
  const below = name.replace(/^(\.\.?\/)+/, '');
  return below !== '' && below !== '/' && excluded.ignores(below);
}

/** In one go through one buffer, so that a large file takes no more memory than a small one. */
function hashFile(path: string, facts: Stats): string {
  const hash = createHash('sha256');
  hash.update((facts.mode & 0o100) === 0 ? '-' : 'x');
  if (!facts.isFile()) return hash.update(`special ${facts.mode & 0o170000}`).digest('hex');
  const file = openSync(path, 'r');
  try {
    let length = readSync(file, buffer, 0, buffer.length, null);
    const isText = !buffer.subarray(0, Math.min(length, sniffed)).includes(0);
    let pending = false;
    while (length > 0) {
      const chunk = buffer.subarray(0, length);
      if (isText) pending = updateText(hash, chunk, pending);
      else hash.update(chunk);
      length = readSync(file, buffer, 0, buffer.length, null);
    }
    if (pending) hash.update('\r');
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

/**
 * Hashes a part of a text without the CR of each CR LF.
 * @param pending whether the part before ended with a CR
 * @returns whether this one does
 */
function updateText(hash: ReturnType<typeof createHash>, chunk: Buffer, pending: boolean): boolean {
  if (pending && chunk[0] !== lf) hash.update('\r');
  let start = 0;
  for (let at = chunk.indexOf(cr); at !== -1; at = chunk.indexOf(cr, at + 1)) {
    if (at + 1 === chunk.length) {
      hash.update(chunk.subarray(start, at));
      return true;
    }
    if (chunk[at + 1] !== lf) continue;
    hash.update(chunk.subarray(start, at));
    start = at + 1;
  }
  hash.update(chunk.subarray(start));
  return false;
}
