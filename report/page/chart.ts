/** A picture of values over time, in a panel for each scale, with its axes, and its figures told by pointer, by keys, and in a table. */
import { roundSteps } from '../model/figures.js';
import { columnPath, linePath, stepPath } from '../model/plot.js';
import { el, svg, type Child } from './dom.js';
import { fold, growing } from './parts.js';
import { percentOf, plotRow, scrubbed, stretched, timeAxis } from './plotParts.js';

/** How values are drawn: joined from middle to middle, as columns, or level over each stretch. */
type Shape = 'line' | 'columns' | 'steps';

export interface Series {
  readonly name: string;
  /** Decides colour and dashes: `line-1` and so on. */
  readonly line: string;
  readonly values: readonly (number | null)[];
  readonly shape?: Shape;
}

/** Series on one scale. */
export interface Panel {
  readonly series: readonly Series[];
  readonly height: number;
  /** Steps of the scale, at most. */
  readonly steps: number;
  readonly format: (value: number | null) => string;
  /** A value of the vertical axis. */
  readonly formatStep: (value: number) => string;
}

export interface Chart {
  readonly key: string;
  readonly title: string;
  /** What the picture says, in a sentence. */
  readonly summary: string;
  /** Middles of the stretches of time that the values are of; milliseconds. */
  readonly times: readonly number[];
  readonly stretch: number;
  readonly length: number;
  /** One beneath the other, on one axis of time. */
  readonly panels: readonly Panel[];
  readonly formatTime: (milliseconds: number) => string;
}

export function chartView(chart: Chart): HTMLElement {
  const { times, length } = chart;
  const series = toldSeries(chart);
  const drawn = chart.panels.map(panel => panelView(panel, chart));
  const cursor = svg('line', { class: 'cursor', y1: 0, y2: '100%', visibility: 'hidden' });
  const surface = el(
    'div',
    { class: 'surface' },
    ...drawn.map(({ plot }) => plot),
    svg('svg', { class: 'over', width: '100%', height: '100%', 'aria-hidden': 'true' }, cursor),
  );
  const say = (at: number) =>
    `${chart.formatTime(times[at] ?? 0)}: ${series.map(({ name, told }) => `${name} ${told(at)}`).join(', ')}`;
  const readout = scrubbed(surface, {
    label: `${chart.title}: values over time`,
    count: times.length,
    vertical: false,
    say,
    show: at => {
      cursor.setAttribute('visibility', at === undefined ? 'hidden' : 'visible');
      const x = percentOf(times[at ?? 0] ?? 0, length);
      cursor.setAttribute('x1', x);
      cursor.setAttribute('x2', x);
    },
  });
  return el(
    'figure',
    { class: 'chart' },
    el('figcaption', {}, el('h3', {}, chart.title), legend(series)),
    el('p', { class: 'summary' }, chart.summary),
    plotRow('', el('div', {}, ...drawn.map(panel => panel.scale)), surface),
    timeAxis(length),
    readout,
    fold(`${chart.key}/table`, ['As a table'], () => table(chart)),
  );
}

/** A chart's series, each with what is said of its values. */
function toldSeries({ panels }: Chart) {
  return panels.flatMap(({ series, format }) =>
    series.map(each => ({ ...each, told: (at: number) => format(each.values[at] ?? null) })),
  );
}

function panelView({ series, height, steps: count, formatStep }: Panel, { times, stretch, length }: Chart) {
  const steps = roundSteps(
    Math.max(0, ...series.flatMap(({ values }) => values.map(value => value ?? 0))),
    count,
  );
  const top = steps.at(-1) ?? 0;
  const most = { time: length, value: top };
  const path = ({ values, shape = 'line' }: Series) => {
    if (shape === 'line') return linePath(times, values, most);
    const stretches = times.map((time, at) => ({
      from: time - stretch / 2,
      to: time + stretch / 2,
      value: values[at] ?? null,
    }));
    return shape === 'columns' ? columnPath(stretches, most) : stepPath(stretches, most);
  };
  return {
    scale: scale(steps, top, height, formatStep),
    plot: stretched(
      height,
      ...steps.slice(1).map(step => {
        const y = 100 - (step / top) * 100;
        return svg('line', { class: 'grid', x1: 0, x2: 1000, y1: y, y2: y });
      }),
      ...series.map(each =>
        svg('path', {
          class: `${each.shape === 'columns' ? 'columns' : 'line'} ${each.line}`,
          d: path(each),
        }),
      ),
    ),
  };
}

/** Values of the vertical axis, beside its lines. */
export function scale(
  steps: readonly number[],
  top: number,
  height: number,
  format: (value: number) => string,
): Child {
  return svg(
    'svg',
    { class: 'scale', width: '100%', height, 'aria-hidden': 'true' },
    ...steps.map(step => {
      const y = top === 0 ? height : height - (step / top) * height;
      return svg(
        'text',
        { x: '100%', y: Math.min(height - 1, Math.max(9, y + 4)), 'text-anchor': 'end' },
        format(step),
      );
    }),
  );
}

function legend(series: readonly Series[]): HTMLElement {
  return el(
    'ul',
    { class: 'legend' },
    ...series.map(({ name, line, shape = 'line' }) =>
      el(
        'li',
        {},
        svg(
          'svg',
          { width: 24, height: 10, 'aria-hidden': 'true' },
          shape === 'columns'
            ? svg('rect', { class: `columns ${line}`, x: 6, y: 0, width: 12, height: 10 })
            : svg('path', { class: `line ${line}`, d: shape === 'steps' ? 'M0 9h8V5h8V1h8' : 'M0 5h24' }),
        ),
        name,
      ),
    ),
  );
}

function table(chart: Chart): Node[] {
  const series = toldSeries(chart);
  const body = el('tbody');
  const rows = chart.times.map((time, at) => ({ time, at }));
  const made = growing(
    body,
    rows,
    ({ time, at }) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, chart.formatTime(time)),
        ...series.map(({ told }) => el('td', { class: 'number' }, told(at))),
      ),
    { first: 60, step: 300, noun: 'rows' },
  );
  const head = el(
    'tr',
    {},
    el('th', { scope: 'col' }, 'Time'),
    ...series.map(({ name }) => el('th', { scope: 'col', class: 'number' }, name)),
  );
  const whole = el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `${chart.title} as a table` },
    el('table', { class: 'figures' }, el('thead', {}, head), body),
  );
  return [whole, ...made.slice(1)];
}
