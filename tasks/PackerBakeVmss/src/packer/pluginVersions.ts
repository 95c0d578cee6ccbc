/** The versions of the plugins that a bake uses. */
import { readFileSync } from 'node:fs';
import type { Agent } from '../../../../shared/agent/agent.js';
import { packerEnvironment, type PackerSession } from './packer.js';
import type { PackerTemplate } from '../template/packerTemplate.js';
import { templateFiles } from '../template/templateReader.js';

/** A plugin's file, as Packer names it: `packer-plugin-azure_v2.0.0_x5.0_linux_amd64`. */
const pluginFile = /([\w.-]+\/[\w.-]+)\/packer-plugin-[\w-]+?_(v\d[\w.+-]*?)_x[\d.]+_/;

/**
 * The newest of each plugin that Packer has installed, such as `hashicorp/azure v2.0.0`, sorted. Before 1.8 Packer had no list of
 * them, and brought the usual ones itself: its own version says theirs.
 * Those that the template requires count, all where it requires none.
 */
export async function pluginVersions(
  template: PackerTemplate,
  session: PackerSession,
  agent: Agent,
): Promise<string[]> {
  const { major, minor } = session.packer.version;
  if (major === 1 && minor < 8) return [];
  const lines: string[] = [];
  await agent.run({
    name: 'Packer',
    path: session.packer.path,
    args: ['plugins', 'installed'],
    cwd: session.workingDirectory,
    env: { ...packerEnvironment, ...session.environment },
    echo: false,
    onLine: line => lines.push(line),
  });
  return newestPlugins(lines, requiredPlugins(template));
}

function requiredPlugins(template: PackerTemplate): string[] {
  if (!template.requiresPlugins) return [];
  const texts = templateFiles(template.path).map(file => readFileSync(file, 'utf8'));
  const source = /"?source"?\s*[=:]\s*"([\w.-]+\/[\w.-]+\/[\w.-]+)"/g;
  return texts.flatMap(text => [...text.matchAll(source)].map(match => match[1] ?? ''));
}

/**
 * Reads the list of files. Pure.
 * @param sources the plugins that count, such as `github.com/hashicorp/azure`; all where there is none
 */
export function newestPlugins(lines: readonly string[], sources: readonly string[]): string[] {
  const newest = new Map<string, string>();
  for (const line of lines) {
    const match = pluginFile.exec(line.replaceAll('\\', '/'));
    if (match === null) continue;
    const [, source = '', version = ''] = match;
    const isUsed = sources.length === 0 || sources.some(each => each.endsWith(source));
    const known = newest.get(source);
    if (isUsed && (known === undefined || known.localeCompare(version, 'en', { numeric: true }) < 0))
      newest.set(source, version);
  }
  return [...newest].map(([source, version]) => `${source} ${version}`).sort();
}
