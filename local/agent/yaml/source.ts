/** YAML text as a tree of scalars, maps and sequences that knows where each piece stands; every scalar is text, as the service reads it. */

import { type Node as YamlNode, LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';

/** A place in a file, line and column counted from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  readonly at: Position;
}
export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  readonly at: Position;
}
export interface SequenceNode {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
  readonly at: Position;
}
export type Node = ScalarNode | MapNode | SequenceNode;

/** One `key: value` of a map. */
export interface Entry {
  readonly key: ScalarNode;
  readonly value: Node;
}

/** Something wrong in a pipeline file. */
export interface Problem {
  readonly at: Position;
  readonly message: string;
}

/** Collects problems, so that all of them are told at once. */
export type Report = (at: Position, message: string) => void;

/** `file:line:column: message`. */
export function formatProblem({ at, message }: Problem): string {
  return `${at.file}:${at.line}:${at.column}: ${message}`;
}

/** The value under a key of a map. */
export function valueOf(node: Node, key: string): Node | undefined {
  return node.kind === 'map' ? node.entries.find(entry => entry.key.text === key)?.value : undefined;
}

export function scalar(text: string, at: Position): ScalarNode {
  return { kind: 'scalar', text, at };
}

/**
 * Reads one YAML document; what YAML itself forbids, and what the service does not read (anchors, tags, several documents), is reported.
 * @param file the name that positions carry
 */
export function parseSource(text: string, file: string, report: Report): Node {
  const lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const start: Position = { file, line: 1, column: 1 };
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined) {
    report(start, 'the file is empty');
    return { kind: 'map', entries: [], at: start };
  }
  for (const { message, pos } of [...document.errors, ...document.warnings]) report(place(pos[0]), message);
  if (second !== undefined) report(place(second.range[0]), 'a pipeline file holds one YAML document only');

  function convert(node: unknown, fallback: Position): Node {
    if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return scalar('', fallback);
    const at = offsetOf(node) === undefined ? fallback : place(offsetOf(node) ?? 0);
    if (isAlias(node) || node.anchor !== undefined) {
      report(at, 'YAML anchors and aliases are not part of Azure Pipelines; use a template or a variable');
      if (isAlias(node)) return scalar('', at);
    }
    if (isScalar(node)) {
      const value = typeof node.value === 'string' ? node.value : '';
      return scalar(node.type === 'PLAIN' && (value === '~' || value === 'null') ? '' : value, at);
    }
    if (isSeq(node)) return { kind: 'sequence', items: node.items.map(item => convert(item, at)), at };
    const entries = node.items.map(pair => {
      const key = convert(pair.key, at);
      if (key.kind !== 'scalar') report(key.at, 'a key must be plain text');
      return {
        key: key.kind === 'scalar' ? key : scalar('', key.at),
        value: convert(pair.value, key.at),
      };
    });
    return { kind: 'map', entries, at };
  }
  return convert(document.contents, start);
}

function offsetOf(node: YamlNode): number | undefined {
  return node.range?.[0];
}
