/** What stands against a rollout, as far as it can be known before anything changes. Pure. */
import { regionKey, type ImageFacts } from '../../../shared/azure/images.js';
import { formatModelImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { RollingUpgrade, ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { amountOf } from '../../../shared/core/amount.js';
import { describeKind } from '../../../shared/core/imageReference.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { inOrder, reachable } from './instances.js';
import type { RolloutSettings } from './settings.js';

/** What was found out. */
export interface Findings {
  /** Each alone keeps the rollout from going well; nothing is changed. */
  readonly problems: readonly string[];
  /** To be told, but no reason to stop. */
  readonly cautions: readonly string[];
}

/** An image, and what Azure tells of it. */
export interface LookedUpImage {
  readonly image: ModelImage;
  /** Undefined when there is no such image; `unknown` where it cannot be looked up, as of a marketplace image. */
  readonly facts: ImageFacts | 'unknown' | undefined;
}

/** As much of a scale set as decides which images it takes. */
export type ImageTaker = Pick<ScaleSet, 'location' | 'image' | 'securityType' | 'automaticOsUpgrade'>;

/**
 * Whether a scale set can be given an image.
 * @param current the image of its model, to be compared with
 * @param isWayBack in a rollback an image past its life is better than none
 */
export function imageFindings(
  scaleSet: ImageTaker,
  { image, facts }: LookedUpImage,
  current: LookedUpImage | undefined,
  { now, isWayBack }: { readonly now: number; readonly isWayBack: boolean },
): Findings {
  const problems: string[] = [];
  const cautions: string[] = [];
  const text = formatModelImage(image);
  if (facts === undefined) {
    problems.push(
      `There is no such image, or this connection may not read it: ${text}${isWayBack ? '. It was in service before; it has been deleted since, or the permission to read it was taken away' : ''}`,
    );
  } else if (facts !== 'unknown') {
    problems.push(...placeProblems(scaleSet, image, facts));
    if (!/^(succeeded|updating)?$/i.test(facts.provisioningState))
      problems.push(`The image is not ready: its provisioning state is ${facts.provisioningState}.`);
    if (facts.endOfLife !== undefined && facts.endOfLife.getTime() < now) {
      const told = `The image's life ended on ${facts.endOfLife.toISOString().slice(0, 10)}.`;
      (isWayBack ? cautions : problems).push(told);
    }
    if (facts.excludedFromLatest)
      cautions.push(
        `${text} is excluded from 'latest': whoever published it does not want it taken by itself. It is deployed since it was named.`,
      );
    problems.push(...kindProblems(scaleSet, facts, current?.facts));
  }
  problems.push(...typeProblems(scaleSet.image, image));
  if (scaleSet.automaticOsUpgrade) {
    problems.push(
      "The scale set has automatic OS image upgrades on, which would move its instances off this image again. Set 'upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade' to false.",
    );
  }
  return { problems, cautions };
}

function placeProblems(scaleSet: ImageTaker, image: ModelImage, facts: ImageFacts): string[] {
  const here = regionKey(scaleSet.location);
  const regions = facts.locations.map(regionKey);
  if (regions.length > 0 && !regions.includes(here)) {
    const remedy =
      image.kind === 'gallery' ? 'replicate the version there' : 'bake it there, or use a gallery version';
    return [`The image is in ${listOf(facts.locations)}, the scale set in ${scaleSet.location}: ${remedy}.`];
  }
  const late = [...facts.notReplicated].find(([region]) => regionKey(region) === here);
  if (late === undefined) return [];
  const [, state] = late;
  return [
    `The image has not been replicated to ${scaleSet.location} (${state}): ${/^failed$/i.test(state) ? 'look at the version in the gallery and have it replicated again' : 'run this step again when that has ended'}.`,
  ];
}

function kindProblems(
  scaleSet: ImageTaker,
  facts: ImageFacts,
  current: ImageFacts | 'unknown' | undefined,
): string[] {
  const problems: string[] = [];
  if (facts.osState !== undefined && /^specialized$/i.test(facts.osState))
    problems.push(
      'The image is specialized: its instances would all be one and the same machine. Use a generalized one.',
    );
  if (typeof current === 'object') {
    const differs = (a: string | undefined, b: string | undefined) =>
      a !== undefined && b !== undefined && a.toLowerCase() !== b.toLowerCase();
    if (differs(facts.osType, current.osType))
      problems.push(
        `The image is of ${facts.osType ?? ''}, the scale set runs ${current.osType ?? ''}: Azure cannot change that in place.`,
      );
    if (differs(facts.generation, current.generation))
      problems.push(
        `The image is of generation ${facts.generation ?? ''}, the scale set runs generation ${current.generation ?? ''}: Azure cannot change that in place. Bake it with the generation of the scale set.`,
      );
  }
  const wanted = scaleSet.securityType;
  const offered = facts.securityType;
  if (wanted !== undefined && !/^standard$/i.test(wanted) && !offersSecurity(offered, wanted))
    problems.push(
      `The scale set is of security type ${wanted}, which the image does not have${offered === undefined ? '' : ` (it has ${offered})`}: use a version of a gallery definition with the feature SecurityType ${wanted} or ${wanted}Supported.`,
    );
  if (wanted === undefined && offered !== undefined && /^(TrustedLaunch|ConfidentialVM)$/i.test(offered))
    problems.push(
      `The image can run as ${offered} only, and the scale set has no security type. Use a definition with ${offered}Supported, or set the scale set's security profile.`,
    );
  return problems;
}

function offersSecurity(offered: string | undefined, wanted: string): boolean {
  return new RegExp(`^(${wanted}(Supported)?|TrustedLaunchAndConfidentialVmSupported)$`, 'i').test(
    offered ?? '',
  );
}

/** Azure cannot change a scale set's type of image in place. */
function typeProblems(current: ModelImage | undefined, wanted: ModelImage): string[] {
  const typeOf = ({ kind }: ModelImage) => (kind === 'platform' || kind === 'vhd' ? kind : 'custom');
  if (current === undefined || typeOf(current) === typeOf(wanted)) return [];
  const words = (image: ModelImage) =>
    image.kind === 'platform'
      ? `a marketplace image (${formatModelImage(image)})`
      : image.kind === 'vhd'
        ? `${describeKind('vhd')} on unmanaged disks`
        : 'an image by id';
  return [
    `The scale set runs ${words(current)}, and Azure cannot change a scale set's type of image in place. Make a new scale set whose template takes ${words(wanted)}.`,
  ];
}

/**
 * Whether a rollout by these rules can work on this scale set.
 * @param upgrade Azure's latest rolling upgrade
 * @param changes whether the model gets another image than it has
 */
export function rolloutFindings(
  scaleSet: ScaleSet,
  instances: readonly ScaleSetInstance[],
  rollout: RolloutSettings,
  upgrade: RollingUpgrade | undefined,
  changes: boolean,
): Findings {
  const problems: string[] = [];
  const cautions: string[] = [];
  const { taking, isProtected } = reachable(instances);
  const count = taking.length;
  const name = `'${scaleSet.name}'`;
  if (changes && upgrade !== undefined && /^rollingforward$/i.test(upgrade.state)) {
    problems.push(
      `Azure's own rolling upgrade of ${name} is going on since ${upgrade.startedAt?.toISOString() ?? 'a time unknown'}: wait for its end, or cancel it ('az vmss rolling-upgrade cancel').`,
    );
  }
  if (rollout.strategy === 'modelOnly') return { problems, cautions };
  if (isProtected.length > 0 && count === 0) {
    problems.push(
      `All instances of ${name} are protected from scale set actions (${inOrder(isProtected.map(({ id }) => id)).join(', ')}): none can be moved. Take the protection away, or use 'strategy: modelOnly'.`,
    );
  }
  const azureRolls = rollout.strategy === 'platformRolling' || scaleSet.upgradeMode === 'Rolling';
  if (azureRolls && scaleSet.healthSignal === undefined) {
    problems.push(
      `Scale set ${name} reports no health, which Azure's own rolling upgrades need: add the application health extension${scaleSet.orchestrationMode === 'Uniform' ? " or a 'networkProfile.healthProbe'" : ''}, or use 'strategy: rolling' with the upgrade policy Manual.`,
    );
  }
  if (rollout.strategy !== 'platformRolling' && scaleSet.upgradeMode === 'Rolling' && count > 0)
    problems.push(...ownPolicyProblems(name, scaleSet, count));
  if (rollout.strategy === 'rolling' && count > 0) {
    const batch = Math.max(1, amountOf(rollout.batchSize, count));
    if (batch >= count)
      cautions.push(
        count === 1
          ? `Scale set ${name} has one instance: while it moves, nothing answers. 'strategy: platformRolling' with 'maxSurge' makes the new instance first.`
          : `'batchSize' lets all ${count} instances of ${name} be out of service at once: while they move, nothing answers.`,
      );
    if (amountOf(rollout.canarySize, count) >= count)
      cautions.push(
        `'canarySize' takes all ${plural(count, 'instance')} of ${name}: none is left to follow the canaries.`,
      );
  }
  return { problems, cautions };
}

/** Azure counts the batch that it moves as unhealthy: a small scale set is over the default limit with one instance. */
function ownPolicyProblems(name: string, { rollingPolicy }: ScaleSet, count: number): string[] {
  if (rollingPolicy === undefined || rollingPolicy.maxSurge) return [];
  const batch = Math.max(1, Math.floor((count * rollingPolicy.batchPercent) / 100));
  const share = Math.ceil((batch * 100) / count);
  if (share <= rollingPolicy.unhealthyPercent) return [];
  return [
    `Scale set ${name} rolls by its own upgrade policy, which would stop at its first batch: ${plural(batch, 'instance')} of ${count} being moved are ${share} % out of service, and 'maxUnhealthyInstancePercent' is ${rollingPolicy.unhealthyPercent}. Set it to ${share} or more, or use 'strategy: platformRolling', which does that for the while.`,
  ];
}
