/** Blobs that clients really upload: kept by Azurite, one for each storage account that is written to. */
import { createHash, createHmac } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArmError } from '../arm/armError.js';
import { blobUri } from '../front/blobs.js';
import type { Cloud, Uploads } from '../providers/cloud.js';
import type { BlobService } from './azurite.js';
import { checkFooter, footerSize, notVhd } from './vhdFooter.js';

type Accounts = Pick<Cloud, 'blobs' | 'osBlobs' | 'storageKeys'>;

export interface UploadedBlobs extends Uploads {
  /**
   * Lets Azurite answer a request to a blob endpoint.
   * @returns the answer's status and headers, undefined when the request is none for it
   */
  pass(
    url: URL,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ status: number; headers: Record<string, string> } | undefined>;
  close(): Promise<void>;
}

const version = '2021-12-02';

/**
 * @param start starts the service of an account
 * @param directory where the blobs are kept over restarts; those of accounts that are no more are deleted now
 */
export function createUploads(
  accounts: Accounts,
  start: (account: string, keys: readonly string[], directory?: string) => Promise<BlobService>,
  directory?: string,
): UploadedBlobs {
  /** By the account's key: one that is made anew under the name of another has nothing of that. */
  const services = new Map<string, Promise<BlobService>>();
  const folderOf = (key: string) =>
    directory && join(directory, createHash('sha256').update(key).digest('hex').slice(0, 32));
  const left = new Set(directory !== undefined && existsSync(directory) ? readdirSync(directory) : []);
  const current = new Set(
    [...accounts.storageKeys.values()].map(([key = '']) => basename(folderOf(key) ?? '')),
  );
  for (const folder of [...left].filter(one => !current.has(one))) {
    rmSync(join(directory ?? '', folder), { recursive: true, force: true });
    left.delete(folder);
  }
  /** Whether blobs may have been written with this key, now or by an earlier process. */
  const isWritten = (key: string) => services.has(key) || left.has(basename(folderOf(key) ?? ''));
  const keysOf = (uri: URL) => accounts.storageKeys.get(accountOf(uri)) ?? [];

  const serviceOf = (url: URL): Promise<BlobService> => {
    const keys = keysOf(url);
    const [key = ''] = keys;
    const known = services.get(key);
    if (known !== undefined) return known;
    const made = start(accountOf(url), keys, folderOf(key));
    services.set(key, made);
    // The next request tries again.
    made.catch(() => services.delete(key));
    return made;
  };

  /** Whether the request is for Azurite; reading what nobody has written needs none. */
  const isForService = (url: URL, method: string): boolean => {
    const uri = blobUri(url);
    const [key] = keysOf(url);
    if (uri === undefined || key === undefined) return false;
    if (accounts.blobs.has(uri) || accounts.osBlobs.has(uri)) return false;
    const writes = !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(method);
    return writes || isWritten(key) || url.searchParams.get('comp') === 'list';
  };

  /** Reads bytes of a blob, signed with the account's key. */
  const read = async (uri: string, method: 'HEAD' | 'GET', range?: string): Promise<Response> => {
    const url = new URL(uri);
    const { pathname } = url;
    const account = accountOf(url);
    const [key = ''] = keysOf(url);
    if (!isWritten(key)) throw notFound(uri);
    const service = await serviceOf(url);
    const headers = {
      'x-ms-date': new Date().toUTCString(),
      ...(range === undefined ? {} : { 'x-ms-range': range }),
      'x-ms-version': version,
    };
    const named = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    // Addressed by number, the account stands in the path, and so twice in what is signed.
    const text = `${method}${'\n'.repeat(12)}${named.join('')}/${account}/${account}${pathname}`;
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64');
    const response = await fetch(`http://127.0.0.1:${service.port}/${account}${pathname}`, {
      method,
      headers: { ...headers, authorization: `SharedKey ${account}:${signature}` },
    });
    if (response.status === 404) throw notFound(uri);
    if (!response.ok) throw new Error(`Azurite answered ${response.status} to a ${method} of ${uri}`);
    return response;
  };

  return {
    isOpen: () => services.size > 0 || left.size > 0,
    checkVhd: async uri => {
      const { headers } = await read(uri, 'HEAD');
      const size = Number(headers.get('content-length'));
      if (headers.get('x-ms-blob-type') !== 'PageBlob') {
        throw notVhd(
          `The source blob ${uri} is not a page blob: only page blobs that hold a VHD can be imported.`,
        );
      }
      if (size < footerSize) throw notVhd(`The source blob ${uri} has ${size} bytes: no VHD is so small.`);
      const footer = await read(uri, 'GET', `bytes=${size - footerSize}-${size - 1}`);
      checkFooter(Buffer.from(await footer.arrayBuffer()), size, uri);
    },
    pass: async (url, incoming, response) => {
      if (!isForService(url, incoming.method ?? 'GET')) return undefined;
      const { port } = await serviceOf(url);
      const { connection: _connection, ...headers } = incoming.headers;
      const outgoing = send({
        host: '127.0.0.1',
        port,
        method: incoming.method,
        path: incoming.url,
        headers,
      });
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        outgoing.on('response', resolve).on('error', reject);
      });
      // A refusal may come before all was sent; an error of the connection shows in the answer.
      pipeline(incoming, outgoing).catch(() => undefined);
      const answer = await answered;
      const { connection: _hop, 'keep-alive': _keep, ...sent } = answer.headers;
      const status = answer.statusCode ?? 502;
      response.writeHead(status, sent);
      await pipeline(answer, response);
      return {
        status,
        headers: Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, String(value)])),
      };
    },
    close: async () => {
      const running = await Promise.allSettled(services.values());
      services.clear();
      await Promise.all(running.flatMap(one => (one.status === 'fulfilled' ? [one.value.close()] : [])));
    },
  };
}

function accountOf(url: URL): string {
  return url.hostname.split('.')[0] ?? '';
}

function notFound(uri: string): ArmError {
  return new ArmError(400, 'DiskBlobNotFound', `Unable to find VHD blob with URI ${uri}.`);
}
