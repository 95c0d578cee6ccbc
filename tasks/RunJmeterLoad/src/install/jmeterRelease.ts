/** Brings a JMeter release onto the agent: version, zip, SHA-512, unpacked. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import type { Agent } from '../../../../shared/agent/agent.js';
import { fetchBytes, fetchFile } from '../../../../shared/agent/download.js';
import {
  chooseVersion,
  explained,
  hashOf,
  isAbsent,
  isProtected,
  readBaseUrl,
} from '../../../../shared/agent/release.js';
import { unzip } from '../../../../shared/agent/unzip.js';
import { UserError } from '../../../../shared/core/errors.js';
import { singleLine } from '../../../../shared/core/text.js';

/** Where Apache keeps all releases; its mirrors have the newest only. */
export const releaseArchive = 'https://archive.apache.org/dist/jmeter/binaries';

/** What is to be installed, and from where. */
export interface ReleaseRequest {
  /** An exact version or a range. */
  readonly version: string;
  /** A folder with `apache-jmeter-VERSION.zip`, its `.sha512` beside it, and a page that lists them. */
  readonly baseUrl: string;
  /** What the zip file's SHA-512 must be, whatever the server says. */
  readonly sha512: string | undefined;
}

/** A release on this machine, in a temporary folder. */
export interface UnpackedRelease {
  readonly version: string;
  /** What holds `bin/jmeter`. */
  readonly home: string;
}

const mebibyte = 1024 * 1024;
const unpacking = {
  of: 'a JMeter release',
  refused: 'Nothing was installed.',
  mostEntries: 20_000,
  mostBytes: 1024 * mebibyte,
  folders: true,
  // Which files are programs is not in every zip file that there is.
  isProgram: (name: string) => /^[^/]+\/bin\/(?:[^/.]+|[^/]+\.sh)$/.test(name),
};

/**
 * Downloads, verifies and unpacks a release. Nothing is unpacked before its SHA-512 is the one that is pinned, else the one that is
 * published beside it.
 * @throws UserError
 */
export async function fetchJmeter(request: ReleaseRequest, agent: Agent): Promise<UnpackedRelease> {
  const base = readBaseUrl(request.baseUrl, 'jmeterBaseUrl', releaseArchive, agent);
  if (request.sha512 === undefined && !isProtected(base))
    throw new UserError(
      `Input 'jmeterBaseUrl': what comes from ${agent.mask(base)} may be changed on its way, and its sum with it. Name an https address, or give 'jmeterSha512' as Apache publishes it.`,
    );
  const version = semver.valid(request.version) ?? (await newestRelease(request.version, base, agent));
  const name = `apache-jmeter-${releaseName(version)}`;
  const zipName = `${name}.zip`;
  const expected =
    request.sha512?.toLowerCase() ?? (await publishedSum(`${base}/${zipName}`, version, agent));
  const zip = join(agent.tempDirectory, zipName);
  rmSync(zip, { force: true });
  await explained(source(version), agent, () => fetchFile(agent, `${base}/${zipName}`, zip, 512 * mebibyte));
  const actual = await hashOf(zip, 'sha512');
  if (actual !== expected)
    throw new UserError(
      `${zipName} has the SHA-512 ${actual}, but ${request.sha512 === undefined ? `${zipName}.sha512 beside it says` : "'jmeterSha512' is"} ${expected}. It was changed or cut on its way, or is another version's; ` +
        'run the step again, and look at the mirror or proxy it came through. Nothing was installed.',
    );
  const folder = mkdtempSync(join(agent.tempDirectory, 'jmeter-'));
  await unzip(zip, folder, unpacking);
  rmSync(zip);
  const home = join(folder, name);
  for (const file of ['bin/jmeter', 'bin/ApacheJMeter.jar'])
    if (!existsSync(join(home, file)))
      throw new UserError(`${zipName} holds no ${name}/${file}. Nothing was installed.`);
  agent.info(
    `Downloaded ${zipName}: SHA-512 ${actual}, as ${request.sha512 === undefined ? 'published beside it' : 'pinned'}.`,
  );
  return { version, home };
}

