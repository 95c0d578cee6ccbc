/** The WebDriver endpoint of a run: a ChromeDriver of its own, or an existing Selenium Grid. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { lastLines, plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** Marks the environment of every process of one run. */
export const markVariable = 'BAKE_AND_ROLL_SMOKE';

/** An endpoint that is ready for sessions. */
export interface WebDriver {
  readonly url: string;
  /** Ends the sessions left open and the driver that this run started. Does not look at the run's signal: it comes after an abort too. */
  close(): Promise<void>;
}

const sessionTimeout = 5000;
const driverGrace = 2000;
const askTimeout = 10_000;
const pauseBetweenAsks = 1000;

/**
 * Starts ChromeDriver on a free port, for this machine only.
 * @param mark the value of {@link markVariable} for this run
 * @throws UserError when there is none, ToolError when it does not start
 */
export async function startChromeDriver(agent: Agent, mark: string): Promise<WebDriver> {
  const path = findChromeDriver(agent);
  // Short, because Chromium keeps a socket in there and a socket's path may have 107 bytes at most.
  const profiles = mkdtempSync(join(tmpdir(), 'smoke-'));
  agent.onCleanUp('removing browser profiles', () => {
    rmSync(profiles, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  let opened: (port: string) => void = () => undefined;
  const port = new Promise<string>(resolve => {
    opened = resolve;
  });
  const driver = agent.start({
    name: 'ChromeDriver',
    path,
    args: ['--port=0'],
    env: {
      [markVariable]: mark,
      ...loopbackWithoutProxy(agent),
      ...(process.platform === 'linux' ? { TMPDIR: profiles } : {}),
    },
    echo: false,
    stopGraceMilliseconds: driverGrace,
    onLine: line => {
      agent.debug(line);
      const match = /started successfully on port (\d+)/.exec(line);
      if (match?.[1] !== undefined) opened(match[1]);
    },
  });
  const first = await Promise.race([port, driver.ended]);
  if (typeof first !== 'string') {
    agent.signal.throwIfAborted();
    throw new ToolError(
      `ChromeDriver (${path}) ended before it was ready.`,
      'ChromeDriver',
      first.exitCode,
      lastLines(first.tail),
    );
  }
  const url = `http://127.0.0.1:${first}`;
  agent.info(`ChromeDriver is ready at ${url} (${path}).`);
  return {
    url,
    async close() {
      const sessions = await endSessions(url);
      if (sessions > 0)
        agent.info(
          `The tests left ${plural(sessions, 'browser session')} open; the task closed what was left.`,
        );
      await driver.stop();
    },
  };
}

/** Where ChromeDriver is: hosted agents name its folder in CHROMEWEBDRIVER, other machines have it on PATH. */
function findChromeDriver(agent: Agent): string {
  const folder = agent.environment('CHROMEWEBDRIVER');
  const program = process.platform === 'win32' ? 'chromedriver.exe' : 'chromedriver';
  const named = folder === undefined || folder === '' ? undefined : join(folder, program);
  if (named !== undefined && existsSync(named)) return named;
  const found = agent.findTool('chromedriver');
  if (found !== undefined) return found;
  const looked =
    named === undefined ? 'CHROMEWEBDRIVER is not set' : `${named} (from CHROMEWEBDRIVER) does not exist`;
  throw new UserError(
    `ChromeDriver was not found: ${looked}, and there is no chromedriver on PATH. Install Chrome or Chromium with the ChromeDriver of the same version on this agent (Debian: chromium and chromium-driver), or name a Selenium Grid in 'gridUrl'.`,
  );
}

/** The variables that keep WebDriver requests to this machine off a proxy. */
export function loopbackWithoutProxy(agent: Agent): Record<string, string> {
  const own = ['localhost', '127.0.0.1', '::1'];
  const given = (agent.environment('NO_PROXY') ?? agent.environment('no_proxy') ?? '')
    .split(',')
    .map(host => host.trim());
  const hosts = [...new Set([...given.filter(host => host !== ''), ...own])].join(',');
  return { NO_PROXY: hosts, no_proxy: hosts };
}

/** Deletes every session that a ChromeDriver still has; how many there were. */
async function endSessions(url: string): Promise<number> {
  const request = (path: string, method: string) =>
    fetch(`${url}${path}`, { method, signal: AbortSignal.timeout(sessionTimeout) });
  try {
    const list = (await (await request('/sessions', 'GET')).json()) as { value?: { id?: string }[] };
    const ids = (list.value ?? []).flatMap(session => (session.id === undefined ? [] : [session.id]));
    await Promise.allSettled(ids.map(id => request(`/session/${encodeURIComponent(id)}`, 'DELETE')));
    return ids.length;
  } catch {
    // The driver has gone already or hangs: its processes are ended in any case.
    return 0;
  }
}

/**
 * Waits until an existing grid is ready for sessions by its `/status` (W3C WebDriver, section 8.1). Its sessions are not closed
 * by this task, which cannot tell them from others'.
 * @throws UserError when it is not ready in time
 */
export async function useGrid(
  gridUrl: URL,
  timeoutSeconds: number,
  agent: Agent,
  clock: Clock,
): Promise<WebDriver> {
  const url = gridUrl.href.replace(/\/+$/, '');
  const shown = `${gridUrl.protocol}//${gridUrl.host}${gridUrl.pathname.replace(/\/+$/, '')}`;
  if (gridUrl.password !== '') agent.secret(decodeURIComponent(gridUrl.password));
  const headers: Record<string, string> =
    gridUrl.username === '' ? {} : { authorization: basicCredentials(gridUrl) };
  const deadline = clock.now() + timeoutSeconds * 1000;
  let said: string | undefined;
  for (;;) {
    const fault = await gridFault(`${shown}/status`, headers, agent.signal);
    agent.signal.throwIfAborted();
    if (fault === undefined) break;
    if (clock.now() >= deadline) {
      throw new UserError(
        `The grid ${shown} was not ready within ${timeoutSeconds} s (input 'waitTimeoutSeconds'): ${fault}. No test was run. Check 'gridUrl' and the grid's nodes.`,
      );
    }
    if (fault !== said) agent.info(`Waiting for the grid ${shown}: ${fault}.`);
    said = fault;
    await clock.sleep(pauseBetweenAsks, agent.signal);
  }
  agent.info(`The grid ${shown} is ready.`);
  return { url, close: () => Promise.resolve() };
}

function basicCredentials(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

/** Why a grid is not ready, undefined when it is. */
async function gridFault(
  status: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const response = await fetch(status, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(askTimeout)]),
    });
    const text = await response.text();
    if (!response.ok) return `${status} answers with status ${response.status}`;
    const answer = parseStatus(text);
    if (answer === undefined)
      return `${status} does not answer as a WebDriver endpoint: ${singleLine(text, 80)}`;
    return answer.ready ? undefined : `it is up but not ready: ${singleLine(answer.message, 120)}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return `${status} cannot be reached: ${cause instanceof Error ? singleLine(cause.message) : String(cause)}`;
  }
}

/** Reads a `/status` answer; undefined when it is none. */
export function parseStatus(text: string): { ready: boolean; message: string } | undefined {
  try {
    const { value } = JSON.parse(text) as { value?: { ready?: unknown; message?: unknown } | null };
    if (typeof value?.ready !== 'boolean') return undefined;
    return { ready: value.ready, message: typeof value.message === 'string' ? value.message : '' };
  } catch {
    return undefined;
  }
}
