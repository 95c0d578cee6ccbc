/** All of a rollout with its times, as the release report tells it. Pure. */
import type { DeployBody, RollPass } from '../../../shared/report/bodies.js';
import type { RolloutPolicy } from './rolloutPlan.js';
import type { SiteFacts } from './siteTraffic.js';
import type { Pass } from './timeline.js';

/** How a rollout ended. */
export type Outcome = DeployBody['outcome'];

/** A rollout as it stands at a moment; times are milliseconds since the epoch. */
export interface RolloutFacts {
  readonly scaleSet: string;
  readonly resourceGroup: string;
  readonly strategy: string;
  /** Undefined where no instance is moved by this step. */
  readonly policy: RolloutPolicy | undefined;
  readonly image: string;
  readonly previousImage: string;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly forward: Pass;
  /** The way back, where one was gone. */
  readonly back: Pass | undefined;
  readonly site: SiteFacts | undefined;
}

/** @param offset makes a time the report's own */
export function rolloutBody(facts: RolloutFacts, offset: (time: number) => number): DeployBody {
  const { policy, forward, back, site, endedAt, ...same } = facts;
  return {
    ...same,
    endedAt: offset(endedAt),
    limits: {
      batchSize: policy?.batchSize ?? 0,
      canarySize: policy?.canarySize ?? 0,
      maxUnhealthy: policy?.maxUnhealthy ?? 0,
    },
    forward: passOf(forward, offset),
    back: back === undefined || back.looks === 0 ? null : passOf(back, offset),
    site:
      site === undefined
        ? null
        : {
            url: site.url,
            sent: site.sent,
            failed: site.failed,
            failures: [...site.failures],
            bucketSeconds: site.bucketSeconds,
            buckets: site.buckets.map(([second, sent, failed, slowest]) => [second, sent, failed, slowest]),
          },
  };
}

function passOf(pass: Pass, offset: (time: number) => number): RollPass {
  const { startedAt, mostOutOfService, looks, batches, instances } = pass;
  return {
    startedAt: offset(startedAt),
    mostOutOfService,
    looks,
    batches: batches.map(batch => ({
      number: batch.number,
      asked: offset(batch.asked),
      canary: batch.canary,
      instances: [...batch.instances],
    })),
    instances: instances.map(({ id, name, failed, ...seen }) => {
      const times = (['asked', 'down', 'up', 'healthy', 'gone'] as const).flatMap(what => {
        const time = seen[what];
        return time === undefined ? [] : [[what, offset(time)] as const];
      });
      return { id, name, ...Object.fromEntries(times), ...(failed === undefined ? {} : { failed }) };
    }),
    omitted: 0,
  };
}
