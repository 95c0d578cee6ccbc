/** What a rollout says while it runs. Pure. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { describeInstance, inOrder } from './instances.js';
import type { Ledger, RolloutPolicy, Step } from './rolloutPlan.js';

/** What has changed since the last look; nothing of what was there at the first. */
export function newsLines(
  before: Ledger,
  after: Ledger,
  atFirst: ReadonlySet<string>,
  instances: readonly ScaleSetInstance[],
): string[] {
  const lines: string[] = [];
  const came = [...after.arrivedAt.keys()].filter(id => !before.arrivedAt.has(id) && !atFirst.has(id));
  const went = [...before.arrivedAt.keys()].filter(id => !after.arrivedAt.has(id));
  const total = `${after.arrivedAt.size} of ${instances.length}`;
  if (came.length > 0)
    lines.push(
      `In service on the new model: ${inOrder(came).join(', ')} (${total}) ${bar(after, instances)}`,
    );
  for (const id of inOrder(went)) {
    const instance = instances.find(candidate => candidate.id === id);
    lines.push(
      `Out of service again: ${id}${instance === undefined ? ' (gone)' : ` (${describeInstance(instance)})`}`,
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
export function heartbeatLine(
  ledger: Ledger,
  instances: readonly ScaleSetInstance[],
  step: Step,
  elapsed: number,
): string {
  const missing = instances.filter(({ id }) => !ledger.arrivedAt.has(id));
  const shown = missing.slice(0, 5).map(instance => `${instance.id} (${describeInstance(instance)})`);
  const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
  const waits =
    step.do === 'wait' && step.for !== 'instances'
      ? step.for === 'soak'
        ? 'watching the canaries'
        : 'pausing between batches'
      : `waiting for ${listOf(shown)}${more}`;
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
