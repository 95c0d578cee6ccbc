/** Microsoft Entra ID's sign-in endpoints, v1 and v2, for an application with a secret, a certificate and a federated credential. */
import { timingSafeEqual } from 'node:crypto';
import type { Reply, Request } from '../front/http.js';
import { checkAssertion, type FederatedCredential, type RegisteredCertificate } from './assertion.js';
import { tokenLifetime, type Identity, type Tokens } from './identity.js';
import { errorBody, invalidClient, required, SignInError } from './signInError.js';

/** Who may sign in, by what, and for which tokens. */
export interface SignInParts {
  readonly identity: Identity;
  readonly tokens: Tokens;
  readonly certificate: RegisteredCertificate;
  readonly federated: FederatedCredential;
  now(): Date;
}

export const signInHosts = [
  'login.microsoftonline.com',
  'login.microsoft.com',
  'login.windows.net',
  'sts.windows.net',
];

/** The host whose name the endpoints' URLs carry. */
const authority = 'https://login.microsoftonline.com';

/** Answers a request to the sign-in hosts. */
export function answerSignIn(request: Request, parts: SignInParts): Reply {
  const { identity, tokens } = parts;
  const [tenant = '', ...path] = request.url.pathname.split('/').filter(part => part !== '');
  const rest = path.join('/').toLowerCase();
  const version = rest.includes('v2.0') ? '2.0' : '1.0';
  try {
    if (request.method === 'GET' && rest === 'discovery/instance')
      return { status: 200, body: discovery(request, identity) };
    if (request.method === 'GET' && /^discovery\/(v2\.0\/)?keys$/.test(rest))
      return { status: 200, body: tokens.keys };
    if (request.method === 'GET' && /^userrealm\/[^/]+$/.test(rest))
      return { status: 200, body: userRealm(path.at(-1) ?? '') };
    if (request.method === 'GET' && /^(v2\.0\/)?\.well-known\/openid-configuration$/.test(rest)) {
      checkTenant(tenant, identity);
      return { status: 200, body: openIdConfiguration(tenant, version) };
    }
    if (request.method === 'POST' && /^oauth2\/(v2\.0\/)?token$/.test(rest)) {
      checkTenant(tenant, identity);
      return { status: 200, headers: noStore, body: token(request, tenant, parts, version) };
    }
    return { status: 404 };
  } catch (error) {
    if (error instanceof SignInError)
      return { status: error.status, headers: noStore, body: errorBody(error, parts.now(), authority) };
    throw error;
  }
}

const noStore = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' };

function checkTenant(tenant: string, identity: Identity): void {
  if (tenant.toLowerCase() === identity.tenantId) return;
  throw new SignInError(
    400,
    'invalid_request',
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. ` +
      'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.',
  );
}

function token(request: Request, tenant: string, parts: SignInParts, version: '1.0' | '2.0'): unknown {
  const form = new URLSearchParams(request.text);
  const grant = required(form, 'grant_type');
  if (grant !== 'client_credentials') {
    throw new SignInError(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${grant}'.`,
    );
  }
  checkClient(form, request.headers['authorization'], tenant, parts);
  const audience = version === '1.0' ? required(form, 'resource') : scopeResource(required(form, 'scope'));
  const { value, notBefore, expires } = parts.tokens.issue(audience, version);
  const common = { token_type: 'Bearer', access_token: value };
  // v1 gives its numbers as text, v2 as numbers.
  return version === '2.0'
    ? { ...common, expires_in: tokenLifetime, ext_expires_in: tokenLifetime }
    : {
        ...common,
        expires_in: String(tokenLifetime),
        ext_expires_in: String(tokenLifetime),
        expires_on: String(expires),
        not_before: String(notBefore),
        resource: audience,
      };
}

function checkClient(
  form: URLSearchParams,
  authorization: string | undefined,
  tenant: string,
  parts: SignInParts,
): void {
  const { identity, certificate, federated } = parts;
  const basic = /^Basic\s+(.+)$/i.exec(authorization ?? '')?.[1];
  const [basicId, basicSecret] =
    basic === undefined
      ? []
      : Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent);
  const clientId = basicId ?? required(form, 'client_id');
  if (clientId.toLowerCase() !== identity.clientId) {
    throw new SignInError(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${identity.tenantId}'. This can happen if the ` +
        'application has not been installed by the administrator of the tenant or consented to by any user in the tenant. ' +
        'You may have sent your authentication request to the wrong tenant.',
    );
  }
  const secret = basicSecret ?? form.get('client_secret');
  if (secret === null && form.get('client_assertion') !== null) {
    const isAudience = (audience: string) => isTokenEndpoint(audience, tenant);
    checkAssertion({
      form,
      clientId: identity.clientId,
      certificate,
      federated,
      isAudience,
      now: parts.now(),
    });
    return;
  }
  if (secret === null || secret === '') {
    throw invalidClient(
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  if (!equal(secret, identity.clientSecret)) {
    throw invalidClient(
      7000215,
      'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the ' +
        `client secret ID, for a secret added to app '${identity.clientId}'.`,
    );
  }
}

/** What a certificate's assertion may be made out to: the tenant's token endpoints or issuers, at any of the hosts. */
function isTokenEndpoint(audience: string, tenant: string): boolean {
  if (!URL.canParse(audience)) return false;
  const { protocol, hostname, pathname } = new URL(audience);
  const rest = ['', '/', '/v2.0', '/oauth2/token', '/oauth2/v2.0/token'].map(path => `/${tenant}${path}`);
  return (
    protocol === 'https:' &&
    signInHosts.includes(hostname) &&
    rest.some(path => path.toLowerCase() === pathname.toLowerCase())
  );
}

/** `https://management.azure.com//.default` → `https://management.azure.com/` */
function scopeResource(scope: string): string {
  const resource = /^(\S+)\/\.default$/.exec(scope.trim())?.[1];
  if (resource !== undefined) return resource;
  throw new SignInError(
    400,
    'invalid_scope',
    1002012,
    `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default ` +
      'suffixed to the resource identifier (application ID URI).',
  );
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** No user can sign in here: a realm says only that the name is unknown. */
function userRealm(user: string): unknown {
  return {
    ver: '1.0',
    account_type: 'Unknown',
    domain_name: user.split(/@|%40/i)[1] ?? '',
    cloud_instance_name: 'microsoftonline.com',
  };
}

function discovery(request: Request, identity: Identity): unknown {
  const endpoint = request.url.searchParams.get('authorization_endpoint');
  const asked =
    endpoint !== null && URL.canParse(endpoint) ? new URL(endpoint).pathname.split('/')[1] : undefined;
  return {
    tenant_discovery_endpoint: `${authority}/${asked ?? identity.tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [
      {
        preferred_network: 'login.microsoftonline.com',
        preferred_cache: 'login.windows.net',
        aliases: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
      },
    ],
  };
}

function openIdConfiguration(tenant: string, version: '1.0' | '2.0'): unknown {
  const path = version === '2.0' ? 'oauth2/v2.0' : 'oauth2';
  return {
    token_endpoint: `${authority}/${tenant}/${path}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    authorization_endpoint: `${authority}/${tenant}/${path}/authorize`,
    jwks_uri: `${authority}/${tenant}/discovery/${version === '2.0' ? 'v2.0/' : ''}keys`,
    issuer: version === '2.0' ? `${authority}/${tenant}/v2.0` : `https://sts.windows.net/${tenant}/`,
    response_types_supported: ['token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    cloud_instance_name: 'microsoftonline.com',
    tenant_region_scope: 'EU',
  };
}
