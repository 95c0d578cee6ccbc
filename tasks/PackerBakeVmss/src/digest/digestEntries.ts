/** What a bake reads, as a list of names with hashes: one digest of it, and the difference of two. */
import { createHash } from 'node:crypto';

/** One input. */
export interface DigestEntry {
  /** A file by its path with slashes (`packer/web.pkr.hcl`), or a fact in angle brackets (`<Packer>`); one line. */
  readonly name: string;
  /** SHA-256 in hex, or its beginning. */
  readonly hash: string;
}

/** What is not the same in two lists. */
export interface DigestDifference {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** SHA-256 of a text in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The one digest of a list, whatever its order. */
export function digestOf(entries: readonly DigestEntry[]): string {
  return sha256(
    sorted(entries)
      .map(({ name, hash }) => `${hash} ${JSON.stringify(name)}\n`)
      .join(''),
  );
}

/**
 * The list with at most `depth` parts a path: what lies deeper is one entry for its folder, with a slash and the number of files at its end.
 */
export function foldEntries(entries: readonly DigestEntry[], depth: number): DigestEntry[] {
  const folded = new Map<string, DigestEntry[]>();
  for (const entry of entries) {
    const parts = entry.name.split('/');
    const key =
      isFact(entry.name) || parts.length <= depth ? entry.name : `${parts.slice(0, depth).join('/')}/`;
    const group = folded.get(key);
    if (group === undefined) folded.set(key, [entry]);
    else group.push(entry);
  }
  return sorted(
    [...folded].map(([name, group]) => ({
      name,
      hash: name.endsWith('/') ? digestOf(group) : (group[0]?.hash ?? ''),
    })),
  );
}

/**
 * What changed from an older list to this one. The older one may have short hashes and folded folders: then a folder is told as a whole.
 */
export function compareEntries(
  older: readonly DigestEntry[],
  entries: readonly DigestEntry[],
): DigestDifference {
  const folders = older.filter(({ name }) => name.endsWith('/')).map(({ name }) => name);
  const depth = Math.min(...folders.map(name => name.split('/').length - 1));
  const now = new Map(
    (folders.length === 0 ? entries : foldEntries(entries, depth)).map(({ name, hash }) => [name, hash]),
  );
  const then = new Map(older.map(({ name, hash }) => [name, hash]));
  const names = [...new Set([...then.keys(), ...now.keys()])].sort(byCodeUnit);
  return {
    changed: names.filter(name => {
      const [before, after] = [then.get(name), now.get(name)];
      return before !== undefined && after !== undefined && !after.startsWith(before);
    }),
    added: names.filter(name => !then.has(name)),
    removed: names.filter(name => !now.has(name)),
  };
}

function isFact(name: string): boolean {
  return name.startsWith('<');
}

function sorted(entries: readonly DigestEntry[]): DigestEntry[] {
  return [...entries].sort((a, b) => byCodeUnit(a.name, b.name));
}

/** Not by locale: agents differ in theirs. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
