/** What one file becomes: every edit of its text, what each one changes, and what is wrong with the file. */
import { UserError } from '../../../shared/core/errors.js';
import { formatImageReference, type ImageReference } from '../../../shared/core/imageReference.js';
import { singleLine } from '../../../shared/core/text.js';
import { isTemplate } from './armTemplate.js';
import { readDocument, type Document } from './document.js';
import { fillTokens, type FilledToken, type TokenValues } from './fillTokens.js';
import { findImageTarget, type ImageTarget, type TargetChoice } from './imageTarget.js';
import { formatPath } from './jsonPath.js';
import {
  applyEdits,
  getNodeValue,
  nodeAt,
  type Edit,
  type JSONPath,
  type NewValue,
  type Node,
} from './jsonText.js';
import { lineCounter } from './lines.js';
import { isSecretPath, secretEdits } from './secretValues.js';
import type { Syntax } from './syntax.js';
import type { TokenPattern } from './tokens.js';

/** What is to be written into every file. */
export interface Patch extends TokenValues {
  /** Undefined when only tokens are filled. */
  readonly image: ImageReference | undefined;
  readonly choice: TargetChoice;
  readonly pattern: TokenPattern;
  /** Whether parameters files are patched too: a template's default is then left to them unless it has one. */
  readonly withParameters: boolean;
}

/** One change, ready to be shown: secrets are masked. */
export interface Change {
  readonly line: number;
  /** The path of the value, empty in a text without paths. */
  readonly where: string;
  readonly from: string;
  readonly to: string;
}

/** What became of a text. */
export interface PatchedText {
  readonly text: string;
  readonly changes: readonly Change[];
  /** The text before and after, with secrets masked, for a comparison that may be shown. */
  readonly shown: { readonly before: string; readonly after: string };
  /** Whether the text holds values that must not be seen. */
  readonly holdsSecret: boolean;
  /** The parameter or path that holds the image now, changed or not. */
  readonly imageLabel: string | undefined;
  /** Tokens without a value. */
  readonly left: readonly { readonly name: string; readonly line: number }[];
  /** Tokens that were filled, and whether with nothing. */
  readonly filled: readonly { readonly name: string; readonly line: number; readonly isEmpty: boolean }[];
  /** What keeps the text from being patched, clauses without the file's name. */
  readonly problems: readonly string[];
}

/** An edit, and what it shows of itself. */
interface ShownEdit extends Edit {
  readonly shown: string;
  readonly isSecret: boolean;
}

/**
 * Patches one text.
 * @param name the file's name, which tells its language
 * @throws UserError, a clause without the file's name, when the text is not in the language that its name promises
 */
export function patchText(text: string, name: string, patch: Patch): PatchedText {
  const document = readDocument(text, name, patch.pattern);
  const { syntax, root, tokens } = document;
  const lineOf = lineCounter(text);
  const { parameters = [] } = patch.choice.template?.content ?? {};
  const isSecret = (path: JSONPath) => isSecretPath(path, parameters);
  const image = patchImage(text, document, patch, isSecret);
  const places = tokens.filter(
    ({ offset, length }) =>
      !image.edits.some(edit => offset >= edit.offset && offset + length <= edit.offset + edit.length),
  );
  const fill = fillTokens(text, document, places, patch, isSecret);
  const edits: ShownEdit[] = [
    ...image.edits,
    ...fill.filled.map(({ edit, isSecret: masked }) => ({
      ...edit,
      shown: masked ? '***' : edit.text,
      isSecret: masked,
    })),
  ];
  const result = applyEdits(text, edits);
  const hidden = root === undefined ? [] : secretEdits(root, text, patch.pattern, isSecret);
  const free = hidden.filter(
    each =>
      !edits.some(edit => each.offset < edit.offset + edit.length && edit.offset < each.offset + each.length),
  );
  return {
    text: result,
    changes: [...image.changes, ...fill.filled.map(token => changeOf(token, patch))].sort(
      (a, b) => a.line - b.line,
    ),
    shown: {
      before: applyEdits(text, hidden),
      after: applyEdits(text, [...free, ...edits.map(edit => ({ ...edit, text: edit.shown }))]),
    },
    holdsSecret: hidden.length > 0 || edits.some(edit => edit.isSecret),
    imageLabel: image.label,
    left: fill.left.map(({ name: token, offset }) => ({ name: token, line: lineOf(offset) })),
    filled: fill.filled.map(({ name: token, line, value }) => ({ name: token, line, isEmpty: value === '' })),
    problems: [
      ...image.problems,
      ...fill.problems,
      ...(fill.problems.length === 0 ? brokenBy(fill.filled, result, name, syntax, patch) : []),
    ],
  };
}

