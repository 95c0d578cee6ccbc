/** Token buckets for the documented limits, and what they say to a request. */
import { subscriptionThrottled, computeThrottled } from '../arm/throttled.js';
import type { Resource } from '../arm/store.js';
import type { Reply, Request } from '../front/http.js';
import { instancesActedOn } from './batches.js';
import { policiesOf, type Policy } from './policies.js';

export interface Throttling {
  /** Takes a token from each bucket of the request, or none when one is empty. */
  admit(request: Request): Verdict;
}

/** The headers that tell of what is left, or the answer 429. */
export type Verdict = { readonly headers: Readonly<Record<string, string>> } | { readonly refusal: Reply };

interface Bucket {
  readonly tokens: number;
  /** Milliseconds since the epoch at which it was last refilled. */
  readonly filled: number;
  /** Requests since then, refused ones too. */
  readonly measured: number;
}

/** Resource buckets that are full again say nothing and are dropped beyond so many. */
const mostBuckets = 10_000;

/**
 * @param scale the time scale: at 0.02 a minute of Azure's lasts 1.2 s, and buckets fill so much faster; 0 takes no tokens
 * @param find the resource of an id
 */
export function createThrottling(
  scale: number,
  now: () => Date,
  find: (id: string) => Pick<Resource, 'sku'> | undefined,
): Throttling {
  const buckets = new Map<string, Bucket>();
  return {
    admit: request => {
      const { method, url } = request;
      if (scale === 0) return { headers: {} };
      const time = now().getTime();
      const policies = policiesOf(
        method,
        url.pathname,
        method === 'PUT' && find(url.pathname) !== undefined,
        instancesActedOn(request, find),
      );
      const states = policies.map(policy => {
        const id = `${policy.name} ${policy.scope}`;
        return { policy, id, bucket: refilled(buckets.get(id), policy, time, scale) };
      });
      const empty = states.find(({ bucket, policy }) => bucket.tokens < policy.cost);
      for (const { id, bucket, policy } of states) {
        const tokens = empty === undefined ? bucket.tokens - policy.cost : bucket.tokens;
        buckets.set(id, { ...bucket, tokens, measured: bucket.measured + 1 });
      }
      if (buckets.size > mostBuckets) buckets.clear();
      if (empty === undefined) {
        return {
          headers: remaining(states.map(({ policy, bucket }) => [policy, bucket.tokens - policy.cost])),
        };
      }
      const { policy, bucket } = empty;
      const wait = policy.every * 1000 * scale - (time - bucket.filled);
      const seconds = Math.max(1, Math.ceil(wait / 1000));
      return {
        refusal:
          policy.owner === 'subscription'
            ? subscriptionThrottled(request, seconds)
            : computeThrottled({
                group: policy.name,
                allowed: policy.capacity,
                measured: bucket.measured + 1,
                seconds,
                now: now(),
              }),
      };
    },
  };
}

/** The bucket with the tokens of all whole periods since it was last refilled. */
function refilled(bucket: Bucket | undefined, policy: Policy, time: number, scale: number): Bucket {
  const { capacity, refill, every } = policy;
  if (bucket === undefined) return { tokens: capacity, filled: time, measured: 0 };
  const period = every * 1000 * scale;
  const periods = Math.floor((time - bucket.filled) / period);
  if (periods < 1) return bucket;
  return {
    tokens: Math.min(capacity, bucket.tokens + periods * refill),
    filled: bucket.filled + periods * period,
    measured: 0,
  };
}

function remaining(left: readonly (readonly [Policy, number])[]): Record<string, string> {
  const compute = left.flatMap(([{ owner, name }, tokens]) =>
    owner === 'compute' ? [`Microsoft.Compute/${name};${tokens}`] : [],
  );
  const own = left.flatMap(([{ owner, name }, tokens]) =>
    owner === 'subscription' ? [[`x-ms-ratelimit-remaining-subscription-${name}`, String(tokens)]] : [],
  );
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    ...(compute.length === 0 ? {} : { 'x-ms-ratelimit-remaining-resource': compute.join(',') }),
  };
}
