/** What a rollout says while it runs. Pure. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { describeInstance, inOrder } from './instances.js';
import type { Ledger, RolloutPolicy, Step } from './rolloutPlan.js';

/** One look: the ledger after it and the instances as they were seen. */
export interface Look {
  readonly ledger: Ledger;
  readonly instances: readonly ScaleSetInstance[];
}

const mostChanges = 5;

/** What has changed since the last look; nothing of what was in service at the first. */
export function newsLines(before: Look, after: Look, atFirst: ReadonlySet<string>): string[] {
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
  if (came.length > 0) {
    const total = `${ledger.arrivedAt.size} of ${instances.length}`;
    lines.push(
      `In service on the new model: ${inOrder(came).join(', ')} (${total}) ${bar(ledger, instances)}`,
    );
  }
  return lines;
}

/** `[####>>..]`: in service on the new model, on the way, still to come. */
function bar(ledger: Ledger, instances: readonly ScaleSetInstance[]): string {
  const width = Math.min(40, instances.length);
  if (width === 0) return '';
  const cells = (count: number) => Math.round((count * width) / instances.length);
  const done = cells(ledger.arrivedAt.size);
  const moving = Math.min(width - done, cells(ledger.missingSince.size));
  return `[${'#'.repeat(done)}${'>'.repeat(moving)}${'.'.repeat(width - done - moving)}]`;
}

/** How it stands, once a minute. */
export function heartbeatLine({ ledger, instances }: Look, step: Step, elapsed: number): string {
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
  return `${formatDuration(elapsed)}: ${ledger.arrivedAt.size} of ${instances.length} in service on the new model ${bar(ledger, instances)}, ${waits}`;
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
  const moving = inOrder([...ledger.missingSince.keys()]);
  const old = instances.filter(({ id, latestModelApplied }) => !latestModelApplied && !ledger.asked.has(id));
  return [
    `Stopped with ${ledger.arrivedAt.size} of ${plural(instances.length, 'instance')} of '${scaleSetName}' in service on the new model.`,
    ...(moving.length === 0 ? [] : [`On the way, and Azure goes on with them: ${moving.join(', ')}.`]),
    ...(old.length === 0 ? [] : [`Still on the old model: ${inOrder(old.map(({ id }) => id)).join(', ')}.`]),
    'The model itself is the new one; the next run goes on from here.',
  ].join(' ');
}
