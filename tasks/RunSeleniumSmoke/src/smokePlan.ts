/** What a run is to do, as its inputs say: checked whole before anything is started. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError } from '../../../shared/core/errors.js';
import { listOf } from '../../../shared/core/text.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import { isJson, type Json } from './browserCapabilities.js';
import { browserNamed, browsers, type BrowserSettings } from './browsers.js';
import type { inputs } from './inputs.generated.js';

/** The task's inputs. */
export type Input = Inputs<typeof inputs>;

const mostShards = 100;

/** A run as it is asked for. */
export interface SmokePlan {
  /** The site as given; the tests get it so. */
  readonly site: string;
  /** What must answer before the first test. */
  readonly waitUrl: string;
  /** Where the tests run and relative paths begin. */
  readonly directory: string;
  /** An existing Grid; undefined when the browsers of this machine are meant. */
  readonly grid: URL | undefined;
  /** One run of the tests for each; at least one. */
  readonly browsers: readonly string[];
  readonly settings: BrowserSettings;
  /** The driver to be run, in place of the one found. */
  readonly driverPath: string | undefined;
  /** Into how many parts the tests are split; 0 for as many as can run at once. */
  readonly shards: number;
  /** Whether browsers get a display of the run's own. */
  readonly xvfb: boolean;
}

/**
 * Checks what the types of the inputs do not say.
 * @throws ProblemsError naming all that is wrong
 */
export function planSmoke(input: Input, workingDirectory: string): SmokePlan {
  const problems: string[] = [];
  const site = webAddress(input.siteUrl, 'siteUrl', problems);
  const grid = input.gridUrl === undefined ? undefined : webAddress(input.gridUrl, 'gridUrl', problems);
  const names = browserNames(input.browsers ?? 'chrome', input.gridUrl !== undefined, problems);
  const driverPath = driverOf(input, names, workingDirectory, problems);
  const given = capabilitiesOf(input.capabilities, problems);
  const proxy = input.proxy === undefined ? undefined : proxyOf(input.proxy, problems);
  if (proxy !== undefined && 'proxy' in given)
    problems.push(`'proxy' and the proxy in 'capabilities' cannot both be given.`);
  const settings = {
    headless: input.headless,
    windowSize: windowSize(input.windowSize, problems),
    mobileDevice: input.mobileDevice,
    capabilities: proxy === undefined ? given : { ...given, proxy },
  };
  problems.push(...displayProblems(input));
  if (input.mobileDevice !== undefined && names.some(name => browserNamed(name)?.isChromium !== true))
    problems.push(`'mobileDevice' is an emulation of chrome, chromium and edge; 'browsers' names others.`);
  if (input.shards < 0 || input.shards > mostShards)
    problems.push(`'shards' must be from 0 to ${mostShards}, not ${input.shards}.`);
  if (problems.length > 0 || site === undefined)
    throw new ProblemsError('The inputs of this task are not right', problems);
  return {
    site: input.siteUrl,
    waitUrl: below(site, input.waitPath),
    directory: resolve(workingDirectory, input.workingDirectory ?? '.'),
    grid,
    browsers: names,
    settings,
    driverPath,
    shards: input.shards,
    xvfb: input.xvfb,
  };
}

function displayProblems({ xvfb, headless, gridUrl }: Input): string[] {
  if (!xvfb) return [];
  return [
    ...(headless
      ? [`'xvfb' starts a display, which browsers do not use while 'headless' is true: set it to false.`]
      : []),
    ...(gridUrl === undefined
      ? []
      : [`'xvfb' and 'gridUrl' cannot both be given: a grid has its own displays.`]),
    ...(process.platform === 'linux'
      ? []
      : [`'xvfb' is for agents on Linux: leave it at false on this one.`]),
  ];
}

/** The capability `proxy` (W3C WebDriver, section 7.2). */
function proxyOf(text: string, problems: string[]): Json | undefined {
  if (/^(direct|system|autodetect)$/.test(text)) return { proxyType: text };
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const [, kind] = /^(https?|socks[45]):$/.exec(url?.protocol ?? '') ?? [];
  const isWhole = url !== undefined && url.hostname !== '' && /^\/?$/.test(url.pathname);
  if (kind === undefined || !isWhole) {
    problems.push(
      `'proxy' must be the address of a proxy, as in proxy.example.com:3128 or socks5://proxy.example.com:1080, or one of direct, system, autodetect.`,
    );
    return undefined;
  }
  if (url.username !== '')
    problems.push(`'proxy' holds credentials, which browsers do not take by WebDriver: leave them out.`);
  const port =
    /:(\d+)\/?$/.exec(address)?.[1] ?? (kind === 'https' ? '443' : kind === 'http' ? '80' : '1080');
  const host = `${url.hostname}:${port}`;
  return kind.startsWith('socks')
    ? { proxyType: 'manual', socksProxy: host, socksVersion: Number(kind.slice(-1)) }
    : { proxyType: 'manual', httpProxy: host, sslProxy: host };
}

function below(site: URL, path: string | undefined): string {
  return path === undefined ? site.href : `${site.href.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}

function browserNames(text: string, hasGrid: boolean, problems: string[]): string[] {
  const names = text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  const unfit = names.filter(name => !/^[A-Za-z][\w .-]*$/.test(name));
  if (names.length === 0 || unfit.length > 0)
    problems.push(`'browsers' must name browsers, as in chrome,firefox, not '${text}'.`);
  if (new Set(names.map(name => name.toLowerCase())).size < names.length)
    problems.push(`'browsers' names a browser twice: '${text}'.`);
  const unknown = names.filter(name => !unfit.includes(name) && browserNamed(name) === undefined);
  if (!hasGrid && unknown.length > 0)
    problems.push(
      `'browsers' names ${listOf(unknown)}, but without 'gridUrl' only ${listOf(Object.keys(browsers))} can be run.`,
    );
  return names;
}

function driverOf(
  { driverPath, gridUrl }: Input,
  names: readonly string[],
  workingDirectory: string,
  problems: string[],
): string | undefined {
  if (driverPath === undefined) return undefined;
  const path = resolve(workingDirectory, driverPath);
  if (gridUrl !== undefined)
    problems.push(`'driverPath' and 'gridUrl' cannot both be given: a grid has its own drivers.`);
  else if (names.length > 1)
    problems.push(`'driverPath' names one driver, but 'browsers' names ${names.length} browsers.`);
  else if (!existsSync(path)) problems.push(`'driverPath' names ${path}, which does not exist.`);
  return path;
}

function windowSize(text: string | undefined, problems: string[]): string | undefined {
  if (text !== undefined && !/^[1-9]\d{1,4}x[1-9]\d{1,4}$/.test(text))
    problems.push(`'windowSize' must be width and height in pixels, as in 1280x800, not '${text}'.`);
  return text;
}

function capabilitiesOf(text: string | undefined, problems: string[]): Json {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isJson(value)) return value;
    problems.push(`'capabilities' must be a JSON object, as in {"acceptInsecureCerts": true}.`);
  } catch (error) {
    problems.push(
      `'capabilities' must be a JSON object, as in {"acceptInsecureCerts": true}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return {};
}
