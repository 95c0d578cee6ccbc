/** How a rollout stands while it goes on: what the release report says of it whenever the step ends. */
import type { Agent } from '../../../shared/agent/agent.js';
import { formatModelImage, type ScaleSet } from '../../../shared/azure/scaleSets.js';
import type { Clock } from '../../../shared/core/wait.js';
import { rolloutBody, type Outcome } from './rolloutBody.js';
import type { RolloutPolicy } from './rolloutPlan.js';
import type { RolloutSettings } from './settings.js';
import type { SiteTraffic } from './siteTraffic.js';
import { openTimeline, type Timeline } from './timeline.js';

/** Filled in as it comes. */
export interface Stand {
  policy: RolloutPolicy | undefined;
  /** Undefined while it goes on. */
  outcome: Outcome | undefined;
  /** In milliseconds since the epoch. */
  endedAt: number | undefined;
  readonly forward: Timeline;
  back: Timeline | undefined;
  site: Pick<SiteTraffic, 'facts'> | undefined;
}

/** Begins to tell a rollout. */
export function openStand(
  change: {
    readonly scaleSet: ScaleSet;
    readonly previousImage: string;
    readonly resourceGroup: string;
    readonly rollout: RolloutSettings;
  },
  { agent, clock }: { readonly agent: Agent; readonly clock: Clock },
): Stand {
  const { scaleSet, rollout, previousImage, resourceGroup } = change;
  const stand: Stand = {
    policy: undefined,
    outcome: undefined,
    endedAt: undefined,
    forward: openTimeline(clock.now()),
    back: undefined,
    site: undefined,
  };
  agent.report(offset => {
    const { outcome = agent.signal.aborted ? 'stopped' : 'failed', endedAt = clock.now() } = stand;
    const facts = {
      scaleSet: scaleSet.name,
      resourceGroup,
      strategy: rollout.strategy,
      policy: stand.policy,
      image: scaleSet.image === undefined ? '' : formatModelImage(scaleSet.image),
      previousImage,
      endedAt,
      outcome,
      forward: stand.forward.show(),
      back: stand.back?.show(),
      site: stand.site?.facts(),
    };
    return { task: 'DeployVmssImage', body: rolloutBody(facts, offset) };
  });
  return stand;
}
