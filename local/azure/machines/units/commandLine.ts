/** Command lines and environment lists of unit files: quoting, escapes, variables (systemd.service(5), "Command lines"). */

/** One command of a service. */
export interface UnitCommand {
  readonly words: readonly string[];
  /** Prefix `-`: a failure counts as success. */
  readonly ignoreFailure: boolean;
  /** Prefixes `+`, `!` and `!!`: run as root whatever `User=` says. */
  readonly privileged: boolean;
  /** Not prefixed with `:`: variables are replaced. */
  readonly expand: boolean;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
};

/**
 * Splits at white space; single and double quotes hold words together, a backslash introduces a C escape.
 * @throws Error when a quote is not closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (character === '\\' && i + 1 < text.length) {
      const escape = readEscape(text.slice(i + 1));
      word = (word ?? '') + escape.text;
      i += escape.length;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== undefined) throw new Error(`the quote ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}

/** What stands behind a backslash: the character it means and how many characters that took. */
function readEscape(text: string): { text: string; length: number } {
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text);
  const digits = code === null ? undefined : (code[1] ?? code[2] ?? code[3]);
  if (code !== null && digits !== undefined && Number.parseInt(digits, 16) <= 0x10ffff) {
    return { text: String.fromCodePoint(Number.parseInt(digits, 16)), length: code[0].length };
  }
  const octal = /^[0-3][0-7]{2}/.exec(text);
  if (octal !== null) return { text: String.fromCodePoint(Number.parseInt(octal[0], 8)), length: 3 };
  const first = text.charAt(0);
  if (/["'\\]/.test(first)) return { text: first, length: 1 };
  const known = escapes[first];
  return known === undefined ? { text: `\\${first}`, length: 1 } : { text: known, length: 1 };
}

/**
 * Reads the value of an `Exec…=` setting; a word `;` of its own separates several commands.
 * With the prefix `@` the second word would be the program's own name for itself, which is left out.
 * @throws Error when a quote is not closed or a command is empty
 */
export function parseCommands(text: string): UnitCommand[] {
  const commands: string[][] = [[]];
  // A literal semicolon is written `\;`, which the splitter leaves as it is.
  for (const word of splitWords(text)) {
    if (word === ';') commands.push([]);
    else commands.at(-1)?.push(word === String.raw`\;` ? ';' : word);
  }
  return commands.map(words => {
    const prefix = /^[-@:+!]*/.exec(words[0] ?? '')?.[0] ?? '';
    const program = (words[0] ?? '').slice(prefix.length);
    if (program === '') throw new Error('there is no program in it');
    return {
      words: [program, ...words.slice(prefix.includes('@') ? 2 : 1)],
      ignoreFailure: prefix.includes('-'),
      privileged: /[+!]/.test(prefix),
      expand: !prefix.includes(':'),
    };
  });
}

/**
 * Replaces variables: `${NAME}` anywhere, `$NAME` as a whole word, which then becomes as many words as its value has; `$$` is `$`.
 * What is not set is empty; the program itself is not expanded.
 */
export function expandCommand(command: UnitCommand, environment: Readonly<Record<string, string>>): string[] {
  const [program = '', ...rest] = command.words;
  if (!command.expand) return [program, ...rest];
  return [
    program,
    ...rest.flatMap(word => {
      const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
      if (whole !== undefined) return (environment[whole] ?? '').split(/\s+/).filter(part => part !== '');
      return [
        word.replace(/\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (found, name: string | undefined) =>
          name === undefined ? (found === '$$' ? '$' : found) : (environment[name] ?? ''),
        ),
      ];
    }),
  ];
}

/** Reads `Environment=`: words of the form NAME=VALUE, quoted as a whole; others are ignored. */
export function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(splitWords(text).flatMap(assignment));
}

/** Reads an environment file: one assignment a line, `#` and `;` start comments, a quoted value loses its quotes. */
export function parseEnvironmentFile(text: string): Record<string, string> {
  const joined = text.replace(/\\\r?\n/g, '');
  return Object.fromEntries(
    joined.split(/\r?\n/).flatMap(raw => {
      const line = raw.trim();
      if (line === '' || /^[#;]/.test(line)) return [];
      return assignment(line).map(([name, value]): [string, string] => [name, unquote(value.trim())]);
    }),
  );
}

function assignment(word: string): [string, string][] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)\s*=([\s\S]*)$/.exec(word);
  return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
}

function unquote(value: string): string {
  const single = /^'([^']*)'$/.exec(value)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\[\s\S])*)"$/.exec(value)?.[1];
  return (double ?? value).replace(/\\([\s\S])/g, '$1');
}
