/** The few lines that make elements: everything on the page is text set as text, nothing is ever parsed as markup. */
import { shown } from '../model/shownText.js';

/** Attributes by name; `true` sets an empty one, `false` and undefined set none. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
/** What can stand in an element; false and undefined stand for nothing. */
export type Child = Node | string | false | undefined;

const svgNamespace = 'http://www.w3.org/2000/svg';

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

/** Text from outside: its direction stays its own, and characters that cannot be seen are shown. */
export function outside(text: string, className?: string): HTMLElement {
  return el('bdi', { class: className }, shown(text));
}

/** Sets a custom property that the style sheet reads: an inline style attribute would be refused by the page's policy. */
export function withStyle<Made extends HTMLElement | SVGElement>(
  element: Made,
  properties: Readonly<Record<`--${string}`, string | number>>,
): Made {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, String(value));
  return element;
}

function fill<Made extends Element>(element: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}
