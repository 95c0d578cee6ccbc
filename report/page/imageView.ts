/** The image: what it is, what it was made from, and where the time of its making went. */
import type { BakeBody } from '../../shared/report/bodies.js';
import { formatDuration } from '../../shared/core/duration.js';
import { plural } from '../../shared/core/text.js';
import { shortenPaths, shown } from '../model/shownText.js';
import { el, outside, withStyle, type Child } from './dom.js';
import { chip, facts, fold, unseen } from './parts.js';

const kinds = { vhd: 'VHD', managed: 'Managed image', gallery: 'Gallery version' } as const;
const mostPhases = 12;

export function imageView(body: BakeBody, commit: string | null, key: string): Child[] {
  const { image, digest } = body;
  return [
    facts([
      [
        'Image',
        image === null
          ? 'None came of it'
          : el(
              'span',
              {},
              outside(image.name, 'strong'),
              ' ',
              body.reused ? chip('Reused', 'accent') : chip('Baked'),
            ),
      ],
      ['Kind', image !== null && kinds[image.kind]],
      ['Made from', outside(body.template, 'code')],
      ['Base', body.base !== null && outside(body.base)],
      ['Commit', commit !== null && commit !== '' && outside(commit.slice(0, 8), 'code')],
      ['Digest of its inputs', digest !== null && digestText(digest)],
      ['Packer', outside(body.packer)],
    ]),
    image !== null && el('p', { class: 'id' }, outside(image.id, 'code')),
    body.phases.length > 0 && phases(body.phases, key),
  ];
}

function digestText(digest: string): HTMLElement {
  const short = digest.replace(/^sha256:/, '').slice(0, 12);
  const text = outside(short === digest ? digest : `${short}…`, 'code');
  text.title = digest;
  return text;
}

type Phase = BakeBody['phases'][number];

function phases(all: readonly Phase[], key: string): HTMLElement {
  const begins = Math.min(...all.map(({ startedAt }) => startedAt));
  const length = Math.max(1, ...all.map(phase => phase.startedAt + phase.milliseconds - begins));
  const builds = new Set(all.map(({ build }) => build)).size;
  const row = (phase: Phase) => phaseRow(phase, begins, length, builds > 1);
  const rest = all.slice(mostPhases);
  return el(
    'div',
    { class: 'phases' },
    el('h3', {}, 'Where the time went'),
    phaseTable(all.slice(0, mostPhases).map(row)),
    rest.length > 0 &&
      fold(`${key}/phases`, [plural(rest.length, 'later phase')], () => [phaseTable(rest.map(row))]),
  );
}

function phaseTable(rows: readonly HTMLElement[]): HTMLElement {
  return el(
    'table',
    { class: 'bars-table' },
    el(
      'thead',
      { class: 'unseen-head' },
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, unseen('Phase')),
        el('th', { scope: 'col' }, unseen('When')),
        el('th', { scope: 'col' }, unseen('Took')),
      ),
    ),
    el('tbody', {}, ...rows),
  );
}

function phaseRow(phase: Phase, begins: number, length: number, several: boolean): HTMLElement {
  const { build, title, startedAt, milliseconds } = phase;
  const short = shortenPaths(title);
  const bar = withStyle(el('span', { class: 'phase-bar' }), {
    '--from': Math.max(0, (startedAt - begins) / length),
    '--share': milliseconds / length,
  });
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row', title: short === title ? undefined : shown(title) },
      outside(short),
      several && el('span', { class: 'quiet' }, ' ', outside(build)),
    ),
    el(
      'td',
      { class: 'phase-track' },
      el('span', { class: 'unseen' }, `after ${formatDuration(Math.max(0, startedAt - begins))}`),
      bar,
    ),
    el('td', { class: 'number' }, formatDuration(milliseconds)),
  );
}
