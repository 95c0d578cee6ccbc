/** How accepted requests and long-running operations are told on the wire, provider by provider. */
import { createHash } from 'node:crypto';
import type { Reply, Request } from '../front/http.js';
import { operationDocument, statusDocument, type Operation } from './operations.js';
import type { Protocol } from './provider.js';
import type { Accepted, Acted } from './resources.js';
import type { Resource } from './store.js';

/** The header names of the two ways to follow an operation. */
const asyncOperation = 'azure-asyncoperation';

/**
 * go-autorest (Packer) polls without a pause when no whole Retry-After of a second or more is given, or
 * waits 30 s when none is; every other client here has a pace of its own that a Retry-After would slow down.
 */
export function pace(request: Request): Record<string, string> {
  return /go-autorest|^Packer\//.test(request.headers['user-agent'] ?? '') ? { 'retry-after': '1' } : {};
}

export function putReply(request: Request, accepted: Accepted): Reply {
  const { provider, resource, existed, operation } = accepted;
  if (operation === undefined) return { status: existed ? 200 : 201, body: resource };
  switch (provider.protocol) {
    case 'storage':
      return { status: 202, headers: follow(request, provider.protocol, resource, operation, 'location') };
    case 'disks':
      return {
        status: 202,
        headers: follow(request, provider.protocol, resource, operation, 'both'),
        body: resource,
      };
    case 'compute':
    case 'network':
    case 'deployments':
      return {
        status: existed ? 200 : 201,
        headers: follow(request, provider.protocol, resource, operation, 'async'),
        body: resource,
      };
  }
}

export function removeReply(
  request: Request,
  protocol: Protocol,
  resource: Resource,
  operation: Operation,
): Reply {
  const how = protocol === 'deployments' ? 'location' : 'both';
  return { status: 202, headers: follow(request, protocol, resource, operation, how) };
}

export function actionReply(request: Request, acted: Acted): Reply {
  if ('result' in acted)
    return acted.result === undefined ? { status: 200 } : { status: 200, body: acted.result };
  return {
    status: 202,
    headers: follow(request, acted.provider.protocol, acted.resource, acted.operation, 'both'),
  };
}

/** 202 with a `Location` only, as ARM itself does for groups. */
export function locationReply(request: Request, subscriptionId: string, operation: Operation): Reply {
  const url = `${request.url.origin}/subscriptions/${subscriptionId}/operationresults/${operation.id}?${signed(request, operation)}`;
  return { status: 202, headers: { ...pace(request), location: url } };
}

/** The answer to a poll of a `…/operations/ID` URL, with or without `monitor=true`. */
export function operationReply(request: Request, operation: Operation): Reply {
  const running = operation.state.status === 'InProgress';
  const headers = running ? pace(request) : {};
  if (request.url.searchParams.get('monitor') === 'true') return locationPollReply(request, operation);
  const network = /\/providers\/Microsoft\.Network\//i.test(request.url.pathname);
  return { status: 200, headers, body: network ? statusDocument(operation) : operationDocument(operation) };
}

/** The answer to a poll of a `Location`: 202 while it runs, then the result, or the error it failed with. */
export function locationPollReply(request: Request, operation: Operation): Reply {
  const { state } = operation;
  if (state.status === 'InProgress') {
    return { status: 202, headers: { ...pace(request), location: request.url.href } };
  }
  if (state.status === 'Succeeded')
    return state.output === undefined ? { status: 200 } : { status: 200, body: state.output };
  return { status: state.error.status < 400 ? 500 : state.error.status, body: { error: state.error.body } };
}

function follow(
  request: Request,
  protocol: Protocol,
  resource: Resource,
  operation: Operation,
  how: 'async' | 'location' | 'both',
): Record<string, string> {
  const query = signed(request, operation);
  if (protocol === 'deployments') {
    const subscription = resource.id.split('/').slice(0, 3).join('/');
    const lowered = resource.id.replace('/resourceGroups/', '/resourcegroups/');
    return how === 'location'
      ? {
          ...pace(request),
          location: `${request.url.origin}${subscription}/operationresults/${operation.id}?${query}`,
        }
      : {
          ...pace(request),
          [asyncOperation]: `${request.url.origin}${lowered}/operationStatuses/${operation.id}?${query}`,
        };
  }
  const [, , subscriptionId = ''] = resource.id.split('/');
  const namespace = resource.type.split('/')[0] ?? '';
  const name = {
    storage: 'asyncoperations',
    disks: 'DiskOperations',
    compute: 'operations',
    network: 'operations',
  }[protocol];
  const location = normalLocation(resource.location ?? 'global');
  const url = `${request.url.origin}/subscriptions/${subscriptionId}/providers/${namespace}/locations/${location}/${name}/${operation.id}`;
  return {
    ...pace(request),
    ...(how === 'location'
      ? {}
      : { [asyncOperation]: `${url}?${query}`, 'azure-asyncnotification': 'Enabled' }),
    ...(how === 'async' ? {} : { location: `${url}?monitor=true&${query}` }),
  };
}

/** `West Europe` and `westeurope` are one location. */
export function normalLocation(location: string): string {
  return location.replace(/\s+/g, '').toLowerCase();
}

/** Azure signs these URLs; a client must follow them unread, so they look here as they do there. */
function signed(request: Request, operation: Operation): string {
  const ticks = BigInt(operation.startTime.getTime()) * 10_000n + 621_355_968_000_000_000n;
  const seal = (part: string) => createHash('sha256').update(`${operation.id} ${part}`).digest('base64url');
  const version = request.url.searchParams.get('api-version') ?? '';
  return `api-version=${version}&t=${ticks}&c=${seal('c')}&s=${seal('s')}&h=${seal('h')}`;
}
