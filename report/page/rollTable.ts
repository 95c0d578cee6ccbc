/** The roll's instances as a table, for those who read better than they look. */
import { formatDuration } from '../../shared/core/duration.js';
import { formatTick } from '../model/figures.js';
import type { Roll, RollRow } from '../model/roll.js';
import { el, outside } from './dom.js';
import { growing } from './parts.js';
import { stateNames } from './rollBars.js';

export function instanceTable(roll: Roll): Node[] {
  const back = roll.backAt !== undefined;
  const body = el('tbody');
  const columns = ['Asked', 'On the new image', ...(back ? ['Back'] : []), 'Out of service'];
  const head = el(
    'tr',
    {},
    el('th', { scope: 'col' }, 'Instance'),
    ...columns.map(column => el('th', { scope: 'col', class: 'number' }, column)),
    el('th', { scope: 'col' }, 'At the end'),
  );
  const [, ...more] = growing(body, roll.rows, row => rowOf(row, back), {
    first: 50,
    step: 200,
    noun: 'instances',
  });
  return [
    el(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Instances of the roll' },
      el('table', { class: 'figures' }, el('thead', {}, head), body),
    ),
    ...more,
  ];
}

function rowOf(row: RollRow, back: boolean): HTMLElement {
  const time = (at: number | undefined) =>
    el('td', { class: 'number' }, at === undefined ? '–' : formatTick(at));
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, row.canary && '◆ ', outside(row.name)),
    time(row.asked),
    time(row.healthy),
    back && time(row.backAt),
    el('td', { class: 'number' }, row.away === 0 ? '–' : formatDuration(row.away)),
    el('td', {}, row.failed === undefined ? stateNames[row.end] : outside(row.failed, 'bad')),
  );
}
