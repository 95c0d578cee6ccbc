/** Reads maps of known keys out of the tree; every key that is not known, written twice or of the wrong form is reported with its place. */

import { listOf } from '../../../shared/core/text.js';
import { type Expression, ExpressionError, type Vocabulary, parseExpression } from '../expressions/parse.js';
import type { Condition } from './model.js';
import type { Entry, MapNode, Node, Position, Report, ScalarNode } from './source.js';

/** What to do with the value of each key that is known. */
export type Fields = Readonly<Record<string, (value: Node, key: ScalarNode) => void>>;

/** For a key that is known but makes no difference to a run on this machine. */
export const accept = (): void => undefined;

/** For a key of the service's that cannot be honoured here. */
export function refuse(report: Report, why: string): (value: Node, key: ScalarNode) => void {
  return (_value, key) => {
    report(key.at, `'${key.text}' ${why}`);
  };
}

/** @param what the thing that the map describes, as in "a job" */
export function readFields(node: Node, what: string, fields: Fields, report: Report): void {
  for (const { key, value } of uniqueEntries(node, what, report)) {
    const read = Object.hasOwn(fields, key.text) ? fields[key.text] : undefined;
    if (read !== undefined) read(value, key);
    else {
      const similar = Object.keys(fields).find(name => name.toLowerCase() === key.text.toLowerCase());
      const known = similar === undefined ? listOf(Object.keys(fields), 'and') : `'${similar}'`;
      report(
        key.at,
        `'${key.text}' is not a key of ${what}; ${similar === undefined ? 'its keys are' : 'write'} ${known}`,
      );
    }
  }
}

/** The entries of a map, each key once. */
export function uniqueEntries(node: Node, what: string, report: Report): readonly Entry[] {
  const map = asMap(node, what, report);
  if (map === undefined) return [];
  const seen = new Set<string>();
  return map.entries.filter(({ key }) => {
    const name = key.text.toLowerCase();
    if (seen.has(name)) report(key.at, `'${key.text}' stands twice in ${what}`);
    else {
      seen.add(name);
      return true;
    }
    return false;
  });
}

export function asMap(node: Node, what: string, report: Report): MapNode | undefined {
  if (node.kind === 'map') return node;
  report(node.at, `${what} must be a map of keys and values`);
  return undefined;
}

/** The items of a sequence; an empty value counts as an empty sequence. */
export function asItems(node: Node, what: string, report: Report): readonly Node[] {
  if (node.kind === 'sequence') return node.items;
  if (node.kind === 'map' || node.text !== '') report(node.at, `${what} must be a list`);
  return [];
}

export function asText(node: Node, what: string, report: Report): string {
  if (node.kind === 'scalar') return node.text;
  report(node.at, `${what} must be text`);
  return '';
}

/** One text or a list of texts. */
export function asTexts(node: Node, what: string, report: Report): readonly string[] {
  if (node.kind === 'scalar') return node.text === '' ? [] : [node.text];
  return asItems(node, what, report).map(item => asText(item, what, report));
}

export function asBoolean(node: Node, what: string, report: Report): boolean {
  const text = asText(node, what, report).toLowerCase();
  if (['true', 'y', 'yes', 'on'].includes(text)) return true;
  if (!['false', 'n', 'no', 'off'].includes(text)) report(node.at, `${what} must be true or false`);
  return false;
}

/** A whole number from 0 on. */
export function asCount(node: Node, what: string, most: number, report: Report): number {
  const text = asText(node, what, report);
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  report(node.at, `${what} must be a whole number from 0 to ${most}`);
  return 0;
}

/** A name that other parts of the pipeline can use. */
export function asName(node: Node, what: string, report: Report): string {
  const text = asText(node, what, report);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text))
    report(node.at, `${what} '${text}' must begin with a letter and hold only letters, digits and '_'`);
  return text;
}

/** Names and texts, as `env:` has them. */
export function asTextMap(node: Node, what: string, report: Report): Map<string, string> {
  if (node.kind === 'scalar' && node.text === '') return new Map();
  return new Map(
    uniqueEntries(node, what, report).map(({ key, value }) => [
      key.text,
      asText(value, `'${key.text}'`, report),
    ]),
  );
}

/** A condition, checked against what can be spoken of at its place. */
export function asCondition(node: Node, vocabulary: Vocabulary, report: Report): Condition | undefined {
  const text = asText(node, 'condition', report).trim();
  if (text === '') return undefined;
  const inner = /^\$\[(.*)\]$/s.exec(text)?.[1] ?? text;
  const expression = readExpression(inner, node.at, vocabulary, report);
  return expression && { text: inner.trim(), expression };
}

export function readExpression(
  text: string,
  at: Position,
  vocabulary: Vocabulary,
  report: Report,
): Expression | undefined {
  try {
    return parseExpression(text, vocabulary);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    report(at, `in the expression '${text.trim()}': ${error.message} (at character ${error.offset + 1})`);
    return undefined;
  }
}
