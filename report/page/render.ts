/** The release report's page: draws a report into an element, and draws it anew while the run goes on. */
import type { ReleaseReport, ReportPart, ReportPictures } from '../../shared/report/format.js';
import { el, outside } from './dom.js';

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
  /** Draws what changed; what the reader has opened, sorted and focused stays. */
  update(report: ReleaseReport, options: ReportOptions): void;
}

/** Draws `report` into `root`, which it fills. */
export function renderReport(root: HTMLElement, report: ReleaseReport, options: ReportOptions): ReportView {
  const update = (next: ReleaseReport, { theme }: ReportOptions) => {
    root.classList.add('bake-and-roll-report');
    if (theme === undefined) delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    root.replaceChildren(
      el('h1', {}, outside(next.run.pipeline)),
      ...next.parts.map(part => el('p', {}, outside(part.message))),
    );
  };
  update(report, options);
  return { update };
}
