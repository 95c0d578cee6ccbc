/** One browser session by W3C WebDriver: the few commands that checks need. */
import { UserError } from '../../../../shared/core/errors.js';
import { singleLine } from '../../../../shared/core/text.js';

/** What a browser wrote to its log. */
export interface LogEntry {
  readonly level: string;
  readonly message: string;
  /** `network` for requests, else `console-api`, `javascript` and others. */
  readonly source: string;
}

/** A command that the browser refused. */
export class WebDriverError extends Error {
  public override readonly name = 'WebDriverError';

  public constructor(
    /** The error code, as in W3C WebDriver, section 6.6. */
    public readonly code: string,
    message: string,
  ) {
    // ChromeDriver says the code again.
    super(message.startsWith(code) ? singleLine(message) : `${code}: ${singleLine(message)}`);
  }
}

/** An open browser. */
export interface BrowserSession {
  readonly id: string;
  open(url: string): Promise<void>;
  /** What the body of a function returns, run in the page. */
  evaluate(body: string, args: readonly unknown[]): Promise<unknown>;
  /** Clicks the first element of a CSS selector as a person does. @throws WebDriverError */
  click(css: string): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
  /** The page as it is now, HTML. */
  source(): Promise<string>;
  /** What was logged since it was last asked; undefined when this browser does not tell. */
  log(): Promise<readonly LogEntry[] | undefined>;
  close(): Promise<void>;
}

const patience = 60_000;
const closePatience = 5000;
const elementKey = 'element-6066-11e4-a52e-4f735466cecf';

/**
 * Opens a browser.
 * @param endpoint a WebDriver endpoint; may hold credentials
 * @throws UserError when no session can be made
 */
export async function openBrowser(
  endpoint: string,
  browser: string,
  signal: AbortSignal,
): Promise<BrowserSession> {
  const { url, headers } = splitCredentials(endpoint);
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    limit?: AbortSignal,
  ): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limit ?? AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    });
    return valueOf(await answer.text(), answer.status);
  };
  const made = await call('POST', '/session', {
    capabilities: { alwaysMatch: capabilitiesOf(browser) },
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new UserError(
      `No ${browser} could be opened for the checks: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  });
  const { sessionId } = made as { sessionId?: unknown };
  if (typeof sessionId !== 'string')
    throw new UserError(`The WebDriver endpoint made no session of ${browser}.`);
  const session = `/session/${encodeURIComponent(sessionId)}`;
  let logs = true;
  return {
    id: sessionId,
    open: async address => {
      await call('POST', `${session}/url`, { url: address });
    },
    evaluate: (script, args) => call('POST', `${session}/execute/sync`, { script, args }),
    click: async css => {
      const found = (await call('POST', `${session}/element`, {
        using: 'css selector',
        value: css,
      })) as Record<string, unknown>;
      const element = encodeURIComponent(String(found[elementKey]));
      await call('POST', `${session}/element/${element}/click`, {});
    },
    screenshot: async () => Buffer.from(String(await call('GET', `${session}/screenshot`)), 'base64'),
    source: async () => String(await call('GET', `${session}/source`)),
    log: async () => {
      if (!logs) return undefined;
      try {
        return (await call('POST', `${session}/se/log`, { type: 'browser' })) as LogEntry[];
      } catch (error) {
        if (!(error instanceof WebDriverError)) throw error;
        logs = false;
        return undefined;
      }
    },
    // Its own time, not the run's signal: this comes after an abort too.
    close: async () => {
      await call('DELETE', session, undefined, AbortSignal.timeout(closePatience)).catch(() => undefined);
    },
  };
}

/** The value of an answer (W3C WebDriver, section 6.3). @throws WebDriverError */
function valueOf(text: string, status: number): unknown {
  let value: unknown;
  try {
    ({ value } = JSON.parse(text) as { value?: unknown });
  } catch {
    throw new WebDriverError('unknown error', `status ${status}: ${text}`);
  }
  if (typeof value === 'object' && value !== null && 'error' in value && status >= 400) {
    const { error, message } = value as { error: unknown; message?: unknown };
    throw new WebDriverError(String(error), typeof message === 'string' ? firstLine(message) : '');
  }
  return value;
}

/** Drivers put a stack and their own build behind it. */
function firstLine(message: string): string {
  return message.split('\n')[0] ?? '';
}

function splitCredentials(endpoint: string): { url: string; headers: Record<string, string> } {
  const parsed = new URL(endpoint);
  const { username, password } = parsed;
  parsed.username = '';
  parsed.password = '';
  const url = parsed.href.replace(/\/+$/, '');
  if (username === '') return { url, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** How a browser looks is set at the endpoint; Chrome and Edge are asked to keep their log, which others cannot give. */
function capabilitiesOf(browserName: string): Record<string, unknown> {
  const keep = { browser: 'ALL' };
  if (browserName === 'chrome') return { browserName, 'goog:loggingPrefs': keep };
  if (browserName === 'MicrosoftEdge') return { browserName, 'ms:loggingPrefs': keep };
  return { browserName };
}
