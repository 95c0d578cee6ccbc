/** ARM template expressions, parsed as far as it takes to see where a value comes from. */

/** An expression: a call with what is read of its result, or a constant. */
export type Expression =
  | {
      readonly type: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      /** `.name` and `['name']` after it; undefined stands for an index that is no constant. */
      readonly members: readonly (string | undefined)[];
    }
  | { readonly type: 'constant'; readonly value: string | number };

/** Nobody nests deeper, and a hostile text must not exhaust the stack. */
const deepest = 200;

/**
 * Parses `[…]`; undefined when the text is no expression or one that this grammar does not know.
 * Microsoft's "Syntax and expressions in ARM templates": a text that begins with `[[` is a literal.
 */
export function parseExpression(text: string): Expression | undefined {
  const inner = /^\[(?!\[)([^]*)\]$/.exec(text.trim())?.[1];
  if (inner === undefined) return undefined;
  const tokens =
    inner.match(/'(?:[^']|'')*'|[A-Za-z_][\w.]*(?=\s*\()|\.\s*[A-Za-z_]\w*|-?\d+|[()[\],]|\S/g) ?? [];
  let at = 0;
  let depth = 0;
  const expression = parse();
  return at === tokens.length ? expression : undefined;

  function parse(): Expression | undefined {
    const token = tokens[at];
    if (token === undefined || depth > deepest) return undefined;
    at += 1;
    if (token.startsWith("'")) return { type: 'constant', value: token.slice(1, -1).replaceAll("''", "'") };
    if (/^-?\d+$/.test(token)) return { type: 'constant', value: Number(token) };
    if (!/^[A-Za-z_]/.test(token) || tokens[at] !== '(') return undefined;
    at += 1;
    const args: Expression[] = [];
    depth += 1;
    while (tokens[at] !== ')') {
      const argument = parse();
      if (argument === undefined) return undefined;
      args.push(argument);
      if (tokens[at] === ',') at += 1;
      else if (tokens[at] !== ')') return undefined;
    }
    depth -= 1;
    at += 1;
    return { type: 'call', name: token.toLowerCase(), args, members: parseMembers() };
  }

  function parseMembers(): (string | undefined)[] {
    const members: (string | undefined)[] = [];
    for (;;) {
      const token = tokens[at];
      if (token?.startsWith('.') === true && token.length > 1) {
        members.push(token.slice(1).trim());
        at += 1;
      } else if (token === '[') {
        at += 1;
        const index = parse();
        members.push(index?.type === 'constant' ? String(index.value) : undefined);
        if (tokens[at] !== ']') return members;
        at += 1;
      } else return members;
    }
  }
}
