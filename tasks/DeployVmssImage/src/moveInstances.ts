/** From a model that has been changed to instances that are on it, or back. Publishes what came of it. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { Operation } from '../../../shared/azure/operation.js';
import {
  formatModelImage,
  type HealthSignal,
  type ModelImage,
  type ScaleSet,
} from '../../../shared/azure/scaleSets.js';
import type { SiteProbe } from '../../../shared/agent/siteProbe.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { AzureError, UserError } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { healthAdvice, type HealthDefinition } from './healthAdvice.js';
import { goBack, type GoneBack } from './goBack.js';
import {
  describeInstance,
  healthSourceOf,
  inOrder,
  isInService,
  reachable,
  type HealthSource,
} from './instances.js';
import { describePlan, policyFor } from './planLines.js';
import { rollOut, type RolloutResult } from './rollout.js';
import type { InstanceFailure } from './rolloutPlan.js';
import type { Settings } from './settings.js';
import { createSiteCheck } from './siteCheck.js';
import { summaryOf } from './summary.js';

/** A scale set whose model has been changed. */
export interface ChangedScaleSet {
  /** As its model is now. */
  readonly scaleSet: ScaleSet;
  /** The image before; undefined when the scale set is new. */
  readonly previous: ModelImage | undefined;
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
  const imageText = (image: ModelImage | undefined) => (image === undefined ? '' : formatModelImage(image));
  const changesImage = previous !== undefined && imageText(previous) !== imageText(scaleSet.image);
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
  if (rollout.strategy === 'modelOnly')
    return `The model of '${scaleSet.name}' is on ${imageText(scaleSet.image)}; ${plural(taking.length, 'instance')} stay as they are.`;
  if (scaleSet.orchestrationMode === 'Flexible')
    throw flexibleRefusal(scaleSet.name, 'its model is changed, its instances are not');
  warnOfBlindSpots(scaleSet, rollout.healthCheck, isProtected.length, agent);
  const health = healthSourceOf(scaleSet, rollout);
  const policy = policyFor(scaleSet, taking.length, rollout);
  const siteToCheck = rollout.healthCheck === 'http' ? (rollout.healthUrl ?? siteUrl) : undefined;
  if (siteToCheck === '') {
    throw new UserError(
      "'healthCheck: http' needs an address, and the scale set has no public one that could be found. Give 'healthUrl', or a deployment output 'siteUrl'. The model is changed, the instances are not.",
    );
  }
  const result = await rollOut(
    {
      scaleSet,
      policy,
      health,
      site:
        siteToCheck === undefined
          ? undefined
          : createSiteCheck(
              { url: siteToCheck, text: rollout.healthText, patience: policy.instanceTimeout },
              {
                probe: host.probe,
                clock,
                log: line => {
                  agent.info(line);
                },
              },
            ),
      underWay: changed.underWay,
      azureRollsSince: policy.drives ? undefined : changed.since,
      everyInstanceMoves: !policy.drives && changesImage,
    },
    { agent, scaleSets: azure.scaleSets, clock },
  );
  publish(result, false);
  const summarize = (
    verdict: string,
    last: RolloutResult,
    failed: readonly InstanceFailure[],
    image: string,
  ) =>
    agent.summary(
      `Deploy ${scaleSet.name}`,
      summaryOf({
        scaleSetName: scaleSet.name,
        verdict,
        image,
        previousImage: imageText(previous),
        siteUrl,
        duration: formatDuration(clock.now() - changed.since),
        instances: last.instances,
        updated: last.updated,
        failed,
      }),
    );

  const reasons = async () => [
    ...failureLines(result),
    ...(await whatToAsk(result, scaleSet, health, azure)),
  ];
  if (result.failure === undefined) {
    if (result.failed.length > 0)
      agent.warning(`Within 'maxUnhealthy', but look at them:\n${(await reasons()).join('\n')}`);
    const sentence = successSentence(changed, result, clock.now() - changed.since);
    await summarize(sentence, result, result.failed, imageText(scaleSet.image));
    return sentence;
  }

  const head = `The rollout of '${scaleSet.name}' failed: ${result.failure}`;
  const why = await reasons();
  agent.info([head, ...why].join('\n'));
  const back =
    rollout.onFailure === 'rollback'
      ? await agent.group('Roll back', () => goBack(scaleSet, previous, policy, health, azure, host))
      : stayed(changed, result);
  if (back.result !== undefined) {
    agent.output('imageReference', imageText(previous));
    publish({ instances: back.result.instances, updated: result.updated }, back.rolledBack);
  }
  const modelNow = back.result === undefined ? imageText(scaleSet.image) : imageText(previous);
  await summarize(`${head} ${back.sentence}`, back.result ?? result, result.failed, modelNow);
  throw new UserError([head, ...why, back.sentence].join('\n'));
}

/** Why a scale set in Flexible orchestration is not rolled. */
export function flexibleRefusal(name: string, state: string): UserError {
  return new UserError(
    `Scale set '${name}' is in Flexible orchestration, whose instances this version does not move; ${state}. Use Uniform orchestration, or 'strategy: modelOnly' and let the upgrade policy move the instances.`,
  );
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

/** Each failed instance, its reason and its last state. */
function failureLines(result: RolloutResult): string[] {
  return inOrder(result.failed.map(({ id }) => id)).map(id => {
    const reason = result.failed.find(failure => failure.id === id)?.reason ?? '';
    const instance = result.instances.find(candidate => candidate.id === id);
    if (instance === undefined) return `  instance ${id}: ${reason}`;
    const told = instance.message !== undefined && reason.includes(instance.message);
    return `  instance ${id}: ${reason} [${describeInstance(told ? { ...instance, message: undefined } : instance)}]`;
  });
}

/** For instances that run but are not healthy: what is asked of them, and what to look at. */
async function whatToAsk(
  result: RolloutResult,
  { healthSignal }: ScaleSet,
  source: HealthSource,
  azure: Azure,
): Promise<string[]> {
  const failed = new Set(result.failed.map(({ id }) => id));
  const sick = result.instances.some(
    instance => failed.has(instance.id) && isInService(instance, 'running') && !isInService(instance, source),
  );
  if (!sick || healthSignal === undefined) return [];
  return healthAdvice(await defined(healthSignal, azure));
}

/** A failed rollout is told and gone back from also where the load balancer cannot be read. */
async function defined(signal: HealthSignal, azure: Azure): Promise<HealthDefinition> {
  if (signal.kind === 'extension') return signal;
  const name = signal.id.split('/').at(-1) ?? '';
  try {
    return { kind: 'probe', name, endpoint: await azure.healthProbes.find(signal.id) };
  } catch (error) {
    if (!(error instanceof AzureError || error instanceof UserError)) throw error;
    return { kind: 'probe', name, endpoint: undefined };
  }
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
  healthCheck: 'platform' | 'http' | 'none',
  protectedCount: number,
  agent: Agent,
): void {
  if (healthCheck === 'platform' && scaleSet.healthSignal === undefined) {
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

/** The address is a convenience: whoever may not read load balancers may still deploy. */
async function findSiteUrl(scaleSet: ScaleSet, host: Host): Promise<string> {
  const note = (why: string) => {
    host.agent.info(`No site URL: ${why}. A deployment output 'siteUrl' would tell it.`);
    return '';
  };
  try {
    const found = await host.azure.siteAddresses.of(scaleSet);
    return 'url' in found ? found.url : note(found.none);
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    return note(error.message);
  }
}
