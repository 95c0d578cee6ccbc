/** Small parts that every section of the page is made of. */
import type { ReportPart } from '../../shared/report/format.js';
import { shown } from '../model/shownText.js';
import { el, outside, svg, type Child } from './dom.js';

export type Mark = 'passed' | 'failed' | 'canceled' | 'warning' | 'running' | 'commit' | 'skipped';

const markPaths: Readonly<Record<Mark, string>> = {
  passed: 'M4.5 8.3 7 10.8l4.6-5.4',
  failed: 'm5.3 5.3 5.4 5.4m0-5.4-5.4 5.4',
  canceled: 'M5 8h6',
  warning: 'M8 4.2v4.4m0 2.6v.1',
  running: 'M8 4.6V8l2.4 1.6',
  commit: 'M8 7.9v.2',
  skipped: 'M5 8h6',
};

/** A round sign whose shape tells as much as its colour; `label` is for those who do not see it. */
export function mark(kind: Mark, label?: string): SVGElement {
  const about = label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label };
  return svg(
    'svg',
    { class: `mark mark-${kind}`, viewBox: '0 0 16 16', width: 16, height: 16, ...about },
    svg('circle', { cx: 8, cy: 8, r: 8 }),
    svg('path', { d: markPaths[kind] }),
  );
}

export function markOf(part: Pick<ReportPart, 'result'>): Mark {
  return part.result === 'succeeded' ? 'passed' : part.result === 'failed' ? 'failed' : 'canceled';
}

export const resultWords = { succeeded: 'passed', failed: 'failed', canceled: 'cancelled' } as const;

/** Text only for those who listen. */
export function unseen(text: string): HTMLElement {
  return el('span', { class: 'unseen' }, text);
}

/** A link, or its text alone where the address is none that a report may lead to. */
export function link(address: string | undefined, ...children: readonly Child[]): HTMLElement {
  const safe = address === undefined ? undefined : safeAddress(address);
  if (safe === undefined) return el('span', {}, ...children);
  return el('a', { href: safe, target: '_blank', rel: 'noopener noreferrer' }, ...children);
}

/** The address where it is http, https or relative; no other scheme is ever followed from a report. */
export function safeAddress(address: string): string | undefined {
  const text = address.trim();
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? text : undefined;
  // A relative one: no scheme, no other host, nothing that a browser would drop before it looks for a scheme.
  return /^(?![\\/]{2})[^:\\\u0000-\u0020]+(?:[?#].*)?$/.test(text) ? text : undefined;
}

/** A picture's address where it is a picture that the host has handed over. */
export function safePicture(address: string | undefined): string | undefined {
  return address !== undefined && /^(?:blob:|data:image\/(?:png|jpeg|webp|gif);base64,)/.test(address)
    ? address
    : undefined;
}

/** Names and values in columns; those without a value are left out. */
export function facts(entries: readonly (readonly [string, Child])[]): HTMLElement {
  return el(
    'dl',
    { class: 'facts' },
    ...entries.flatMap(([name, value]) =>
      value === undefined || value === false || value === ''
        ? []
        : [el('div', {}, el('dt', {}, name), el('dd', {}, value))],
    ),
  );
}

/** A fold whose content is made when it is first opened. */
export function fold(
  key: string,
  summary: readonly Child[],
  content: () => readonly Child[],
  open = false,
): HTMLDetailsElement {
  const body = el('div', { class: 'fold-body' });
  const details = el('details', { 'data-fold': key, open }, el('summary', {}, ...summary), body);
  let made = false;
  const make = () => {
    if (made || !details.open) return;
    made = true;
    body.append(...content().filter(child => child !== undefined && child !== false));
  };
  details.addEventListener('toggle', make);
  make();
  return details;
}

/** A short word with a shape of its own colour. */
export function chip(
  text: string,
  kind: 'plain' | 'passed' | 'failed' | 'warning' | 'accent' = 'plain',
): HTMLElement {
  return el('span', { class: `chip chip-${kind}` }, text);
}

/** A list of which the first few are shown, and more at a time when asked for. */
export function growing<Item>(
  list: HTMLElement,
  items: readonly Item[],
  make: (item: Item) => Node,
  { first, step, noun }: { readonly first: number; readonly step: number; readonly noun: string },
): Node[] {
  let shown = 0;
  const status = el('span', { class: 'quiet', role: 'status' });
  const button = el('button', { type: 'button', class: 'button' });
  const row = el('p', { class: 'more' }, button, status);
  const grow = (count: number) => {
    list.append(...items.slice(shown, shown + count).map(make));
    shown = Math.min(items.length, shown + count);
    const left = items.length - shown;
    button.textContent = `Show ${Math.min(left, step)} more`;
    status.textContent = `${shown} of ${items.length} ${noun}`;
    button.hidden = left === 0;
  };
  button.addEventListener('click', () => {
    grow(step);
  });
  grow(first);
  return items.length > first ? [list, row] : [list];
}

/** A command line or other text of several lines, as it is. */
export function block(text: string, className = ''): HTMLElement {
  return el('pre', { class: `block ${className}`.trim(), tabindex: 0 }, outside(text));
}

const mostLines = 8;

/** What a step said: the first lines of it, all of it in a fold where it is long. */
export function sentences(message: string, key: string, className: string): HTMLElement {
  // The first line may be an entry of a list, and stands as far in as the others.
  const text = message.replace(/^\s*\n|\s+$/g, '');
  const lines = text.split('\n');
  const long = lines.length > mostLines || text.length > 1200;
  if (!long) return el('p', { class: className }, outside(text));
  const first = lines.slice(0, mostLines - 2).join('\n');
  return el(
    'div',
    { class: className },
    el('p', {}, outside(first.length > 1000 ? `${first.slice(0, 999)}…` : first)),
    fold(`${key}/said`, ['All of it'], () => [el('p', {}, outside(text))]),
  );
}

/** A name that may break where its parts meet, when it must break. */
export function named(text: string, className?: string): HTMLElement {
  const parts = shown(text).split(/(?<=\p{Ll})(?=\p{Lu})|(?<=[/_.?&=:-])(?=[^/_.?&=:-])/u);
  const name = el('bdi', { class: className });
  if (parts.length > 60) name.append(shown(text));
  else for (const [at, part] of parts.entries()) name.append(...(at === 0 ? [part] : [el('wbr'), part]));
  return name;
}
