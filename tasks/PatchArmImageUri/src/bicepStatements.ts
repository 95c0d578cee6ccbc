/** The statements of a Bicep text and their values, as trees where they are literals. */
import { readBicep, type BicepText, type BicepToken, type TextProblem } from './bicepText.js';

/** A value: literal through and through, an object or a list of values, or something computed. */
export type BicepValue = { readonly offset: number; readonly end: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'object'; readonly members: readonly BicepMember[] }
  | { readonly kind: 'array'; readonly items: readonly BicepValue[] }
  | { readonly kind: 'expression'; readonly tokens: readonly BicepToken[] }
);

/** A member of an object. */
export interface BicepMember {
  readonly name: string;
  readonly offset: number;
  readonly value: BicepValue;
}

/** A declaration: `param`, `var`, `resource`, `module`, `using` … */
export interface BicepStatement {
  readonly keyword: string;
  /** The symbol's name; empty for `using`. */
  readonly name: string;
  /** What stands between the name and `=`: a type, a resource type, a module's path. */
  readonly type: readonly BicepToken[];
  readonly decorators: readonly { readonly name: string; readonly argument: BicepValue | undefined }[];
  readonly value: BicepValue | undefined;
  readonly offset: number;
  readonly end: number;
}

/** A text's statements, and its words. */
export interface BicepFile {
  readonly words: BicepText;
  readonly statements: readonly BicepStatement[];
}

const keywords =
  /^(param|var|resource|module|output|using|extends|type|func|import|metadata|targetScope|assert|provider|extension)$/;
const openers = /^[{[(]$/;
const closers = /^[}\])]$/;
/** Words that carry an expression on to the next line. */
const continues = /^(\?|:|\?\?|\.|\.\?|&&|\|\||==|!=|\+|-|\*|%|<|>|<=|>=)$/;
const deepest = 100;

