/** From a model that has been changed to instances that are on it, or back. Publishes what came of it. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { SiteProbe } from '../../../shared/agent/siteProbe.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { Operation } from '../../../shared/azure/operation.js';
import { formatModelImage, type ModelImage, type ScaleSet } from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { UserError } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { openAllowances } from './budget.js';
import { failureReasons } from './failureReasons.js';
import { goBack, type GoneBack } from './goBack.js';
import { createInstanceGate } from './instanceGate.js';
import { healthSourceOf, reachable } from './instances.js';
import { describePlan, policyFor } from './planLines.js';
import { platformPolicy } from './platformRoll.js';
import { rollOut, type RolloutResult } from './rollout.js';
import type { Outcome } from './rolloutBody.js';
import { findHealthCommand } from './rolloutSettings.js';
import { openStand } from './rolloutStand.js';
import type { RolloutSettings, Settings } from './settings.js';
import { createSiteCheck } from './siteCheck.js';
import { findSiteUrl, watchSite } from './site.js';
import { siteLine } from './siteTraffic.js';
import { summaryOf } from './summary.js';
import { openTimeline } from './timeline.js';
import { setModelImage } from './updateImage.js';

/** A scale set whose model has been changed. */
export interface ChangedScaleSet {
  /** As its model is now, but with the upgrade mode that it had before this step. */
  readonly scaleSet: ScaleSet;
  /** The image to go back to; undefined when the scale set is new. */
  readonly previous: ModelImage | undefined;
  /** Whether this step has given a model that was there another image; an earlier one may have, and have been stopped. */
  readonly changesModel: boolean;
  /** When the change began, in milliseconds. */
  readonly since: number;
  /** What Azure is still doing about the change. */
  readonly underWay: readonly Operation[];
  /** The site's address, where the deployment tells it. */
  readonly siteUrl: string | undefined;
}

interface Host {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly azure: Azure;
  readonly probe: SiteProbe;
}

/**
 * Moves the instances and returns the sentence that says so.
 * @throws UserError when the rollout failed, after the way back has been gone where that was asked for
 */
