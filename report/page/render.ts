/** The release report's page: draws a report into an element, and draws it anew while the run goes on. */
import type { ReleaseReport, ReportPart, ReportPictures } from '../../shared/report/format.js';
import { laneOf } from '../model/lane.js';
import { stagesOf, type EarlierAttempt, type Stage, type Step } from '../model/stages.js';
import { verdictOf } from '../model/verdict.js';
import { el, outside, type Child } from './dom.js';
import { laneView } from './laneView.js';
import { fold, link, mark, resultWords } from './parts.js';
import { pictureDialog } from './pictureDialog.js';
import { rollPatterns } from './rollBars.js';
import { stepView, type StepFrame } from './stepView.js';
import { runLine, verdictView } from './verdictView.js';

/** Where the page can send its reader. Addresses other than http, https and relative ones are not shown as links. */
export interface ReportLinks {
  /** The log of a part's step, undefined where there is none. */
  log(part: ReportPart): string | undefined;
  readonly artifacts: readonly { readonly name: string; readonly url: string }[];
}

export interface ReportOptions {
  /** Pictures that are not there (yet) have their place kept. */
  readonly pictures: ReportPictures;
  readonly links: ReportLinks;
  /** The host's; absent: what the reader's system prefers. */
  readonly theme?: 'light' | 'dark';
  /** Whether steps are still to come. */
  readonly running?: boolean;
}

/** A report on the page. */
export interface ReportView {
  /** Draws what changed: sections of steps that are as they were stay untouched, others keep what was opened in them. */
  update(report: ReleaseReport, options: ReportOptions): void;
}

/** A part of the page that is made anew only when what it shows has changed. */
interface Piece {
  readonly key: string;
  readonly shows: string;
  make(): HTMLElement;
}

/** Draws `report` into `root`, which it fills. */
export function renderReport(root: HTMLElement, report: ReleaseReport, options: ReportOptions): ReportView {
  const head = el('header', { class: 'head' });
  const main = el('main');
  const dialog = pictureDialog();
  const anchors = new Map<string, string>();
  const anchorOf = (key: string) => {
    const known = anchors.get(key) ?? `release-step-${anchors.size + 1}`;
    anchors.set(key, known);
    return known;
  };
  const pieces = new Map<string, { readonly shows: string; readonly element: HTMLElement }>();
  let updates = 0;

  const update = (next: ReleaseReport, given: ReportOptions) => {
    if (given.theme === undefined) delete root.dataset['theme'];
    else root.dataset['theme'] = given.theme;
    const stages = stagesOf(next);
    const verdict = verdictOf(next, given.running === true);
    const frame = {
      options: given,
      commit: next.run.commit,
      dialog,
      decided: verdict.step?.key,
      staged: stages.length > 1,
    };
    const focused = head.contains(document.activeElement)
      ? document.activeElement?.getAttribute('href')
      : undefined;
    head.replaceChildren(
      verdictView(next, verdict, given.links, anchorOf),
      runLine(next),
      laneView(next, laneOf(stages), verdict, anchorOf),
    );
    if (typeof focused === 'string')
      [...head.querySelectorAll('a')].find(anchor => anchor.getAttribute('href') === focused)?.focus();
    const wanted = [...stages.flatMap(stage => piecesOf(stage, frame, anchorOf)), ...artifacts(given.links)];
    const arrange = () => {
      arrangeIn(
        main,
        wanted.map(piece => {
          const known = pieces.get(piece.key);
          if (known?.shows === piece.shows) return known.element;
          const element = piece.make();
          if (known !== undefined) keepOpen(known.element, element);
          pieces.set(piece.key, { shows: piece.shows, element });
          return element;
        }),
      );
    };
    updates += 1;
    const own = updates;
    // What a reader sees first is not kept waiting for what is below it.
    if (pieces.size > 0) arrange();
    else
      afterPaint(() => {
        if (own === updates) arrange();
      });
  };

  root.classList.add('bake-and-roll-report');
  root.replaceChildren(rollPatterns(), head, main, dialog.element);
  update(report, options);
  return { update };
}

/** Runs it when the browser has shown what is on the page; at once where it shows nothing, in a tab in the background. */
function afterPaint(run: () => void): void {
  if (document.hidden) run();
  else requestAnimationFrame(() => setTimeout(run, 0));
}

function piecesOf(stage: Stage, frame: StepFrame, anchorOf: (key: string) => string): Piece[] {
  return [
    ...stage.steps.map(step => ({
      key: step.key,
      shows: shownBy(step, frame),
      make: () => stepView(step, anchorOf(step.key), frame),
    })),
    ...stage.earlier.map(attempt => ({
      key: `earlier/${attempt.key}`,
      shows: attempt.steps.map(step => shownBy(step, frame)).join(),
      make: () => earlierView(stage, attempt, frame, anchorOf),
    })),
  ];
}

function shownBy({ part }: Step, { options, staged, commit, decided }: StepFrame): string {
  const pictures =
    part.task === 'RunSeleniumSmoke'
      ? part.body?.tests.map(({ screenshot }) => screenshot !== undefined && options.pictures.has(screenshot))
      : undefined;
  return JSON.stringify([part, options.links.log(part), pictures, staged, commit, decided]);
}

function earlierView(
  stage: Stage,
  { key, job, stageAttempt, jobAttempt, steps }: EarlierAttempt,
  frame: StepFrame,
  anchorOf: (key: string) => string,
): HTMLElement {
  const ended = steps.find(({ part }) => part.result !== 'succeeded');
  const number = jobAttempt > 1 ? `${stageAttempt}.${jobAttempt}` : String(stageAttempt);
  const summary: Child[] = [
    mark(ended === undefined ? 'passed' : ended.part.result === 'failed' ? 'failed' : 'canceled'),
    ` Attempt ${number}`,
    ...[stage.name, job === stage.name ? '' : job]
      .filter(name => name !== '')
      .flatMap((name, at) => [at === 0 ? ' of ' : ' / ', outside(name)]),
    ended !== undefined &&
      el('span', {}, ` ${resultWords[ended.part.result]} in `, outside(ended.part.step.displayName)),
    el('span', { class: 'quiet' }, ' · a later attempt counts'),
  ];
  return el(
    'div',
    { class: 'earlier' },
    fold(key, summary, () => steps.map(step => stepView(step, anchorOf(step.key), frame))),
  );
}

function artifacts(links: ReportLinks): Piece[] {
  if (links.artifacts.length === 0) return [];
  return [
    {
      key: 'artifacts',
      shows: JSON.stringify(links.artifacts),
      make: () =>
        el(
          'section',
          { class: 'artifacts', 'aria-labelledby': 'release-artifacts' },
          el('h2', { id: 'release-artifacts' }, 'Artifacts'),
          el('ul', {}, ...links.artifacts.map(({ name, url }) => el('li', {}, link(url, outside(name))))),
        ),
    },
  ];
}

/** Puts the elements in that order and takes away all others; those in their place already are not moved. */
function arrangeIn(parent: HTMLElement, elements: readonly HTMLElement[]): void {
  let place = parent.firstElementChild;
  for (const element of elements) {
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  while (place !== null) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

function keepOpen(before: HTMLElement, after: HTMLElement): void {
  const open = new Map(
    [...before.querySelectorAll('details')].map(({ dataset, open: isOpen }) => [dataset['fold'], isOpen]),
  );
  for (const details of after.querySelectorAll('details')) {
    const was = open.get(details.dataset['fold']);
    if (was !== undefined) details.open = was;
  }
}
