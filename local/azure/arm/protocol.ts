/** How accepted requests and long-running operations are told on the wire, provider by provider. */
import { createHash } from 'node:crypto';
import type { Reply, Request } from '../front/http.js';
import { operationDocument, statusDocument, ticksOf, type Operation } from './operations.js';
import { retryAfter } from './pace.js';
import type { Protocol } from './provider.js';
import type { Accepted, Acted } from './requests.js';
import type { Resource } from './store.js';
import { pollInterval } from './timings.js';

/** The header names of the two ways to follow an operation. */
const asyncOperation = 'azure-asyncoperation';

/** Retry-After for a GET that belongs to no operation: only for clients that cannot do without. */
export function pace(request: Request): Record<string, string> {
  return retryAfter(request.headers['user-agent'], undefined, 0);
}

/** Retry-After of the answer to a poll: how much longer it will take where Azure says that, else its usual interval. */
export function pollPace(request: Request, operation: Operation): Record<string, string> {
  const { timing, scale, remaining } = operation;
  const usual = Math.max(pollInterval, timing.retryAfter ?? 0);
  const seconds = timing.estimates === true && remaining > 0 ? remaining : usual;
  return retryAfter(request.headers['user-agent'], seconds, scale);
}

export function putReply(request: Request, accepted: Accepted): Reply {
  const { provider, resource, existed, operation } = accepted;
  if (operation === undefined)
    return { status: existed ? 200 : (provider.createdStatus ?? 201), body: resource };
  const followed = (how: How) => follow(request, provider.protocol, resource, operation, how, notified);
  switch (provider.protocol) {
    case 'storage':
      return { status: 202, headers: followed('location') };
    case 'disks':
      return { status: 202, headers: followed('both'), body: resource };
    case 'compute':
    case 'galleries':
    case 'network':
    case 'deployments':
      return { status: existed ? 200 : 201, headers: followed('async'), body: resource };
  }
}

export function removeReply(
  request: Request,
  protocol: Protocol,
  resource: Resource,
  operation: Operation,
): Reply {
  const how = protocol === 'deployments' ? 'location' : 'both';
  return { status: 202, headers: follow(request, protocol, resource, operation, how, notified) };
}

export function actionReply(request: Request, acted: Acted): Reply {
  if ('result' in acted)
    return acted.result === undefined ? { status: 200 } : { status: 200, body: acted.result };
  const { provider, resource, operation } = acted;
  return { status: 202, headers: follow(request, provider.protocol, resource, operation, 'both', {}) };
}

/** 202 with a `Location` only, as ARM itself does for groups. */
export function locationReply(request: Request, subscriptionId: string, operation: Operation): Reply {
  const url = `${request.url.origin}/subscriptions/${subscriptionId}/operationresults/${operation.id}?${signed(request, operation)}`;
  return { status: 202, headers: { ...startPace(request, operation), location: url } };
}

/** The answer to a poll of a `…/operations/ID` URL, with or without `monitor=true`. */
export function operationReply(request: Request, operation: Operation): Reply {
  const running = operation.state.status === 'InProgress';
  const headers = running ? pollPace(request, operation) : {};
  const { pathname, searchParams } = request.url;
  if (searchParams.get('monitor') === 'true' || /\/operationResults\//i.test(pathname)) {
    return locationPollReply(request, operation);
  }
  const network = /\/providers\/Microsoft\.Network\//i.test(pathname);
  return { status: 200, headers, body: network ? statusDocument(operation) : operationDocument(operation) };
}

/** The answer to a poll of a `Location`: 202 while it runs, then the result, or the error it failed with. */
export function locationPollReply(request: Request, operation: Operation): Reply {
  const { state } = operation;
  if (state.status === 'InProgress') {
    return { status: 202, headers: { ...pollPace(request, operation), location: request.url.href } };
  }
  if (state.status === 'Succeeded')
    return state.output === undefined ? { status: 200 } : { status: 200, body: state.output };
  return { status: state.error.status < 400 ? 500 : state.error.status, body: { error: state.error.body } };
}

type How = 'async' | 'location' | 'both';

/** PUT and DELETE offer notifications to compute's and network's clients, actions do not. */
const notified: Readonly<Partial<Record<Protocol, true>>> = { compute: true, network: true };

/** Where the operation documents of a provider are; those of deployments are below the deployment. */
const collections = {
  storage: 'asyncoperations',
  disks: 'DiskOperations',
  galleries: 'capsOperations',
  compute: 'operations',
  network: 'operations',
} as const;

function follow(
  request: Request,
  protocol: Protocol,
  resource: Resource,
  operation: Operation,
  how: How,
  notifies: Readonly<Partial<Record<Protocol, true>>>,
): Record<string, string> {
  const { origin } = request.url;
  const query = signed(request, operation);
  if (protocol === 'deployments') {
    const subscription = resource.id.split('/').slice(0, 3).join('/');
    const lowered = resource.id.replace('/resourceGroups/', '/resourcegroups/');
    const header: Record<string, string> =
      how === 'location'
        ? { location: `${origin}${subscription}/operationresults/${operation.id}?${query}` }
        : { [asyncOperation]: `${origin}${lowered}/operationStatuses/${operation.id}?${query}` };
    return { ...startPace(request, operation), ...header };
  }
  const [, , subscriptionId = ''] = resource.id.split('/');
  const namespace = resource.type.split('/')[0] ?? '';
  const location = normalLocation(resource.location ?? 'global');
  const below = `${origin}/subscriptions/${subscriptionId}/providers/${namespace}/locations/${location}`;
  const url = `${below}/${collections[protocol]}/${operation.id}`;
  const sealed = protocol === 'compute' ? `p=${partition(operation)}&${query}` : query;
  const result =
    protocol === 'network'
      ? `${below}/operationResults/${operation.id}?${query}`
      : `${url}?monitor=true&${sealed}`;
  return {
    ...startPace(request, operation),
    ...(how === 'location' ? {} : { [asyncOperation]: `${url}?${sealed}` }),
    ...(how !== 'location' && notifies[protocol] === true ? { 'azure-asyncnotification': 'Enabled' } : {}),
    ...(how === 'async' ? {} : { location: result }),
  };
}

function startPace(request: Request, { timing, scale }: Operation): Record<string, string> {
  return retryAfter(request.headers['user-agent'], timing.retryAfter, scale);
}

/** `West Europe` and `westeurope` are one location. */
export function normalLocation(location: string): string {
  return location.replace(/\s+/g, '').toLowerCase();
}

/**
 * Azure signs these URLs, with a certificate inside that makes them longer than a kilobyte; a client must follow them unread,
 * so they look here as they do there.
 */
function signed(request: Request, operation: Operation): string {
  const version = request.url.searchParams.get('api-version') ?? '';
  const certificate = Array.from({ length: 24 }, (_, index) => seal(operation, `c${index}`)).join('');
  const rest = `c=MII${certificate}&s=${seal(operation, 's1')}${seal(operation, 's2')}&h=${seal(operation, 'h')}`;
  return `api-version=${version}&t=${ticksOf(operation.startTime)}&${rest}`;
}

function seal(operation: Operation, part: string): string {
  return createHash('sha256').update(`${operation.id} ${part}`).digest('base64url');
}

function partition(operation: Operation): string {
  const hex = createHash('sha256').update(`${operation.id} p`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
