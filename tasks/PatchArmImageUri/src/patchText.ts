/** What one file becomes: every edit of its text, what each one changes, and what is wrong with the file. */
import { UserError } from '../../../shared/core/errors.js';
import { formatImageReference, type ImageReference } from '../../../shared/core/imageReference.js';
import { isTemplate } from './armTemplate.js';
import { findImageTarget, type ImageTarget, type TargetChoice } from './imageTarget.js';
import { formatPath } from './jsonPath.js';
import {
  applyEdits,
  getNodeValue,
  insertProperty,
  lineCounter,
  nodeAt,
  parseJson,
  pathAt,
  replaceValue,
  type Edit,
  type JSONPath,
  type Node,
} from './jsonText.js';
import { findTokens, shadowTokens, tokenText, type TokenPattern, type TokenPlace } from './tokens.js';

/** What is to be written into every file. */
export interface Patch {
  /** Undefined when only tokens are filled. */
  readonly image: ImageReference | undefined;
  readonly choice: TargetChoice;
  readonly pattern: TokenPattern;
  readonly tokens: ReadonlyMap<string, string>;
  readonly secretTokens: ReadonlySet<string>;
  /** Whether parameters files are patched too: a template's default is then left to them unless it has one. */
  readonly withParameters: boolean;
}

/** One change, ready to be shown: secrets are masked. */
export interface Change {
  readonly line: number;
  /** The path of the value, empty in a text that is no JSON. */
  readonly where: string;
  readonly from: string;
  readonly to: string;
}

/** What became of a text. */
export interface PatchedText {
  readonly text: string;
  readonly changes: readonly Change[];
  /** The parameter or path that holds the image now, changed or not. */
  readonly imageLabel: string | undefined;
  /** Tokens without a value. */
  readonly left: readonly { readonly name: string; readonly line: number }[];
  /** Names of the tokens that were found and filled. */
  readonly filled: readonly string[];
}

/**
 * Patches one text.
 * @param name the file's name, which tells JSON from other texts
 * @throws UserError, a clause without the file's name, when the text is no JSON or takes no image
 */
export function patchText(text: string, name: string, patch: Patch): PatchedText {
  const root = parseAsJson(text, name, patch.pattern);
  const places = findTokens(text, patch.pattern, root !== undefined);
  if (root === undefined) return fillTokens(text, places, patch, undefined, []);
  const hasToken = (value: string) => value.search(patch.pattern.regex) >= 0;
  const target = patch.image && findImageTarget(root, patch.image, patch.choice, hasToken);
  if (patch.image === undefined || target === undefined) return fillTokens(text, places, patch, root, []);
  const image = formatImageReference(patch.image);
  const node = nodeAt(root, target.path);
  if (node === undefined && patch.withParameters && isTemplate(getNodeValue(root)))
    return fillTokens(text, places, patch, root, []);
  if (node?.value === image)
    return { ...fillTokens(text, places, patch, root, []), imageLabel: target.label };
  const edits = node === undefined ? addition(text, root, target, image) : [replaceValue(node, image)];
  const secret = isSecret(target.path, patch);
  const change: Change = {
    line: lineCounter(text)(edits[0]?.offset ?? 0),
    where: formatPath(target.path),
    from: node === undefined ? 'nothing' : show(String(node.value), secret),
    to: show(image, secret),
  };
  const rest = places.filter(place => !edits.some(edit => covers(edit, place)));
  const filled = fillTokens(text, rest, patch, root, edits);
  return {
    ...filled,
    changes: [change, ...filled.changes].sort((a, b) => a.line - b.line),
    imageLabel: target.label,
  };
}

/** The tree of a JSON text; undefined for another text. */
function parseAsJson(text: string, name: string, pattern: TokenPattern): Node | undefined {
  const parsed = parseJson(shadowTokens(text, findTokens(text, pattern, true)));
  if ('root' in parsed) return parsed.root.type === 'object' || isNamedJson(name) ? parsed.root : undefined;
  if (!isNamedJson(name)) return undefined;
  throw new UserError(`it is no JSON (line ${lineCounter(text)(parsed.offset)}: ${parsed.problem})`);
}

function isNamedJson(name: string): boolean {
  return /\.jsonc?(\.|$)/i.test(name);
}

function addition(text: string, root: Node, target: ImageTarget, image: string): Edit[] {
  const parent = nodeAt(root, target.path.slice(0, -1));
  if (parent !== undefined) return insertProperty(text, parent, String(target.path.at(-1)), image);
  const entries = nodeAt(root, target.path.slice(0, -2));
  if (entries?.type !== 'object') throw new UserError("it has no object 'parameters'");
  return insertProperty(text, entries, String(target.path.at(-2)), { value: image });
}

function fillTokens(
  text: string,
  places: readonly TokenPlace[],
  patch: Patch,
  root: Node | undefined,
  others: readonly Edit[],
): PatchedText {
  const edits: Edit[] = [];
  const changes: Change[] = [];
  const left: { name: string; line: number }[] = [];
  const filled = new Set<string>();
  const lineOf = lineCounter(text);
  for (const place of places) {
    const { name, offset, length } = place;
    const line = lineOf(offset);
    const value = patch.tokens.get(name);
    if (value === undefined) {
      left.push({ name, line });
      continue;
    }
    filled.add(name);
    edits.push({ offset, length, text: root === undefined ? value : tokenText(value, place) });
    const path = root === undefined ? [] : pathAt(root, offset);
    const secret = patch.secretTokens.has(name) || isSecret(path, patch);
    changes.push({ line, where: formatPath(path), from: patch.pattern.show(name), to: show(value, secret) });
  }
  const result = applyEdits(text, [...others, ...edits]);
  if (root !== undefined) checkStillJson(result, text, places, patch);
  return { text: result, changes, imageLabel: undefined, left, filled: [...filled] };
}

/** A value that stands outside of a string may make JSON what is none any more. */
function checkStillJson(result: string, text: string, places: readonly TokenPlace[], patch: Patch): void {
  const parsed = parseJson(shadowTokens(result, findTokens(result, patch.pattern, true)));
  if ('root' in parsed) return;
  const lineOf = lineCounter(text);
  const bare = places.filter(place => !place.inString && patch.tokens.has(place.name));
  const names = [
    ...new Set(bare.map(place => `${patch.pattern.show(place.name)} (line ${lineOf(place.offset)})`)),
  ];
  throw new UserError(
    `it would be no JSON any more (line ${lineCounter(result)(parsed.offset)}: ${parsed.problem}). ` +
      `Tokens outside of quotation marks must be given a number, true, false, a quoted text, a list or an object: ${names.join(', ')}`,
  );
}

function covers(edit: Edit, place: TokenPlace): boolean {
  return place.offset >= edit.offset && place.offset + place.length <= edit.offset + edit.length;
}

/** A secure parameter of the template, or a name that speaks of a secret. */
function isSecret(path: JSONPath, patch: Patch): boolean {
  const name = String(path[1] ?? '').toLowerCase();
  if (path[0] !== 'parameters') return /password|secret/i.test(path.join('.'));
  const declared = patch.choice.template?.content.parameters.find(each => each.name.toLowerCase() === name);
  return (
    declared?.type.startsWith('secure') === true ||
    /passw|pwd|secret|credential|token|(access|account|private|api)_?key/.test(name)
  );
}

function show(value: string, secret: boolean): string {
  return secret ? '***' : JSON.stringify(value);
}
