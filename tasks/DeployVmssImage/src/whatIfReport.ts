/** A what-if told: lines for the log, Markdown for the summary page, JSON for the report. Pure. */
import { escapeMarkdown, plural, singleLine } from '../../../shared/core/text.js';
import type { PropertyView, ResourceView } from './whatIf.js';

const mostProperties = 40;
const longestValue = 120;
const signs = {
  create: '+',
  modify: '~',
  delete: '-',
  deploy: '!',
  unknown: '?',
  unchanged: '=',
  ignored: '.',
} as const;
const words = {
  create: 'create',
  modify: 'modify',
  delete: 'delete',
  deploy: 'deploy (Azure does not say what changes)',
  unknown: 'not known beforehand',
  unchanged: 'no change',
  ignored: 'not in the template, stays',
} as const;

/** What changes first by what it costs, then the rest in counts. */
export function whatIfLines(views: readonly ResourceView[]): string[] {
  const told = toldFirst(views);
  const lines = told.flatMap(view => [
    `  ${signs[view.action]} ${words[view.action]}: ${singleLine(`${view.type} ${view.name}`)}`,
    ...propertyLines(view),
    ...(view.reason === undefined ? [] : [`      ${singleLine(view.reason, 500)}`]),
    ...view.dangers.map(danger => `      DANGER: ${singleLine(danger, 500)}`),
  ]);
  return [
    ...(told.length === 0 ? ['The deployment would change nothing.'] : ['The deployment would change:']),
    ...lines,
    ...restLines(views),
  ];
}

function toldFirst(views: readonly ResourceView[]): ResourceView[] {
  const order = ['delete', 'modify', 'create', 'deploy', 'unknown'];
  return views
    .filter(({ action }) => order.includes(action))
    .sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
}

function propertyLines({ properties }: ResourceView): string[] {
  const left = properties.length - mostProperties;
  return [
    ...properties.slice(0, mostProperties).map(property => `      ${difference(property)}`),
    ...(left > 0 ? [`      and ${left} more`] : []),
  ];
}

function difference({ path, change, before, after }: PropertyView): string {
  const place = singleLine(path, 200);
  if (change === 'create') return `+ ${place}: ${valueText(after)}`;
  if (change === 'delete')
    return `- ${place}: ${valueText(before)} (the template does not name it; the service may fill it in again)`;
  return `~ ${place}: ${valueText(before)} => ${valueText(after)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '(nothing)';
  return singleLine(typeof value === 'string' ? value : JSON.stringify(value), longestValue);
}

function restLines(views: readonly ResourceView[]): string[] {
  const count = (action: ResourceView['action']) => views.filter(view => view.action === action).length;
  const noise = views.reduce((sum, view) => sum + view.noise.length, 0);
  return [
    ...(count('unchanged') > 0 ? [`${plural(count('unchanged'), 'resource')} unchanged.`] : []),
    ...(count('ignored') > 0
      ? [`${plural(count('ignored'), 'resource')} of the group not in the template, left as they are.`]
      : []),
    ...(noise > 0
      ? [
          `${plural(noise, 'difference')} left out that Azure's what-if reports but no deployment makes (what services fill in themselves, spelling).`,
        ]
      : []),
  ];
}

/** A section of the summary page. Everything from outside is escaped. */
export function whatIfSummary(views: readonly ResourceView[], blocked: boolean): string {
  const told = toldFirst(views);
  const dangers = views.flatMap(({ name, dangers: own }) =>
    own.map(danger => `- **${escapeMarkdown(name)}**: ${escapeMarkdown(danger, 500)}`),
  );
  return [
    blocked
      ? '**Blocked: the deployment would take down what serves traffic. Nothing was changed.**'
      : told.length === 0
        ? '**The deployment changes nothing.**'
        : `**The deployment changes ${plural(told.length, 'resource')}.**`,
    '',
    ...(dangers.length === 0 ? [] : [...dangers, '']),
    ...(told.length === 0
      ? []
      : [
          '| Change | Resource | Properties |',
          '| --- | --- | --- |',
          ...told.map(
            view =>
              `| ${signs[view.action]} ${view.action} | ${escapeMarkdown(view.type)} ${escapeMarkdown(view.name)} | ${cell(view)} |`,
          ),
          '',
        ]),
    ...restLines(views).map(line => escapeMarkdown(line, 500)),
    '',
  ].join('\n');
}

function cell(view: ResourceView): string {
  const shown = view.properties.slice(0, 10).map(property => escapeMarkdown(difference(property), 400));
  const left = view.properties.length - shown.length;
  const more = left > 0 ? [`and ${left} more`] : [];
  return [...shown, ...more, ...(view.reason === undefined ? [] : [escapeMarkdown(view.reason, 400)])].join(
    '<br>',
  );
}

/** The file that the run keeps; resources that nothing happens to are in it too. */
export function whatIfJson(
  deployment: { readonly name: string; readonly mode: string; readonly resourceGroup: string },
  views: readonly ResourceView[],
  blocked: boolean,
): string {
  return `${JSON.stringify({ version: 1, ...deployment, blocked, changes: views }, null, 2)}\n`;
}
