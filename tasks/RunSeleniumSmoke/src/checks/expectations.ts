/** Whether a page is as it should be: the decisions, over plain facts. */
import { singleLine } from '../../../../shared/core/text.js';
import type { Expectations, Wanted } from './checksFile.js';
import type { LogEntry } from './browserSession.js';

/** What a page shows now. */
export interface PageFacts {
  readonly title: string;
  /** Its visible text. */
  readonly text: string;
  /** Path, query and fragment where the browser is. */
  readonly path: string;
  /** For each selector asked for: how many elements, and how many of them are visible; null when it is no selector. */
  readonly elements: Readonly<Record<string, readonly [number, number] | null>>;
}

/** One thing that must be so. */
export interface Expected {
  /** What it is, as the name of a test. */
  readonly what: string;
  /** Why it is not so; undefined when it is. */
  readonly fault: string | undefined;
}

/** Runs in the page and gives {@link PageFacts} for the selectors that it is called with. */
export const factsScript = `
  const visible = element => {
    const style = getComputedStyle(element);
    return element.getClientRects().length > 0 && style.visibility === 'visible' && style.opacity !== '0';
  };
  const elements = {};
  for (const css of arguments[0]) {
    try {
      const found = [...document.querySelectorAll(css)];
      elements[css] = [found.length, found.filter(visible).length];
    } catch {
      elements[css] = null;
    }
  }
  return {
    title: document.title,
    text: (document.body?.innerText ?? '').slice(0, 1000000),
    path: location.pathname + location.search + location.hash,
    elements,
  };`;

/** Runs in the page: the addresses of images that could not be shown. Images that wait until somebody scrolls to them are not looked at. */
export const brokenImagesScript = `
  return [...document.images]
    .filter(image => image.currentSrc !== '' && image.complete && image.naturalWidth === 0 && !/\\.svg(?:[?#]|$)/.test(image.currentSrc))
    .map(image => image.currentSrc.slice(0, 300));`;

/** Runs in the page: its own status as the browser got it (Navigation Timing); 0 when the browser does not tell. */
export const statusScript = `return performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0;`;

/** @param is 0 when the browser did not tell */
export function statusFault(wanted: number | undefined, is: number): string | undefined {
  if (is === 0)
    return 'the browser does not tell the status of the page: Chrome from 109 and Firefox from 109 do';
  return (wanted === undefined ? is < 400 : is === wanted) ? undefined : `the page came with status ${is}`;
}

/** All that is expected, in the order of the file. */
export function compare(expected: Expectations, facts: PageFacts): Expected[] {
  const { title, path } = expected;
  return [
    ...(path === undefined ? [] : [{ what: `is at ${path}`, fault: pathFault(path, facts.path) }]),
    ...(title === undefined
      ? []
      : [
          {
            what: `title ${title.written}`,
            fault: matches(title, facts.title, true)
              ? undefined
              : `the title is '${singleLine(facts.title, 200)}'`,
          },
        ]),
    ...expected.text.map(text => ({
      what: `text ${text.written}`,
      fault: matches(text, facts.text, false) ? undefined : `the page shows '${excerpt(facts.text)}'`,
    })),
    ...expected.element.map(css => ({ what: `element ${css}`, fault: elementFault(facts.elements[css]) })),
  ];
}

/** Without a fragment in the file, the page's is not looked at. */
function pathFault(wanted: string, is: string): string | undefined {
  const shown = wanted.includes('#') ? is : is.replace(/#.*$/s, '');
  return shown === wanted ? undefined : `the browser is at ${singleLine(is, 200)}`;
}

function matches({ written, pattern }: Wanted, text: string, whole: boolean): boolean {
  if (pattern !== undefined) return pattern.test(text);
  const [have, want] = [collapse(text), collapse(written)];
  return whole ? have === want : have.includes(want);
}

function elementFault(counts: readonly [number, number] | null | undefined): string | undefined {
  if (counts === null) return 'it is no CSS selector';
  const [all, visible] = counts ?? [0, 0];
  if (visible > 0) return undefined;
  return all === 0 ? 'the page has no such element' : `none of ${all} such elements is visible`;
}

/** A browser breaks lines where it likes. */
function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function excerpt(text: string): string {
  const words = singleLine(collapse(text), 200);
  return words === '' ? '(nothing)' : words;
}

/** Errors of a page's scripts and console, without failed requests. */
export function consoleErrors(log: readonly LogEntry[]): string[] {
  return log
    .filter(({ level, source }) => level === 'SEVERE' && source !== 'network')
    .map(({ message }) => singleLine(message));
}

/**
 * Requests of a page that failed. Not its own address, whose status is a check of its own, and not the icon that browsers ask for
 * unasked.
 */
export function failedRequests(log: readonly LogEntry[], page: string): string[] {
  return log
    .filter(({ level, source }) => level === 'SEVERE' && source === 'network')
    .map(({ message }) => singleLine(message))
    .filter(message => {
      const address = message.split(' ', 1)[0] ?? '';
      return address !== page && !/^https?:\/\/[^/]+\/favicon\.ico$/.test(address);
    });
}
