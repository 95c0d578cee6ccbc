/** How the site answered while instances moved, beneath the roll and on its axis of time. */
import type { DeployBody } from '../../shared/report/bodies.js';
import { formatPercent, formatTime, grouped } from '../model/figures.js';
import { columnPath, linePath } from '../model/plot.js';
import { sitePoints } from '../model/site.js';
import { el, outside, svg } from './dom.js';
import { plotRow, stretched } from './plotParts.js';

const height = 40;

export function siteStrips(body: DeployBody, length: number): HTMLElement[] {
  if (body.site === null) return [];
  const points = sitePoints(body, length);
  const worst = Math.max(0, ...points.map(point => point.errorPercent));
  const slowest = Math.max(0, ...points.map(point => point.slowest ?? 0));
  const errors = columnPath(
    points.map(({ from, to, errorPercent }) => ({ from, to, value: errorPercent })),
    { time: length, value: Math.max(worst, 1) },
  );
  const line = linePath(
    points.map(({ from, to }) => (from + to) / 2),
    points.map(point => point.slowest),
    { time: length, value: slowest },
  );
  const base = () => svg('line', { class: 'base', x1: 0, x2: 1000, y1: 100, y2: 100 });
  return [
    plotRow(
      'strip strip-errors',
      el(
        'span',
        {},
        'errors',
        el('br'),
        worst === 0 ? '' : 'to ',
        el('span', { class: 'figure' }, formatPercent(worst)),
      ),
      stretched(height, base(), svg('path', { class: 'columns line-error', d: errors })),
    ),
    ...(slowest > 0
      ? [
          plotRow(
            'strip',
            el('span', {}, 'slowest', el('br'), 'to ', el('span', { class: 'figure' }, formatTime(slowest))),
            stretched(height, base(), svg('path', { class: 'line line-quiet', d: line })),
          ),
        ]
      : []),
  ];
}

/** What the strips say, and the first failures in words. */
export function siteNote({ site }: DeployBody): HTMLElement | undefined {
  if (site === null) return undefined;
  return plotRow(
    'strip-note',
    undefined,
    el(
      'p',
      {},
      outside(site.url),
      site.failed === 0
        ? ` answered ${site.sent === 1 ? 'the one request' : `all ${grouped(site.sent)} requests`} meanwhile.`
        : ` left ${grouped(site.failed)} of ${grouped(site.sent)} requests unanswered or answered with an error.`,
    ),
    site.failures.length > 0 &&
      el('ul', { class: 'said' }, ...site.failures.map(text => el('li', {}, outside(text)))),
  );
}
