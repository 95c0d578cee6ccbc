/** What a rollout says while it runs. Pure. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { describeInstance, idsText, inOrder } from './instances.js';
import type { Ledger, RolloutPolicy, Step } from './rolloutPlan.js';

/** One look: the ledger after it and the instances as they were seen. */
export interface Look {
  readonly ledger: Ledger;
  readonly instances: readonly ScaleSetInstance[];
}

/** A look with what its lines are measured by; times in milliseconds since the epoch. */
export interface TimedLook extends Look {
  readonly policy: RolloutPolicy;
  readonly start: number;
  readonly now: number;
}

const mostChanges = 5;

/** What has changed since the last look; nothing of what was in service at the first. */
export function newsLines(before: Look, after: TimedLook, atFirst: ReadonlySet<string>): string[] {
  const { ledger, instances } = after;
  const came = [...ledger.arrivedAt.keys()].filter(
    id => !before.ledger.arrivedAt.has(id) && !atFirst.has(id),
  );
  const went = [...before.ledger.arrivedAt.keys()].filter(id => !ledger.arrivedAt.has(id));
  const known = new Map(before.instances.map(instance => [instance.id, describeInstance(instance)]));
  const changed = instances.filter(
    instance =>
      ledger.missingSince.has(instance.id) &&
      !went.includes(instance.id) &&
      known.get(instance.id) !== describeInstance(instance),
  );
  const lines = inOrder(went).map(id => {
    const instance = instances.find(candidate => candidate.id === id);
    return `Out of service again: ${id}${instance === undefined ? ' (gone)' : ` (${describeInstance(instance)})`}`;
  });
  lines.push(
    ...changed
      .slice(0, mostChanges)
      .map(instance => `Instance ${instance.id}: ${describeInstance(instance)}`),
  );
  if (changed.length > mostChanges)
    lines.push(`and ${changed.length - mostChanges} more changed their state`);
  if (came.length > 0)
    lines.push(`In service on the new model: ${idsText(came)} (${standing(after)}), ${times(after)}`);
  return lines;
}

/** `3 of 8 [###>>...]`: how many have arrived, with a bar. */
function standing({ ledger, instances }: Look): string {
  return `${ledger.arrivedAt.size} of ${instances.length} ${bar(ledger, instances)}`;
}

/** `[####>>!..]`: in service on the new model, on the way, failed, still to come. */
function bar(ledger: Ledger, instances: readonly ScaleSetInstance[]): string {
  const width = Math.min(40, instances.length);
  if (width === 0) return '';
  const cells = (count: number) => Math.round((count * width) / instances.length);
  const done = cells(ledger.arrivedAt.size);
  const bad = Math.min(width - done, cells(ledger.refused.size));
  const moving = Math.min(width - done - bad, cells(ledger.missingSince.size - ledger.refused.size));
  return `[${'#'.repeat(done)}${'>'.repeat(moving)}${'!'.repeat(bad)}${'.'.repeat(width - done - moving - bad)}]`;
}

function times(look: TimedLook): string {
  const left = expectedLeft(look);
  const soFar = formatDuration(look.now - look.start);
  return left === undefined || left === 0 ? soFar : `${soFar}, about ${formatDuration(left)} to go`;
}

/**
 * How much longer it takes when the others take as long as those that have arrived, in milliseconds; undefined before the
 * first has. Pauses and the canaries' soak come on top. Where Azure rolls by itself, its pace so far is taken.
 */
export function expectedLeft({ ledger, instances, policy, start, now }: TimedLook): number | undefined {
  const left = instances.filter(({ id }) => !ledger.arrivedAt.has(id) && !ledger.refused.has(id)).length;
  const arrived = [...ledger.arrivedAt].flatMap(([id, at]) => {
    const asked = policy.drives ? ledger.asked.get(id) : start;
    return asked === undefined || at <= start ? [] : [at - asked];
  });
  if (arrived.length === 0) return undefined;
  if (!policy.drives) return ((now - start) * left) / arrived.length;
  const mean = arrived.reduce((sum, one) => sum + one, 0) / arrived.length;
  return mean * Math.max(left === 0 ? 0 : 1, left / policy.batchSize);
}

/** How it stands, once a minute. */
export function heartbeatLine(look: TimedLook, step: Step): string {
  const { ledger, instances } = look;
  const onTheWay = instances.filter(({ id }) => ledger.missingSince.has(id));
  const shown = onTheWay
    .slice(0, mostChanges)
    .map(instance => `${instance.id} (${describeInstance(instance)})`);
  const more = onTheWay.length > shown.length ? [`${onTheWay.length - shown.length} more`] : [];
  const waits =
    step.do === 'wait' && step.for !== 'instances'
      ? { soak: 'watching the canaries', pause: 'pausing between batches' }[step.for]
      : onTheWay.length > 0
        ? `waiting for ${listOf([...shown, ...more])}`
        : step.do === 'wait'
          ? 'waiting for Azure'
          : "waiting for the site, or for Azure's allowance";
  return `${times(look)}: ${standing(look)} in service on the new model, ${waits}`;
}

/** The reason in a sentence. */
export function whyItGaveUp(step: Step & { readonly do: 'giveUp' }, policy: RolloutPolicy): string {
  const minutes = Math.round(policy.instanceTimeout / 60_000);
  switch (step.why) {
    case 'canary':
      return 'A canary failed; no other instance was touched.';
    case 'tooManyFailed':
      return `${plural(step.failed.length, 'instance')} failed, and 'maxUnhealthy' allows ${policy.maxUnhealthy}.`;
    case 'noRoom':
      return `Failed instances take up the whole batch ('batchSize' is ${policy.batchSize}), so no other can move without taking more out of service.`;
    case 'standstill':
      return `Azure moves these instances by the scale set's own upgrade policy, and has moved none for ${minutes} minutes ('instanceTimeoutInMinutes').`;
  }
}

/** What a rollout that was stopped leaves behind. */
export function leftBehindLine(
  scaleSetName: string,
  ledger: Ledger,
  instances: readonly ScaleSetInstance[],
): string {
  if (instances.length === 0) return `Stopped before the instances of '${scaleSetName}' were seen.`;
  const moving = [...ledger.missingSince.keys()];
  const old = instances.filter(({ id, latestModelApplied }) => !latestModelApplied && !ledger.asked.has(id));
  return [
    `Stopped with ${ledger.arrivedAt.size} of ${plural(instances.length, 'instance')} of '${scaleSetName}' in service on the new model.`,
    ...(moving.length === 0 ? [] : [`On the way, and Azure goes on with them: ${idsText(moving)}.`]),
    ...(old.length === 0 ? [] : [`Still on the old model: ${idsText(old.map(({ id }) => id))}.`]),
    'The model itself is the new one; the next run goes on from here.',
  ].join(' ');
}
