/** The way back: the previous image into the model, and every instance to it. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Azure } from '../../../shared/azure/azure.js';
import { formatModelImage, type ModelImage, type ScaleSet } from '../../../shared/azure/scaleSets.js';
import { describe } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import type { Allowances } from './budget.js';
import { reachable, type HealthSource } from './instances.js';
import { rollOut, type RolloutResult } from './rollout.js';
import type { RolloutPolicy } from './rolloutPlan.js';
import type { Timeline } from './timeline.js';
import { setModelImage } from './updateImage.js';

/** Where the way back ended. */
export interface GoneBack {
  /** True when every instance is in service on the previous image again. */
  readonly rolledBack: boolean;
  readonly sentence: string;
  /** The last look at the instances; undefined when none was taken. */
  readonly result: RolloutResult | undefined;
}

/** What the way back needs of the world. */
export interface WayBackHost {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly allowances: Allowances;
  readonly timeline: Timeline;
}

/**
 * Goes back to an image, batch by batch; nothing stops it but the step's end. Never throws but for that. Where Azure has rolled, the
 * upgrade policy is Manual for the while: Azure refuses to roll a scale set that has too many unhealthy instances.
 * @param scaleSet with the upgrade mode that it is to have again in the end
 * @param previous the image before the step, undefined when there was none
 * @param mode the upgrade mode that the scale set has now
 */
export async function goBack(
  scaleSet: ScaleSet,
  previous: ModelImage | undefined,
  mode: ScaleSet['upgradeMode'],
  policy: RolloutPolicy,
  health: HealthSource,
  azure: Azure,
  host: WayBackHost,
): Promise<GoneBack> {
  const { agent, clock } = host;
  const stays = (sentence: string): GoneBack => ({ rolledBack: false, sentence, result: undefined });
  if (previous === undefined)
    return stays('There is no previous image to go back to: this is the first deployment.');
  const text = formatModelImage(previous);
  if (scaleSet.image !== undefined && formatModelImage(scaleSet.image).toLowerCase() === text.toLowerCase()) {
    return stays(
      `There is nothing to go back to: the model had this image (${text}) before this step already. Run 'action: updateImage' with an older image.`,
    );
  }
  agent.info(`Going back to ${text}`);
  try {
    const since = clock.now();
    const now = { ...scaleSet, upgradeMode: mode };
    const drives = mode !== 'Automatic';
    host.allowances.updates.take();
    const underWay = await setModelImage(
      now,
      previous,
      azure,
      host,
      mode === 'Rolling' ? { mode: 'Manual' } : undefined,
    );
    const result = await rollOut(
      {
        scaleSet: { ...scaleSet, image: previous },
        policy: { ...policy, drives, canarySize: 0, pause: 0, maxUnhealthy: Infinity, besideFailed: true },
        health,
        gate: undefined,
        site: undefined,
        underWay,
        azuresRoll: drives ? undefined : { since, earlier: undefined },
        everyInstanceMoves: false,
      },
      { ...host, scaleSets: azure.scaleSets },
    );
    const complete = result.failure === undefined && result.failed.length === 0;
    if (mode === 'Rolling' && scaleSet.upgradeMode === 'Rolling')
      await setModelImage({ ...now, upgradeMode: 'Manual' }, previous, azure, host, { mode: 'Rolling' });
    return {
      rolledBack: complete,
      sentence: complete
        ? `Rolled back to ${text}: ${plural(reachable(result.instances).taking.length, 'instance')} in service on it, ${result.updated.length} of them moved back.`
        : `The model is on ${text} again, but not every instance is in service: ${result.failure ?? result.failed.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`,
      result,
    };
  } catch (error) {
    agent.signal.throwIfAborted();
    return stays(`Going back to ${text} failed: ${describe(error)}`);
  }
}
