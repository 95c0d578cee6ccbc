/** Azure DevOps as far as a federated service connection needs it: the endpoint that gives a job its OIDC tokens, and their issuer. */
import { createHash, createPublicKey, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { KeyPair } from '../front/certificates.js';
import type { Reply, Request } from '../front/http.js';
import type { FederatedCredential } from './assertion.js';
import { keySet, signJwt } from './jwt.js';

export const devOpsHost = 'dev.azure.com';
export const issuerHost = 'vstoken.dev.azure.com';

/** Seconds that an OIDC token is good for. */
export const oidcLifetime = 600;

const audience = 'api://AzureADTokenExchange';

export interface DevOps {
  /** As `SYSTEM_OIDCREQUESTURI`; any job of any project of the organisation may ask at its own. */
  readonly oidcRequestUri: string;
  /** The job's own token, which the request for an OIDC token carries. */
  readonly systemAccessToken: string;
  /** What the application trusts: tokens for service connections, no others. */
  readonly federated: FederatedCredential;
  /** Answers a request to dev.azure.com or vstoken.dev.azure.com. */
  answer(request: Request): Reply;
}

/** What one organisation and its one job are called, and the job's token. */
export interface DevOpsNames {
  readonly issuer: string;
  readonly oidcRequestUri: string;
  readonly systemAccessToken: string;
}

const organization = 'local';
const project = 'local';

export function createDevOpsNames(): DevOpsNames {
  const [projectId, plan, job] = [randomUUID(), randomUUID(), randomUUID()];
  return {
    issuer: `https://${issuerHost}/${randomUUID()}`,
    oidcRequestUri: `https://${devOpsHost}/${organization}/${projectId}/_apis/distributedtask/hubs/build/plans/${plan}/jobs/${job}/oidctoken`,
    systemAccessToken: randomBytes(39).toString('base64url'),
  };
}

export function createDevOps(names: DevOpsNames, keys: KeyPair, now: () => Date): DevOps {
  const { issuer, oidcRequestUri, systemAccessToken } = names;
  const kid = createHash('sha1').update(keys.publicKey).digest('hex').toUpperCase();
  const subjectOf = (connection: string) => `sc://${organization}/${project}/${connection}`;

  const oidcToken = (connection: string | null): string => {
    const issued = Math.floor(now().getTime() / 1000);
    const claims = {
      jti: randomUUID(),
      // In Azure the last part is the connection's name; a request has its id only.
      sub: connection === null ? `p://${organization}/${project}/pipeline` : subjectOf(connection),
      aud: audience,
      iss: issuer,
      iat: issued,
      nbf: issued,
      exp: issued + oidcLifetime,
    };
    return signJwt({ kid, x5t: kid }, claims, keys.privateKey);
  };

  const answerOidc = (request: Request): Reply => {
    const { searchParams } = request.url;
    if (!isAllowed(request, systemAccessToken)) {
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: problem(
          'UnauthorizedRequestException',
          'TF400813: The request does not carry the access token of the job (System.AccessToken) as its bearer token.',
        ),
      };
    }
    if (!searchParams.has('api-version') && !/api-version=/.test(request.headers['accept'] ?? '')) {
      return {
        status: 400,
        body: problem(
          'VssVersionNotSpecifiedException',
          'No api-version was supplied for the "POST" request. The version must be supplied either as part of the Accept header ' +
            '(e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").',
        ),
      };
    }
    return { status: 200, body: { oidcToken: oidcToken(searchParams.get('serviceConnectionId')) } };
  };

  return {
    oidcRequestUri,
    systemAccessToken,
    federated: {
      issuer,
      publicKey: createPublicKey(keys.publicKey),
      audience,
      accepts: subject => subject.startsWith(subjectOf('')) && subject.length > subjectOf('').length,
    },
    answer: request => {
      const { hostname, pathname } = request.url;
      const url = `https://${hostname}${pathname}`;
      if (url === `${issuer}/.well-known/openid-configuration`) {
        return {
          status: 200,
          body: {
            issuer,
            jwks_uri: `${issuer}/.well-known/jwks`,
            subject_types_supported: ['public', 'pairwise'],
            response_types_supported: ['id_token'],
            claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'nbf', 'jti'],
            id_token_signing_alg_values_supported: ['RS256'],
            scopes_supported: ['openid'],
          },
        };
      }
      if (url === `${issuer}/.well-known/jwks`) return { status: 200, body: keySet(keys.publicKey, kid) };
      const isOidc =
        hostname === devOpsHost &&
        /^\/[^/]+\/[^/]+\/_apis\/distributedtask\/hubs\/[^/]+\/plans\/[^/]+\/jobs\/[^/]+\/oidctoken$/i.test(
          pathname,
        );
      if (isOidc && request.method === 'POST') return answerOidc(request);
      return {
        status: isOidc ? 405 : 404,
        body: problem(
          'VssResourceNotFoundException',
          `There is nothing for ${request.method} at ${url} in this local Azure: it gives a job's OIDC tokens and no more of Azure DevOps.`,
        ),
      };
    },
  };
}

function isAllowed({ headers }: Request, token: string): boolean {
  const [, scheme = '', value = ''] = /^(Bearer|Basic)\s+(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
  const given =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(value, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : value;
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function problem(typeKey: string, message: string): unknown {
  return { $id: '1', innerException: null, message, typeName: typeKey, typeKey, errorCode: 0, eventId: 3000 };
}
