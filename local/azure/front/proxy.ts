/** An HTTP proxy on loopback that answers CONNECT for some hosts itself, over TLS, and refuses all others. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificates } from './certificates.js';
import type { Reply, Request } from './http.js';
import { bytesOf } from './jsonBody.js';

export interface ProxyOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly certificates: Certificates;
  /** Hosts that are answered here; `*.` at the start stands for one label. */
  readonly hostNames: readonly string[];
  answer(request: Request): Promise<Reply>;
  /** The URL that a plain request to the proxy itself stands for; undefined for one that is refused. */
  plainUrl?(target: string): URL | undefined;
  /** Asked first, before the body is read: whether it has answered the request itself. */
  pass?(url: URL, incoming: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface Proxy {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

// A deployment template may be 4 MB, the largest body ARM takes.
const largestBody = 4 * 1024 * 1024;

/** Starts the proxy; rejects when the port cannot be had. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const { certificate, key } = options.certificates;
  const tls = createTlsServer({ cert: certificate, key, minVersion: 'TLSv1.2' }, (incoming, response) => {
    // What fails here is the connection, not the local Azure.
    serve(incoming, response, options).catch(() => response.destroy());
  });
  // A client that waits longer between two polls than the server keeps a connection would now and then send into a closed one.
  tls.keepAliveTimeout = 0;
  // A client that breaks off in the middle of a handshake or a request is no concern of anybody else's.
  tls.on('tlsClientError', (_error, socket) => socket.destroy());
  tls.on('clientError', (_error, socket) => socket.destroy());

  const server = createServer((incoming, response) => {
    const url = options.plainUrl?.(incoming.url ?? '/');
    if (url !== undefined) {
      respond(url, incoming, response, options).catch(() => response.destroy());
      return;
    }
    const text = `${refusal(`${incoming.method ?? ''} ${incoming.url ?? ''}`, options.hostNames)}\n`;
    response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connect', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const target = incoming.url ?? '';
    if (!isOurs(target, options.hostNames)) {
      const text = `${refusal(`CONNECT ${target}`, options.hostNames)}\n`;
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n' +
          `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    tls.emit('connection', socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ProxyOptions,
): Promise<void> {
  const host = incoming.headers.host ?? '';
  if (!isOurs(host.includes(':') ? host : `${host}:443`, options.hostNames)) {
    // A Host header that differs from the CONNECT target must not open another door.
    response
      .writeHead(421, { 'content-type': 'text/plain; charset=utf-8' })
      .end(`No such host here: ${host}\n`);
    return;
  }
  // Some clients put a slash before an id that has one; two of them would name another host.
  const path = (incoming.url ?? '/').replace(/^\/+/, '/');
  const url = new URL(path, `https://${host.replace(/:443$/, '')}`);
  if ((await options.pass?.(url, incoming, response)) === true) return;
  await respond(url, incoming, response, options);
}

async function respond(
  url: URL,
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ProxyOptions,
): Promise<void> {
  const text = await readBody(incoming);
  if (text === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  const reply = await options.answer({ method: incoming.method ?? 'GET', url, headers, text });
  if (reply.reset === true) {
    response.destroy();
    return;
  }
  const body = bytesOf(reply.body);
  const length = reply.status === 204 ? {} : { 'content-length': String(body.length) };
  response.writeHead(reply.status, { ...length, ...reply.headers });
  response.end(incoming.method === 'HEAD' ? undefined : body);
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether `host:port` is port 443 of one of the hosts. */
export function isOurs(target: string, hostNames: readonly string[]): boolean {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(target.toLowerCase()) ?? [];
  if (host === undefined || port !== '443') return false;
  return hostNames.some(name =>
    name.startsWith('*.') ? host.replace(/^[^.]+/, '*') === name : host === name,
  );
}

function refusal(what: string, hostNames: readonly string[]): string {
  return (
    `The local Azure refuses ${JSON.stringify(what)}. It is a proxy for CONNECT to port 443 of ${hostNames.join(', ')} ` +
    'and lets nothing through to any other host. Put other hosts into NO_PROXY.'
  );
}
