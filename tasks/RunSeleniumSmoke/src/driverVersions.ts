/** Whether a browser and its driver are of one version: looked at as the tests begin, since every one of them would fail. */
import type { Agent } from '../../../shared/agent/agent.js';
import { isJson } from './browserCapabilities.js';
import type { Browser, BrowserSettings } from './browsers.js';
import { findDriver } from './webDriver.js';

/** A program as it is installed. */
export interface InstalledProgram {
  readonly name: string;
  readonly path: string;
  readonly version: string;
}

/** What to do about it. */
export const sameVersionRemedy =
  "install both from one source in the same version, or name the driver that fits in 'driverPath'";

/**
 * Warns when the versions differ. Only a warning: the tests may choose another browser, and the driver itself has the last word. Nothing is
 * said where a version cannot be told, as on Windows, whose browsers do not print it.
 */
export async function warnOfOtherVersion(
  browser: Browser,
  given: string | undefined,
  settings: BrowserSettings,
  agent: Agent,
): Promise<void> {
  const path = browserPath(browser, settings, agent);
  if (path === undefined || process.platform === 'win32') return;
  const { name } = browser.driver;
  const [driver, own] = await Promise.all([
    installed(name, findDriver(browser.driver, given, agent), agent),
    installed(browser.browserName, path, agent),
  ]);
  const fault = driver === undefined || own === undefined ? undefined : versionFault(driver, own);
  if (fault !== undefined) agent.warning(fault);
}

/** Undefined when the major versions are the same: drivers ask no more. */
export function versionFault(driver: InstalledProgram, browser: InstalledProgram): string | undefined {
  if (major(driver.version) === major(browser.version)) return undefined;
  const told = ({ name, version, path }: InstalledProgram) => `${name} ${version} (${path})`;
  return `${told(driver)} is not the driver of ${told(browser)}: ${sameVersionRemedy}. The tests are run all the same; most likely no session can be made.`;
}

/** The version in what a program prints for `--version`, as in `ChromeDriver 150.0.7871.124 (9261fd0…)`. */
export function versionIn(text: string): string | undefined {
  return /\b\d+(?:\.\d+)+/.exec(text)?.[0];
}

/** The browser that the driver will start: the one it is told to, else the first that it finds. */
function browserPath(
  { options, programs, usual }: Browser,
  { capabilities }: BrowserSettings,
  agent: Agent,
): string | undefined {
  const own = capabilities[options];
  const named = isJson(own) ? own['binary'] : undefined;
  if (typeof named === 'string') return named;
  return [...programs, ...usual].map(name => agent.findTool(name)).find(path => path !== undefined);
}

async function installed(name: string, path: string, agent: Agent): Promise<InstalledProgram | undefined> {
  try {
    const { tail } = await agent.run({ name, path, args: ['--version'], echo: false });
    const version = versionIn(tail.join('\n'));
    return version === undefined ? undefined : { name, path, version };
  } catch {
    agent.signal.throwIfAborted();
    return undefined;
  }
}

function major(version: string): string {
  return version.split('.')[0] ?? '';
}
