/** A step's section: its name and end, what it said, what its task tells, its log. */
import type { ReportPart } from '../../shared/report/format.js';
import { formatDuration } from '../../shared/core/duration.js';
import { plural } from '../../shared/core/text.js';
import { shortenIds, shown } from '../model/shownText.js';
import type { Step } from '../model/stages.js';
import { changesView } from './changesView.js';
import { el, outside, type Child } from './dom.js';
import { imageView } from './imageView.js';
import { loadView } from './loadView.js';
import { fold, link, mark, markOf, resultWords, sentences } from './parts.js';
import type { PictureDialog } from './pictureDialog.js';
import type { ReportOptions } from './render.js';
import { rollView } from './rollView.js';
import { smokeView } from './smokeView.js';

/** What all steps of a page share. */
export interface StepFrame {
  readonly options: ReportOptions;
  readonly commit: string | null;
  readonly dialog: PictureDialog;
  /** The step that decided the verdict: its message stands in the page's head, its body is shown at once. */
  readonly decided: string | undefined;
  /** Whether the run has more than one stage. */
  readonly staged: boolean;
}

export const taskTitles: Readonly<Record<ReportPart['task'], string>> = {
  PackerBakeVmss: 'Image',
  PatchArmImageUri: 'Parameters',
  DeployVmssImage: 'Roll',
  RunSeleniumSmoke: 'Smoke tests',
  RunJmeterLoad: 'Load test',
};

export function stepView(step: Step, id: string, frame: StepFrame): HTMLElement {
  const { part, key } = step;
  const { step: where } = part;
  const log = frame.options.links.log(part);
  return el(
    'section',
    { class: `step step-${part.result}`, id, tabindex: -1 },
    el(
      'header',
      {},
      el(
        'div',
        {},
        el(
          'p',
          { class: 'kicker' },
          taskTitles[part.task],
          frame.staged && where.stage !== '' && el('span', {}, ' · ', outside(where.stage)),
          where.stageAttempt > 1 && ` · attempt ${where.stageAttempt}`,
          where.jobAttempt > 1 && ` · job attempt ${where.jobAttempt}`,
        ),
        el(
          'h2',
          { id: `${id}-title` },
          mark(markOf(part), resultWords[part.result]),
          outside(where.displayName),
        ),
      ),
      el(
        'p',
        { class: 'step-side' },
        el('span', { class: 'number' }, formatDuration(step.milliseconds)),
        log !== undefined && link(log, 'Log'),
      ),
    ),
    part.message !== '' && !(key === frame.decided && part.body !== null) && message(part, key),
    part.warnings.length > 0 && warnings(part.warnings, key),
    ...(frame.decided === undefined || part.result !== 'succeeded'
      ? bodyView(part, key, frame)
      : [passedBy(fold(`${key}/body`, ['What it did'], () => bodyView(part, key, frame)))]),
  );
}

function message(part: ReportPart, key: string): HTMLElement {
  const text = part.message.trim();
  const shortened = part.result === 'succeeded' ? shortenIds(text) : text;
  const said = sentences(shortened, key, `said said-${part.result}`);
  if (shortened !== text) said.title = shown(text);
  return said;
}

/** A step that has nothing to do with why the run did not pass takes little room. */
function passedBy(details: HTMLElement): HTMLElement {
  details.classList.add('passed-by');
  return details;
}

function warnings(all: readonly string[], key: string): HTMLElement {
  const list = (some: readonly string[]) =>
    el(
      'ul',
      { class: 'warnings' },
      ...some.map(text => el('li', {}, mark('warning', 'warning'), outside(text))),
    );
  if (all.length <= 3) return list(all);
  return fold(`${key}/warnings`, [mark('warning'), ' ', plural(all.length, 'warning')], () => [list(all)]);
}

function bodyView(part: ReportPart, key: string, { options, commit, dialog }: StepFrame): readonly Child[] {
  if (part.body === null) return [el('p', { class: 'quiet' }, 'It ended before there was anything to show.')];
  switch (part.task) {
    case 'PackerBakeVmss':
      return imageView(part.body, commit, key);
    case 'PatchArmImageUri':
      return changesView(part.body, key);
    case 'DeployVmssImage':
      return rollView(part.body, key);
    case 'RunSeleniumSmoke':
      return smokeView(part.body, key, options.pictures, dialog);
    case 'RunJmeterLoad':
      return loadView(part.body, key);
  }
}
