/** `rollout.json`: all of a rollout with its times, for whoever reads it after the run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import type { InstanceFailure, RolloutPolicy } from './rolloutPlan.js';
import type { RolloutSettings } from './settings.js';
import type { SiteFacts } from './siteTraffic.js';
import type { Pass } from './timeline.js';

/** How a rollout ended. */
export type Outcome = 'succeeded' | 'failed' | 'rolledBack' | 'stopped';

/** What goes into the file. */
export interface ReportFacts {
  readonly scaleSet: ScaleSet;
  readonly strategy: RolloutSettings['strategy'];
  readonly policy: RolloutPolicy;
  readonly image: string;
  readonly previousImage: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly message: string;
  readonly failed: readonly InstanceFailure[];
  readonly forward: Pass;
  /** The way back, where one was gone. */
  readonly back: Pass | undefined;
  readonly site: SiteFacts | undefined;
}

/** The attachment's type, for the report that reads it. */
export const rolloutAttachment = 'bake-and-roll.rollout';

/** Version 1 of the file: dates are ISO 8601, all other times milliseconds since `startedAt`. Pure. */
export function reportOf(facts: ReportFacts) {
  const { scaleSet, policy, startedAt, endedAt } = facts;
  const since = (time: number | undefined) => (time === undefined ? undefined : Math.round(time - startedAt));
  const pass = ({ instances, batches, mostOutOfService, looks, startedAt: begun }: Pass) => ({
    startedAt: since(begun),
    mostOutOfService,
    looks,
    batches: batches.map(({ number, asked, instances: ids }) => ({
      number,
      asked: since(asked),
      instances: ids,
    })),
    instances: instances.map(({ asked, down, up, healthy, gone, ...rest }) => ({
      ...rest,
      asked: since(asked),
      down: since(down),
      up: since(up),
      healthy: since(healthy),
      gone: since(gone),
    })),
  });
  return {
    schemaVersion: 1,
    scaleSet: {
      id: scaleSet.id,
      name: scaleSet.name,
      orchestrationMode: scaleSet.orchestrationMode,
      upgradeMode: scaleSet.upgradeMode,
    },
    strategy: facts.strategy,
    limits: {
      batchSize: policy.batchSize,
      canarySize: policy.canarySize,
      canarySoakSeconds: policy.canarySoak / 1000,
      pauseSeconds: policy.pause / 1000,
      maxUnhealthy: policy.maxUnhealthy,
      instanceTimeoutSeconds: policy.instanceTimeout / 1000,
    },
    image: facts.image,
    previousImage: facts.previousImage,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    outcome: facts.outcome,
    message: facts.message,
    failed: facts.failed,
    forward: pass(facts.forward),
    back: facts.back === undefined ? undefined : pass(facts.back),
    site: facts.site,
  };
}

/** What the file holds. */
export type RolloutReport = ReturnType<typeof reportOf>;

/** Writes the file and attaches it to the run. */
export function attachReport(facts: ReportFacts, agent: Agent): void {
  const path = join(agent.resultsDirectory, 'rollout.json');
  writeFileSync(path, agent.mask(`${JSON.stringify(reportOf(facts), undefined, 1)}\n`));
  agent.attach(rolloutAttachment, 'rollout.json', path);
}
