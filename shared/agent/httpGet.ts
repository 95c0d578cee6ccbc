/** A GET over HTTP or HTTPS, through a proxy where there is one. */
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { singleLine } from '../core/text.js';
import type { Proxy } from './agent.js';

/**
 * Sends a GET; resolves with the head of its answer, whatever its status. Credentials in the URL are sent. Redirects are not followed.
 * @param more headers besides the usual ones
 */
export async function sendGet(
  url: URL,
  proxy: Proxy | undefined,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const headers = { 'user-agent': 'bake-and-roll', accept: '*/*', ...more };
  const options = { signal, agent: false, headers };
  if (proxy === undefined) return answerOf(isSecure ? requestHttps(url, options) : requestHttp(url, options));
  if (isSecure) {
    const socket = await tunnel(url, proxy, signal);
    const servername = isIP(url.hostname) === 0 ? url.hostname : '';
    // Without an agent of its own: `agent: false` would make one, which knows nothing of this connection.
    return answerOf(
      requestHttps(url, {
        headers: { ...headers, host: url.host },
        signal,
        createConnection: () => connect({ socket, servername }),
      }),
    );
  }
  const credentials = url.username === '' ? {} : { authorization: basic(url.username, url.password) };
  return answerOf(
    toProxy(proxy, {
      ...options,
      path: `${url.origin}${url.pathname}${url.search}`,
      headers: { ...headers, ...credentials, host: url.host },
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

/** Why there was no answer: the rest of a sentence about the site. */
export function reasonOf(error: unknown): string {
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
