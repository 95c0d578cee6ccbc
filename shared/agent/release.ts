/** What downloads of releases have in common: where they come from, which version, what a file's sum is, what a failed one says. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import semver from 'semver';
import { UserError } from '../core/errors.js';
import type { Agent } from './agent.js';
import { DownloadError } from './download.js';

/**
 * A base address without a slash at its end. A password in it is masked from then on.
 * @param input the input's name, for the message
 * @param example an address as it should be
 * @throws UserError
 */
export function readBaseUrl(text: string, input: string, example: string, agent: Agent): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new UserError(`Input '${input}': '${agent.mask(text)}' is no web address such as ${example}.`);
  if (url.password !== '') agent.secret(decodeURIComponent(url.password));
  return url.href.replace(/\/+$/, '');
}

/** Whether nobody on the way can change what comes from this address: it is encrypted, or never leaves this machine. */
export function isProtected(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
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

/** The sum of a file, hexadecimal. */
export async function hashOf(path: string, algorithm: 'sha1' | 'sha256' | 'sha512'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** What a failed download tells besides what happened. */
export interface DownloadSource {
  /** What was to be downloaded, as in "Packer". */
  readonly name: string;
  /** What to do where the server does not have it. */
  readonly absent: string;
  /** What to do where the server cannot be reached. */
  readonly unreachable: string;
}

/** Downloads. @throws UserError in place of a DownloadError, with what to do about it */
export async function explained<T>(
  { name, absent, unreachable }: DownloadSource,
  agent: Agent,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const next = isAbsent(error) ? absent : unreachable;
    throw new UserError(`${name} could not be downloaded: ${agent.mask(error.message)} ${next}`, {
      cause: error,
    });
  }
}

/** Whether the server says that it has no such file; some say so by 403. */
export function isAbsent(error: unknown): boolean {
  return error instanceof DownloadError && (error.status === 404 || error.status === 403);
}
