/** The driver of a browser of this machine, run for one run of the tests. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';
import { sleep } from '../../../shared/core/wait.js';
import type { Browser, Driver } from './browsers.js';

/** Marks the environment of every process of one run. */
export const markVariable = 'BAKE_AND_ROLL_SMOKE';

/** An endpoint that is ready for sessions. */
export interface WebDriver {
  /** Without credentials. */
  readonly url: string;
  /** The value of the `Authorization` header, where it wants one. */
  readonly authorization?: string | undefined;
  /** The driver's name and where it is; undefined for one that was there before. */
  readonly program?: string;
  /** Ends the sessions left open and the driver that this run started. Does not look at the run's signal: it comes after an abort too. */
  close(): Promise<void>;
}

const sessionTimeout = 5000;
const driverGrace = 2000;
const answerTimeout = 10_000;
const pauseBetweenAsks = 20;

/**
 * Starts a browser's driver on a free port, for this machine only.
 * @param mark the value of {@link markVariable} for this run
 * @param given the driver's full path, in place of the one found
 * @param environment more variables for it and its browsers
 * @throws UserError when there is none, ToolError when it does not start
 */
export async function startDriver(
  { driver }: Browser,
  mark: string,
  given: string | undefined,
  agent: Agent,
  environment: Readonly<Record<string, string>> = {},
): Promise<WebDriver> {
  const path = findDriver(driver, given, agent);
  // Short, because Chromium keeps a socket in there and a socket's path may have 107 bytes at most.
  const profiles = mkdtempSync(join(tmpdir(), 'smoke-'));
  agent.onCleanUp('removing browser profiles', () => {
    rmSync(profiles, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  let opened: (port: string) => void = () => undefined;
  const port = new Promise<string>(resolve => {
    opened = resolve;
  });
  const running = agent.start({
    name: driver.name,
    path,
    args: driver.args,
    env: {
      [markVariable]: mark,
      ...loopbackWithoutProxy(agent),
      ...environment,
      ...(process.platform === 'linux' ? { TMPDIR: profiles } : {}),
    },
    echo: false,
    stopGraceMilliseconds: driverGrace,
    onLine: line => {
      agent.debug(line);
      // ChromeDriver and its kin say the one, geckodriver the other.
      const match = /started successfully on port (\d+)|Listening on 127\.0\.0\.1:(\d+)/.exec(line);
      const said = match?.[1] ?? match?.[2];
      if (said !== undefined) opened(said);
    },
  });
  const first = await Promise.race([port, running.ended]);
  if (typeof first !== 'string') {
    agent.signal.throwIfAborted();
    throw new ToolError(
      `${driver.name} (${path}) ended before it was ready.`,
      driver.name,
      first.exitCode,
      lastLines(first.tail),
    );
  }
  const url = `http://127.0.0.1:${first}`;
  await untilItAnswers(url, agent);
  agent.info(`${driver.name} is ready at ${url} (${path}).`);
  return {
    url,
    program: `${driver.name} (${path})`,
    async close() {
      await endSessions(url);
      await running.stop();
    },
  };
}

/** geckodriver tells its port a moment before it listens there. A driver that never answers is told by the first session. */
async function untilItAnswers(url: string, { signal }: Agent): Promise<void> {
  const deadline = Date.now() + answerTimeout;
  while (Date.now() < deadline) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerTimeout)]);
    const answer = await fetch(`${url}/status`, { signal: limit }).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(pauseBetweenAsks, signal);
  }
}

/**
 * Where a driver is: hosted agents name its folder in a variable, other machines have it on PATH.
 * @param given its full path, in place of the one found
 * @throws UserError when there is none
 */
export function findDriver(
  { name, program, variable, install }: Driver,
  given: string | undefined,
  agent: Agent,
): string {
  if (given !== undefined) return given;
  const folder = agent.environment(variable);
  const file = process.platform === 'win32' ? `${program}.exe` : program;
  const named = folder === undefined || folder === '' ? undefined : join(folder, file);
  if (named !== undefined && existsSync(named)) return named;
  const found = agent.findTool(program);
  if (found !== undefined) return found;
  const looked =
    named === undefined ? `${variable} is not set` : `${named} (from ${variable}) does not exist`;
  throw new UserError(
    `${name} was not found: ${looked}, and there is no ${program} on PATH. Install ${install}, name it in 'driverPath', or name a Selenium Grid in 'gridUrl'.`,
  );
}

/** The arguments without which a browser of the Chromium family does not start on this machine: it has no sandbox for root. */
export function needsOfThisMachine({ isChromium }: Browser): string[] {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  return isChromium && isRoot ? ['--no-sandbox', '--disable-dev-shm-usage'] : [];
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

/** Deletes every session that a driver still has, so that its browser ends properly. */
async function endSessions(url: string): Promise<void> {
  const request = (path: string, method: string) =>
    fetch(`${url}${path}`, { method, signal: AbortSignal.timeout(sessionTimeout) });
  try {
    const list = (await (await request('/sessions', 'GET')).json()) as { value?: { id?: string }[] };
    const ids = (list.value ?? []).flatMap(session => (session.id === undefined ? [] : [session.id]));
    await Promise.allSettled(ids.map(id => request(`/session/${encodeURIComponent(id)}`, 'DELETE')));
  } catch {
    // The driver has gone already, hangs, or knows no such list: its processes are ended in any case.
  }
}
