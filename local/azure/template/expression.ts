/** The grammar of template expressions: text in square brackets to a tree, and back. */
import { isArray, isObject, type Json } from './json.js';
import { ExpressionSyntaxError } from './templateError.js';

/** An expression as a tree. `access` is both `a.b` and `a[b]`. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'access'; readonly target: Expression; readonly key: Expression };

/** Resource Manager's limit for one expression, in characters. */
export const longestExpression = 24_576;

const deepestExpression = 200;
const helpLink = 'Please see https://aka.ms/arm-functions for usage details.';

type TokenKind =
  | 'Identifier'
  | 'Integer'
  | 'Literal'
  | 'LeftParenthesis'
  | 'RightParenthesis'
  | 'LeftSquareBracket'
  | 'RightSquareBracket'
  | 'Comma'
  | 'Dot'
  | 'EndOfData';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const punctuation: ReadonlyMap<string, TokenKind> = new Map([
  ['(', 'LeftParenthesis'],
  [')', 'RightParenthesis'],
  ['[', 'LeftSquareBracket'],
  [']', 'RightSquareBracket'],
  [',', 'Comma'],
  ['.', 'Dot'],
]);

const identifierPattern = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const integerPattern = /[+-]?[0-9]+/y;

/** True for a string of a template that is an expression and not text. */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && !text.startsWith('[[') && text.endsWith(']');
}

/** The text that a template's string stands for when it is no expression: `[[` is an escaped bracket. */
export function unescapeText(text: string): string {
  return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
}

/** The string of a template that stands for this text. */
export function escapeText(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text;
}

/**
 * Parses a whole expression with its square brackets.
 * @throws ExpressionSyntaxError as Azure words it
 */
export function parseExpression(text: string): Expression {
  if (text.length > longestExpression) {
    throw new ExpressionSyntaxError(
      `The language expression length limit exceeded. Limit: '${longestExpression}' and actual: '${text.length}'.`,
    );
  }
  return parseTokens(text.slice(1, -1));
}

/** Writes an expression without its brackets, so that parsing it gives the same tree again. */
export function printExpression(node: Expression): string {
  switch (node.kind) {
    case 'literal':
      return printLiteral(node.value);
    case 'call':
      return `${node.name}(${node.args.map(printExpression).join(', ')})`;
    case 'access': {
      const key = node.key.kind === 'literal' ? node.key.value : undefined;
      const target = printExpression(node.target);
      if (typeof key === 'string' && /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(key)) return `${target}.${key}`;
      return `${target}[${printExpression(node.key)}]`;
    }
  }
}

function printLiteral(value: Json): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'boolean') return value ? 'true()' : 'false()';
  if (value === null) return 'null()';
  if (isArray(value)) return `createArray(${value.map(printLiteral).join(', ')})`;
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${printLiteral(key)}, ${printLiteral(item)}`);
    return `createObject(${entries.join(', ')})`;
  }
  return `json('${value}')`;
}

function parseTokens(source: string): Expression {
  const tokens = tokenize(source);
  let position = 0;

  const peek = (): TokenKind => tokens[position]?.kind ?? 'EndOfData';
  const take = (...expected: readonly TokenKind[]): Token => {
    const token = tokens[position] ?? { kind: 'EndOfData', text: '' };
    if (!expected.includes(token.kind)) {
      throw new ExpressionSyntaxError(
        `Unable to parse language expression '${source}': expected token '${expected.join(',')}' and actual '${token.kind}'.`,
      );
    }
    position += 1;
    return token;
  };

  const expression = (depth: number): Expression => {
    if (depth > deepestExpression) {
      throw new ExpressionSyntaxError(
        `The language expression is nested deeper than '${deepestExpression}' levels. ${helpLink}`,
      );
    }
    let node = primary(depth);
    for (;;) {
      if (peek() === 'Dot') {
        take('Dot');
        const key = take('Identifier').text;
        node = { kind: 'access', target: node, key: { kind: 'literal', value: key } };
      } else if (peek() === 'LeftSquareBracket') {
        take('LeftSquareBracket');
        node = { kind: 'access', target: node, key: expression(depth + 1) };
        take('RightSquareBracket');
      } else {
        return node;
      }
    }
  };

  const primary = (depth: number): Expression => {
    const token = take('Identifier', 'Integer', 'Literal');
    if (token.kind === 'Literal') return { kind: 'literal', value: token.text };
    if (token.kind === 'Integer') return { kind: 'literal', value: Number(token.text) + 0 };
    let name = token.text;
    while (peek() === 'Dot') {
      take('Dot');
      name += `.${take('Identifier').text}`;
    }
    take('LeftParenthesis');
    const args: Expression[] = [];
    while (peek() !== 'RightParenthesis') {
      if (args.length > 0) take('Comma');
      args.push(expression(depth + 1));
    }
    take('RightParenthesis');
    return { kind: 'call', name, args };
  };

  const root = expression(0);
  take('EndOfData');
  return root;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    return pattern.exec(source)?.[0];
  };
  while (position < source.length) {
    const character = source.charAt(position);
    const mark = punctuation.get(character);
    if (' \t\r\n'.includes(character)) {
      position += 1;
    } else if (mark !== undefined) {
      tokens.push({ kind: mark, text: character });
      position += 1;
    } else if (character === "'") {
      const end = endOfString(source, position);
      tokens.push({ kind: 'Literal', text: source.slice(position + 1, end - 1).replaceAll("''", "'") });
      position = end;
    } else {
      const identifier = match(identifierPattern);
      const text = identifier ?? match(integerPattern);
      if (text === undefined) {
        throw new ExpressionSyntaxError(
          `The language expression '${source}' is not valid: the character '${character}' at position '${position}' is not expected. ${helpLink}`,
        );
      }
      tokens.push({ kind: identifier === undefined ? 'Integer' : 'Identifier', text });
      position += text.length;
    }
  }
  return tokens;
}

/** The position behind the closing quote of the string that opens at `start`. */
function endOfString(source: string, start: number): number {
  for (let position = start + 1; position < source.length; position += 1) {
    if (source.charAt(position) !== "'") continue;
    if (source.charAt(position + 1) !== "'") return position + 1;
    position += 1;
  }
  throw new ExpressionSyntaxError(
    `The language expression '${source}' is not valid: the string constant at position '${start}' is not terminated. ` +
      `String constants must be enclosed within a pair of single quotes. ${helpLink}`,
  );
}
