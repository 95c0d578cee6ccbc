/** A server of files on loopback whose answers a test can spoil. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** The running server. */
export interface FileServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Answers by path; a test may take away, change or add some. */
  readonly files: Map<string, Buffer | ((response: ServerResponse) => void)>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts a server with no file; with a certificate it speaks TLS. */
export async function startFileServer(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<FileServer> {
  const files: FileServer['files'] = new Map();
  const asked: string[] = [];
  const answerTo: RequestListener = (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = files.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(response);
    else response.end(answer);
  };
  const server = tls === undefined ? createServer(answerTo) : createTlsServer(tls, answerTo);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Answers with the beginning of a file and breaks off. */
export function cutAfter(content: Buffer, bytes: number): (response: ServerResponse) => void {
  return response => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  };
}
