/** JSON as Resource Manager's reader (Json.NET) takes it: the Azure CLI and people send more than the standard allows. */

const deepest = 128;
const space = /[\s\ufeff]/;
const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '/': '/',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Text that even a tolerant reader does not take. */
export class LooseJsonError extends Error {
  override readonly name = 'LooseJsonError';
  constructor(
    what: string,
    readonly lineNumber: number,
    readonly linePosition: number,
  ) {
    super(`${what} Line ${lineNumber}, position ${linePosition}.`);
  }
}

/**
 * Reads JSON with comments, names without quotes, single quotes, line breaks in strings and trailing commas.
 * @throws LooseJsonError saying what is wrong, at which line and column
 */
export function parseLooseJson(text: string): unknown {
  let position = 0;

  const wrong = (what: string, at = position): LooseJsonError => {
    const before = text.slice(0, at);
    const lineStart = before.lastIndexOf('\n') + 1;
    return new LooseJsonError(what, before.split('\n').length, at - lineStart + 1);
  };
  const unexpected = (): LooseJsonError =>
    position >= text.length
      ? wrong('Unexpected end of content.')
      : wrong(`Unexpected character encountered: ${text.charAt(position)}.`);

  const skip = (): void => {
    for (;;) {
      while (position < text.length && space.test(text.charAt(position))) position += 1;
      const two = text.slice(position, position + 2);
      if (two !== '//' && two !== '/*') return;
      const end = text.indexOf(two === '//' ? '\n' : '*/', position + 2);
      if (end < 0 && two === '/*') throw wrong('Unexpected end while parsing comment.', text.length);
      position = end < 0 ? text.length : end + (two === '//' ? 1 : 2);
    }
  };

  const string = (): string => {
    const quote = text.charAt(position);
    const start = position;
    let made = '';
    for (position += 1; text.charAt(position) !== quote; position += 1) {
      if (position >= text.length) throw wrong(`Unterminated string. Expected delimiter: ${quote}.`, start);
      if (text.charAt(position) !== '\\') {
        made += text.charAt(position);
        continue;
      }
      position += 1;
      const escape = text.charAt(position);
      const hex = text.slice(position + 1, position + 5);
      if (escape === 'u' && /^[0-9a-f]{4}$/i.test(hex)) {
        made += String.fromCharCode(parseInt(hex, 16));
        position += 4;
      } else {
        const meant = Object.hasOwn(escapes, escape) ? escapes[escape] : undefined;
        if (meant === undefined) throw wrong(`Bad JSON escape sequence: \\${escape}.`);
        made += meant;
      }
    }
    position += 1;
    return made;
  };

  const word = (): string => {
    const start = position;
    while (position < text.length && /[\w$+.-]/.test(text.charAt(position))) position += 1;
    return text.slice(start, position);
  };

  const scalar = (): unknown => {
    const start = position;
    const found = word();
    if (found === 'true' || found === 'false') return found === 'true';
    if (found === 'null') return null;
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(found)) return Number(found);
    position = start;
    throw unexpected();
  };

  const name = (): string => {
    const quoted = /["']/.test(text.charAt(position));
    const found = quoted ? string() : word();
    if (!quoted && found === '') throw unexpected();
    skip();
    if (text.charAt(position) !== ':') throw unexpected();
    position += 1;
    return found;
  };

  const value = (depth: number): unknown => {
    if (depth > deepest) throw wrong(`The reader's maximum depth of ${deepest} has been exceeded.`);
    skip();
    const first = text.charAt(position);
    if (first === '"' || first === "'") return string();
    if (first !== '{' && first !== '[') return scalar();
    const close = first === '{' ? '}' : ']';
    const entries: [string, unknown][] = [];
    position += 1;
    for (;;) {
      skip();
      if (text.charAt(position) === close) break;
      entries.push([first === '{' ? name() : '', value(depth + 1)]);
      skip();
      if (text.charAt(position) === ',') position += 1;
      else if (text.charAt(position) !== close) throw unexpected();
    }
    position += 1;
    return first === '{' ? Object.fromEntries(entries) : entries.map(([, item]) => item);
  };

  const whole = value(0);
  skip();
  if (position < text.length) throw wrong('Additional text encountered after finished reading JSON content.');
  return whole;
}
