/** An existing Selenium Grid, or any WebDriver endpoint that speaks for itself. */
import type { Agent } from '../../../shared/agent/agent.js';
import { UserError } from '../../../shared/core/errors.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { isJson } from './browserCapabilities.js';

/** A grid that is ready. */
export interface Grid {
  /** Without credentials. */
  readonly url: string;
  /** The value of the `Authorization` header, where it wants one. */
  readonly authorization: string | undefined;
  /** How many sessions it can have at once; undefined when it does not say, as a bare driver. */
  readonly slots: number | undefined;
  /** How many of them nobody uses now. */
  readonly free: number | undefined;
}

const askTimeout = 10_000;
const pauseBetweenAsks = 1000;

/**
 * Waits until an existing grid is ready for sessions by its `/status` (W3C WebDriver, section 8.1).
 * @throws UserError when it is not ready in time
 */
export async function useGrid(
  gridUrl: URL,
  timeoutSeconds: number,
  agent: Agent,
  clock: Clock,
): Promise<Grid> {
  const shown = `${gridUrl.protocol}//${gridUrl.host}${gridUrl.pathname.replace(/\/+$/, '')}`;
  hidePassword(gridUrl, agent);
  const authorization = gridUrl.username === '' ? undefined : basicCredentials(gridUrl);
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const deadline = clock.now() + timeoutSeconds * 1000;
  let said: string | undefined;
  for (;;) {
    const { fault, slots, free } = await askGrid(`${shown}/status`, headers, agent.signal);
    agent.signal.throwIfAborted();
    if (fault === undefined) {
      agent.info(
        `The grid ${shown} is ready${slots === undefined ? '' : ` for ${plural(slots, 'session')} at once`}.`,
      );
      return { url: shown, authorization, slots, free };
    }
    if (clock.now() >= deadline) {
      throw new UserError(
        `The grid ${shown} was not ready within ${timeoutSeconds} s (input 'waitTimeoutSeconds'): ${fault}. No test was run. Check 'gridUrl' and the grid's nodes.`,
      );
    }
    if (fault !== said) agent.info(`Waiting for the grid ${shown}: ${fault}.`);
    said = fault;
    await clock.sleep(pauseBetweenAsks, agent.signal);
  }
}

/** Masks the password of a URL in logs and files, with its escapes and without. */
export function hidePassword({ password }: URL, agent: Agent): void {
  if (password === '') return;
  agent.secret(password);
  agent.secret(decodeURIComponent(password));
}

function basicCredentials(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

interface GridAnswer {
  /** Why it is not ready, undefined when it is. */
  readonly fault: string | undefined;
  readonly slots?: number | undefined;
  readonly free?: number | undefined;
}

async function askGrid(
  status: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<GridAnswer> {
  try {
    const response = await fetch(status, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(askTimeout)]),
    });
    const text = await response.text();
    if (response.status === 401 || response.status === 403)
      return { fault: `${status} answers with status ${response.status}: credentials are missing or wrong` };
    if (!response.ok) return { fault: `${status} answers with status ${response.status}` };
    const answer = parseStatus(text);
    if (answer === undefined)
      return { fault: `${status} does not answer as a WebDriver endpoint: ${singleLine(text, 80)}` };
    if (!answer.ready) return { fault: `it is up but not ready: ${singleLine(answer.message, 120)}` };
    return { fault: undefined, slots: answer.slots, free: answer.free };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = cause instanceof Error ? singleLine(cause.message) : String(cause);
    return { fault: `${status} cannot be reached: ${why}` };
  }
}

/** Reads a `/status` answer; undefined when it is none. */
export function parseStatus(
  text: string,
): { ready: boolean; message: string; slots: number | undefined; free: number | undefined } | undefined {
  try {
    const { value } = JSON.parse(text) as { value?: unknown };
    if (!isJson(value) || typeof value['ready'] !== 'boolean') return undefined;
    const { ready, message, nodes } = value;
    return { ready, message: typeof message === 'string' ? message : '', ...slotsOf(nodes) };
  } catch {
    return undefined;
  }
}

/** The sessions that the nodes of a Grid 4 can have at once, and those that they could have more. */
function slotsOf(nodes: unknown): { slots: number | undefined; free: number | undefined } {
  let [slots, free] = [0, 0];
  for (const { maxSessions, slots: list } of Array.isArray(nodes)
    ? (nodes as unknown[]).filter(isJson)
    : []) {
    const places = Array.isArray(list) ? (list as unknown[]) : undefined;
    const limit = typeof maxSessions === 'number' ? maxSessions : 1;
    const most = Math.min(limit, places?.length ?? limit);
    const busy = places?.filter(place => isJson(place) && isJson(place['session'])).length ?? 0;
    slots += most;
    free += Math.max(0, most - busy);
  }
  return slots > 0 ? { slots, free } : { slots: undefined, free: undefined };
}
