/** The load test: what the gate asked, the figures at a glance, their course, the labels, the errors. */
import type { LoadBody } from '../../shared/report/bodies.js';
import { formatDuration } from '../../shared/core/duration.js';
import { plural } from '../../shared/core/text.js';
import {
  formatPercent,
  formatRate,
  formatRateTick,
  formatTick,
  formatTime,
  grouped,
} from '../model/figures.js';
import { labelRows } from '../model/labels.js';
import { chartView, type Chart, type Panel } from './chart.js';
import { el, outside, withStyle, type Child } from './dom.js';
import { changeView, labelTable } from './labelTable.js';
import { fold, growing, mark, unseen } from './parts.js';

/** Both charts are as high, so that their axes of time are level. */
const chartHeight = 150;
const threadsHeight = 36;
/** As the style sheet has it between two panels. */
const panelGap = 10;
const errorKinds = { assertion: 'assertion', response: 'response', transport: 'transport' } as const;

export function loadView(body: LoadBody, key: string): Child[] {
  return [
    criteria(body, key),
    tiles(body),
    body.course.start.length > 1 && courses(body, key),
    ...(body.labels.length === 0 ? [] : labelTable(body, key)),
    body.errors.length > 0 && errors(body),
    body.notes.length > 0 &&
      el('ul', { class: 'notes' }, ...body.notes.map(note => el('li', {}, outside(note)))),
  ];
}

function criteria(body: LoadBody, key: string): Child {
  const { criteria: all } = body;
  if (all.length === 0)
    return el('p', { class: 'quiet' }, 'The gate asked for nothing: no criterion was given.');
  const failed = all.filter(({ passed }) => !passed);
  const passed = all.filter(criterion => criterion.passed);
  const list = (some: LoadBody['criteria']) =>
    growing(el('ul', { class: 'criteria' }), some, criterionView, { first: 12, step: 100, noun: 'criteria' });
  const omitted =
    (body.omittedCriteria ?? 0) > 0 &&
    el(
      'p',
      { class: 'quiet' },
      `${plural(body.omittedCriteria ?? 0, 'more criterion', 'more criteria')}, not listed here.`,
    );
  if (failed.length === 0 || passed.length <= 6)
    return el('div', {}, ...list([...failed, ...passed]), omitted);
  return el(
    'div',
    {},
    ...list(failed),
    fold(`${key}/criteria`, [`${plural(passed.length, 'criterion', 'criteria')} passed`], () => list(passed)),
    omitted,
  );
}

function criterionView({ text, passed, detail }: LoadBody['criteria'][number]): HTMLElement {
  return el(
    'li',
    { class: passed ? 'criterion' : 'criterion criterion-failed' },
    mark(passed ? 'passed' : 'failed', passed ? 'passed' : 'failed'),
    el(
      'span',
      {},
      outside(text, 'strong'),
      detail !== '' && el('span', { class: 'detail' }, ' ', outside(detail)),
    ),
  );
}

function tiles(body: LoadBody): Child {
  const [row] = labelRows(body);
  if (row === undefined) return el('p', { class: 'quiet' }, 'No sample was taken.');
  const { label } = row;
  const tile = (name: string, value: string, difference?: Child) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, el('span', { class: 'big' }, value), difference));
  const compared = label.before !== undefined;
  return el(
    'dl',
    { class: 'tiles' },
    tile('p95', formatTime(label.p95), compared && changeView(row.p95Change, true)),
    tile('p99', formatTime(label.p99)),
    tile('Median', formatTime(label.p50)),
    tile(
      'Throughput',
      `${formatRate(label.throughput)}/s`,
      compared && changeView(row.throughputChange, false),
    ),
    tile('Errors', formatPercent(label.errorPercent)),
    tile('Samples', grouped(label.samples)),
  );
}

