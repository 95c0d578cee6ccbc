/** JMeter plug-ins of a test: jars from a Maven repository by their coordinates, and files, in a folder of their own. */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { fetchBytes, fetchFile } from '../../../../shared/agent/download.js';
import { explained, hashOf, isAbsent, isProtected, readBaseUrl } from '../../../../shared/agent/release.js';
import { UserError } from '../../../../shared/core/errors.js';
import { singleLine } from '../../../../shared/core/text.js';

/** Maven Central. */
export const mavenCentral = 'https://repo.maven.apache.org/maven2';

/** A sum and how it is made; the strongest first where a repository has several. */
interface Sum {
  readonly algorithm: 'sha512' | 'sha256' | 'sha1';
  readonly hex: string;
}

const lengths = { sha512: 128, sha256: 64, sha1: 40 } as const;

/** A jar that is to be loaded. */
export type Plugin =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'maven';
      /** As given, `group:artifact:version`. */
      readonly coordinates: string;
      /** Below the repository's address. */
      readonly path: string;
      readonly sum: Sum | undefined;
    };

/** Reads the lines of the input; what is wrong is added to the problems. */
export function parsePlugins(lines: readonly string[], directory: string, problems: string[]): Plugin[] {
  const plugins = lines.flatMap((line): Plugin[] => {
    const [, group = '', artifact = '', version = '', algorithm, hex] =
      /^([\w.-]+):([\w.-]+):([\w.+-]+)(?:\s+(sha512|sha256):([0-9a-f]+))?$/i.exec(line) ?? [];
    const sum = sumOf(algorithm?.toLowerCase(), hex);
    if (group !== '' && (algorithm === undefined || sum !== undefined)) {
      const path = [...group.split('.'), artifact, version, `${artifact}-${version}.jar`];
      if (!path.some(part => part === '' || part === '.' || part === '..'))
        return [{ kind: 'maven', coordinates: `${group}:${artifact}:${version}`, path: path.join('/'), sum }];
    }
    const path = resolve(directory, line);
    if (line.endsWith('.jar') && statSync(path, { throwIfNoEntry: false })?.isFile() === true)
      return [{ kind: 'file', path }];
    problems.push(
      line.endsWith('.jar')
        ? `'plugins' names ${path}, which is not a file.`
        : `'plugins' must be lines such as kg.apc:jmeter-plugins-casutg:2.10, a sum such as sha256:… behind it or not, or the path of a jar, not '${singleLine(line, 200)}'.`,
    );
    return [];
  });
  const names = plugins.map(fileName);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index)))
    problems.push(`'plugins' names ${name} twice.`);
  return plugins;
}

/**
 * Brings the plug-ins together. A jar from the repository is there only when its sum is the one that is given, else the one that is published
 * beside it.
 * @param baseUrl of a Maven repository
 * @returns the folder that holds them, undefined when there are none
 * @throws UserError
 */
export async function fetchPlugins(
  plugins: readonly Plugin[],
  baseUrl: string | undefined,
  agent: Agent,
): Promise<string | undefined> {
  if (plugins.length === 0) return undefined;
  const base = readBaseUrl(baseUrl ?? mavenCentral, 'pluginsBaseUrl', mavenCentral, agent);
  const folder = join(agent.tempDirectory, 'plugins');
  mkdirSync(folder);
  for (const plugin of plugins) {
    const target = join(folder, fileName(plugin));
    if (plugin.kind === 'file') copyFileSync(plugin.path, target);
    else await fetchPlugin(plugin, base, target, agent);
  }
  return folder;
}

function fileName({ path }: Plugin): string {
  return basename(path);
}

async function fetchPlugin(
  { coordinates, path, sum }: Extract<Plugin, { kind: 'maven' }>,
  base: string,
  target: string,
  agent: Agent,
): Promise<void> {
  if (sum === undefined && !isProtected(base))
    throw new UserError(
      `Input 'pluginsBaseUrl': what comes from ${agent.mask(base)} may be changed on its way, and its sum with it. Name an https address, or give each plug-in its sum, such as ${coordinates} sha256:…`,
    );
  const url = `${base}/${path}`;
  const source = {
    name: `The plug-in ${coordinates}`,
    absent: "Check its coordinates in 'plugins' and the repository in 'pluginsBaseUrl'.",
    unreachable:
      "Check the agent's proxy and firewall, or name a repository that it reaches in 'pluginsBaseUrl'. On an agent without internet name the jar's file in 'plugins' instead.",
  };
  const expected = sum ?? (await explained(source, agent, () => publishedSum(url, agent)));
  await explained(source, agent, () => fetchFile(agent, url, target, 256 * 1024 * 1024));
  const actual = await hashOf(target, expected.algorithm);
  const named = expected.algorithm.toUpperCase().replace('SHA', 'SHA-');
  if (actual !== expected.hex)
    throw new UserError(
      `The plug-in ${coordinates} has the ${named} ${actual}, but ${sum === undefined ? `the .${expected.algorithm} file beside it says` : "'plugins' says"} ${expected.hex}. It was changed or cut on its way; run the step again, and look at the repository or proxy it came through. JMeter was not started.`,
    );
  agent.info(`Plug-in ${coordinates}: ${named} ${actual}.`);
}

/** Repositories have sums of several kinds; SHA-1 is the only one that all have. */
async function publishedSum(url: string, agent: Agent): Promise<Sum> {
  for (const algorithm of ['sha512', 'sha256', 'sha1'] as const) {
    const text = await fetchBytes(agent, `${url}.${algorithm}`, 64 * 1024).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    const sum =
      text === undefined ? undefined : sumOf(algorithm, /[0-9a-f]{40,}/i.exec(text.toString())?.[0]);
    if (sum !== undefined) return sum;
  }
  throw new UserError(
    `There is no sum beside ${agent.mask(url)}, neither SHA-512, SHA-256 nor SHA-1: check its coordinates in 'plugins' and the repository in 'pluginsBaseUrl', or give the sum, such as sha256:… behind the coordinates.`,
  );
}

function sumOf(algorithm: string | undefined, hex: string | undefined): Sum | undefined {
  if (algorithm !== 'sha512' && algorithm !== 'sha256' && algorithm !== 'sha1') return undefined;
  return hex?.length === lengths[algorithm] ? { algorithm, hex: hex.toLowerCase() } : undefined;
}
