/**
 * Azure's instance metadata service as far as managed identities need it. Its own address, 169.254.169.254, is on no interface here:
 * clients reach it by this local Azure's proxy, which stands for it where `AZURE_POD_IDENTITY_AUTHORITY_HOST` names it.
 */
import type { Reply, Request } from '../front/http.js';
import type { Identity, Tokens } from './identity.js';

export const metadataHost = '169.254.169.254';

const path = '/metadata/identity/oauth2/token';

/**
 * The URL that a plain request to the proxy stands for.
 * @param target of the request line: a path, or a whole URL from clients that were told to use the proxy
 * @returns undefined for what is none of the metadata service's
 */
export function metadataUrl(target: string): URL | undefined {
  const base = `http://${metadataHost}`;
  if (!URL.canParse(target, base)) return undefined;
  const { protocol, hostname, pathname, search } = new URL(target, base);
  // Azure's SDKs send a request to the proxy's own address through the proxy, too.
  const isHere = [metadataHost, '127.0.0.1', 'localhost'].includes(hostname);
  if (protocol !== 'http:' || !isHere || !pathname.startsWith('/metadata/')) return undefined;
  return new URL(`${base}${pathname}${search}`);
}

/** Answers a request to the metadata service: the token of the one application, as the machine's identity. */
export function answerMetadata(
  { method, url, headers }: Request,
  { identity, tokens }: { readonly identity: Identity; readonly tokens: Tokens },
): Reply {
  const asked = url.searchParams;
  // Microsoft's library for JavaScript ends the path with a slash.
  if (url.pathname.replace(/\/+$/, '') !== path) {
    return refused(
      404,
      'not_found',
      `This local Azure has ${path} of the metadata service and nothing else.`,
    );
  }
  if (method !== 'GET') return refused(405, 'invalid_request', `${method} is not allowed; GET is.`);
  if (headers['metadata']?.toLowerCase() !== 'true')
    return refused(400, 'invalid_request', 'Required metadata header not specified');
  // A request that a proxy of somebody else's passed on is not the machine's own.
  if (headers['x-forwarded-for'] !== undefined)
    return refused(400, 'invalid_request', 'Metadata requests must not be forwarded: x-forwarded-for is set');
  if (asked.get('api-version') === null)
    return refused(400, 'invalid_request', 'Required api-version parameter not specified');
  const resource = asked.get('resource') ?? '';
  if (resource === '') return refused(400, 'invalid_request', 'Required audience parameter not specified');
  const ids: readonly (readonly [string, string])[] = [
    ['client_id', identity.clientId],
    ['object_id', identity.objectId],
    ['principal_id', identity.objectId],
    ['mi_res_id', ''],
    ['msi_res_id', ''],
  ];
  if (ids.some(([name, own]) => asked.has(name) && asked.get(name)?.toLowerCase() !== own))
    return refused(400, 'invalid_request', 'Identity not found');
  const { value, notBefore, expires } = tokens.issue(resource, '1.0');
  const lifetime = String(expires - notBefore);
  return {
    status: 200,
    body: {
      access_token: value,
      client_id: identity.clientId,
      expires_in: lifetime,
      expires_on: String(expires),
      ext_expires_in: lifetime,
      not_before: String(notBefore),
      resource,
      token_type: 'Bearer',
    },
  };
}

function refused(status: number, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } };
}