function courses({ course }: LoadBody, key: string): HTMLElement {
  const stretch = course.bucketSeconds * 1000;
  const times = course.start.map(start => start * 1000 + stretch / 2);
  const length = Math.max(1, ...course.start.map(start => start * 1000 + stretch));
  const formatMoment = (milliseconds: number) => formatTick(milliseconds - stretch / 2);
  const shared = { times, stretch, length, formatTime: formatMoment };
  return el(
    'div',
    { class: 'charts' },
    chartView({
      ...shared,
      key: `${key}/times`,
      title: 'Response times',
      summary: `p95 up to ${formatTime(highest(course.p95))}, p99 up to ${formatTime(highest(course.p99))}, over ${formatDuration(length)}.`,
      panels: [
        {
          series: [
            { name: 'p50', line: 'line-1', values: course.p50 },
            { name: 'p95', line: 'line-2', values: course.p95 },
            { name: 'p99', line: 'line-3', values: course.p99 },
          ],
          height: chartHeight,
          steps: 4,
          format: formatTime,
          formatStep: value => (value === 0 ? '0' : formatTime(value).replace(/\.0(?= )/, '')),
        },
      ],
    }),
    chartView({ ...shared, key: `${key}/rates`, ...rates(course, stretch) }),
  );
}

/** Samples and errors a second, and beneath them the threads that made them. */
function rates(course: LoadBody['course'], stretch: number): Pick<Chart, 'title' | 'summary' | 'panels'> {
  const { throughput, errors, threads } = course;
  const failing = errors.filter(rate => rate > 0).length;
  const most = highest(threads ?? []);
  const active =
    threads === undefined ? '' : `, ${grouped(most)} ${most === 1 ? 'thread' : 'threads'} in one JMeter`;
  const failed =
    failing === 0
      ? 'no errors'
      : `errors in ${failing} of ${errors.length} stretches of ${formatDuration(stretch)}`;
  return {
    title: threads === undefined ? 'Throughput and errors' : 'Load and errors',
    summary: `Up to ${formatRate(highest(throughput))} samples a second${active}; ${failed}.`,
    panels: [
      {
        series: [
          { name: 'samples', line: 'line-1', values: throughput },
          { name: 'errors', line: 'line-error', values: errors, shape: 'columns' },
        ],
        height: threads === undefined ? chartHeight : chartHeight - threadsHeight - panelGap,
        steps: 4,
        format: value => (value === null ? '–' : `${formatRate(value)}/s`),
        formatStep: value => (value === 0 ? '0' : `${formatRateTick(value)}/s`),
      },
      ...(threads === undefined ? [] : [threadsPanel(threads, most)]),
    ],
  };
}

function threadsPanel(values: readonly (number | null)[], most: number): Panel {
  return {
    series: [{ name: 'threads', line: 'line-quiet', values, shape: 'steps' }],
    height: threadsHeight,
    // There is no half a thread.
    steps: Math.max(1, Math.min(2, most)),
    format: value => (value === null ? '–' : grouped(value)),
    formatStep: grouped,
  };
}

function highest(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map(value => value ?? 0));
}

function errors({ errors: all }: LoadBody): HTMLElement {
  const most = Math.max(1, ...all.map(({ count }) => count));
  return el(
    'div',
    { class: 'errors' },
    el('h3', {}, 'Errors'),
    el(
      'table',
      { class: 'bars-table error-table' },
      el(
        'thead',
        { class: 'unseen-head' },
        el(
          'tr',
          {},
          ...['Error', 'Kind', 'Share', 'Count'].map(title => el('th', { scope: 'col' }, unseen(title))),
        ),
      ),
      el(
        'tbody',
        {},
        ...all.map(({ kind, text, count }) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, outside(text)),
            el('td', { class: 'quiet' }, errorKinds[kind]),
            el(
              'td',
              { class: 'phase-track' },
              withStyle(el('span', { class: 'phase-bar bar-bad' }), { '--from': 0, '--share': count / most }),
            ),
            el('td', { class: 'number' }, grouped(count)),
          ),
        ),
      ),
    ),
  );
}
