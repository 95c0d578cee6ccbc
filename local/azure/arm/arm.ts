/** Azure Resource Manager's front door: who may enter, which paths there are, and how errors are told. */
import { randomUUID } from 'node:crypto';
import type { Authorization } from '../authorization/authorization.js';
import type { Deployments } from '../deployments/deployments.js';
import { readBody } from '../front/body.js';
import { LooseJsonError } from '../front/looseJson.js';
import type { Reply, Request } from '../front/http.js';
import { isForArm, type Identity, type Tokens } from '../signIn/identity.js';
import { ArmError, asArmError, groupNotFound } from './armError.js';
import { isObject, string, type Json } from './json.js';
import type { Visit } from './route.js';
import { routes } from './routes.js';
import type { Resources } from './resources.js';

export interface ArmParts {
  readonly identity: Identity;
  readonly tokens: Tokens;
  readonly authorization: Authorization;
  readonly resources: Resources;
  readonly deployments: Deployments;
}

/** Errors that ARM itself answers, before any provider is asked. */
const gatewayCodes =
  /^(ResourceNotFound|ResourceGroupNotFound|SubscriptionNotFound|DeploymentNotFound|InvalidTemplate\w*|MissingApiVersionParameter|InvalidApiVersionParameter|InvalidResourceType|InvalidResourceNamespace|AuthenticationFailed|(Linked)?AuthorizationFailed|\w*AuthenticationToken\w*)$/;

/** Answers a request to management.azure.com. */
export function answerArm(request: Request, parts: ArmParts): Reply {
  const ids = {
    'x-ms-request-id': randomUUID(),
    'x-ms-correlation-request-id': request.headers['x-ms-correlation-request-id'] ?? randomUUID(),
  };
  const headers = {
    ...ids,
    'x-ms-routing-request-id': `LOCAL:${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}:${ids['x-ms-request-id']}`,
    'cache-control': 'no-cache',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
  };
  try {
    const reply = admitted(request, parts);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  } catch (cause) {
    const error = asArmError(cause);
    const challenge =
      error.status === 401
        ? {
            'www-authenticate':
              `Bearer authorization_uri="https://login.windows.net/${parts.identity.tenantId}", error="invalid_token", ` +
              `error_description="${error.message.replaceAll('"', "'")}"`,
          }
        : {};
    const gateway = gatewayCodes.test(error.code) ? { 'x-ms-failure-cause': 'gateway' } : {};
    return {
      status: error.status,
      headers: { ...headers, ...challenge, ...gateway },
      body: { error: error.body },
    };
  }
}

function admitted(request: Request, parts: ArmParts): Reply {
  checkToken(request, parts.tokens);
  checkApiVersion(request.url.searchParams);
  const [path, route, values] = match(request);
  const { subscription, group } = values;
  if (subscription !== undefined && subscription.toLowerCase() !== parts.identity.subscriptionId) {
    throw new ArmError(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  }
  const body = bodyOf(request);
  parts.authorization.check(request.method, path, body);
  if (group !== undefined && !route.groupMayBeAbsent && parts.resources.store.group(group) === undefined) {
    throw groupNotFound(group);
  }
  const visit: Visit = { ...parts, request, query: request.url.searchParams, body, values };
  const reply = route.answer(visit);
  return { ...reply, body: parts.authorization.shown(request.method, path, reply.body) };
}

function match(
  request: Request,
): [string, (typeof routes)[number], Readonly<Record<string, string | undefined>>] {
  const { pathname } = request.url;
  const path = pathname.replace(/\/+$/, '');
  const methods: string[] = [];
  for (const route of routes) {
    const found = route.path.exec(path);
    if (found === null) continue;
    if (!route.methods.includes(request.method)) {
      methods.push(...route.methods);
      continue;
    }
    const values = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decoded(value)]);
    return [path, route, Object.fromEntries(values) as Record<string, string>];
  }
  if (methods.length > 0) {
    throw new ArmError(
      405,
      'MethodNotAllowed',
      `The request method ${request.method} is not allowed at ${pathname}; ${methods.join(', ')} are.`,
    );
  }
  throw new ArmError(404, 'InvalidResourceType', `There is nothing at ${pathname} in this local Azure.`);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ArmError(400, 'BadRequest', `The path has a percent sign that escapes nothing: '${segment}'.`);
  }
}

function checkToken(request: Request, tokens: Tokens): void {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
  if (bearer === undefined) {
    throw new ArmError(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing or is no bearer token.",
    );
  }
  const check = tokens.check(bearer);
  if (!check.ok && check.why === 'expired') {
    const expiry = new Date(Number(check.claims['exp']) * 1000).toISOString();
    throw new ArmError(
      401,
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${expiry}' is earlier than current UTC time.`,
    );
  }
  if (!check.ok) throw new ArmError(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
  if (!isForArm(check.claims)) {
    throw new ArmError(
      401,
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${string(check.claims['aud']) ?? ''}'. It should exactly ` +
        "match with one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'.",
    );
  }
}

function checkApiVersion(query: URLSearchParams): void {
  const version = query.get('api-version');
  if (version === null || version === '') {
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (!/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/i.test(version)) {
    throw new ArmError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. It must be a date as in '2024-07-01'.`,
    );
  }
}

function bodyOf({ text }: Request): Json {
  if (text.trim() === '') return {};
  const invalid = (problem: string) =>
    new ArmError(
      400,
      'InvalidRequestContent',
      `The request content was invalid and could not be deserialized: '${problem}'.`,
    );
  try {
    const body = readBody(text);
    if (isObject(body)) return body;
  } catch (error) {
    throw error instanceof LooseJsonError ? invalid(error.message) : error;
  }
  throw invalid('The body must be a JSON object.');
}
