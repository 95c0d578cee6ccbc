/** The run summary: what was rolled, and every instance at the end. Pure. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { escapeMarkdown, plural } from '../../../shared/core/text.js';
import { inOrder } from './instances.js';
import type { InstanceFailure } from './rolloutPlan.js';
import type { SiteFacts } from './siteTraffic.js';
import type { InstanceTimeline, Pass } from './timeline.js';

/** What the summary tells. */
export interface SummaryFacts {
  readonly scaleSetName: string;
  readonly verdict: string;
  readonly strategy: string;
  readonly image: string;
  readonly previousImage: string;
  readonly siteUrl: string;
  /** How the site answered meanwhile; undefined when that was not measured. */
  readonly site: SiteFacts | undefined;
  readonly duration: string;
  readonly instances: readonly ScaleSetInstance[];
  readonly updated: readonly string[];
  readonly failed: readonly InstanceFailure[];
  /** The way to the model, not the way back. */
  readonly forward: Pass;
}

const mostRows = 100;

/** The Markdown of the summary page. Everything from outside is escaped. */
export function summaryOf(facts: SummaryFacts): string {
  const byId = new Map(facts.instances.map(instance => [instance.id, instance]));
  const failed = new Map(facts.failed.map(({ id, reason }) => [id, reason]));
  const { forward, site } = facts;
  const timelines = new Map(forward.instances.map(one => [one.id, one]));
  // Failed ones first: they are what the page is opened for.
  const ids = inOrder([...byId.keys()]).sort((a, b) => Number(failed.has(b)) - Number(failed.has(a)));
  const rows = ids.slice(0, mostRows).map(id => {
    const instance = byId.get(id);
    const note =
      failed.get(id) ??
      (instance?.isProtected === true ? 'protected, left alone' : facts.updated.includes(id) ? 'moved' : '');
    return [
      id,
      instance?.name ?? '',
      instance?.latestModelApplied === true ? 'new' : 'old',
      [instance?.provisioningState, instance?.powerState].filter(Boolean).join(', '),
      instance?.health ?? '',
      tookOf(timelines.get(id), forward.startedAt),
      note,
    ];
  });
  const left = ids.length - rows.length;
  return [
    `**${escapeMarkdown(facts.verdict, 500)}**`,
    '',
    '| | |',
    '| --- | --- |',
    ...[
      ['Scale set', facts.scaleSetName],
      ['Image', facts.image],
      ['Previous image', facts.previousImage === '' ? 'none' : facts.previousImage],
      ['Strategy', strategyText(facts)],
      ['Site', facts.siteUrl],
      ['Site while instances moved', site === undefined ? '' : siteText(site)],
      ['Took', facts.duration],
    ]
      .filter(([, value]) => value !== '')
      .map(row),
    '',
    '| Instance | Name | Model | State | Health | Took | This step |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(row),
    ...(left > 0 ? ['', `and ${left} more.`] : []),
    '',
  ].join('\n');
}

function strategyText({ strategy, forward }: SummaryFacts): string {
  const batches = forward.batches.length > 0 ? `${plural(forward.batches.length, 'batch', 'batches')}, ` : '';
  return `${strategy}: ${batches}at most ${plural(forward.mostOutOfService, 'instance')} out of service at once`;
}

function siteText({ sent, failed, p50, p95 }: SiteFacts): string {
  return `${plural(sent, 'request')}, ${failed} failed; half within ${p50} ms, 95 % within ${p95} ms`;
}

/** From its upgrade to in service. */
function tookOf(timeline: InstanceTimeline | undefined, startedAt: number): string {
  if (timeline?.healthy === undefined) return '';
  const since = timeline.asked ?? timeline.down;
  return since === undefined || timeline.healthy <= startedAt ? '' : formatDuration(timeline.healthy - since);
}

function row(cells: readonly (string | undefined)[]): string {
  return `| ${cells.map(cell => escapeMarkdown(cell ?? '', 300)).join(' | ')} |`;
}
