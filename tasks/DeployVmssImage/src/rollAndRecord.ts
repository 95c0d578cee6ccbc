/** Moves the instances and keeps the record of it on the scale set: a later step can roll back, a later run goes on. */
import type { Agent } from '../../../shared/agent/agent.js';
import { formatModelImage } from '../../../shared/azure/modelImage.js';
import { untilEnded } from '../../../shared/azure/operation.js';
import { AzureError, UserError } from '../../../shared/core/errors.js';
import {
  imageMark,
  readRolloutRecord,
  withRolloutRecord,
  type RolloutRecord,
} from '../../../shared/core/rolloutRecord.js';
import { reachable } from './instances.js';
import { ended, isUnfinished, saysTheSame, type Writer } from './lastGood.js';
import { moveInstances, type ChangedScaleSet } from './moveInstances.js';
import type { World } from './world.js';

const recordTime = 5 * 60_000;

/**
 * Moves the instances; the record says afterwards how that has ended.
 * @param record as the change of the model has left it
 * @throws as {@link moveInstances} does
 */
export async function rollAndRecord(
  changed: ChangedScaleSet,
  record: RolloutRecord | undefined,
  world: World,
): Promise<string> {
  const { settings, agent, azure, ports } = world;
  const { name } = changed.scaleSet;
  const host = { agent, azure, clock: ports.clock, probe: ports.probe };
  let sentence;
  try {
    sentence = await moveInstances(changed, settings, host);
  } catch (error) {
    // A cancelled step can ask nothing of Azure any more; its record says that the rollout has not ended, and is right.
    if (!agent.signal.aborted) await recordWayBack(name, record, world);
    throw error;
  }
  const end = settings.change.action === 'rollback' ? 'rolledBack' : 'done';
  if (settings.rollout.strategy !== 'modelOnly')
    await writeRecord(name, ended(record, end, writerOf(world)), world);
  return sentence;
}

/** After a failed rollout that went all the way back: that image is in service, and there is no step back from it. */
async function recordWayBack(name: string, record: RolloutRecord | undefined, world: World): Promise<void> {
  if (record?.previous === undefined || !isUnfinished(record)) return;
  const { azure, agent } = world;
  try {
    const scaleSet = await azure.scaleSets.find(name);
    const model = scaleSet?.image === undefined ? '' : imageMark(formatModelImage(scaleSet.image));
    if (scaleSet === undefined || model !== imageMark(record.previous)) return;
    const { taking } = reachable(await azure.scaleSets.instances(scaleSet));
    if (taking.every(({ latestModelApplied }) => latestModelApplied))
      await writeRecord(name, ended(record, 'rolledBack', writerOf(world)), world);
  } catch (error) {
    if (!(error instanceof AzureError || error instanceof UserError)) throw error;
    agent.debug(`The record on '${name}' was left as it is: ${error.message}`);
  }
}

/** Puts the record among the scale set's tags, where it says anything new. Failing at that fails no rollout: it is told. */
export async function writeRecord(
  name: string,
  record: RolloutRecord | undefined,
  world: World,
): Promise<void> {
  const { azure, agent, ports } = world;
  if (record === undefined) return;
  try {
    const scaleSet = await azure.scaleSets.find(name);
    if (scaleSet === undefined || saysTheSame(readRolloutRecord(scaleSet.tags), record)) return;
    const operation = await azure.scaleSets.setTags(name, withRolloutRecord(scaleSet.tags, record));
    await untilEnded(operation, {
      doing: `the change of the tags of '${name}'`,
      milliseconds: recordTime,
      clock: ports.clock,
      signal: agent.signal,
    });
  } catch (error) {
    if (!(error instanceof AzureError || error instanceof UserError)) throw error;
    agent.warning(
      `What 'action: rollback' goes by could not be recorded in the tags of '${name}': ${error.message}`,
    );
  }
}

/** Who writes records in this run. */
export function writerOf({ agent, ports }: Pick<World, 'agent' | 'ports'>): Writer {
  return { now: ports.clock.now(), run: runOf(agent) };
}

/** The run's number and its address, as far as the agent knows them. */
function runOf(agent: Agent): string {
  const release = agent.variable('Release.ReleaseWebURL');
  const number = agent.variable('Release.ReleaseName') ?? agent.variable('Build.BuildNumber') ?? '';
  const [collection, project, id] = ['System.CollectionUri', 'System.TeamProject', 'Build.BuildId'].map(
    name => agent.variable(name),
  );
  if (release !== undefined) return `${number} ${release}`;
  if (collection === undefined || project === undefined || id === undefined) return number;
  return `${number} ${collection.replace(/\/$/, '')}/${encodeURIComponent(project)}/_build/results?buildId=${id}`;
}
