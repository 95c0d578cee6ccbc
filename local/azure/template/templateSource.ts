/** Where things stand in the text of a request, for the line information in Azure's refusals. */
import { nowhere, type TemplateLocation } from './templateError.js';

/** Tells where a path below the template stands, such as `['parameters', 'size']` or `['resources', 0]`. */
export type TemplateSource = (path: readonly (string | number)[]) => TemplateLocation;

/** The source to use when the request's text is not at hand. */
export const unknownSource: TemplateSource = () => nowhere;

const deepestPath = 16;
const mostPlaces = 100_000;

/**
 * The source of a request's text. It takes what Azure's reader takes: comments, single quotes, names without quotes, line breaks in strings.
 * Lines and columns are counted from 1; an object stands where its brace stands, anything else where it ends.
 * @param root where the template is within the text
 */
export function sourceOf(text: string, root: readonly string[] = ['properties', 'template']): TemplateSource {
  let places: ReadonlyMap<string, TemplateLocation> | undefined;
  return path => {
    places ??= scan(text);
    return places.get(keyOf([...root, ...path])) ?? nowhere;
  };
}

type Path = readonly (string | number)[];

interface Frame {
  /** undefined below the depth at which places are still told */
  readonly path: Path | undefined;
  readonly array: boolean;
  /** the member that is being read */
  member: string | number | undefined;
}

function keyOf(path: readonly (string | number)[]): string {
  return path.join('\0').toLowerCase();
}

function scan(text: string): Map<string, TemplateLocation> {
  const places = new Map<string, TemplateLocation>();
  const frames: Frame[] = [];
  let position = 0;
  let lineNumber = 1;
  let lineStart = 0;

  const advanceTo = (end: number): void => {
    for (; position < end; position += 1) {
      if (text.charAt(position) !== '\n') continue;
      lineNumber += 1;
      lineStart = position + 1;
    }
  };
  const place = (): Path | undefined => {
    const top = frames.at(-1);
    if (top?.member === undefined) return top === undefined ? [] : undefined;
    return top.path === undefined || top.path.length >= deepestPath ? undefined : [...top.path, top.member];
  };
  const record = (path: Path | undefined): void => {
    if (path === undefined || places.size >= mostPlaces) return;
    places.set(keyOf(path), { lineNumber, linePosition: position - lineStart, path: pathText(path) });
  };

  while (position < text.length) {
    const character = text.charAt(position);
    const top = frames.at(-1);
    if (character === '{' || character === '[') {
      const path = place();
      advanceTo(position + 1);
      record(path);
      frames.push({ path, array: character === '[', member: character === '[' ? 0 : undefined });
    } else if (character === '}' || character === ']') {
      frames.pop();
      advanceTo(position + 1);
    } else if (character === ',') {
      if (top !== undefined) top.member = typeof top.member === 'number' ? top.member + 1 : undefined;
      advanceTo(position + 1);
    } else if (
      character === '/' &&
      (text.charAt(position + 1) === '/' || text.charAt(position + 1) === '*')
    ) {
      advanceTo(endOfComment(text, position));
    } else if (/[\s:\ufeff]/.test(character)) {
      advanceTo(position + 1);
    } else {
      const end = endOfWord(text, position);
      const word = text.slice(position, end);
      advanceTo(end);
      if (top !== undefined && !top.array && top.member === undefined) top.member = nameOf(word);
      else record(place());
    }
  }
  return places;
}

function endOfComment(text: string, start: number): number {
  const line = text.charAt(start + 1) === '/';
  const end = text.indexOf(line ? '\n' : '*/', start + 2);
  return end < 0 ? text.length : end + (line ? 0 : 2);
}

/** The end of a string, a number, a name or a keyword. */
function endOfWord(text: string, start: number): number {
  const quote = text.charAt(start);
  if (quote !== '"' && quote !== "'") {
    let end = start + 1;
    while (end < text.length && !/[\s:,{}[\]/]/.test(text.charAt(end))) end += 1;
    return end;
  }
  let end = start + 1;
  while (end < text.length && text.charAt(end) !== quote) end += text.charAt(end) === '\\' ? 2 : 1;
  return Math.min(end + 1, text.length);
}

function nameOf(word: string): string {
  if (word.startsWith('"')) {
    try {
      return String(JSON.parse(word));
    } catch {
      return word.slice(1, -1);
    }
  }
  return word.startsWith("'") ? word.slice(1, -1) : word;
}

/** A path as Json.NET writes it: `properties.template.resources[0]`. */
function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/[ '/"[\]().\t\n\r\f\b\\\u0085\u2028\u2029]/.test(part))
      text += `['${part.replaceAll("'", "\\'")}']`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
