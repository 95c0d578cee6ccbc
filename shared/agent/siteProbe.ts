/** One look at a site over HTTP, through the agent's proxy. */
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { formatDuration } from '../core/duration.js';
import { plural, singleLine } from '../core/text.js';
import type { Agent, Proxy } from './agent.js';
import { chooseProxy } from './proxyChoice.js';

/** What one request to a site gave. */
export type SiteAnswer =
  /** The body is cut after the first mebibyte. */
  | { readonly status: number; readonly body: string }
  /** No answer, and why: the rest of a sentence about the site. */
  | { readonly status: undefined; readonly reason: string };

/** Asks a site once, with 10 s for the answer. Throws only the signal's reason, when the task was cancelled. */
export type SiteProbe = (url: string) => Promise<SiteAnswer>;

const patience = 10_000;
const bodyLimit = 1024 * 1024;

/** @param mostRedirects how many redirects are followed; with 0 a redirect is the answer */
export function createSiteProbe(agent: Agent, mostRedirects = 0): SiteProbe {
  return async url => {
    const late = AbortSignal.timeout(patience);
    const signal = AbortSignal.any([agent.signal, late]);
    let proxy: Proxy | undefined;
    try {
      let at = new URL(url);
      for (let followed = 0; ; followed++) {
        proxy = chooseProxy(agent, at.href);
        const answer = await send(at, proxy, signal);
        const status = answer.statusCode ?? 0;
        const next = mostRedirects > 0 && status >= 300 && status < 400 ? answer.headers.location : undefined;
        if (next === undefined) return { status, body: await readUpTo(answer, bodyLimit) };
        answer.destroy();
        if (followed === mostRedirects)
          return { status: undefined, reason: `it redirects more than ${plural(mostRedirects, 'time')}` };
        at = new URL(next, at);
      }
    } catch (error) {
      agent.signal.throwIfAborted();
      const reason = late.aborted ? `it does not answer within ${formatDuration(patience)}` : reasonOf(error);
      return {
        status: undefined,
        reason: proxy === undefined ? reason : `through the proxy ${proxy.host}:${proxy.port}: ${reason}`,
      };
    }
  };
}

/** Sends a GET; resolves with the head of its answer. */
async function send(url: URL, proxy: Proxy | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const options = { signal, agent: false, headers: { 'user-agent': 'bake-and-roll', accept: '*/*' } };
  if (proxy === undefined) return answerOf(isSecure ? requestHttps(url, options) : requestHttp(url, options));
  if (isSecure) {
    const socket = await tunnel(url, proxy, signal);
    const servername = isIP(url.hostname) === 0 ? url.hostname : '';
    // Without an agent of its own: `agent: false` would make one, which knows nothing of this connection.
    const headers = { ...options.headers, host: url.host };
    return answerOf(
      requestHttps(url, { headers, signal, createConnection: () => connect({ socket, servername }) }),
    );
  }
  const credentials = url.username === '' ? {} : { authorization: basic(url.username, url.password) };
  return answerOf(
    toProxy(proxy, {
      ...options,
      path: `${url.origin}${url.pathname}${url.search}`,
      headers: { ...options.headers, ...credentials, host: url.host },
    }),
  );
}

function answerOf(request: ReturnType<typeof requestHttp>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject).end();
  });
}

/** A connection to the site that the proxy passes on as it is (RFC 9110, CONNECT). */
function tunnel(url: URL, proxy: Proxy, signal: AbortSignal): Promise<Socket> {
  const address = `${url.hostname}:${url.port === '' ? '443' : url.port}`;
  return new Promise((resolve, reject) => {
    const options = { method: 'CONNECT', path: address, headers: { host: address }, signal, agent: false };
    toProxy(proxy, options)
      .once('connect', (answer, socket: Socket) => {
        if (answer.statusCode === 200) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(new Error(`it answers with status ${answer.statusCode ?? 0}`));
      })
      .on('error', reject)
      .end();
  });
}

interface ProxyRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly agent: boolean;
}

function toProxy({ host, port, username, password }: Proxy, { headers, ...request }: ProxyRequest) {
  const credentials =
    username === undefined
      ? {}
      : { 'proxy-authorization': basic(encodeURIComponent(username), encodeURIComponent(password ?? '')) };
  const { protocol, hostname } = new URL(host);
  const options = { ...request, hostname, port, headers: { ...headers, ...credentials } };
  return protocol === 'https:' ? requestHttps(options) : requestHttp(options);
}

/** @param username and password as in a URL, with escapes */
function basic(username: string, password: string): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

async function readUpTo(answer: IncomingMessage, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length >= limit) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there (connection refused)',
    ENOTFOUND: 'its host name is not known to DNS',
    ECONNRESET: 'it closes the connection without an answer',
  };
  return (
    known[code] ??
    `it cannot be reached: ${singleLine(error instanceof Error ? error.message : String(error))}`
  );
}
