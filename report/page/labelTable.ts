/** The load test's table of labels: sorted by a click, searched by name, those worth a look first, not all rows at once. */
import type { LoadBody } from '../../shared/report/bodies.js';
import { plural } from '../../shared/core/text.js';
import { formatChange, formatPercent, formatRate, grouped } from '../model/figures.js';
import {
  arrange,
  isMarked,
  labelRows,
  worthALookFirst,
  type LabelKey,
  type LabelOrder,
  type LabelRow,
} from '../model/labels.js';
import { el, type Child } from './dom.js';
import { growing, mark, named, unseen } from './parts.js';

/** A search is offered where there are more rows. */
const manyRows = 15;

interface Column {
  readonly key: LabelKey;
  readonly title: string;
  readonly about?: string;
  cell(row: LabelRow): Child;
}

const time = (value: number | null) => (value === null ? '–' : grouped(Math.round(value)));

const columns: readonly Column[] = [
  { key: 'samples', title: 'Samples', cell: ({ label }) => grouped(label.samples) },
  {
    key: 'errorPercent',
    title: 'Errors',
    cell: ({ label, errorChange }) =>
      el(
        'span',
        { class: label.errorPercent > 0 ? 'bad' : '' },
        formatPercent(label.errorPercent),
        errorChange !== undefined &&
          errorChange > 0 &&
          label.errorPercent > 0 &&
          unseen(', more than before'),
      ),
  },
  { key: 'p50', title: 'p50', about: 'median, ms', cell: ({ label }) => time(label.p50) },
  { key: 'p90', title: 'p90', about: 'ms', cell: ({ label }) => time(label.p90) },
  { key: 'p95', title: 'p95', about: 'ms', cell: ({ label }) => time(label.p95) },
  { key: 'p99', title: 'p99', about: 'ms', cell: ({ label }) => time(label.p99) },
  { key: 'max', title: 'Max', about: 'ms', cell: ({ label }) => time(label.max) },
  {
    key: 'throughput',
    title: 'Rate',
    about: 'samples a second',
    cell: ({ label }) => `${formatRate(label.throughput)}/s`,
  },
];

const change: Column = {
  key: 'p95Change',
  title: 'p95 change',
  about: 'against the run before',
  cell: ({ p95Change }) => changeView(p95Change, true),
};

/** A change in percent, coloured where it is a tenth and more. */
export function changeView(percent: number | undefined, moreIsWorse: boolean): HTMLElement {
  if (percent === undefined) return el('span', { class: 'quiet' }, '–');
  const worse = percent > 0 === moreIsWorse;
  const tone = isMarked(percent) ? (worse ? 'bad' : 'good') : 'quiet';
  return el('span', { class: `change ${tone}` }, formatChange(percent));
}

/** @param key where the reader's order and search are kept while the report is drawn anew */
export function labelTable(body: LoadBody, key: string): Node[] {
  const all = labelRows(body);
  const rows = all.length > manyRows ? worthALookFirst(all) : all;
  const compared = rows.some(({ label }) => label.before !== undefined);
  const judged = rows.some(({ criteria }) => criteria.length > 0);
  const shown = columns.flatMap(column => (column.key === 'p95' && compared ? [column, change] : [column]));
  let order: LabelOrder | undefined;
  let search = '';
  const tbody = el('tbody');
  const holder = el('div', { class: 'more-rows' });
  const headers = new Map<LabelKey, HTMLElement>();

  const draw = () => {
    const found = arrange(rows, order, search);
    tbody.replaceChildren();
    const [, ...more] = growing(tbody, found, row => rowView(row, shown, judged), {
      first: 25,
      step: 200,
      noun: 'labels',
    });
    holder.replaceChildren(
      ...more,
      ...(found.length <= 1 && search !== ''
        ? [el('p', { class: 'quiet' }, 'No label has that in its name.')]
        : []),
    );
    for (const [name, header] of headers) {
      if (order?.key === name)
        header.setAttribute('aria-sort', order.descending ? 'descending' : 'ascending');
      else header.removeAttribute('aria-sort');
    }
  };
  const header = (name: LabelKey, title: string, about: string | undefined, text: boolean) => {
    const button = el(
      'button',
      { type: 'button', class: 'sort' },
      title,
      about !== undefined && unseen(`, ${about}`),
    );
    button.addEventListener('click', () => {
      // Text begins at A, figures with the largest.
      order = { key: name, descending: order?.key === name ? !order.descending : !text };
      draw();
    });
    const cell = el('th', { scope: 'col', class: text ? '' : 'number' }, button);
    headers.set(name, cell);
    return cell;
  };
  const table = el(
    'table',
    { class: 'figures labels' },
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        header('label', 'Label', undefined, true),
        judged && header('criteria', 'Criteria', 'those that failed first', false),
        ...shown.map(column => header(column.key, column.title, column.about, false)),
      ),
    ),
    tbody,
  );
  draw();
  return [
    el(
      'div',
      { class: 'table-head' },
      el('h3', {}, 'By label'),
      rows.length > manyRows &&
        searchField(text => {
          search = text;
          draw();
        }),
      el('span', { class: 'quiet' }, 'times in ms'),
    ),
    el(
      'div',
      {
        class: 'scroll',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Figures by label',
        'data-scroll': `${key}/labels`,
      },
      table,
    ),
    holder,
    ...(body.omitted > 0
      ? [el('p', { class: 'quiet' }, `${plural(body.omitted, 'more label')}, not listed here.`)]
      : []),
  ];
}

function searchField(changed: (text: string) => void): HTMLElement {
  const field = el('input', { type: 'search', placeholder: 'Search labels', 'aria-label': 'Search labels' });
  field.addEventListener('input', () => {
    changed(field.value);
  });
  return field;
}

function rowView(row: LabelRow, shown: readonly Column[], judged: boolean): HTMLElement {
  const { label, overall } = row;
  return el(
    'tr',
    { class: overall ? 'overall' : undefined },
    el(
      'th',
      { scope: 'row' },
      named(label.label),
      label.transaction && el('span', { class: 'quiet' }, ' transaction'),
    ),
    judged && el('td', { class: 'number' }, criteriaMark(row)),
    ...shown.map(column => el('td', { class: 'number' }, column.cell(row))),
  );
}

function criteriaMark({ criteria }: LabelRow): Child {
  const failed = criteria.filter(({ passed }) => !passed).length;
  if (criteria.length === 0) return el('span', { class: 'quiet' }, '–');
  return failed === 0
    ? mark('passed', `${criteria.length} passed`)
    : mark('failed', `${failed} of ${criteria.length} failed`);
}
