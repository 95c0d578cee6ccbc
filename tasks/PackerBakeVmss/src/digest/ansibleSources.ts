/** What playbooks and roles refer to outside of the folders that a template names. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/** References found. */
export interface PlaybookReferences {
  /** Full paths. */
  readonly paths: readonly string[];
  /** A sentence each: what only Ansible can tell. */
  readonly gaps: readonly string[];
}

/** A larger file is data, not a playbook; in bytes. */
const largest = 1 << 20;

/**
 * Follows what goes up and out (`../shared/roles`) in playbooks, roles and `ansible.cfg`, and in what that leads to.
 * @param roots full paths of the files and folders that Ansible reads
 */
export function followPlaybooks(roots: readonly string[], workingDirectory: string): PlaybookReferences {
  const paths: string[] = [];
  const gaps: string[] = [];
  if (roots.length === 0) return { paths, gaps };
  const isHashed = (path: string) =>
    [...roots, ...paths].some(
      root => path === root || path.startsWith(`${root.replace(/[\\/]$/, '')}${sep}`),
    );
  const configuration = join(workingDirectory, 'ansible.cfg');
  if (existsSync(configuration)) paths.push(configuration);
  const queue = [...roots, ...paths].map(path => ({ path, home: isFolder(path) ? path : dirname(path) }));
  const seen = new Set<string>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { path, home } = next;
    if (seen.has(path)) continue;
    seen.add(path);
    if (isFolder(path)) {
      queue.push(...readdirSync(path).map(name => ({ path: join(path, name), home })));
      continue;
    }
    if (!/\.ya?ml$|(^|[\\/])ansible\.cfg$/i.test(path)) continue;
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined || facts.size > largest) continue;
    for (const found of referencesUp(readFileSync(path, 'utf8'), path, home)) {
      if (found.includes('{{')) gaps.push(`${path} refers to ${found}, which only Ansible can tell`);
      for (const target of [resolve(dirname(path), found), resolve(home, found)]) {
        if (!existsSync(target) || isHashed(target)) continue;
        paths.push(target);
        queue.push({ path: target, home });
      }
    }
  }
  return { paths, gaps };
}

/** The paths in a text that go up, with the two variables filled in that name a folder known here. */
function referencesUp(text: string, file: string, playbookDirectory: string): string[] {
  const plain = text
    .replace(/^\s*#.*$/gm, '')
    .replace(/\{\{\s*playbook_dir\s*\}\}/g, () => playbookDirectory)
    .replace(/\{\{\s*role_path\s*\}\}/g, () => resolve(dirname(file), '..'))
    .replace(/\{\{([^{}]*)\}\}/g, (_all, inner: string) => `{{${inner.replace(/\s+/g, '')}}}`);
  return [...new Set([...plain.matchAll(/[^\s"',[\]=:]*\.\.\/[^\s"',[\]:]*/g)].map(([found]) => found))];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
