/** The way from a tree of YAML to a value of expressions, and back to the place where it was written. */

import { type Value, isArray, isObject, toText } from '../expressions/values.js';
import { type Node, type Position, scalar } from './source.js';

const origins = new WeakMap<object, Node>();

/** The value of a tree; {@link toNode} finds the way back, so that messages name the place where a piece was written. */
export function toValue(node: Node): Value {
  if (node.kind === 'scalar') return node.text;
  const value: Value =
    node.kind === 'sequence'
      ? node.items.map(toValue)
      : new Map(node.entries.map(entry => [entry.key.text, toValue(entry.value)]));
  origins.set(value, node);
  return value;
}

/** The tree of a value: the one it came from, or a new one at `at`. */
export function toNode(value: Value, at: Position): Node {
  if (typeof value === 'object' && value !== null) {
    const origin = origins.get(value);
    if (origin !== undefined) return origin;
  }
  if (isArray(value)) return { kind: 'sequence', items: value.map(item => toNode(item, at)), at };
  if (isObject(value))
    return {
      kind: 'map',
      entries: [...value].map(([key, item]) => ({ key: scalar(key, at), value: toNode(item, at) })),
      at,
    };
  return scalar(toText(value) ?? '', at);
}
