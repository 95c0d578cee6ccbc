/** The blob endpoints of storage accounts, as far as VHDs need them: there or not there, and deleted. */
import { randomUUID } from 'node:crypto';
import { escapeXml } from '../../../shared/core/text.js';
import { release, type Cloud } from '../providers/cloud.js';
import type { Reply, Request } from './http.js';

const version = '2017-11-09';

/** Answers a request to `ACCOUNT.blob.core.windows.net`. */
export async function answerBlob(request: Request, cloud: Cloud): Promise<Reply> {
  const headers = { 'x-ms-request-id': randomUUID(), 'x-ms-version': version };
  const { url, method } = request;
  if (request.headers['authorization'] === undefined && !url.searchParams.has('sig')) {
    return failure(
      403,
      headers,
      'AuthenticationFailed',
      'Server failed to authenticate the request: it carries neither an Authorization header nor a shared access signature.',
    );
  }
  const uri = blobUri(url) ?? '';
  const disk = cloud.blobs.get(uri);
  if (disk === undefined && !cloud.osBlobs.has(uri)) {
    return failure(404, headers, 'BlobNotFound', 'The specified blob does not exist.');
  }
  if (method === 'DELETE') {
    cloud.osBlobs.delete(uri);
    cloud.blobs.delete(uri);
    if (disk !== undefined) await release(cloud, disk);
    return { status: 202, headers };
  }
  if (method === 'HEAD')
    return {
      status: 200,
      headers: { ...headers, 'x-ms-blob-type': 'PageBlob', 'x-ms-lease-state': 'available' },
    };
  return failure(
    501,
    headers,
    'NotImplemented',
    'This local Azure keeps VHDs as layers of directories: they can be used for images and deleted, not read.',
  );
}

/** How a blob is named in templates and here: without its query and escapes; undefined when an escape is none. */
export function blobUri(url: URL): string | undefined {
  try {
    return `${url.origin}${decodeURIComponent(url.pathname)}`;
  } catch {
    return undefined;
  }
}

/** The refusal of a request that its storage could not answer. */
export function unavailable(message: string): Reply {
  return failure(503, { 'x-ms-request-id': randomUUID() }, 'ServerBusy', message);
}

function failure(
  status: number,
  headers: Readonly<Record<string, string>>,
  code: string,
  message: string,
): Reply {
  return {
    status,
    headers: { ...headers, 'x-ms-error-code': code, 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`,
  };
}
