/** The digest of a bake: everything that Packer is going to read, hashed. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import type { Agent } from '../../../../shared/agent/agent.js';
import { ProblemsError } from '../../../../shared/core/errors.js';
import { followPlaybooks } from './ansibleSources.js';
import { resolveBaseImage } from './baseImage.js';
import { digestOf, sha256, type DigestEntry } from './digestEntries.js';
import { digestSourcesOf, type DigestFact } from './digestSources.js';
import type { TemplateModel } from '../template/templateModel.js';
import { exclusion, hashTrees, type HashRoot } from './treeHash.js';

/** A bake's inputs, hashed. */
export interface BakeDigest {
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly entries: readonly DigestEntry[];
  /** What may be read besides and is not in the digest, a sentence each: with any of these it proves nothing. */
  readonly gaps: readonly string[];
  /** The base images with their versions. */
  readonly baseImages: readonly string[];
}

/** What a digest is made from. */
export interface BakeDigestRequest {
  readonly model: TemplateModel;
  readonly workingDirectory: string;
  /** Facts from outside the template: Packer's version, the plugins'. */
  readonly facts: readonly DigestFact[];
  /** More files and folders, one a line, relative to the working directory. */
  readonly includes: string | undefined;
  /** Patterns of `.gitignore` on the entries' names. */
  readonly excludes: string | undefined;
}

/**
 * Hashes what a bake reads.
 * @throws ProblemsError for includes that do not exist
 */
export async function digestBake(
  request: BakeDigestRequest,
  arm: ArmClient,
  agent: Agent,
): Promise<BakeDigest> {
  const { model, workingDirectory } = request;
  const templateDirectory = dirname(model.files[0] ?? workingDirectory);
  const hide = (text: string) =>
    agent
      .mask(text)
      .replaceAll(templateDirectory, '<template folder>')
      .replaceAll(workingDirectory, '<working directory>');
  const sources = digestSourcesOf(model, workingDirectory, hide);
  const includes = readIncludes(request.includes, workingDirectory);
  const referred = followPlaybooks(sources.ansible, workingDirectory);
  const paths = [...model.files, ...sources.paths, ...referred.paths, ...includes];
  const missing = sources.paths.filter(path => !existsSync(path)).map(path => `${path} does not exist yet`);

  const bases = await Promise.all(model.sources.map(source => resolveBaseImage(source, arm)));
  const baseGaps = bases.filter(base => typeof base === 'string');
  const baseImages = bases.filter(base => typeof base === 'object');

  const files = await hashTrees(
    nameRoots(paths, workingDirectory, templateDirectory),
    exclusion(request.excludes ?? ''),
    agent.signal,
  );
  const facts = [...request.facts, ...sources.facts, ...baseImages.map(({ fact }) => fact)];
  const entries = [...files, ...facts.map(({ name, text }) => ({ name, hash: sha256(text) }))];
  const unknown = [...sources.gaps, ...missing, ...referred.gaps];
  // Who names more to look at has thought of what the template does not tell; a base image can be no file.
  const covered = includes.length > 0;
  if (covered) for (const gap of unknown) agent.info(`Taken as covered by 'digestIncludes': ${gap}.`);
  return {
    digest: digestOf(entries),
    entries,
    gaps: covered ? baseGaps : [...unknown, ...baseGaps],
    baseImages: baseImages.map(({ label }) => label),
  };
}

function readIncludes(text: string | undefined, workingDirectory: string): string[] {
  const paths = (text ?? '')
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => resolve(workingDirectory, line));
  const missing = paths.filter(path => !existsSync(path));
  if (missing.length > 0)
    throw new ProblemsError("Input 'digestIncludes' names what does not exist", missing);
  return paths;
}

/** Names that are the same wherever the sources were checked out; what lies outside of them is told by its place in the list. */
function nameRoots(
  paths: readonly string[],
  workingDirectory: string,
  templateDirectory: string,
): HashRoot[] {
  let outside = 0;
  return [...new Set(paths)].map(path => {
    for (const [directory, prefix] of [
      [workingDirectory, ''],
      [templateDirectory, '(template)/'],
    ] as const) {
      const inside = relative(directory, path);
      if (inside === '') return { path, name: prefix.replace(/\/$/, '') };
      if (inside !== '..' && !inside.startsWith(`..${sep}`) && resolve(directory, inside) === path)
        return { path, name: prefix + inside.split(sep).join('/') };
    }
    outside += 1;
    return { path, name: `(outside ${outside})/${basename(path)}` };
  });
}