interface PatchedImage {
  readonly edits: readonly ShownEdit[];
  readonly changes: readonly Change[];
  readonly label: string | undefined;
  readonly problems: readonly string[];
}

function patchImage(
  text: string,
  { syntax, root }: Document,
  patch: Patch,
  isSecret: (path: JSONPath) => boolean,
): PatchedImage {
  const nothing = { edits: [], changes: [], label: undefined, problems: [] };
  if (patch.image === undefined || root === undefined || syntax === undefined) return nothing;
  const hasToken = (value: string) => value.search(patch.pattern.regex) >= 0;
  let target: ImageTarget | undefined;
  try {
    target = findImageTarget(root, patch.image, patch.choice, hasToken);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...nothing, problems: [error.message] };
  }
  if (target === undefined) return nothing;
  const { path, value, label, reference } = target;
  const node = nodeAt(root, path);
  if (node === undefined && patch.withParameters && isTemplate(getNodeValue(root))) return nothing;
  if (node !== undefined && isSame(getNodeValue(node), value)) return { ...nothing, label };
  const edits =
    reference !== undefined
      ? [syntax.replaceReference(text, reference, value)]
      : node === undefined
        ? addition(text, root, syntax, path, value)
        : [syntax.replace(text, node, value)];
  if (edits === undefined) return { ...nothing, problems: ["it has no object 'parameters'"] };
  const secret = isSecret(path);
  const old = reference ?? node;
  const change: Change = {
    line: lineCounter(text)(edits[0]?.offset ?? 0),
    where: formatPath(path),
    from: old === undefined ? 'nothing' : show(textOf(old, text), secret),
    to: show(formatImageReference(patch.image), secret),
  };
  return {
    edits: edits.map(edit => ({ ...edit, shown: secret ? "'***'" : edit.text, isSecret: secret })),
    changes: [change],
    label,
    problems: [],
  };
}

/** Adds a value that is not there, with as many of the objects around it as are missing. */
function addition(
  text: string,
  root: Node,
  syntax: Syntax,
  path: JSONPath,
  value: NewValue,
): Edit[] | undefined {
  let added = value;
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const name = String(path[depth]);
    const parent = nodeAt(root, path.slice(0, depth));
    if (parent !== undefined)
      return parent.type === 'object' ? syntax.insert(text, parent, name, added) : undefined;
    added = { [name]: added };
  }
  return undefined;
}

function isSame(old: unknown, value: NewValue): boolean {
  if (typeof value === 'string' || typeof old !== 'object' || old === null) return old === value;
  const members = Object.entries(value);
  const own = old as Readonly<Record<string, unknown>>;
  return (
    Object.keys(own).length === members.length && members.every(([name, member]) => isSame(own[name], member))
  );
}

function textOf(node: Node, text: string): string {
  return node.type === 'string' ? String(node.value) : text.slice(node.offset, node.offset + node.length);
}

/** A value that stands outside of a string may break the text's language. */
function brokenBy(
  filled: readonly FilledToken[],
  result: string,
  name: string,
  syntax: Syntax | undefined,
  { pattern }: Patch,
): string[] {
  const bare = filled.filter(token => token.isBare);
  if (syntax === undefined || bare.length === 0) return [];
  try {
    readDocument(result, name, pattern);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const names = [...new Set(bare.map(token => `${pattern.show(token.name)} (line ${token.line})`))];
    return [
      `${error.message.replace('it is no', 'it would be no').replace(' (line', ' any more (line')}. ` +
        `Tokens outside of quotation marks must be given a number, true, false, a quoted text, a list or an object: ${names.join(', ')}`,
    ];
  }
}

function changeOf({ name, line, path, value, isSecret }: FilledToken, { pattern }: Patch): Change {
  return { line, where: formatPath(path), from: pattern.show(name), to: show(value, isSecret) };
}

function show(value: string, secret: boolean): string {
  return secret ? '***' : JSON.stringify(singleLine(value));
}
