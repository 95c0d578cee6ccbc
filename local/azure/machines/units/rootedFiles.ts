/** Files of an image read from outside it: symbolic links mean what they mean inside, and none leads out. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

export interface RootedFiles {
  /** The path without symbolic links, as inside; undefined when nothing is there. */
  resolve(path: string): Promise<string | undefined>;
  /** A text file's content; undefined when no regular file is there. */
  read(path: string): Promise<string | undefined>;
  /** The names in a directory, sorted; none when it is not there. */
  list(path: string): Promise<readonly string[]>;
}

const mostLinks = 40;
const largestFile = 1024 * 1024;

/** @param root the directory that is `/` inside */
export function rootedFiles(root: string): RootedFiles {
  const resolve = async (path: string): Promise<string | undefined> => {
    const pending = segments(path);
    let resolved: string[] = [];
    let links = 0;
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      if (next === '..') {
        // Above the root is the root again, as the kernel has it.
        resolved = resolved.slice(0, -1);
        continue;
      }
      const here = join(root, ...resolved, next);
      const status = await lstat(here).catch(() => undefined);
      if (status === undefined) return undefined;
      if (!status.isSymbolicLink()) {
        resolved.push(next);
        continue;
      }
      links += 1;
      if (links > mostLinks) return undefined;
      const target = await readlink(here);
      if (target.startsWith('/')) resolved = [];
      pending.unshift(...segments(target));
    }
    return `/${resolved.join('/')}`;
  };
  return {
    resolve,
    async read(path) {
      const inside = await resolve(path);
      if (inside === undefined) return undefined;
      const status = await lstat(join(root, inside));
      return status.isFile() && status.size <= largestFile
        ? await readFile(join(root, inside), 'utf8')
        : undefined;
    },
    async list(path) {
      const inside = await resolve(path);
      if (inside === undefined) return [];
      return await readdir(join(root, inside)).then(
        names => names.sort(),
        () => [],
      );
    },
  };
}

function segments(path: string): string[] {
  return posix
    .normalize(path)
    .split('/')
    .filter(segment => segment !== '' && segment !== '.');
}
