/** JSON files with comments, as ARM's tools take them, with problems told by line and column. */
import { parse, parseTree, printParseErrorCode, visit, type Node, type ParseError } from 'jsonc-parser';

/** A file that was read: what it holds, or what is wrong with it. */
export interface JsonFile {
  /** The path as messages name it. */
  readonly path: string;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly root: Node | undefined;
  /** `path:line:column: what`; empty when it is an object in good order. */
  readonly problems: readonly string[];
}

const leftoverToken = /@@[A-Za-z_][\w.-]*@@/g;

/** Reads a file's text. A `@@TOKEN@@` that nothing has filled is a problem too: a placeholder must never be deployed. */
export function readJson(path: string, fileText: string): JsonFile {
  const text = fileText.replace(/^\ufeff/, '');
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const problems = errors.map(
    ({ offset, error }) => `${position(path, text, offset)}: ${words(printParseErrorCode(error))}`,
  );
  const comments = commentsIn(text);
  for (const match of text.matchAll(leftoverToken)) {
    if (comments.some(([start, end]) => match.index >= start && match.index < end)) continue;
    problems.push(
      `${position(path, text, match.index)}: ${match[0]} was never filled in (PatchArmImageUri's input 'tokens' does that)`,
    );
  }
  if (problems.length === 0 && !isObject(value)) problems.push(`${path}:1:1: is no JSON object`);
  return { path, text, value: isObject(value) ? value : {}, root: parseTree(text), problems };
}

/** Start and end of every comment: what they say of tokens is not deployed. */
function commentsIn(text: string): (readonly [start: number, end: number])[] {
  const comments: (readonly [number, number])[] = [];
  visit(text, { onComment: (offset, length) => comments.push([offset, offset + length]) });
  return comments;
}

/** `path:line:column` of an offset. */
export function position(path: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${path}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function words(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
