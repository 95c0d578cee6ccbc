/** JSON with comments, read as a tree and edited in place: only the bytes of the values change. */
import {
  createScanner,
  findNodeAtLocation,
  findNodeAtOffset,
  getNodePath,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type JSONPath,
  type Node,
  type ParseError,
} from 'jsonc-parser';

export { createScanner, getNodeValue, type JSONPath, type Node };

/** Replaces `length` characters at `offset` by `text`. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

/** A parsed text: its tree, or what is wrong with it and where. */
export type Parsed = { readonly root: Node } | { readonly problem: string; readonly offset: number };

/** Parses JSON with comments and trailing commas. */
export function parseJson(text: string): Parsed {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) return { problem: describeError(error), offset: error.offset };
  return root === undefined ? { problem: 'it is empty', offset: 0 } : { root };
}

function describeError(error: ParseError): string {
  // "PropertyNameExpected" is how jsonc-parser names its errors.
  return printParseErrorCode(error.error)
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
}

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.offset - b.offset)) {
    result += text.slice(at, edit.offset) + edit.text;
    at = edit.offset + edit.length;
  }
  return result + text.slice(at);
}

/** The properties of an object node, by name in the order of the file. */
export function propertiesOf(node: Node | undefined): { name: string; value: Node }[] {
  if (node?.type !== 'object') return [];
  return (node.children ?? []).flatMap(property => {
    const [key, value] = property.children ?? [];
    return key === undefined || value === undefined ? [] : [{ name: String(key.value), value }];
  });
}

/** The node at a path, undefined when there is none. */
export function nodeAt(root: Node, path: JSONPath): Node | undefined {
  return path.length === 0 ? root : findNodeAtLocation(root, path);
}

/** The path of a node. */
export function pathOf(node: Node): JSONPath {
  return getNodePath(node);
}

/** The path of the value that an offset lies in. */
export function pathAt(root: Node, offset: number): JSONPath {
  const node = findNodeAtOffset(root, offset);
  return node === undefined ? [] : getNodePath(node);
}

/** A value to write: a text, or an object around one. */
export type NewValue = string | { readonly [name: string]: NewValue };

/** Puts a value in the place of another. */
export function replaceValue(text: string, node: Node, value: NewValue): Edit {
  const { offset, length } = node;
  const several = /[\r\n]/.test(text.slice(offset, offset + length));
  return { offset, length, text: render(text, value, indentationAt(text, offset), several) };
}

/** Adds a property to the end of an object in the manner of its last one: its indentation, its line ends, one line or several. */
export function insertProperty(text: string, object: Node, name: string, value: NewValue): Edit[] {
  const eol = lineEnd(text);
  const last = object.children?.at(-1);
  const outer = indentationAt(text, object.offset);
  if (last === undefined) {
    const inner = outer + unitOf(text);
    const content = `${eol}${inner}${JSON.stringify(name)}: ${render(text, value, inner, true)}${eol}${outer}`;
    return [{ offset: object.offset + 1, length: object.length - 2, text: content }];
  }
  const end = last.offset + last.length;
  const lastText = text.slice(last.offset, end);
  const inner = indentationAt(text, last.offset);
  const ownLine =
    text.slice(0, last.offset).endsWith(inner) && /(^|[\r\n])[ \t]*$/.test(text.slice(0, last.offset));
  const rest = /^(\s*,)?([ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/))?/.exec(
    text.slice(end, object.offset + object.length - 1),
  );
  const hasComma = rest?.[1] !== undefined;
  const separator = ownLine ? eol + inner : ' ';
  const rendered = render(text, value, inner, /[\r\n]/.test(lastText));
  const added = {
    offset: end + (rest?.[0].length ?? 0),
    length: 0,
    text: `${separator}${JSON.stringify(name)}: ${rendered}`,
  };
  return hasComma ? [added] : joined({ offset: end, length: 0, text: ',' }, added);
}

/** Two insertions at one place are one. */
function joined(first: Edit, second: Edit): Edit[] {
  if (first.offset !== second.offset) return [first, second];
  return [{ offset: first.offset, length: 0, text: first.text + second.text }];
}

/** @param several whether an object takes several lines */
function render(text: string, value: NewValue, indentation: string, several: boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const inner = indentation + unitOf(text);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${render(text, member, inner, several)}`,
  );
  if (!several) return `{ ${members.join(', ')} }`;
  const eol = lineEnd(text);
  return `{${eol}${members.map(member => inner + member).join(`,${eol}`)}${eol}${indentation}}`;
}

/** How the lines of a text end. */
export function lineEnd(text: string): string {
  return /\r\n|\n/.exec(text)?.[0] ?? '\n';
}

/** The blanks that the line of an offset begins with. */
export function indentationAt(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}

/** One step of a text's indentation: that of its first indented line. */
export function unitOf(text: string): string {
  return /[\r\n]([ \t]+)\S/.exec(text)?.[1] ?? '  ';
}
