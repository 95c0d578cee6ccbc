/** The roll: instances over time, batches and canaries, the way back, and how the site answered meanwhile. */
import type { DeployBody } from '../../shared/report/bodies.js';
import { formatDuration } from '../../shared/core/duration.js';
import { plural } from '../../shared/core/text.js';
import { formatTick } from '../model/figures.js';
import {
  countRoll,
  linesOf,
  rollOf,
  rollStates,
  sharedPrefix,
  type Roll,
  type RollLine,
  type RollRow,
} from '../model/roll.js';
import { imageName } from '../model/verdict.js';
import { el, outside, svg, withStyle, type Child } from './dom.js';
import { chip, facts, fold, mark } from './parts.js';
import { plotRow, scrubbed, timeAxis } from './plotParts.js';
import { batchStrip, marksOver, rollBars, stateNames, stateSwatch } from './rollBars.js';
import { instanceTable } from './rollTable.js';
import { siteNote, siteStrips } from './siteStrips.js';

/** Pixels that the lines of a picture may take together. */
const mostHeight = 400;
/** A line that has a name beside it is at least so high. */
const namedHeight = 14;
const mostFailures = 5;
const outcomes = {
  succeeded: ['Succeeded', 'passed'],
  failed: ['Failed', 'failed'],
  rolledBack: ['Rolled back', 'failed'],
  stopped: ['Stopped', 'warning'],
} as const;

export function rollView(body: DeployBody, key: string): Child[] {
  const { limits } = body;
  const roll = rollOf(body);
  const [word, kind] = outcomes[body.outcome];
  return [
    facts([
      ['Scale set', el('span', {}, outside(body.scaleSet, 'strong'), ' ', chip(word, kind))],
      ['Resource group', outside(body.resourceGroup)],
      ['New image', outside(imageName(body.image))],
      ['Image before', body.previousImage !== '' && outside(imageName(body.previousImage))],
      ['Strategy', outside(body.strategy)],
      [
        'Limits',
        `batches of ${limits.batchSize}${limits.canarySize > 0 ? `, ${plural(limits.canarySize, 'canary', 'canaries')}` : ''}, ${limits.maxUnhealthy} may fail`,
      ],
      [
        'Most out of service',
        String(Math.max(body.forward.mostOutOfService, body.back?.mostOutOfService ?? 0)),
      ],
      ['Took', formatDuration(roll.length)],
    ]),
    roll.rows.length === 0
      ? el('p', { class: 'quiet' }, 'No instance was seen: there is nothing to draw.')
      : picture(body, roll, key),
  ];
}

function picture(body: DeployBody, roll: Roll, key: string): HTMLElement {
  const pitchOf = (count: number) => Math.min(22, Math.max(1, Math.floor(mostHeight / count)));
  const lines = linesOf(roll.rows, mostHeight);
  const pitch = pitchOf(lines.length);
  const named = pitch >= namedHeight;
  const height = pitch * lines.length;
  const pointer = svg('rect', { class: 'pointer', x: 0, width: '100%', height: pitch, visibility: 'hidden' });
  const surface = el(
    'div',
    { class: 'surface' },
    rollBars(lines, roll, pitch),
    svg('svg', { class: 'over', width: '100%', height, 'aria-hidden': 'true' }, ...marksOver(roll), pointer),
  );
  const readout = scrubbed(surface, {
    label: 'The roll, instance by instance',
    count: lines.length,
    vertical: true,
    say: at => sayLine(lines[at]),
    show: at => {
      pointer.setAttribute('visibility', at === undefined ? 'hidden' : 'visible');
      pointer.setAttribute('y', String((at ?? 0) * pitch));
    },
  });
  const present = new Set(lines.flatMap(line => line.segments.map(({ state }) => state)));
  const each = lines[0]?.rows.length ?? 1;
  return el(
    'figure',
    { class: 'roll' },
    el(
      'figcaption',
      {},
      el('h3', {}, 'The roll'),
      el(
        'ul',
        { class: 'legend' },
        ...rollStates
          .filter(state => present.has(state))
          .map(state =>
            el(
              'li',
              {},
              stateSwatch(state),
              state === 'old' && body.previousImage === '' ? 'before' : stateNames[state],
            ),
          ),
        roll.batches.some(({ canary }) => canary) && el('li', {}, '◆ canary batch'),
      ),
    ),
    el(
      'p',
      { class: 'summary' },
      summary(body, roll),
      each > 1 && ` A line stands for ${each} instances and shows the least well of them.`,
    ),
    plotRow('batches', named ? 'batch' : plural(roll.rows.length, 'instance'), batchStrip(roll)),
    plotRow('bars', named && names(lines, pitch), surface),
    ...siteStrips(body, roll.length),
    timeAxis(roll.length),
    readout,
    siteNote(body),
    failures(roll),
    fold(`${key}/instances`, [`All ${plural(roll.rows.length, 'instance')} as a table`], () =>
      instanceTable(roll),
    ),
  );
}

