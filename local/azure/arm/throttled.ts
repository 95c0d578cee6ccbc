/** The two ways in which Azure says 429: a resource provider's, and Resource Manager's own. Shapes from reports of its users. */
import { randomUUID } from 'node:crypto';
import type { Reply, Request } from '../front/http.js';
import { ArmError } from './armError.js';

interface Exceeded {
  /** The limit's name, as `UpdateVMScaleSetResource`. */
  readonly group: string;
  readonly allowed: number;
  readonly measured: number;
  /** Until a request may succeed again. */
  readonly seconds: number;
  readonly now: Date;
}

/** The compute provider's answer. */
export function computeThrottled({ group, allowed, measured, seconds, now }: Exceeded): Reply {
  const detail = {
    operationGroup: group,
    startTime: new Date(now.getTime() - 60_000).toISOString(),
    endTime: now.toISOString(),
    allowedRequestCount: allowed,
    measuredRequestCount: measured,
  };
  const error = new ArmError(
    429,
    'OperationNotAllowed',
    'The server rejected the request because too many requests have been received for this subscription.',
    {
      details: [{ code: 'TooManyRequests', target: group, message: JSON.stringify(detail) }],
    },
  );
  return answer(error, seconds, { 'x-ms-ratelimit-remaining-resource': `Microsoft.Compute/${group};0` });
}

/** Resource Manager's answer. */
export function subscriptionThrottled(request: Request, seconds: number): Reply {
  const kind =
    request.method === 'GET' || request.method === 'HEAD'
      ? 'read'
      : request.method === 'DELETE'
        ? 'delete'
        : 'write';
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(request.url.pathname)?.[1] ?? '';
  const error = new ArmError(
    429,
    'SubscriptionRequestsThrottled',
    `Number of '${kind}' requests for subscription '${subscription}' exceeded. Please try again after '${seconds}' seconds after ` +
      'additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.',
  );
  return answer(error, seconds, {
    [`x-ms-ratelimit-remaining-subscription-${kind}s`]: '0',
    'x-ms-failure-cause': 'gateway',
  });
}

function answer(error: ArmError, seconds: number, headers: Readonly<Record<string, string>>): Reply {
  return {
    status: 429,
    headers: {
      'retry-after': String(seconds),
      'x-ms-request-id': randomUUID(),
      'x-ms-correlation-request-id': randomUUID(),
      ...headers,
    },
    body: { error: error.body },
  };
}
