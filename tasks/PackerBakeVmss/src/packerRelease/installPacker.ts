/** Brings a Packer release onto the agent: versions, signed sums, zip, tool cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import type { Agent } from '../../../../shared/agent/agent.js';
import { fetchBytes, fetchFile } from '../../../../shared/agent/download.js';
import { chooseVersion, explained, hashOf, readBaseUrl } from '../../../../shared/agent/release.js';
import { unzip } from '../../../../shared/agent/unzip.js';
import { UserError } from '../../../../shared/core/errors.js';
import { listOf } from '../../../../shared/core/text.js';
import { hashiCorpKey } from './hashiCorpKey.js';
import { parseSums, verifySignature } from './signedSums.js';

/** What is to be installed, and from where. */
export interface ReleaseRequest {
  /** An exact version or a range. */
  readonly version: string;
  /** Laid out as https://releases.hashicorp.com/packer. */
  readonly baseUrl: string;
  /** What the zip file's SHA-256 must be, besides what the signed sums say. */
  readonly sha256: string | undefined;
}

/** A release on this machine, in a temporary folder. */
export interface UnpackedRelease {
  readonly version: string;
  readonly folder: string;
  /** Full path of the program. */
  readonly path: string;
}

const mebibyte = 1024 * 1024;
/** Packer's largest releases have a third of these bytes. */
const unpacking = {
  of: 'a Packer release',
  refused: 'Nothing was installed.',
  mostEntries: 50,
  mostBytes: 1024 * mebibyte,
  folders: false,
  isProgram: (name: string) => /^packer(\.exe)?$/.test(name),
};
const systems: Readonly<Record<string, string>> = { win32: 'windows' };
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The name of Packer's program file. */
export const programName = process.platform === 'win32' ? 'packer.exe' : 'packer';

/**
 * Downloads, verifies and unpacks a release. Nothing is unpacked before its SHA-256 is the one in the sums that HashiCorp signed.
 * @param armoredKeys the keys that may sign releases
 * @throws UserError
 */
export async function fetchRelease(
  request: ReleaseRequest,
  agent: Agent,
  armoredKeys: readonly string[] = [hashiCorpKey],
): Promise<UnpackedRelease> {
  const base = readBaseUrl(request.baseUrl, 'packerBaseUrl', 'https://releases.hashicorp.com/packer', agent);
  const version = semver.valid(request.version) ?? (await newestRelease(request.version, base, agent));
  const stem = `packer_${version}`;
  const file = (name: string) => `${base}/${version}/${name}`;
  const fetchPart = (name: string) =>
    explained(source(version), agent, () => fetchBytes(agent, file(name), mebibyte));
  const sums = await fetchPart(`${stem}_SHA256SUMS`);
  const keyId = await verifySignature(sums, await fetchPart(`${stem}_SHA256SUMS.sig`), armoredKeys);

  const zipName = `${stem}_${platformName()}.zip`;
  const expected = expectedSum(parseSums(sums.toString('utf8')), zipName, request.sha256);
  const zip = join(agent.tempDirectory, zipName);
  rmSync(zip, { force: true });
  await explained(source(version), agent, () => fetchFile(agent, file(zipName), zip, 512 * mebibyte));
  const actual = await hashOf(zip, 'sha256');
  if (actual !== expected) {
    throw new UserError(
      `${zipName} has the SHA-256 ${actual}, but HashiCorp's signed sums say ${expected}. It was changed or cut on its way; ` +
        'run the step again, and look at the mirror or proxy it came through. Nothing was installed.',
    );
  }
  const folder = mkdtempSync(join(agent.tempDirectory, 'packer-'));
  const names = await unzip(zip, folder, unpacking);
  rmSync(zip);
  if (!names.includes(programName))
    throw new UserError(`${zipName} holds no ${programName}, only ${listOf(names)}. Nothing was installed.`);
  agent.info(`Downloaded ${zipName}: SHA-256 ${actual}, signed by key ${keyId}.`);
  return { version, folder, path: join(folder, programName) };
}

async function newestRelease(range: string, base: string, agent: Agent): Promise<string> {
  const text = await explained(source(range), agent, () =>
    fetchBytes(agent, `${base}/index.json`, 32 * mebibyte),
  );
  const version = chooseVersion(readVersions(text.toString('utf8'), base), range);
  if (version === undefined) {
    throw new UserError(
      `Input 'packerVersion': no release of Packer fits '${range}'. Name another range, or an exact version.`,
    );
  }
  return version;
}

function readVersions(text: string, base: string): string[] {
  try {
    const index: unknown = JSON.parse(text);
    if (typeof index === 'object' && index !== null && 'versions' in index) {
      const { versions } = index;
      if (typeof versions === 'object' && versions !== null) return Object.keys(versions);
    }
  } catch {
    // The same sentence says it.
  }
  throw new UserError(
    `${base}/index.json is no list of releases. Point packerBaseUrl to a copy of https://releases.hashicorp.com/packer, or give packerVersion exactly: then no list is needed.`,
  );
}

function expectedSum(sums: ReadonlyMap<string, string>, zipName: string, given: string | undefined): string {
  const sum = sums.get(zipName);
  if (sum === undefined) {
    const builds = [...sums.keys()].map(name => /_([a-z0-9]+_[a-z0-9]+)\.zip$/.exec(name)?.[1] ?? '');
    throw new UserError(
      `This release of Packer has no build for ${platformName()}; it has ${listOf(builds.filter(name => name !== '').sort()) || 'none'}. ` +
        'Take another packerVersion, or run the job on another agent.',
    );
  }
  if (given !== undefined && given.toLowerCase() !== sum) {
    throw new UserError(
      `Input 'packerSha256' is ${given}, but HashiCorp's signed sums say ${sum} for ${zipName}. Was it of another version or platform? Nothing was installed.`,
    );
  }
  return sum;
}

/** This machine as HashiCorp names it, such as `linux_amd64`. */
function platformName(): string {
  return `${systems[process.platform] ?? process.platform}_${architectures[process.arch] ?? process.arch}`;
}

/** What a failed download of this version says. */
function source(version: string) {
  const place = `$(Agent.ToolsDirectory)/packer/${semver.valid(version) ?? 'VERSION'}/${process.arch}`;
  return {
    name: 'Packer',
    absent: `Check packerVersion and packerBaseUrl: there may be no release ${version} there.`,
    unreachable:
      "Check the agent's proxy and firewall, or name a mirror with packerBaseUrl. On an agent without internet put the program into " +
      `${place}/${programName} and an empty file ${process.arch}.complete beside that folder: then nothing is downloaded.`,
  };
}
