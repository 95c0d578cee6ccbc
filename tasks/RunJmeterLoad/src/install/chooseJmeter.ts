/** Which JMeter a test runs with: the one named, the one installed, or the release asked for. */
import { existsSync, rmSync } from 'node:fs';
import semver from 'semver';
import type { Agent } from '../../../../shared/agent/agent.js';
import { chooseVersion } from '../../../../shared/agent/release.js';
import { UserError } from '../../../../shared/core/errors.js';
import { findJmeter, launcherIn } from '../jmeter.js';
import { fetchJmeter, releaseArchive } from './jmeterRelease.js';

/** The inputs about JMeter itself. */
export interface JmeterWish {
  readonly jmeterHome: string | undefined;
  /** An exact version or a range; undefined takes what is installed. */
  readonly jmeterVersion: string | undefined;
  readonly jmeterBaseUrl: string | undefined;
  readonly jmeterSha512: string | undefined;
}

const tool = 'jmeter';

/** What is wrong with the inputs, a sentence each. */
export function jmeterProblems({ jmeterHome, jmeterVersion, jmeterSha512 }: JmeterWish): string[] {
  const problems: string[] = [];
  if (jmeterVersion !== undefined && semver.validRange(jmeterVersion) === null)
    problems.push(
      `'jmeterVersion' must be a version such as 5.6.3 or a range such as ~5.6 or >=5.4 <6, not '${jmeterVersion}'.`,
    );
  if (jmeterVersion !== undefined && jmeterHome !== undefined)
    problems.push(
      "'jmeterHome' names a JMeter that is installed, and 'jmeterVersion' asks for one from the tool cache or a download: leave one of the two empty.",
    );
  if (jmeterSha512 !== undefined) {
    if (!/^[0-9a-f]{128}$/i.test(jmeterSha512))
      problems.push("'jmeterSha512' must be 128 hexadecimal digits, the SHA-512 of the release's zip file.");
    if (jmeterVersion === undefined || semver.valid(jmeterVersion) === null)
      problems.push("'jmeterSha512' is of one file, so 'jmeterVersion' must be an exact version with it.");
  }
  return problems;
}

/**
 * Finds JMeter's launcher. A version that is asked for is taken from the agent's tool cache, else downloaded and kept there; where none is
 * asked for the one installed on the agent counts, and the newest of the tool cache where none is installed.
 * @throws UserError when there is none
 */
export async function chooseJmeter(wish: JmeterWish, agent: Agent): Promise<string> {
  const { jmeterVersion: range } = wish;
  if (range === undefined) {
    const installed = findJmeter(wish.jmeterHome, agent) ?? (await cachedJmeter('*', agent));
    if (installed !== undefined) return installed;
    throw new UserError(
      "JMeter was not found: 'jmeterHome' and 'jmeterVersion' are not given, JMETER_HOME is not set, and there is no jmeter on PATH or in the tool cache. Install Apache JMeter on this agent, name its folder in 'jmeterHome', or say in 'jmeterVersion' which one to download.",
    );
  }
  return (await cachedJmeter(range, agent)) ?? (await downloadedJmeter({ ...wish, range }, agent));
}

async function cachedJmeter(range: string, agent: Agent): Promise<string | undefined> {
  const version = chooseVersion((await agent.toolCache?.versions(tool)) ?? [], range);
  const folder = version === undefined ? undefined : await agent.toolCache?.find(tool, version);
  const launcher = folder === undefined ? undefined : launcherIn(folder);
  return launcher !== undefined && existsSync(launcher) ? launcher : undefined;
}

async function downloadedJmeter(
  { jmeterBaseUrl, jmeterSha512, range }: JmeterWish & { readonly range: string },
  agent: Agent,
): Promise<string> {
  return agent.group(`Install JMeter ${range}`, async () => {
    const { version, home } = await fetchJmeter(
      { version: range, baseUrl: jmeterBaseUrl ?? releaseArchive, sha512: jmeterSha512 },
      agent,
    );
    if (agent.toolCache === undefined) return launcherIn(home);
    const folder = await agent.toolCache.add(home, tool, version);
    rmSync(home, { recursive: true, force: true });
    return launcherIn(folder);
  });
}
