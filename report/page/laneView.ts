/** The lane from commit to verdict: a station for each step, with bars for this run and the one before. */
import type { ReleaseReport } from '../../shared/report/format.js';
import type { Lane, Station } from '../model/lane.js';
import type { Verdict } from '../model/verdict.js';
import { el, outside, withStyle } from './dom.js';
import { mark, markOf, resultWords, unseen, type Mark } from './parts.js';

export function laneView(
  report: ReleaseReport,
  lane: Lane,
  verdict: Verdict,
  anchorOf: (key: string) => string,
): HTMLElement {
  const { commit } = report.run;
  const before = report.previous?.number;
  const several = lane.stages.length > 1;
  const last: Mark = verdict.kind === 'empty' ? 'skipped' : verdict.kind;
  return el(
    'nav',
    { class: 'lane', 'aria-label': 'From commit to verdict' },
    el(
      'ol',
      { class: 'stations' },
      el(
        'li',
        { class: 'station end' },
        mark('commit'),
        el(
          'div',
          { class: 'stop' },
          el('span', { class: 'stage' }, several && '\u00a0'),
          el('span', { class: 'name' }, 'Commit'),
          commit === null || commit === ''
            ? el('span', { class: 'quiet' }, 'not known')
            : el('code', { title: commit }, outside(commit.slice(0, 8))),
        ),
      ),
      ...lane.stages.flatMap(stage =>
        stage.stations.map((station, at) =>
          stationView(station, anchorOf, {
            name: several && at === 0 && stage.name !== '' ? stage.name : undefined,
            attempt: stage.attempt,
            several,
          }),
        ),
      ),
      el(
        'li',
        { class: `station end end-${verdict.kind}` },
        mark(last),
        el(
          'div',
          { class: 'stop' },
          el('span', { class: 'stage' }, several && '\u00a0'),
          el('span', { class: 'name' }, verdict.word),
          lane.elapsed !== undefined && el('span', { class: 'took' }, lane.elapsed),
          lane.difference !== undefined && el('span', { class: 'difference' }, lane.difference),
        ),
      ),
    ),
    before !== undefined &&
      el(
        'p',
        { class: 'legend' },
        el('span', { class: 'swatch swatch-now', 'aria-hidden': 'true' }),
        'this run',
        el('span', { class: 'swatch swatch-before', 'aria-hidden': 'true' }),
        el('span', {}, outside(before), ', the last run that passed'),
      ),
  );
}

function stationView(
  { step, duration, share, shareBefore, difference, slower }: Station,
  anchorOf: (key: string) => string,
  stage: { readonly name: string | undefined; readonly attempt: number; readonly several: boolean },
): HTMLElement {
  const { part } = step;
  const bars = el(
    'span',
    { class: 'bars', 'aria-hidden': 'true' },
    withStyle(el('span', { class: 'bar-now' }), { '--share': share }),
    shareBefore !== undefined && withStyle(el('span', { class: 'bar-before' }), { '--share': shareBefore }),
  );
  return el(
    'li',
    { class: `station station-${part.result}` },
    mark(markOf(part), resultWords[part.result]),
    el(
      'a',
      { class: 'stop', href: `#${anchorOf(step.key)}` },
      stage.several &&
        el(
          'span',
          { class: stage.name === undefined ? 'stage stage-same' : 'stage' },
          stage.name !== undefined && outside(stage.name),
          stage.name !== undefined && stage.attempt > 1 && `, attempt ${stage.attempt}`,
          stage.name === undefined && '\u00a0',
        ),
      el('span', { class: 'name' }, outside(part.step.displayName)),
      el('span', { class: 'took' }, unseen('took '), duration),
      difference !== undefined &&
        el(
          'span',
          { class: slower ? 'difference slower' : 'difference' },
          difference,
          unseen(' against the run before'),
        ),
      bars,
    ),
  );
}
