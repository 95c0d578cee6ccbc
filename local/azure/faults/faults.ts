/** The faults that are switched on: which rule hits what, and how often it did. */
import { isObject, string, type Json } from '../arm/json.js';
import type { Request } from '../front/http.js';
import { capacityError, operationError } from './faultErrors.js';
import { levelOf, type FaultEffect, type FaultRule, type Level } from './faultRule.js';
import type { InstanceEffect, InstanceFaults } from './instanceFaults.js';
import type { OperationEffect, OperationFaults } from './operationFaults.js';

export interface Faults extends InstanceFaults, OperationFaults {
  /** What shall happen to a request; a call counts as one match. */
  request(request: Request): FaultEffect | undefined;
  replace(rules: readonly FaultRule[]): void;
  /** The rules as they were given, with `matched` and `hit` of each. */
  report(): readonly Json[];
  /** The longest time that a list lags behind by any rule, in Azure's seconds; 0 when none does. */
  readonly longestLag: number;
}

interface Target {
  readonly level: Level;
  readonly text: string;
  readonly method?: string;
  readonly caller?: string;
  readonly polls?: boolean;
}

const poll =
  /\/(operations|operationResults|operationStatuses|capsOperations|DiskOperations|asyncoperations)\/[^/?]+(\?|$)/i;

/** Whether a request asks how an operation is going. */
export function isPoll({ method, url }: Request): boolean {
  const ofDeployment = /\/deployments\/[^/]+\/operations\//i.test(url.pathname);
  return method === 'GET' && !ofDeployment && poll.test(url.pathname);
}

export function createFaults(initial: readonly FaultRule[] = []): Faults {
  let active: { readonly rule: FaultRule; matched: number; hit: number }[] = [];
  const replace = (rules: readonly FaultRule[]) => {
    active = rules.map(rule => ({ rule, matched: 0, hit: 0 }));
  };
  replace(initial);

  /** The first rule that still hits; those before it have been counted as matched. */
  const hit = (target: Target): FaultEffect | undefined => {
    for (const one of active) {
      if (!matches(one.rule, target)) continue;
      one.matched += 1;
      if (one.matched <= one.rule.after || one.hit >= one.rule.times) continue;
      one.hit += 1;
      return one.rule.effect;
    }
    return undefined;
  };

  return {
    replace,
    report: () => active.map(({ rule, matched, hit: hits }) => ({ ...rule.given, matched, hit: hits })),
    get longestLag() {
      return Math.max(
        0,
        ...active.map(({ rule: { effect } }) => (effect.kind === 'lag' ? Number(effect['seconds']) : 0)),
      );
    },
    request: request =>
      hit({
        level: 'request',
        text: request.url.href,
        method: request.method,
        caller: request.headers['user-agent'] ?? '',
        polls: isPoll(request),
      }),
    operation: (method, path) => {
      const effect = hit({ level: 'operation', text: path, method });
      return effect === undefined ? undefined : operationEffect(effect);
    },
    instance: (scaleSet, instanceId) => {
      const effect = hit({ level: 'instance', text: `${scaleSet}/virtualMachines/${instanceId}` });
      return effect === undefined ? undefined : instanceEffect(effect);
    },
  };
}

function matches({ effect, methods, url, caller, polls }: FaultRule, target: Target): boolean {
  return (
    levelOf(effect.kind) === target.level &&
    (methods === undefined || methods.includes(target.method ?? '')) &&
    (url === undefined || url.test(target.text)) &&
    (caller === undefined || caller.test(target.caller ?? '')) &&
    (polls === undefined || polls === target.polls)
  );
}

function operationEffect(effect: FaultEffect): OperationEffect {
  if (effect.kind === 'never-ends') return { kind: 'never-ends' };
  if (effect.kind === 'capacity') {
    const error = capacityError(string(effect['code']) ?? '');
    // Azure knows a restricted size before it starts; that there is no room it finds out on the way.
    return error.code === 'SkuNotAvailable' ? { kind: 'refused', error } : { kind: 'fails', error };
  }
  const { code, message, status, details, encoding } = effect;
  return {
    kind: 'fails',
    error: operationError({
      status: Number(status ?? 409),
      code: String(code),
      message: String(message),
      details: Array.isArray(details) ? details.filter(isObject) : [],
      encoding: encoding === 'string' ? 'string' : 'object',
    }),
  };
}

function instanceEffect(effect: FaultEffect): InstanceEffect {
  switch (effect.kind) {
    case 'unhealthy':
    case 'hangs':
      return { kind: effect.kind };
    case 'dies':
      return { kind: 'dies', afterSeconds: Number(effect['afterSeconds']) };
    default:
      return {
        kind: 'fails',
        status: Number(effect['status'] ?? 409),
        code: String(effect['code']),
        message: String(effect['message']),
      };
  }
}