/** A version as Apache names it: 5.6.3, but 5.6 and not 5.6.0. */
export function releaseName(version: string): string {
  return version.replace(/^(\d+\.\d+)\.0$/, '$1');
}

/** The versions, with three parts each, of the releases that a page links to. */
export function listedReleases(page: string): string[] {
  const links = page.matchAll(/["'/]apache-jmeter-(\d+\.\d+)(\.\d+)?\.zip["']/g);
  return [...new Set([...links].map(([, major = '', patch = '.0']) => `${major}${patch}`))];
}

/**
 * The sum in a `.sha512` file: in one piece, with the file's name behind it or not, or in groups behind the name, as `gpg --print-md` writes it.
 * @returns lower case; undefined when there is none, or it is of another file
 */
export function readSum(text: string, file: string): string | undefined {
  const [, plain, named] = /^\s*([0-9a-f]{128})(?:\s+\*?(?:.*\/)?(\S+))?\s*$/i.exec(text) ?? [];
  if (plain !== undefined) return named === undefined || named === file ? plain.toLowerCase() : undefined;
  const [, owner, groups] = /^\s*(?:.*\/)?(\S+):((?:\s+[0-9a-f]+)+)\s*$/i.exec(text) ?? [];
  const sum = groups?.replace(/\s+/g, '').toLowerCase();
  return owner === file && sum?.length === 128 ? sum : undefined;
}

async function newestRelease(range: string, base: string, agent: Agent): Promise<string> {
  const page = await explained(source(range), agent, () => fetchBytes(agent, `${base}/`, 8 * mebibyte));
  const releases = listedReleases(page.toString('utf8'));
  if (releases.length === 0)
    throw new UserError(
      `${agent.mask(base)}/ lists no release of JMeter. Give 'jmeterVersion' exactly: then no list is needed.`,
    );
  const version = chooseVersion(releases, range);
  if (version === undefined)
    throw new UserError(
      `Input 'jmeterVersion': no release of JMeter in ${agent.mask(base)}/ fits '${range}'; the newest there is ${releaseName(chooseVersion(releases, '*') ?? '')}.`,
    );
  return version;
}

async function publishedSum(zipUrl: string, version: string, agent: Agent): Promise<string> {
  const file = zipUrl.slice(zipUrl.lastIndexOf('/') + 1);
  const text = await explained(source(version), agent, async () => {
    try {
      return (await fetchBytes(agent, `${zipUrl}.sha512`, mebibyte)).toString('utf8');
    } catch (error) {
      if (!isAbsent(error)) throw error;
      throw new UserError(
        `There is no ${agent.mask(zipUrl)}.sha512, so the release cannot be verified: check jmeterVersion and jmeterBaseUrl. A release or mirror without it needs 'jmeterSha512'. Nothing was installed.`,
        { cause: error },
      );
    }
  });
  const sum = readSum(text, file);
  if (sum === undefined)
    throw new UserError(
      `${agent.mask(zipUrl)}.sha512 holds no SHA-512 of ${file}, but ${singleLine(text, 100)}. Nothing was installed.`,
    );
  return sum;
}

/** What a failed download of this version says. */
function source(version: string) {
  const place = `$(Agent.ToolsDirectory)/jmeter/${semver.valid(version) ?? 'VERSION'}/${process.arch}`;
  return {
    name: 'JMeter',
    absent: `Check jmeterVersion and jmeterBaseUrl: there may be no release ${releaseName(version)} there.`,
    unreachable:
      "Check the agent's proxy and firewall, or name a mirror with jmeterBaseUrl. On an agent without internet unpack JMeter so that " +
      `${place}/bin/jmeter exists, with an empty file ${process.arch}.complete beside that folder: then nothing is downloaded. Or name an installed one in jmeterHome.`,
  };
}