function failures({ rows }: Roll): Child {
  const failed = rows.filter(row => row.failed !== undefined);
  if (failed.length === 0) return undefined;
  return el(
    'ul',
    { class: 'warnings' },
    ...failed
      .slice(0, mostFailures)
      .map(row =>
        el(
          'li',
          {},
          mark('failed'),
          el('span', {}, outside(row.name, 'strong'), ': ', outside(row.failed ?? '')),
        ),
      ),
    failed.length > mostFailures && el('li', { class: 'quiet' }, `and ${failed.length - mostFailures} more`),
  );
}

function names(lines: readonly RollLine[], pitch: number): HTMLElement {
  const prefix = sharedPrefix(lines.flatMap(({ rows }) => rows.map(({ name }) => name)));
  return withStyle(
    el(
      'ol',
      { class: 'names', 'aria-hidden': 'true' },
      ...lines.map(({ rows: [row] }) =>
        el(
          'li',
          { class: row?.failed === undefined ? '' : 'name-failed' },
          row?.canary === true && '◆ ',
          row !== undefined && prefix !== '' && outside(prefix, 'prefix'),
          row !== undefined && outside(row.name.slice(prefix.length)),
        ),
      ),
    ),
    { '--pitch': `${pitch}px` },
  );
}

function summary(body: DeployBody, roll: Roll): string {
  const { instances, reached, failed, untouched, backOnOld } = countRoll(roll);
  const there = body.forward.batches.length;
  const said = [
    there === 0
      ? `${plural(instances, 'instance')}, moved by Azure`
      : `${plural(instances, 'instance')} in ${plural(there, 'batch', 'batches')}`,
    `${reached + (failed === 0 && body.outcome === 'succeeded' ? roll.omitted : 0)} on the new image at the end`,
    failed > 0 && `${failed} failed`,
    backOnOld > 0 && `${backOnOld} moved back`,
    untouched > 0 && `${untouched} never touched`,
    roll.omitted > 0 && `${roll.omitted} not drawn`,
  ];
  return `${said.filter(part => part !== false).join('; ')}.`;
}

function sayLine(line: RollLine | undefined): string {
  const [row] = line?.rows ?? [];
  if (line === undefined || row === undefined) return '';
  const last = line.rows.at(-1);
  if (last !== undefined && last !== row) return `${row.name} to ${last.name}: ${sayTimes(row)}`;
  return `${row.name}${row.canary ? ' (canary)' : ''}: ${sayTimes(row)}`;
}

function sayTimes(row: RollRow): string {
  if (row.segments.length === 1 && row.failed === undefined)
    return stateNames[row.segments[0]?.state ?? 'old'];
  const said = [
    row.asked !== undefined && `asked at ${formatTick(row.asked)}`,
    row.healthy !== undefined && `on the new image at ${formatTick(row.healthy)}`,
    row.backAt !== undefined && `back at ${formatTick(row.backAt)}`,
    row.away > 0 && `out of service for ${formatDuration(row.away)}`,
    row.failed !== undefined && `failed: ${row.failed}`,
  ];
  return said.filter(part => part !== false).join(', ');
}
