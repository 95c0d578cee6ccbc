/** Text of a pipeline expression to its tree; names and functions are checked here, before anything runs. */

import { UserError } from '../../../shared/core/errors.js';
import { library } from './functions.js';
import { type Value, toVersion } from './values.js';

/** An expression that cannot be read or worked out. */
export class ExpressionError extends UserError {
  /** @param offset where in the expression's text, counted from 0 */
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

export type Expression =
  | { readonly kind: 'literal'; readonly value: Value; readonly offset: number }
  | { readonly kind: 'name'; readonly name: string; readonly offset: number }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression; readonly offset: number }
  | { readonly kind: 'all'; readonly of: Expression; readonly offset: number }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly offset: number;
    };

/** What an expression may speak of at its place: the named values, and the functions beside the library's. */
export interface Vocabulary {
  readonly names: readonly string[];
  readonly functions: readonly string[];
}

interface Token {
  readonly kind: 'punctuation' | 'word' | 'string' | 'number' | 'version' | 'end';
  readonly text: string;
  readonly offset: number;
}

/**
 * Reads an expression.
 * @throws ExpressionError with the offset of what is wrong
 */
export function parseExpression(text: string, vocabulary: Vocabulary): Expression {
  const tokens = lex(text);
  let position = 0;
  const peek = (): Token => tokens[position] ?? { kind: 'end', text: '', offset: text.length };
  const next = (): Token => {
    const token = peek();
    position++;
    return token;
  };
  const expect = (punctuation: string): void => {
    const token = next();
    if (token.kind !== 'punctuation' || token.text !== punctuation)
      throw new ExpressionError(`expected '${punctuation}' ${found(token)}`, token.offset);
  };
  const isNext = (punctuation: string) => peek().kind === 'punctuation' && peek().text === punctuation;

  function primary(): Expression {
    const token = next();
    const { offset } = token;
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', value: token.text, offset };
      case 'number':
        return { kind: 'literal', value: Number(token.text), offset };
      case 'version':
        return { kind: 'literal', value: toVersion(token.text) ?? null, offset };
      case 'word':
        return isNext('(') ? call(token) : word(token);
      case 'punctuation':
      case 'end':
        throw new ExpressionError(`expected a value ${found(token)}`, offset);
    }
  }

  function word({ text: name, offset }: Token): Expression {
    const lower = name.toLowerCase();
    if (lower === 'true' || lower === 'false') return { kind: 'literal', value: lower === 'true', offset };
    if (lower === 'null') return { kind: 'literal', value: null, offset };
    const known = vocabulary.names.find(candidate => candidate.toLowerCase() === lower);
    if (known === undefined) {
      const choice = vocabulary.names.length === 0 ? 'no named value' : `only ${vocabulary.names.join(', ')}`;
      throw new ExpressionError(`'${name}' is not known here; ${choice} can be used`, offset);
    }
    return { kind: 'name', name: known, offset };
  }

  function call({ text: name, offset }: Token): Expression {
    const lower = name.toLowerCase();
    const own = vocabulary.functions.find(candidate => candidate.toLowerCase() === lower);
    const shared = library.get(lower);
    if (own === undefined && shared === undefined)
      throw new ExpressionError(`there is no function '${name}' here`, offset);
    expect('(');
    const args: Expression[] = [];
    if (!isNext(')')) {
      args.push(postfix());
      while (isNext(',')) {
        next();
        args.push(postfix());
      }
    }
    expect(')');
    if (shared !== undefined && (args.length < shared.least || args.length > shared.most)) {
      const range = shared.least === shared.most ? String(shared.least) : `${shared.least} or more`;
      throw new ExpressionError(`${name}() takes ${range} arguments, not ${args.length}`, offset);
    }
    return { kind: 'call', name: lower, args, offset };
  }

  function postfix(): Expression {
    let expression = primary();
    for (;;) {
      const { offset } = peek();
      if (isNext('.')) {
        next();
        const token = next();
        if (token.kind === 'punctuation' && token.text === '*') {
          expression = { kind: 'all', of: expression, offset };
        } else if (token.kind === 'word') {
          const key: Expression = { kind: 'literal', value: token.text, offset: token.offset };
          expression = { kind: 'index', of: expression, key, offset };
        } else throw new ExpressionError(`expected a property name ${found(token)}`, token.offset);
      } else if (isNext('[')) {
        next();
        if (isNext('*')) {
          next();
          expression = { kind: 'all', of: expression, offset };
        } else expression = { kind: 'index', of: expression, key: postfix(), offset };
        expect(']');
      } else return expression;
    }
  }

  if (peek().kind === 'end') throw new ExpressionError('the expression is empty', 0);
  const expression = postfix();
  if (peek().kind !== 'end') throw new ExpressionError(`expected the end ${found(peek())}`, peek().offset);
  return expression;
}

function found(token: Token): string {
  return token.kind === 'end' ? 'but the expression ends' : `but found '${token.text}'`;
}

function lex(text: string): Token[] {
  const tokens: Token[] = [];
  // After a dot a word is a property name, which may hold dashes; elsewhere `-` can only begin a number.
  const pattern =
    /(?<space>\s+)|(?<string>'(?:[^']|'')*')|(?<version>\d+\.\d+\.\d+(?:\.\d+)?(?![\w.]))|(?<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?![\w.]))|(?<word>[A-Za-z_][\w-]*)|(?<punctuation>[()[\],.*])/y;
  while (pattern.lastIndex < text.length) {
    const offset = pattern.lastIndex;
    const groups: Readonly<Record<string, string | undefined>> | undefined = pattern.exec(text)?.groups;
    if (groups === undefined) {
      const rest = text.slice(offset, offset + 12);
      throw new ExpressionError(
        rest.startsWith("'") ? 'the string has no closing quote' : `cannot read '${rest}'`,
        offset,
      );
    }
    const [kind, part] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ['space', ''];
    if (kind === 'space' || part === undefined) continue;
    const plain = kind === 'string' ? part.slice(1, -1).replaceAll("''", "'") : part;
    tokens.push({ kind: kind as Token['kind'], text: plain, offset });
  }
  return tokens;
}
