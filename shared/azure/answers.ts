/** What every answer of Azure Resource Manager passes through: refusals kept whole, throttling waited out and told, faults of a moment tried again. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  isRestError,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { formatDuration } from '../core/duration.js';
import type { Clock } from '../core/wait.js';
import { Refusal, errorDetail } from './failure.js';

/** What the answers to one call said beside their typed result. */
export interface Answers {
  /** The bodies as they came, one a request. */
  readonly bodies: string[];
  /** The last answer's `Retry-After` in milliseconds, capped; undefined when it had none. */
  retryAfter: number | undefined;
}

const observed = new AsyncLocalStorage<Answers>();

/** Runs a call of an SDK and gives its result with what its answers said. */
export async function observing<T>(call: () => Promise<T>): Promise<{ result: T; answers: Answers }> {
  const answers: Answers = { bodies: [], retryAfter: undefined };
  const result = await observed.run(answers, call);
  return { result, answers };
}

/** Azure has asked for twenty minutes; asking once more after two costs less than a step that seems dead. */
const longestWait = 120_000;
/** How long one request may be put off by throttling in all before it is given up. */
const longestThrottling = 600_000;
const passingFaults = 4;

/** The policy that both SDK clients are given, in place of their own retries. */
export function answerPolicy(host: {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  log(line: string): void;
}): PipelinePolicy {
  return {
    name: 'answers',
    async sendRequest(request, next) {
      const start = host.clock.now();
      for (let attempt = 1; ; attempt++) {
        const answer = await send(request, next);
        const asked = answer instanceof Error ? undefined : retryAfterOf(answer, host.clock);
        const wait = patience(answer, attempt, asked, host.clock.now() - start);
        if (wait === undefined) {
          if (answer instanceof Error) throw answer;
          note(answer, asked);
          refuseIfRefused(request, answer);
          return answer;
        }
        host.log(waitLine(request, answer, wait, asked));
        await host.clock.sleep(wait, host.signal);
      }
    },
  };
}

/** The answer, or the fault that kept one from coming. core-client turns refusals into errors before this policy sees them. */
async function send(
  request: PipelineRequest,
  next: (request: PipelineRequest) => Promise<PipelineResponse>,
): Promise<PipelineResponse | Error> {
  try {
    return await next(request);
  } catch (error) {
    if (isRestError(error)) return error.response ?? error;
    throw error;
  }
}

/** How long to wait before the same request is sent again, in milliseconds; undefined when its answer stands. */
function patience(
  answer: PipelineResponse | Error,
  attempt: number,
  asked: number | undefined,
  waited: number,
): number | undefined {
  const backOff = 1000 * 2 ** (attempt - 1);
  if (answer instanceof Error) return isPassing(answer) && attempt < passingFaults ? backOff : undefined;
  if (answer.status === 429) {
    const wait = asked ?? Math.min(5 * backOff, longestWait);
    return waited + wait <= longestThrottling ? wait : undefined;
  }
  if ([408, 500, 502, 503, 504].includes(answer.status) && attempt < passingFaults) return asked ?? backOff;
  return undefined;
}

function isPassing(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  const cause = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
  return [code, cause].some(text =>
    /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/.test(text),
  );
}

function retryAfterOf(answer: PipelineResponse, clock: Clock): number | undefined {
  const text = answer.headers.get('retry-after')?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return wait > 0 ? Math.min(wait, longestWait) : undefined;
}

function note(answer: PipelineResponse, asked: number | undefined): void {
  const store = observed.getStore();
  if (store === undefined) return;
  store.bodies.push(answer.bodyAsText ?? '');
  store.retryAfter = asked;
}

/** @throws Refusal for a refusing answer and for the status document of an operation that failed */
function refuseIfRefused(request: PipelineRequest, answer: PipelineResponse): void {
  const body = answer.bodyAsText ?? '';
  if (answer.status < 400 && !(isStatusDocument(request.url) && hasFailed(body))) return;
  throw new Refusal(
    answer.status,
    body,
    answer.headers.get('x-ms-request-id') ?? answer.headers.get('x-ms-correlation-request-id'),
  );
}

/** `…/operations/GUID`, `…/operationStatuses/…`, `…/capsOperations/GUID`, `…/DiskOperations/GUID`. */
function isStatusDocument(url: string): boolean {
  return /\/(\w*operations|operationStatuses)\/[^/?]+(\?|$)/i.test(url);
}

function hasFailed(body: string): boolean {
  try {
    const document: unknown = JSON.parse(body);
    const status =
      typeof document === 'object' && document !== null && 'status' in document ? document.status : '';
    return typeof status === 'string' && /^(failed|canceled|cancelled)$/i.test(status);
  } catch {
    return false;
  }
}

function waitLine(
  request: PipelineRequest,
  answer: PipelineResponse | Error,
  wait: number,
  asked: number | undefined,
): string {
  const again = `asking again in ${formatDuration(wait)}`;
  const what = `${request.method} ${new URL(request.url).pathname.split('/').slice(-3).join('/')}`;
  if (answer instanceof Error) return `No answer from Azure to ${what} (${answer.message}): ${again}.`;
  if (answer.status !== 429) return `Azure answered ${what} with HTTP ${answer.status}: ${again}.`;
  const detail = errorDetail(answer.bodyAsText ?? '', 'TooManyRequests');
  const target = detail.details[0]?.target ?? detail.target;
  const budget = target === undefined ? '' : ` [${target}]`;
  const capped = asked === longestWait ? ' (it asked for that long or longer)' : '';
  return `Azure is throttling this subscription's requests${budget}: ${again}${capped}.`;
}
