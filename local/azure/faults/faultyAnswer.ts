/** Answers to requests that a fault hits. */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../arm/armError.js';
import { string } from '../arm/json.js';
import type { Pace } from '../arm/pace.js';
import type { Store } from '../arm/store.js';
import { computeThrottled, subscriptionThrottled } from '../arm/throttled.js';
import type { Reply, Request } from '../front/http.js';
import { lagging } from './lag.js';
import type { FaultEffect } from './faultRule.js';

export interface Surroundings {
  readonly store: Store;
  readonly pace: Pace;
  readonly now: () => Date;
  /** From now on the token counts as expired. */
  readonly expire: (token: string) => void;
}

/** @param dispatch how the request is answered when all goes well */
export async function faultyAnswer(
  effect: FaultEffect,
  request: Request,
  dispatch: () => Promise<Reply>,
  { store, pace, now, expire }: Surroundings,
): Promise<Reply> {
  const number = (name: string, otherwise: number) => Number(effect[name] ?? otherwise);
  switch (effect.kind) {
    case 'throttle': {
      const seconds = Math.max(1, Math.round(number('retryAfterSeconds', 0) * pace.scale));
      const compute = /\/providers\/Microsoft\.Compute\//i.test(request.url.pathname);
      const code = effect['code'] ?? (compute ? 'OperationNotAllowed' : 'SubscriptionRequestsThrottled');
      return code === 'SubscriptionRequestsThrottled'
        ? subscriptionThrottled(request, seconds)
        : computeThrottled({
            group: 'HighCostGetVMScaleSet3Min',
            allowed: 180,
            measured: 478,
            seconds,
            now: now(),
          });
    }
    case 'error': {
      const status = number('status', 500);
      const code = string(effect['code']) ?? (status === 503 ? 'ServiceUnavailable' : 'InternalServerError');
      const message =
        string(effect['message']) ?? 'Encountered internal server error. Please try again later.';
      const headers = { 'x-ms-request-id': randomUUID(), 'x-ms-failure-cause': 'service' };
      return { status, headers, body: { error: new ArmError(status, code, message).body } };
    }
    case 'reset':
      return { status: 0, reset: true };
    case 'slow':
      await pace.wait(number('seconds', 0));
      return dispatch();
    case 'html': {
      const status = number('status', 502);
      return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: page(status) };
    }
    case 'expire-token': {
      const token = /^Bearer\s+(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
      if (token !== undefined) expire(token);
      return dispatch();
    }
    case 'lag':
      return lagging(request, await dispatch(), store, number('seconds', 0) * 1000 * pace.scale, now());
    default:
      return dispatch();
  }
}

/** As a gateway before Resource Manager answers, which knows nothing of JSON. */
function page(status: number): string {
  const title =
    status === 404
      ? '404 - File or directory not found.'
      : `${status} - Web server received an invalid response.`;
  return `<!DOCTYPE html>\r\n<html><head><title>${title}</title></head>\r\n<body><h1>Server Error</h1><h2>${title}</h2></body></html>\r\n`;
}
