/** Looks at all that a rollout depends on, and refuses it with every problem at once while nothing is changed. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import { isSameImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { AzureError, ProblemsError } from '../../../shared/core/errors.js';
import { imageFindings, rolloutFindings, type Findings, type LookedUpImage } from './preflight.js';
import { quotaFindings } from './surgeQuota.js';
import type { RolloutSettings } from './settings.js';

/** What is going to happen to a scale set. */
export interface Intent {
  readonly scaleSet: ScaleSet;
  readonly instances: readonly ScaleSetInstance[];
  /** The image it is going to have; undefined where that is known only afterwards. */
  readonly image: ModelImage | undefined;
  readonly isWayBack: boolean;
}

/**
 * Checks a rollout.
 * @throws ProblemsError with everything that stands against it
 */
export async function checkBefore(
  intent: Intent,
  rollout: RolloutSettings,
  azure: Azure,
  host: { readonly agent: Agent; readonly now: number },
): Promise<void> {
  const { scaleSet, instances, image, isWayBack } = intent;
  const changes = image !== undefined && !isSameImage(image, scaleSet.image);
  const upgrade = await azure.scaleSets.latestRollingUpgrade(scaleSet.name);
  const found: Findings[] = [rolloutFindings(scaleSet, instances, rollout, upgrade, changes)];
  if (image !== undefined) {
    const wanted = await lookUp(image, azure);
    const current =
      changes && scaleSet.image !== undefined ? await lookUpCurrent(scaleSet.image, azure) : undefined;
    found.unshift(imageFindings(scaleSet, wanted, current, { now: host.now, isWayBack }));
  }
  found.push(await quotaFindings(scaleSet, rollout, azure));
  refuse(`Scale set '${scaleSet.name}' cannot be rolled to this image`, found, host.agent);
}

/**
 * Checks images that a template is given, where it is not known which scale set takes them.
 * @throws ProblemsError with everything that stands against them
 */
export async function checkImages(
  images: readonly ModelImage[],
  location: string,
  azure: Azure,
  host: { readonly agent: Agent; readonly now: number },
): Promise<void> {
  const target = { location, image: undefined, securityType: undefined, automaticOsUpgrade: false };
  const found: Findings[] = [];
  for (const image of images) {
    const looked = await lookUp(image, azure);
    found.push(imageFindings(target, looked, undefined, { now: host.now, isWayBack: false }));
  }
  refuse('The template cannot be deployed with this image', found, host.agent);
}

/** Tells the cautions, and throws where there are problems. */
export function refuse(headline: string, found: readonly Findings[], agent: Agent): void {
  for (const caution of found.flatMap(({ cautions }) => cautions)) agent.warning(caution);
  const problems = found.flatMap(({ problems: own }) => own);
  if (problems.length > 0) throw new ProblemsError(headline, problems);
}

async function lookUp(image: ModelImage, azure: Azure): Promise<LookedUpImage> {
  const { kind } = image;
  const known = kind === 'managed' || kind === 'gallery';
  return { image, facts: known ? await azure.images.find(image) : 'unknown' };
}

/** Only compared with: one that is gone, or that this connection may not read, keeps nothing from being deployed. */
async function lookUpCurrent(image: ModelImage, azure: Azure): Promise<LookedUpImage> {
  try {
    const looked = await lookUp(image, azure);
    return { image, facts: looked.facts ?? 'unknown' };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    return { image, facts: 'unknown' };
  }
}
