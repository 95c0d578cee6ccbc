/** Brings a Packer release onto the agent: versions, signed sums, zip, tool cache. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import semver from 'semver';
import type { Agent } from '../../../../shared/agent/agent.js';
import { DownloadError, fetchBytes, fetchFile } from '../../../../shared/agent/download.js';
import { UserError } from '../../../../shared/core/errors.js';
import { listOf } from '../../../../shared/core/text.js';
import { hashiCorpKey } from './hashiCorpKey.js';
import { parseSums, verifySignature } from './signedSums.js';
import { unzip } from './unzip.js';

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
  const base = readBaseUrl(request.baseUrl, agent);
  const version = semver.valid(request.version) ?? (await newestRelease(request.version, base, agent));
  const stem = `packer_${version}`;
  const file = (name: string) => `${base}/${version}/${name}`;
  const fetchPart = (name: string) =>
    explained(version, agent, () => fetchBytes(agent, file(name), mebibyte));
  const sums = await fetchPart(`${stem}_SHA256SUMS`);
  const keyId = await verifySignature(sums, await fetchPart(`${stem}_SHA256SUMS.sig`), armoredKeys);

  const zipName = `${stem}_${platformName()}.zip`;
  const expected = expectedSum(parseSums(sums.toString('utf8')), zipName, request.sha256);
  const zip = join(agent.tempDirectory, zipName);
  rmSync(zip, { force: true });
  await explained(version, agent, () => fetchFile(agent, file(zipName), zip, 512 * mebibyte));
  const actual = await sha256Of(zip);
  if (actual !== expected) {
    throw new UserError(
      `${zipName} has the SHA-256 ${actual}, but HashiCorp's signed sums say ${expected}. It was changed or cut on its way; ` +
        'run the step again, and look at the mirror or proxy it came through. Nothing was installed.',
    );
  }
  const folder = mkdtempSync(join(agent.tempDirectory, 'packer-'));
  const names = await unzip(zip, folder);
  rmSync(zip);
  if (!names.includes(programName))
    throw new UserError(`${zipName} holds no ${programName}, only ${listOf(names)}. Nothing was installed.`);
  agent.info(`Downloaded ${zipName}: SHA-256 ${actual}, signed by key ${keyId}.`);
  return { version, folder, path: join(folder, programName) };
}

function readBaseUrl(text: string, agent: Agent): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UserError(
      `Input 'packerBaseUrl': '${agent.mask(text)}' is no web address such as https://releases.hashicorp.com/packer.`,
    );
  }
  if (url.password !== '') agent.secret(decodeURIComponent(url.password));
  return url.href.replace(/\/+$/, '');
}

async function newestRelease(range: string, base: string, agent: Agent): Promise<string> {
  const text = await explained(range, agent, () => fetchBytes(agent, `${base}/index.json`, 32 * mebibyte));
  const version = chooseVersion(readVersions(text.toString('utf8'), base), range);
  if (version === undefined) {
    throw new UserError(
      `Input 'packerVersion': no release of Packer fits '${range}'. Name another range, or an exact version.`,
    );
  }
  return version;
}

/** The newest of the versions that the range allows. */
export function chooseVersion(versions: readonly string[], range: string): string | undefined {
  return (
    semver.maxSatisfying(
      versions.filter(version => semver.valid(version) !== null),
      range,
    ) ?? undefined
  );
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

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** A failed download, with what to do about it. */
async function explained<T>(version: string, agent: Agent, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const place = `$(Agent.ToolsDirectory)/packer/${semver.valid(version) ?? 'VERSION'}/${process.arch}`;
    const next =
      error.status === 404 || error.status === 403
        ? `Check packerVersion and packerBaseUrl: there may be no release ${version} there.`
        : `Check the agent's proxy and firewall, or name a mirror with packerBaseUrl. On an agent without internet put the program into ${place}/${programName} ` +
          `and an empty file ${process.arch}.complete beside that folder: then nothing is downloaded.`;
    throw new UserError(`Packer could not be downloaded: ${agent.mask(error.message)} ${next}`, {
      cause: error,
    });
  }
}
