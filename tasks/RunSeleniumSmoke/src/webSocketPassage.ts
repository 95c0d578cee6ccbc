/** WebSockets of sessions (WebDriver BiDi, DevTools) through the task's endpoint, which knows the grid's credentials. */
import { createServer, type IncomingMessage } from 'node:http';
import { connect as connectPlain, isIP, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { isJson, type Json } from './browserCapabilities.js';
import type { WebDriverTarget } from './webDriverEndpoint.js';

/** The capabilities in which a WebDriver endpoint names a session's WebSockets: the standard's own, and Selenium Grid's for DevTools. */
const addressNames = ['webSocketUrl', 'se:cdp'];

/**
 * An answer to "new session" whose WebSockets lead through `own`; undefined where it names none of the target's. Those that a driver opens on
 * another port than its own stay as they are: they are on this machine.
 * @param target the real endpoint
 * @param own the passage, such as `ws://127.0.0.1:4711`
 */
export function leadThrough(own: string, target: URL, answer: Json): Json | undefined {
  const value = answer['value'];
  const capabilities = isJson(value) ? value['capabilities'] : undefined;
  if (!isJson(value) || !isJson(capabilities)) return undefined;
  const moved = addressNames.flatMap((name): [string, string][] => {
    const address = capabilities[name];
    if (typeof address !== 'string' || !URL.canParse(address)) return [];
    const { protocol, host, pathname, search } = new URL(address);
    if (!/^wss?:$/.test(protocol) || host !== target.host) return [];
    return [[name, `${own}${pathname}${search}`]];
  });
  if (moved.length === 0) return undefined;
  return {
    ...answer,
    value: { ...value, capabilities: Object.fromEntries([...Object.entries(capabilities), ...moved]) },
  };
}

/** A place for WebSockets. */
export interface WebSocketPassage {
  /** `ws:` */
  readonly url: string;
  /** Ends all that are open. */
  readonly close: () => void;
}

/**
 * Passes on every request to become a WebSocket, with the credentials that the target wants, and then all bytes of both sides. On a port of
 * its own: where one server does both, Node takes any command for a WebSocket whose client offers another protocol, as Java's does with
 * each (`Upgrade: h2c`).
 */
export async function openWebSocketPassage(target: WebDriverTarget): Promise<WebSocketPassage> {
  const open = new Set<Duplex>();
  const server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'Upgrade', upgrade: 'websocket' }).end();
  });
  server.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const real = connectTo(new URL(target.url));
    for (const [side, other] of [
      [client, real],
      [real, client],
    ] as const) {
      open.add(side);
      // Either end of a broken line ends both; nobody is left to be told why.
      side.on('error', () => other.destroy());
      side.on('close', () => {
        open.delete(side);
        other.destroy();
      });
    }
    real.write(requestHead(request, target));
    real.write(head);
    client.pipe(real).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
      for (const side of open) side.destroy();
    },
  };
}

function connectTo({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:') return connectPlain({ host, port: Number(port || 80) });
  return connectTls({ host, port: Number(port || 443), ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** The request as it came, but for whom it is and who asks. */
function requestHead({ method = 'GET', url = '/', rawHeaders }: IncomingMessage, target: WebDriverTarget) {
  const lines = [`${method} ${url} HTTP/1.1`, `Host: ${new URL(target.url).host}`];
  if (target.authorization !== undefined) lines.push(`Authorization: ${target.authorization}`);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!/^(host|authorization)$/i.test(name)) lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