export async function moveInstances(
  changed: ChangedScaleSet,
  settings: Settings,
  host: Host,
): Promise<string> {
  const { agent, clock, azure } = host;
  const { scaleSet, previous } = changed;
  const { rollout } = settings;
  agent.output('scaleSetName', scaleSet.name);
  agent.output('imageReference', imageText(scaleSet.image));
  agent.output('previousImageReference', imageText(previous));
  const siteUrl = changed.siteUrl ?? (await findSiteUrl(scaleSet, host));
  agent.output('siteUrl', siteUrl);
  const instances = await azure.scaleSets.instances(scaleSet);
  const publish = (result: Pick<RolloutResult, 'instances' | 'updated'>, rolledBack: boolean) => {
    agent.output('instanceCount', String(result.instances.length));
    agent.output('instancesUpdated', String(result.updated.length));
    agent.output('rolledBack', String(rolledBack));
  };
  publish({ instances, updated: [] }, false);

  const { taking, isProtected } = reachable(instances);
  for (const line of describePlan(scaleSet, instances, rollout)) agent.info(line);
  const stand = openStand(
    { scaleSet, previousImage: imageText(previous), resourceGroup: settings.resourceGroup, rollout },
    host,
  );
  if (rollout.strategy === 'modelOnly') {
    stand.outcome = 'succeeded';
    return `The model of '${scaleSet.name}' is on ${imageText(scaleSet.image)}; ${plural(taking.length, 'instance')} stay as they are.`;
  }
  warnOfBlindSpots(scaleSet, rollout, isProtected.length, agent);
  const health = healthSourceOf(scaleSet, rollout);
  const policy = policyFor(scaleSet, taking.length, rollout);
  stand.policy = policy;
  const address = rollout.healthUrl ?? siteUrl;
  if (rollout.healthCheck === 'http' && address === '') {
    throw new UserError(
      "'healthCheck: http' needs an address, and the scale set has no public one that could be found. Give 'healthUrl', or a deployment output 'siteUrl'. The model is changed, the instances are not.",
    );
  }
  const command = findHealthCommand(rollout, agent);
  const allowances = openAllowances(clock);
  const traffic = rollout.healthCheck === 'none' ? undefined : await watchSite(address, host);
  stand.site = traffic;
  const { forward } = stand;
  const conclude = async (outcome: Outcome, verdict: string, ended: Ended) => {
    traffic?.stop();
    stand.outcome = outcome;
    stand.endedAt = clock.now();
    const site = traffic?.facts();
    if (site !== undefined) agent.info(siteLine(site));
    const last = ended.back?.result ?? ended.result;
    await agent.summary(
      `Deploy ${scaleSet.name}`,
      summaryOf({
        scaleSetName: scaleSet.name,
        verdict,
        strategy: rollout.strategy,
        image: imageText(ended.back?.result === undefined ? scaleSet.image : previous),
        previousImage: imageText(previous),
        siteUrl,
        site,
        duration: formatDuration(clock.now() - changed.since),
        instances: last.instances,
        updated: last.updated,
        failed: ended.result.failed,
        forward: forward.show(),
      }),
    );
  };

  try {
    const mode = rollout.strategy === 'platformRolling' ? 'Rolling' : scaleSet.upgradeMode;
    const earlier =
      policy.drives || changed.underWay.length > 0
        ? undefined
        : (await azure.scaleSets.latestRollingUpgrade(scaleSet.name))?.startedAt;
    const underWay = policy.drives ? [] : await startAzuresRoll(changed, taking, rollout, host);
    const result = await rollOut(
      {
        scaleSet,
        policy,
        health,
        gate: command === undefined ? undefined : createInstanceGate(command, siteUrl, host),
        site:
          rollout.healthCheck === 'http'
            ? createSiteCheck(
                { url: address, text: rollout.healthText, patience: policy.instanceTimeout },
                {
                  probe: host.probe,
                  clock,
                  log: line => {
                    agent.info(line);
                  },
                },
              )
            : undefined,
        underWay: [...changed.underWay, ...underWay],
        azuresRoll: policy.drives ? undefined : { since: changed.since, earlier },
        // Where this step had to start Azure's roll, the others have moved before it.
        everyInstanceMoves: !policy.drives && changed.changesModel && underWay.length === 0,
      },
      { agent, scaleSets: azure.scaleSets, clock, allowances, timeline: forward },
    );
    publish(result, false);
    const reasons = await failureReasons(result, scaleSet, health, azure);
    if (result.failure === undefined) {
      if (result.failed.length > 0)
        agent.warning(`Within 'maxUnhealthy', but look at them:\n${reasons.join('\n')}`);
      if (mode !== scaleSet.upgradeMode && scaleSet.image !== undefined)
        await restoreMode(scaleSet, scaleSet.image, mode, host);
      const sentence = successSentence(changed, result, clock.now() - changed.since);
      await conclude('succeeded', sentence, { result, back: undefined });
      return sentence;
    }

    const head = `The rollout of '${scaleSet.name}' failed: ${result.failure}`;
    agent.info([head, ...reasons].join('\n'));
    const wayBack = () => {
      stand.back = openTimeline(clock.now());
      return { agent, clock, allowances, timeline: stand.back };
    };
    const gone =
      rollout.onFailure === 'rollback'
        ? await agent.group('Roll back', () =>
            goBack(scaleSet, previous, mode, policy, health, azure, wayBack()),
          )
        : stayed(changed, result);
    if (gone.result !== undefined) {
      agent.output('imageReference', imageText(previous));
      publish({ instances: gone.result.instances, updated: result.updated }, gone.rolledBack);
    }
    await conclude(gone.rolledBack ? 'rolledBack' : 'failed', `${head} ${gone.sentence}`, {
      result,
      back: gone.result === undefined ? undefined : gone,
    });
    throw new UserError([head, ...reasons, gone.sentence].join('\n'));
  } catch (error) {
    if (agent.signal.aborted && rollout.strategy === 'platformRolling' && scaleSet.upgradeMode !== 'Rolling')
      agent.warning(
        `The upgrade policy of '${scaleSet.name}' stays Rolling; it was ${scaleSet.upgradeMode}.`,
      );
    throw error;
  } finally {
    traffic?.stop();
  }
}

