/** `updateImage` and `rollback`: an image into the model of a scale set that is there, then its instances. */
import { isSameImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { UserError } from '../../../shared/core/errors.js';
import { withRolloutRecord } from '../../../shared/core/rolloutRecord.js';
import { checkBefore } from './checkBefore.js';
import { begun, foundOf, saysTheSame, wayBack, type Found } from './lastGood.js';
import { rollingChange } from './moveInstances.js';
import { describePlan } from './planLines.js';
import { rollAndRecord, writeRecord, writerOf } from './rollAndRecord.js';
import type { Change } from './settings.js';
import { setModelImage, settledScaleSet } from './updateImage.js';
import type { World } from './world.js';

type ImageChange = Change & { readonly action: 'updateImage' | 'rollback' };

/** Sets the image and moves the instances; returns the sentence that says what was done. */
export async function imageAndRoll(change: ImageChange, world: World): Promise<string> {
  const { agent, azure, ports, settings } = world;
  const { clock } = ports;
  const { rollout, dryRun, resourceGroup } = settings;
  const isWayBack = change.action === 'rollback';
  const scaleSet = await settledScaleSet(change.scaleSetName, resourceGroup, azure, { agent, clock });
  const { name } = scaleSet;
  const instances = await azure.scaleSets.instances(scaleSet);
  const found = foundOf(scaleSet, instances);
  const image = isWayBack ? imageBefore(name, found, world) : change.image;
  const intent = { scaleSet, instances, image, isWayBack };
  await checkBefore(intent, rollout, azure, { agent, now: clock.now() });
  const isSet = isSameImage(scaleSet.image, image);
  if (dryRun) {
    for (const line of describePlan(scaleSet, instances, rollout, isSet ? undefined : image))
      agent.info(line);
    const text = 'id' in image ? image.id : 'the image from before';
    return isWayBack
      ? `Dry run: scale set '${name}' can be rolled back to ${text}; nothing was changed.`
      : `Dry run: scale set '${name}' can take ${text}; nothing was changed.`;
  }

  const since = clock.now();
  const state = isWayBack ? 'rollingBack' : rollout.strategy === 'modelOnly' ? 'modelSet' : 'rolling';
  const record = begun(found, image, state, writerOf(world));
  if (isSet) {
    agent.info(`The model of '${name}' has this image already; its instances are looked at.`);
    if (!saysTheSame(record, found.record)) await writeRecord(name, record, world);
  }
  const tags = withRolloutRecord(scaleSet.tags, record);
  const underWay = isSet ? [] : await setImage(scaleSet, image, tags, world);
  const changed = {
    scaleSet: { ...scaleSet, image, tags },
    previous: isWayBack ? scaleSet.image : found.good,
    changesModel: !isSet,
    since,
    underWay,
    siteUrl: undefined,
  };
  const sentence = await rollAndRecord(changed, record, world);
  if (!isWayBack) return sentence;
  agent.output('rolledBack', 'true');
  return `Rolled back: ${sentence}`;
}

/** @throws UserError when there is no way back */
function imageBefore(name: string, found: Found, { agent }: World): ModelImage {
  const way = wayBack(name, found);
  if ('refusal' in way) throw new UserError(way.refusal);
  const { record } = found;
  agent.info(
    `Going back to the image from before the last rollout${record === undefined ? '' : ` (${record.at.toISOString()}, run ${record.run})`}.`,
  );
  return way.image;
}

function setImage(scaleSet: ScaleSet, image: ModelImage, tags: ScaleSet['tags'], world: World) {
  const { azure, agent, ports, settings } = world;
  const upgrade = rollingChange(settings.rollout, scaleSet.capacity);
  return setModelImage(scaleSet, image, azure, { agent, clock: ports.clock }, upgrade, tags);
}
