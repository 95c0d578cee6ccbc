/** The bars of the roll's picture: each state has a colour, and a height or a pattern of its own where there is room for it. */
import { plural } from '../../shared/core/text.js';
import { rollPaths, type Roll, type RollLine, type RollState, type Segment } from '../model/roll.js';
import { svg } from './dom.js';
import { percentOf } from './plotParts.js';

export const stateNames: Readonly<Record<RollState, string>> = {
  old: 'in service, image before',
  asked: 'asked to move',
  out: 'out of service',
  starting: 'starting',
  new: 'in service, new image',
  failed: 'failed',
  gone: 'gone',
};

/** Bars at least so high have patterns. */
const patterned = 8;
/** A bar's height and place in its line, as parts of it. */
const shapes: Readonly<Record<RollState, readonly [number, number]>> = {
  old: [0.36, 0.32],
  asked: [0.36, 0.32],
  out: [1, 0],
  starting: [1, 0],
  new: [1, 0],
  failed: [1, 0],
  gone: [0.08, 0.46],
};

/** A few lines: rectangles with patterns. Many: one path a state, stretched, which costs the same for 1,000 instances as for 10. */
export function rollBars(lines: readonly RollLine[], roll: Roll, pitch: number): SVGSVGElement {
  return pitch >= patterned ? patternedBars(lines, roll, pitch) : plainBars(lines, pitch, roll.length);
}

function patternedBars(lines: readonly RollLine[], roll: Roll, pitch: number): SVGSVGElement {
  const inner = pitch - (pitch >= 14 ? 6 : 2);
  const bar = ({ state, from, to }: Segment, line: number) => {
    const [high, down] = shapes[state];
    return svg('rect', {
      class: `state state-${state}`,
      x: percentOf(from, roll.length),
      width: percentOf(to - from, roll.length),
      y: line * pitch + (pitch - inner) / 2 + inner * down,
      height: inner * high,
    });
  };
  return svg(
    'svg',
    { class: 'roll-bars', width: '100%', height: pitch * lines.length, 'aria-hidden': 'true' },
    ...lines.flatMap((line, at) => line.segments.map(segment => bar(segment, at))),
    ...lines.flatMap((line, at) => line.segments.flatMap(segment => overlay(segment, bar(segment, at)))),
  );
}

function hasPattern(state: RollState): boolean {
  return state === 'out' || state === 'starting' || state === 'failed';
}

function overlay({ state }: Segment, bar: SVGRectElement): SVGRectElement[] {
  if (!hasPattern(state)) return [];
  bar.setAttribute('class', 'state-pattern');
  bar.setAttribute('fill', `url(#release-roll-${state})`);
  return [bar];
}

/** The patterns, once for the page. Not `display: none`: browsers then draw nothing with them. */
export function rollPatterns(): SVGSVGElement {
  const pattern = (state: string, size: number, d: string) =>
    svg(
      'pattern',
      { id: `release-roll-${state}`, width: size, height: size, patternUnits: 'userSpaceOnUse' },
      svg('path', { class: 'pattern-line', d }),
    );
  return svg(
    'svg',
    { class: 'patterns', width: 0, height: 0, 'aria-hidden': 'true' },
    pattern('out', 8, 'M-2 2 2-2M0 8 8 0M6 10l4-4'),
    pattern('starting', 5, 'M1.6 2.5h1.8'),
    pattern('failed', 8, 'm0 0 8 8m-8 0 8-8'),
  );
}

let clips = 0;

function plainBars(lines: readonly RollLine[], pitch: number, length: number): SVGSVGElement {
  const height = pitch * lines.length;
  // Of a box of 1 by 1: stretched over the picture it fills a colour, and clips a pattern that is not stretched with it.
  const paths = rollPaths(lines, length, pitch >= 4 ? 1 / pitch : 0);
  const overlays = [...paths].flatMap(([state, d]) => {
    if (!hasPattern(state)) return [];
    clips += 1;
    const id = `release-roll-clip-${clips}`;
    return [
      svg('clipPath', { id, clipPathUnits: 'objectBoundingBox' }, svg('path', { d })),
      svg('rect', {
        class: 'state-pattern',
        width: '100%',
        height,
        fill: `url(#release-roll-${state})`,
        'clip-path': `url(#${id})`,
      }),
    ];
  });
  return svg(
    'svg',
    { class: 'roll-bars', width: '100%', height, 'aria-hidden': 'true' },
    svg(
      'svg',
      { class: 'plain', viewBox: '0 0 1 1', preserveAspectRatio: 'none', width: '100%', height },
      ...[...paths].map(([state, d]) => svg('path', { class: `state state-${state}`, d })),
    ),
    ...overlays,
  );
}

/** A state as the legend shows it. */
export function stateSwatch(state: RollState): SVGSVGElement {
  const [high, down] = shapes[state];
  const rect = (className: string, fill?: string) =>
    svg('rect', { class: className, fill, x: 0, y: 2 + 10 * down, width: 24, height: 10 * high });
  return svg(
    'svg',
    { width: 24, height: 14, 'aria-hidden': 'true' },
    rect(`state state-${state}`),
    hasPattern(state) && rect('state-pattern', `url(#release-roll-${state})`),
  );
}

/** Numbers of the batches where they began; those without room for their number have their line only. */
export function batchStrip(roll: Roll): SVGSVGElement {
  let free = 0;
  const labels = roll.batches.flatMap(batch => {
    const share = batch.at / roll.length;
    if (share < free) return [];
    free = share + 0.045;
    const x = percentOf(batch.at, roll.length);
    const title = `Batch ${batch.number}${batch.canary ? ', canary' : ''}${batch.back ? ', on the way back' : ''}: ${plural(batch.count, 'instance')}`;
    return [
      svg(
        'text',
        {
          class: batch.canary ? 'batch batch-canary' : 'batch',
          x,
          y: 11,
          'text-anchor': share > 0.95 ? 'end' : 'start',
        },
        svg('title', {}, title),
        batch.canary ? '◆' : String(batch.number),
      ),
    ];
  });
  const { backAt } = roll;
  return svg(
    'svg',
    { width: '100%', height: backAt === undefined ? 16 : 32, 'aria-hidden': 'true' },
    ...labels,
    backAt !== undefined &&
      svg(
        'text',
        {
          class: 'way-back',
          x: percentOf(backAt, roll.length),
          y: 27,
          'text-anchor': backAt > roll.length * 0.6 ? 'end' : 'start',
        },
        '↩ way back',
      ),
  );
}

/** Lines where batches began, and the way back shaded. */
export function marksOver(roll: Roll): SVGElement[] {
  const { backAt, batches, length } = roll;
  const most = 60;
  const every = Math.ceil(batches.length / most);
  const marks: SVGElement[] = batches
    .filter(({ canary }, at) => canary || at % every === 0)
    .map(({ at, canary }) => {
      const x = percentOf(at, length);
      return svg('line', {
        class: canary ? 'batch-line batch-canary' : 'batch-line',
        x1: x,
        x2: x,
        y1: 0,
        y2: '100%',
      });
    });
  if (backAt !== undefined) {
    const x = percentOf(backAt, length);
    marks.push(svg('line', { class: 'way-back-line', x1: x, x2: x, y1: 0, y2: '100%' }));
  }
  return marks;
}
