/** The page's head: verdict and reason in the first line, what serves now, which run this is. */
import type { ReleaseReport } from '../../shared/report/format.js';
import { plural } from '../../shared/core/text.js';
import type { Verdict } from '../model/verdict.js';
import { el, outside, type Child } from './dom.js';
import { link, mark, sentences, type Mark } from './parts.js';
import type { ReportLinks } from './render.js';

const marks: Readonly<Record<Verdict['kind'], Mark>> = {
  passed: 'passed',
  failed: 'failed',
  canceled: 'canceled',
  running: 'running',
  empty: 'skipped',
};

/** @param anchorOf where a step's section is */
export function verdictView(
  report: ReleaseReport,
  verdict: Verdict,
  links: ReportLinks,
  anchorOf: (key: string) => string,
): HTMLElement {
  const { step, others } = verdict;
  const stages = new Set(report.parts.map(part => part.step.stage)).size;
  const log = step === undefined ? undefined : links.log(step.part);
  return el(
    'div',
    { class: `verdict verdict-${verdict.kind}` },
    el(
      'h1',
      {},
      mark(marks[verdict.kind]),
      el(
        'span',
        {},
        el('strong', {}, verdict.word),
        step !== undefined && ' in ',
        step !== undefined && outside(step.part.step.displayName, 'where'),
        step !== undefined &&
          stages > 1 &&
          step.part.step.stage !== '' &&
          el('span', { class: 'quiet' }, ' (', outside(step.part.step.stage), ')'),
        step !== undefined ? ': ' : ' – ',
        outside(verdict.headline, 'why'),
      ),
    ),
    verdict.more !== '' && sentences(verdict.more, 'verdict', 'reason'),
    ...verdict.standing.map(sentence => el('p', { class: 'standing' }, outside(sentence))),
    others.length > 0 &&
      el(
        'p',
        { class: 'others' },
        'Also: ',
        ...others.flatMap((other, at): Child[] => [
          at > 0 && ', ',
          el('a', { href: `#${anchorOf(other.key)}` }, outside(other.part.step.displayName)),
          other.part.result === 'failed' ? ' failed' : ' was cancelled',
        ]),
        '.',
      ),
    (step !== undefined || verdict.warnings > 0) &&
      el(
        'p',
        { class: 'ways' },
        step !== undefined && el('a', { class: 'button', href: `#${anchorOf(step.key)}` }, 'What it found'),
        log !== undefined && withClass(link(log, 'Its log'), 'button'),
        verdict.warnings > 0 &&
          el('span', { class: 'quiet' }, `${plural(verdict.warnings, 'warning')} in this run`),
      ),
  );
}

/** Which run this is. */
export function runLine({ run, parts }: ReleaseReport): HTMLElement {
  const began = parts
    .map(part => part.startedAt)
    .toSorted()
    .at(0);
  const items: Child[] = [
    outside(run.pipeline, 'pipeline'),
    link(run.url ?? undefined, outside(run.number)),
    run.repository !== null && run.repository !== '' && outside(run.repository),
    run.branch !== null && run.branch !== '' && outside(run.branch.replace(/^refs\/(?:heads|tags)\//, '')),
    began !== undefined &&
      el('time', { datetime: began }, `${began.slice(0, 10)} ${began.slice(11, 16)} UTC`),
  ];
  return el(
    'ul',
    { class: 'run', 'aria-label': 'This run' },
    ...items.filter(Boolean).map(item => el('li', {}, item)),
  );
}

function withClass(element: HTMLElement, name: string): HTMLElement {
  element.classList.add(name);
  return element;
}
