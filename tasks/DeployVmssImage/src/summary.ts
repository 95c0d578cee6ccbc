/** The run summary: what was rolled, and every instance at the end. Pure. */
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { escapeMarkdown } from '../../../shared/core/text.js';
import { inOrder } from './instances.js';
import type { InstanceFailure } from './rolloutPlan.js';

/** What the summary tells. */
export interface SummaryFacts {
  readonly scaleSetName: string;
  readonly verdict: string;
  readonly image: string;
  readonly previousImage: string;
  readonly siteUrl: string;
  readonly duration: string;
  readonly instances: readonly ScaleSetInstance[];
  readonly updated: readonly string[];
  readonly failed: readonly InstanceFailure[];
}

const mostRows = 100;

/** The Markdown of the summary page. Everything from outside is escaped. */
export function summaryOf(facts: SummaryFacts): string {
  const byId = new Map(facts.instances.map(instance => [instance.id, instance]));
  const failed = new Map(facts.failed.map(({ id, reason }) => [id, reason]));
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
      ['Site', facts.siteUrl],
      ['Took', facts.duration],
    ]
      .filter(([, value]) => value !== '')
      .map(row),
    '',
    '| Instance | Name | Model | State | Health | This step |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(row),
    ...(left > 0 ? ['', `and ${left} more.`] : []),
    '',
  ].join('\n');
}

function row(cells: readonly (string | undefined)[]): string {
  return `| ${cells.map(cell => escapeMarkdown(cell ?? '', 300)).join(' | ')} |`;
}
