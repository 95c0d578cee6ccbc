/** The way of every request: limits, faults, the service that answers, and the log. */
import { randomUUID } from 'node:crypto';
import { asArmError } from './arm/armError.js';
import type { Authorization } from './authorization/authorization.js';
import { answerControl, controlHost } from './control.js';
import type { FaultRule } from './faults/faultRule.js';
import { faultyAnswer, type Surroundings } from './faults/faultyAnswer.js';
import type { Faults } from './faults/faults.js';
import { withContentType, type Reply, type Request } from './front/http.js';
import type { TrafficLog } from './front/traffic.js';
import type { Throttling } from './throttling/throttling.js';

export interface FrontDoorParts {
  readonly armHost: string;
  readonly faults: Faults;
  readonly surroundings: Surroundings;
  /** Absent where no limits are kept. */
  readonly throttling: Throttling | undefined;
  readonly log: TrafficLog | undefined;
  readonly authorization: Authorization;
  /** How a request is answered when all goes well. */
  dispatch(request: Request): Reply | Promise<Reply>;
  /** Switches other faults on. */
  replaceFaults(rules: readonly FaultRule[]): void;
}

/** Never rejects: a fault of this program is answered as Azure answers one of its own. */
export function createFrontDoor(parts: FrontDoorParts): (request: Request) => Promise<Reply> {
  const { armHost, faults, surroundings, throttling, log } = parts;
  const served = async (request: Request): Promise<Reply> => {
    const effect = faults.request(request);
    const dispatch = () => Promise.resolve(parts.dispatch(request));
    return effect === undefined ? dispatch() : faultyAnswer(effect, request, dispatch, surroundings);
  };
  const limited = async (request: Request): Promise<Reply> => {
    if (throttling === undefined || request.url.hostname !== armHost) return served(request);
    const verdict = throttling.admit(request);
    if ('refusal' in verdict) return verdict.refusal;
    const reply = await served(request);
    return { ...reply, headers: { ...verdict.headers, ...reply.headers } };
  };
  return async request => {
    try {
      if (request.url.hostname === controlHost) return withContentType(answerControl(request, parts));
      const reply = withContentType(await limited(request));
      if (reply.reset !== true) log?.write(request, reply);
      return reply;
    } catch (error) {
      const reply = withContentType({
        status: 500,
        headers: { 'x-ms-request-id': randomUUID() },
        body: { error: asArmError(error).body },
      });
      log?.write(request, reply);
      return reply;
    }
  };
}
