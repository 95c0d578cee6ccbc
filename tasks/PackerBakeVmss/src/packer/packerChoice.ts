/** Which Packer a bake runs with: the one named, the one installed, or the release asked for. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import type { Agent } from '../../../../shared/agent/agent.js';
import { chooseVersion } from '../../../../shared/agent/release.js';
import { UserError } from '../../../../shared/core/errors.js';
import { findPacker, type Packer } from './packer.js';
import { fetchRelease, programName } from '../packerRelease/installPacker.js';

/** The inputs about Packer itself. */
export interface PackerWish {
  readonly packerPath: string | undefined;
  /** Empty: as installed. */
  readonly packerVersion: string | undefined;
  readonly packerBaseUrl: string | undefined;
  readonly packerSha256: string | undefined;
}

const tool = 'packer';

/** What is wrong with the inputs, a sentence each. */
export function packerProblems({ packerVersion, packerSha256 }: PackerWish): string[] {
  const problems: string[] = [];
  if (packerVersion !== undefined && semver.validRange(packerVersion) === null) {
    problems.push(
      `'packerVersion' must be a version such as 1.11.2 or a range such as ~1.11 or >=1.9 <2, not '${packerVersion}'.`,
    );
  }
  if (packerSha256 !== undefined) {
    if (!/^[0-9a-f]{64}$/i.test(packerSha256))
      problems.push("'packerSha256' must be 64 hexadecimal digits, the SHA-256 of the release's zip file.");
    if (packerVersion === undefined || semver.valid(packerVersion) === null)
      problems.push("'packerSha256' is of one file, so 'packerVersion' must be an exact version with it.");
  }
  return problems;
}

/**
 * Finds Packer. A version that is asked for is taken from the agent's tool cache, else from PATH where that one fits, else it is downloaded
 * and kept in the tool cache.
 * @param armoredKeys the keys that may sign a download, HashiCorp's unless given
 * @throws UserError when there is none that fits
 */
export async function choosePacker(
  wish: PackerWish,
  agent: Agent,
  armoredKeys?: readonly string[],
): Promise<Packer> {
  const { packerPath, packerVersion: range } = wish;
  if (range === undefined) return findPacker(packerPath, agent);
  if (packerPath !== undefined) {
    const named = await findPacker(packerPath, agent);
    if (semver.satisfies(named.version.text, range)) return named;
    throw new UserError(
      `Input 'packerPath' names Packer ${named.version.text}, but 'packerVersion' asks for ${range}. Leave one of the two empty.`,
    );
  }
  return (
    (await cachedPacker(range, agent)) ??
    (await installedPacker(range, agent)) ??
    (await downloadedPacker({ ...wish, range }, agent, armoredKeys))
  );
}

async function cachedPacker(range: string, agent: Agent): Promise<Packer | undefined> {
  const version = chooseVersion((await agent.toolCache?.versions(tool)) ?? [], range);
  const folder = version === undefined ? undefined : await agent.toolCache?.find(tool, version);
  if (folder === undefined) return undefined;
  const path = join(folder, programName);
  return existsSync(path) ? findPacker(path, agent) : undefined;
}

async function installedPacker(range: string, agent: Agent): Promise<Packer | undefined> {
  const path = agent.findTool(tool);
  if (path === undefined) return undefined;
  try {
    const installed = await findPacker(path, agent);
    if (semver.satisfies(installed.version.text, range)) return installed;
    agent.info(`Packer ${installed.version.text} on PATH is not the version asked for.`);
  } catch (error) {
    // Another program of this name is no reason to fail where a release is asked for.
    if (!(error instanceof UserError)) throw error;
    agent.info(`${path} is another program of this name.`);
  }
  return undefined;
}

async function downloadedPacker(
  { packerBaseUrl, packerSha256, range }: PackerWish & { readonly range: string },
  agent: Agent,
  armoredKeys: readonly string[] | undefined,
): Promise<Packer> {
  return agent.group(`Install Packer ${range}`, async () => {
    const release = await fetchRelease(
      {
        version: range,
        baseUrl: packerBaseUrl ?? 'https://releases.hashicorp.com/packer',
        sha256: packerSha256,
      },
      agent,
      armoredKeys,
    );
    const packer = await findPacker(release.path, agent);
    if (packer.version.text !== release.version) {
      throw new UserError(
        `The release ${release.version} holds a Packer that calls itself ${packer.version.text}. Nothing was installed; look at packerBaseUrl.`,
      );
    }
    if (agent.toolCache === undefined) return packer;
    const folder = await agent.toolCache.add(release.folder, tool, release.version);
    rmSync(release.folder, { recursive: true, force: true });
    return { ...packer, path: join(folder, programName) };
  });
}