interface Ended {
  readonly result: RolloutResult;
  readonly back: GoneBack | undefined;
}

function imageText(image: ModelImage | undefined): string {
  return image === undefined ? '' : formatModelImage(image);
}

/**
 * Has Azure roll where the change of the model has not made it do so: an earlier run was stopped half way, or a template left
 * another upgrade mode. Only another change of the model starts it.
 */
async function startAzuresRoll(
  { scaleSet, underWay }: ChangedScaleSet,
  taking: readonly { readonly latestModelApplied: boolean }[],
  rollout: RolloutSettings,
  { azure, agent, clock }: Host,
): Promise<readonly Operation[]> {
  const outdated = taking.filter(({ latestModelApplied }) => !latestModelApplied).length;
  if (underWay.length > 0 || outdated === 0 || scaleSet.image === undefined) return [];
  const upgrade = rollingChange(rollout, taking.length);
  return setModelImage(scaleSet, scaleSet.image, azure, { agent, clock }, upgrade);
}

/** What `platformRolling` changes of the upgrade policy; undefined with any other strategy. */
export function rollingChange(rollout: RolloutSettings, count: number) {
  return rollout.strategy === 'platformRolling'
    ? { mode: 'Rolling' as const, rolling: platformPolicy(rollout, count) }
    : undefined;
}

/** The upgrade mode as it was: the next change of the model by anyone must not do what only this step was asked for. */
async function restoreMode(
  scaleSet: ScaleSet,
  image: ModelImage,
  mode: ScaleSet['upgradeMode'],
  { azure, agent, clock }: Host,
): Promise<void> {
  const host = { agent, clock };
  await setModelImage({ ...scaleSet, upgradeMode: mode }, image, azure, host, { mode: scaleSet.upgradeMode });
}

function stayed(changed: ChangedScaleSet, result: RolloutResult): GoneBack {
  const { taking } = reachable(result.instances);
  const current = taking.filter(({ latestModelApplied }) => latestModelApplied).length;
  return {
    rolledBack: false,
    sentence: `Nothing was rolled back ('onFailure: stop'): the model of '${changed.scaleSet.name}' stays as it is, ${current} of ${plural(taking.length, 'instance')} are on it.`,
    result: undefined,
  };
}

function successSentence(changed: ChangedScaleSet, result: RolloutResult, elapsed: number): string {
  const { scaleSet } = changed;
  const image = scaleSet.image === undefined ? 'its model' : formatModelImage(scaleSet.image);
  const { taking } = reachable(result.instances);
  const count = plural(taking.length, 'instance');
  if (result.updated.length > 0) {
    return `Moved ${result.updated.length} of ${count} of '${scaleSet.name}' to ${image} in ${formatDuration(elapsed)}; all that take part are in service${result.failed.length > 0 ? ` but ${result.failed.length}` : ''}.`;
  }
  if (changed.previous === undefined) return `'${scaleSet.name}' is new: ${count} on ${image}, in service.`;
  return `Nothing to do: ${count} of '${scaleSet.name}' run ${image} already and are in service.`;
}

function warnOfBlindSpots(
  scaleSet: ScaleSet,
  { healthCheck, healthCommand }: RolloutSettings,
  protectedCount: number,
  agent: Agent,
): void {
  if (healthCheck === 'platform' && healthCommand.length === 0 && scaleSet.healthSignal === undefined) {
    agent.warning(
      `Scale set '${scaleSet.name}' reports no health: it has neither the application health extension nor a 'networkProfile.healthProbe'. An instance that is provisioned and running is taken for healthy. Add one of them, or use 'healthCheck: http'.`,
    );
  }
  if (protectedCount > 0) {
    agent.warning(
      `${plural(protectedCount, 'instance')} of '${scaleSet.name}' protected from scale set actions: no upgrade reaches what is protected, it stays on the model it has.`,
    );
  }
}
