/** Parts of pictures over time. Places are percentages of the width, so that no picture is drawn anew when the page's width changes. */
import { formatTick, timeTicks } from '../model/figures.js';
import { plotHeight, plotWidth } from '../model/plot.js';
import { el, svg, type Child } from './dom.js';

/** `12.5%` of `length`. */
export function percentOf(value: number, length: number): string {
  return `${Math.round((Math.min(length, Math.max(0, value)) / length) * 100_000) / 1000}%`;
}

/** A row of a picture: what stands left of it, and what is drawn. */
export function plotRow(className: string, gutter: Child, ...drawn: readonly Child[]): HTMLElement {
  return el(
    'div',
    { class: `plot-row ${className}` },
    el('div', { class: 'gutter' }, gutter),
    el('div', { class: 'plot' }, ...drawn),
  );
}

/** A box of 1000 by 100 that is stretched over the plot; lines in it keep their width. */
export function stretched(height: number, ...drawn: readonly Child[]): SVGSVGElement {
  return svg(
    'svg',
    {
      class: 'stretched',
      viewBox: `0 0 ${plotWidth} ${plotHeight}`,
      preserveAspectRatio: 'none',
      width: '100%',
      height,
      'aria-hidden': 'true',
    },
    ...drawn,
  );
}

/** The axis of time, with fewer ticks where there is less room. */
export function timeAxis(length: number): HTMLElement {
  const ticks = timeTicks(length, 8);
  return plotRow(
    'axis',
    undefined,
    svg(
      'svg',
      { width: '100%', height: 20, 'aria-hidden': 'true' },
      ...ticks.map((tick, at) => {
        const [x, share] = [percentOf(tick, length), tick / length];
        const anchor = at === 0 ? 'start' : share > 0.94 ? 'end' : 'middle';
        return svg(
          'g',
          { class: at % 2 === 1 ? 'tick tick-fine' : 'tick' },
          svg('line', { x1: x, x2: x, y1: 0, y2: 4 }),
          svg('text', { x, y: 16, 'text-anchor': anchor }, formatTick(tick)),
        );
      }),
    ),
  );
}

/** What a picture says at the place that pointer or arrow keys are at. */
export interface Scrub {
  readonly label: string;
  readonly count: number;
  readonly vertical: boolean;
  /** What is said of a place. */
  say(at: number): string;
  /** Shows the place; undefined shows none. */
  show(at: number | undefined): void;
}

/** Makes `surface` tell its values by pointer and by arrow keys, and returns the line that they are told in. */
export function scrubbed(surface: HTMLElement, scrub: Scrub): HTMLElement {
  const { count, vertical } = scrub;
  const readout = el('p', { class: 'readout', 'aria-hidden': 'true' });
  if (count === 0) return readout;
  let place = 0;
  const to = (at: number) => {
    place = Math.min(count - 1, Math.max(0, at));
    surface.setAttribute('aria-valuenow', String(place));
    surface.setAttribute('aria-valuetext', scrub.say(place));
    readout.textContent = scrub.say(place);
    scrub.show(place);
  };
  const attributes = {
    role: 'slider',
    tabindex: 0,
    'aria-label': scrub.label,
    'aria-orientation': vertical ? 'vertical' : 'horizontal',
    'aria-valuemin': 0,
    'aria-valuemax': count - 1,
    'aria-valuenow': 0,
    'aria-valuetext': scrub.say(0),
  };
  for (const [name, value] of Object.entries(attributes)) surface.setAttribute(name, String(value));
  surface.classList.add('scrubbed');
  const leave = () => {
    readout.textContent = '';
    scrub.show(undefined);
  };
  surface.addEventListener('pointermove', event => {
    const box = surface.getBoundingClientRect();
    const share = vertical ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width;
    to(Math.floor(share * count));
  });
  surface.addEventListener('pointerleave', leave);
  surface.addEventListener('focus', () => {
    to(place);
  });
  surface.addEventListener('blur', leave);
  const leap = Math.max(1, Math.round(count / 10));
  const moves: Readonly<Record<string, () => number>> = {
    ArrowRight: () => place + 1,
    ArrowLeft: () => place - 1,
    ArrowDown: () => place + (vertical ? 1 : -1),
    ArrowUp: () => place + (vertical ? -1 : 1),
    PageDown: () => place + (vertical ? leap : -leap),
    PageUp: () => place + (vertical ? -leap : leap),
    Home: () => 0,
    End: () => count - 1,
  };
  surface.addEventListener('keydown', event => {
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    to(move());
  });
  return readout;
}
