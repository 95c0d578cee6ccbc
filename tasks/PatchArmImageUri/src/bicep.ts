/** Bicep as a {@link Syntax}: a parameters file has the tree of its JSON counterpart, so that one place finds the image in both. */
import {
  indentationAt,
  lineEnd,
  propertiesOf,
  unitOf,
  type Edit,
  type NewValue,
  type Node,
} from './jsonText.js';
import { readStatements, type BicepStatement, type BicepValue } from './bicepStatements.js';
import { escapeBicep, quoteBicep, readBicep } from './bicepText.js';
import type { Syntax } from './syntax.js';

export const bicep: Syntax = {
  name: 'Bicep',
  parse(text) {
    const file = readStatements(text);
    return 'problem' in file ? file : { root: treeOf(text, file.statements) };
  },
  ranges(text) {
    const words = readBicep(text);
    return 'problem' in words ? { strings: [], comments: [] } : words;
  },
  escape(value, { isRaw }, before) {
    if (isRaw) return /'|\$\{/.test(value) ? undefined : value;
    const escaped = escapeBicep(value);
    return before.endsWith('$') ? escaped.replace(/^\{/, String.raw`\u{7b}`) : escaped;
  },
  replace: (text, node, value) => ({
    offset: node.offset,
    length: node.length,
    text: render(text, value, indentationAt(text, node.offset)),
  }),
  insert(text, object, name, value) {
    const entry = typeof value === 'string' ? undefined : value['value'];
    if (object.parent?.parent?.parent === undefined && entry !== undefined)
      return [declare(text, object, name, entry)];
    const inner = text.slice(object.offset + 1, object.offset + object.length - 1);
    const last = propertiesOf(object).at(-1)?.value;
    const outer = indentationAt(text, object.offset);
    const member = `${nameOf(name)}: ${render(text, value, outer + unitOf(text))}`;
    if (last === undefined && inner.trim() !== '')
      return [
        { offset: object.offset + 1, length: 0, text: `${lineEnd(text)}${outer}${unitOf(text)}${member}` },
      ];
    if (last === undefined) {
      const content = `${lineEnd(text)}${outer}${unitOf(text)}${member}${lineEnd(text)}${outer}`;
      return [{ offset: object.offset + 1, length: inner.length, text: content }];
    }
    const separator = /[\r\n]/.test(inner) ? lineEnd(text) + indentationAt(text, last.offset) : ', ';
    // After the last member's own line, so that a comment beside it stays beside it.
    const offset = last.offset + last.length;
    const beside = /[\r\n]/.test(inner)
      ? (/^[ \t]*,?[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/)?/.exec(text.slice(offset))?.[0].length ?? 0)
      : 0;
    return [{ offset: offset + beside, length: 0, text: separator + member }];
  },
  replaceReference: (text, reference, value) => bicep.replace(text, reference, value),
};

/** A parameters file as `{ parameters: { NAME: { value | reference } }, variables: … }`. */
function treeOf(text: string, statements: readonly BicepStatement[]): Node {
  const whole = { offset: 0, end: text.length };
  const entries = statements.flatMap(({ keyword, name, value, offset, end }) => {
    if (keyword !== 'param' || value === undefined) return [];
    const key = value.kind === 'expression' ? 'reference' : 'value';
    const entry = objectNode({ offset: value.offset, end: value.end }, [
      property(key, value.offset, nodeOf(text, value)),
    ]);
    return [property(name, offset, entry, end)];
  });
  const variables = statements.flatMap(({ keyword, name, value, offset }) =>
    keyword === 'var' && value !== undefined ? [property(name, offset, nodeOf(text, value))] : [],
  );
  return objectNode(whole, [
    ...(variables.length === 0 ? [] : [property('variables', 0, objectNode(whole, variables))]),
    property('parameters', 0, objectNode(whole, entries)),
  ]);
}

interface Stretch {
  readonly offset: number;
  readonly end: number;
}

function nodeOf(text: string, value: BicepValue): Node {
  const { offset, end } = value;
  switch (value.kind) {
    case 'object':
      return objectNode(
        value,
        value.members.map(member =>
          property(
            member.name,
            member.offset,
            member.value.kind === 'expression' ? computed(text, member.value) : nodeOf(text, member.value),
          ),
        ),
      );
    case 'array':
      return withChildren(
        { type: 'array', offset, length: end - offset },
        value.items.map(item => nodeOf(text, item)),
      );
    case 'literal':
      return { type: typeOf(value.value), value: value.value, offset, length: end - offset };
    case 'expression':
      return { type: 'string', value: text.slice(offset, end), offset, length: end - offset };
  }
}

/** A member that is computed is no text that an image could replace. */
function computed(text: string, value: BicepValue): Node {
  return objectNode(value, [property('reference', value.offset, nodeOf(text, value))]);
}

function typeOf(value: string | number | boolean | null): Node['type'] {
  return value === null ? 'null' : (typeof value as 'string' | 'number' | 'boolean');
}

function objectNode({ offset, end }: Stretch, children: Node[]): Node {
  return withChildren({ type: 'object', offset, length: end - offset }, children);
}

function property(name: string, offset: number, value: Node, end = value.offset + value.length): Node {
  const key: Node = { type: 'string', value: name, offset, length: 0 };
  return withChildren({ type: 'property', offset, length: end - offset }, [key, value]);
}

function withChildren(node: Node, children: Node[]): Node {
  const whole: Node = { ...node, children };
  for (const child of children) Object.assign(child, { parent: whole });
  return whole;
}

/** A declaration after the last one, or after `using` where there is none yet. */
function declare(text: string, parameters: Node, name: string, value: NewValue): Edit {
  const declaration = `param ${name} = ${render(text, value, '')}`;
  const last = parameters.children?.at(-1);
  const file = readStatements(text);
  const before =
    last ?? ('problem' in file ? undefined : file.statements.findLast(({ keyword }) => keyword === 'using'));
  if (before === undefined) return { offset: text.length, length: 0, text: declaration + lineEnd(text) };
  const end = last === undefined && 'end' in before ? before.end : (last?.offset ?? 0) + (last?.length ?? 0);
  const rest = /^[^\r\n]*/.exec(text.slice(end))?.[0].length ?? 0;
  return {
    offset: end + rest,
    length: 0,
    text: (last === undefined ? lineEnd(text) : '') + lineEnd(text) + declaration,
  };
}

function render(text: string, value: NewValue, indentation: string): string {
  if (typeof value === 'string') return quoteBicep(value);
  const inner = indentation + unitOf(text);
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${nameOf(name)}: ${render(text, member, inner)}`,
  );
  return [`{`, ...members, `${indentation}}`].join(lineEnd(text));
}

function nameOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteBicep(name);
}