/** Reads a text's statements. */
export function readStatements(text: string): BicepFile | TextProblem {
  const words = readBicep(text);
  if ('problem' in words) return words;
  const { tokens } = words;
  const statements: BicepStatement[] = [];
  let at = 0;
  let problem: TextProblem | undefined;
  let decorators: { name: string; argument: BicepValue | undefined }[] = [];
  while (at < tokens.length && problem === undefined) {
    const token = tokens[at];
    if (token?.text === '@') decorators.push(readDecorator());
    else if (token?.kind === 'word' && keywords.test(token.text)) {
      statements.push(readStatement(token));
      decorators = [];
    } else if (token?.kind === 'symbol') {
      problem = { problem: `'${token.text}' begins no statement`, offset: token.offset };
    } else {
      // The rest of a statement that this reader knows nothing of.
      at += 1;
      if (token?.kind !== 'newline') skipUntil(({ kind }) => kind === 'newline');
    }
  }
  return problem ?? { words, statements };

  function readDecorator(): { name: string; argument: BicepValue | undefined } {
    at += 1;
    let name = '';
    while (tokens[at]?.kind === 'word' || tokens[at]?.text === '.') name = tokens[at++]?.text ?? '';
    if (tokens[at]?.text !== '(') return { name, argument: undefined };
    at += 1;
    skipLines();
    const argument = tokens[at]?.text === ')' ? undefined : readValue(0);
    while (at < tokens.length && tokens[at]?.text !== ')') at += 1;
    at += 1;
    return { name, argument };
  }

  function readStatement(first: BicepToken): BicepStatement {
    const keyword = first.text;
    at += 1;
    const named = /^(param|var|resource|module|output|type|func|metadata|assert)$/.test(keyword);
    const name = named && tokens[at]?.kind === 'word' ? (tokens[at++]?.text ?? '') : '';
    const from = at;
    skipType();
    const type = tokens.slice(from, at).filter(({ kind }) => kind !== 'newline');
    let value: BicepValue | undefined;
    if (tokens[at]?.text === '=') {
      at += 1;
      value = keyword === 'resource' || keyword === 'module' ? readBody() : readValue(0);
    }
    const end = tokens[at - 1]?.end ?? text.length;
    skipUntil(token => token.kind === 'newline');
    return { keyword, name, type, decorators, value, offset: first.offset, end };
  }

  /** The choices of a union may stand one a line. */
  function skipType(): void {
    do {
      skipLines(isChoice());
      skipUntil(token => token.text === '=' || token.kind === 'newline');
    } while (isChoice());
  }

  function isChoice(): boolean {
    return tokens[at]?.kind === 'newline' && nextOnLaterLine()?.text === '|';
  }

  /** A resource's object, also behind a condition or in a loop. */
  function readBody(): BicepValue {
    skipLines();
    const isLoop = tokens[at]?.text === '[' && tokens[at + 1]?.text === 'for';
    if (isLoop) {
      at += 2;
      skipUntil(token => token.text === ':');
      at += 1;
      skipLines();
    }
    if (tokens[at]?.text === 'if') {
      at += 1;
      skipGroup();
      skipLines();
    }
    const value = readValue(0);
    if (!isLoop) return value;
    skipLines();
    at += 1;
    return value;
  }

  function readValue(depth: number): BicepValue {
    skipLines();
    const start = at;
    const first = tokens[at];
    if (first === undefined || depth > deepest) {
      problem ??= { problem: 'a value is missing', offset: first?.offset ?? text.length };
      at = tokens.length;
      return { kind: 'literal', value: null, offset: text.length, end: text.length };
    }
    const value = readLiteral(first, depth);
    const next = tokens[at];
    if (
      value !== undefined &&
      (next === undefined || next.kind === 'newline' || next.text === ',' || closers.test(next.text)) &&
      !isContinued()
    )
      return value;
    at = start;
    do {
      skipLines();
      skipUntil(token => token.kind === 'newline' || token.text === ',');
    } while (isContinued());
    const end = tokens[at - 1]?.end ?? first.end;
    if (at === start) problem ??= { problem: `'${first.text}' is no value`, offset: first.offset };
    return { kind: 'expression', tokens: tokens.slice(start, at), offset: first.offset, end };
  }

  function readLiteral(first: BicepToken, depth: number): BicepValue | undefined {
    const { offset } = first;
    if (first.kind === 'string') {
      at += 1;
      return first.value === undefined
        ? undefined
        : { kind: 'literal', value: first.value, offset, end: first.end };
    }
    if (first.kind === 'number' || (first.text === '-' && tokens[at + 1]?.kind === 'number')) {
      at += first.kind === 'number' ? 1 : 2;
      const end = tokens[at - 1]?.end ?? first.end;
      return { kind: 'literal', value: Number(text.slice(offset, end)), offset, end };
    }
    if (/^(true|false|null)$/.test(first.text)) {
      at += 1;
      return { kind: 'literal', value: JSON.parse(first.text) as boolean | null, offset, end: first.end };
    }
    if (first.text === '{') return readObject(offset, depth);
    if (first.text === '[' && tokens[at + 1]?.text !== 'for') return readArray(offset, depth);
    return undefined;
  }

  function readObject(offset: number, depth: number): BicepValue | undefined {
    const members: BicepMember[] = [];
    at += 1;
    for (;;) {
      skipSeparators();
      const key = tokens[at];
      if (key === undefined || key.text === '}') break;
      const name = key.kind === 'string' ? key.value : key.text;
      at += 1;
      if (tokens[at]?.text === ':' && name !== undefined) {
        at += 1;
        members.push({ name, offset: key.offset, value: readValue(depth + 1) });
      } else if (key.text === 'resource') {
        const child = readStatement(key);
        if (child.value !== undefined)
          members.push({ name: child.name, offset: key.offset, value: child.value });
      } else skipUntil(token => token.kind === 'newline' || token.text === ',');
    }
    return close(offset, 'an object', end => ({ kind: 'object', members, offset, end }));
  }

  function readArray(offset: number, depth: number): BicepValue | undefined {
    const items: BicepValue[] = [];
    at += 1;
    for (;;) {
      skipSeparators();
      if (tokens[at] === undefined || tokens[at]?.text === ']') break;
      items.push(readValue(depth + 1));
    }
    return close(offset, 'a list', end => ({ kind: 'array', items, offset, end }));
  }

  function close(offset: number, what: string, make: (end: number) => BicepValue): BicepValue | undefined {
    const token = tokens[at];
    if (token === undefined) problem ??= { problem: `${what} is not closed`, offset };
    at += 1;
    return make(token?.end ?? text.length);
  }

  function skipLines(isWanted = true): void {
    while (isWanted && tokens[at]?.kind === 'newline') at += 1;
  }

  function skipSeparators(): void {
    while (tokens[at]?.kind === 'newline' || tokens[at]?.text === ',') at += 1;
  }

  /** Goes on to a word outside of any brackets, or to the bracket that closes those around. */
  function skipUntil(isEnd: (token: BicepToken) => boolean): void {
    for (let token = tokens[at]; token !== undefined; token = tokens[at]) {
      if (isEnd(token) || closers.test(token.text)) return;
      if (openers.test(token.text)) skipGroup();
      else at += 1;
    }
  }

  function skipGroup(): void {
    let depth = 0;
    const { offset = text.length } = tokens[at] ?? {};
    for (let token = tokens[at]; token !== undefined; token = tokens[at]) {
      at += 1;
      if (openers.test(token.text)) depth += 1;
      else if (closers.test(token.text) && --depth === 0) return;
    }
    problem ??= { problem: 'a bracket is not closed', offset };
  }

  function isContinued(): boolean {
    const next = nextOnLaterLine();
    return next?.kind === 'symbol' && continues.test(next.text);
  }

  /** The first word of the next line that has any; undefined where this line goes on. */
  function nextOnLaterLine(): BicepToken | undefined {
    if (tokens[at]?.kind !== 'newline') return undefined;
    let next = at;
    while (tokens[next]?.kind === 'newline') next += 1;
    return tokens[next];
  }
}
