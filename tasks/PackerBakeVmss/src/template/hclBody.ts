/** The structure of an HCL text: its blocks and attributes, each attribute's expression as one line. Nothing is worked out. */

/** A body: the top of a file, or what is between a block's braces. */
export interface HclBody {
  /** Expressions by attribute name, on one line. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly blocks: readonly HclBlock[];
}

/** A block, such as `source "azure-arm" "web" { … }`. */
export interface HclBlock {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: HclBody;
}

/**
 * Reads a text that Packer takes as valid.
 * @throws SyntaxError for what is none
 */
export function readHcl(text: string): HclBody {
  const reader = new Reader(text.replace(/^\ufeff/, '').replace(/\r\n/g, '\n'));
  return reader.body(false);
}

/** Where the reading stands. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  body(inBraces: boolean): HclBody {
    const attributes = new Map<string, string>();
    const blocks: HclBlock[] = [];
    for (;;) {
      this.skip(/(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)*/y);
      if (this.at >= this.text.length || this.text[this.at] === '}') {
        if (inBraces !== this.at < this.text.length) throw this.unexpected();
        this.at++;
        return { attributes, blocks };
      }
      const name = this.identifier();
      this.skip(/[ \t]*/y);
      if (this.text[this.at] === '=' && this.text[this.at + 1] !== '=') {
        this.at++;
        attributes.set(name, this.expression());
        continue;
      }
      const labels: string[] = [];
      while (this.text[this.at] !== '{') {
        const label = this.text[this.at] === '"' ? this.string().slice(1, -1) : this.identifier();
        labels.push(label);
        this.skip(/[ \t]*/y);
      }
      this.at++;
      blocks.push({ type: name, labels, body: this.body(true) });
    }
  }

  /** Up to the line's end or the body's, where no bracket is open. */
  private expression(): string {
    const open: ('(' | '[' | '{' | 'for')[] = [];
    let line = '';
    while (this.at < this.text.length) {
      const rest = this.text.slice(this.at, this.at + 2);
      const char = rest[0] ?? '';
      if (char === '"') line += this.string();
      else if (rest === '<<' && /<<-?[\w-]+\n/y.test(this.text.slice(this.at, this.at + 200)))
        line += this.heredoc();
      else if (char === '#' || rest === '//') this.skip(/[^\n]*/y);
      else if (rest === '/*') this.skip(/\/\*[^]*?\*\//y);
      else if (char === '\n') {
        if (open.length === 0) break;
        this.at++;
        // Elements of an object may have a line end between them, in place of a comma.
        line += open.at(-1) === '{' && !/[{,]\s*$/.test(line) && !this.closes() ? ', ' : ' ';
      } else if (char === '}' && open.length === 0) break;
      else {
        if (char === '(' || char === '[') open.push(char);
        else if (char === '{') open.push(/^\{\s*for\b/.test(this.text.slice(this.at)) ? 'for' : '{');
        else if (/[)\]}]/.test(char)) open.pop();
        line += char;
        this.at++;
      }
    }
    return line.trim();
  }

  /** Whether the next thing, past white space and comments, ends an object or is a comma. */
  private closes(): boolean {
    const next = /(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)*([^]?)/y;
    next.lastIndex = this.at;
    return /[},]/.test(next.exec(this.text)?.[1] ?? '');
  }

  /** A quoted text with its quotes; texts inside its `${…}` have quotes of their own. */
  private string(): string {
    const start = this.at;
    this.at++;
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      if (this.text[this.at] === '\\') this.at += 2;
      else if (/^(?:\$\$|%%)\{/.test(this.text.slice(this.at, this.at + 3))) this.at += 3;
      else if (/^[$%]\{/.test(this.text.slice(this.at, this.at + 2))) this.interpolation();
      else this.at++;
    }
    if (this.at >= this.text.length) throw this.unexpected();
    this.at++;
    return this.text.slice(start, this.at);
  }

  private interpolation(): void {
    this.at += 2;
    let depth = 1;
    while (depth > 0) {
      const char = this.text[this.at];
      if (char === undefined) throw this.unexpected();
      if (char === '"') {
        this.string();
        continue;
      }
      if (char === '{') depth++;
      if (char === '}') depth--;
      this.at++;
    }
  }

  /** A text over several lines, as a quoted one. */
  private heredoc(): string {
    const head = /<<(-?)([\w-]+)\n/y;
    head.lastIndex = this.at;
    const [all = '', dash, marker = ''] = head.exec(this.text) ?? [];
    this.at += all.length;
    const lines: string[] = [];
    for (;;) {
      if (this.at >= this.text.length) throw this.unexpected();
      const end = this.text.indexOf('\n', this.at);
      const line = this.text.slice(this.at, end === -1 ? undefined : end);
      // The line end after the marker ends the attribute.
      this.at = (end === -1 ? this.text.length : end) + (line.trim() === marker ? 0 : 1);
      if (line.trim() === marker) break;
      lines.push(line);
    }
    const indents = lines.filter(line => line.trim() !== '').map(line => /^ */.exec(line)?.[0].length ?? 0);
    const indent = dash === '-' ? Math.min(...indents, Infinity) : 0;
    const text = lines.map(line => `${line.slice(Math.min(indent, line.length))}\n`).join('');
    return `"${quoted(text)}"`;
  }

  private identifier(): string {
    const start = this.at;
    this.skip(/[\p{L}_][\p{L}\p{N}_-]*/uy);
    if (this.at === start) throw this.unexpected();
    return this.text.slice(start, this.at);
  }

  private skip(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    this.at += pattern.exec(this.text)?.[0].length ?? 0;
  }

  private unexpected(): SyntaxError {
    const line = this.text.slice(0, this.at).split('\n').length;
    return new SyntaxError(
      `line ${line}: '${this.text.slice(this.at, this.at + 20).split('\n')[0] ?? ''}' was not expected`,
    );
  }
}

/** A heredoc's text inside quotes: its backslashes and quotes are plain, but not those within `${…}`. */
function quoted(text: string): string {
  let result = '';
  for (let at = 0, depth = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    const escaped = /^(\$\$|%%)\{/.test(text.slice(at, at + 3));
    if (depth === 0 && escaped) {
      result += text.slice(at, at + 3);
      at += 2;
    } else if (depth === 0 && /^[$%]\{/.test(text.slice(at, at + 2))) {
      depth = 1;
      result += text.slice(at, at + 2);
      at++;
    } else if (depth > 0) {
      depth += char === '{' ? 1 : char === '}' ? -1 : 0;
      result += char === '\n' ? ' ' : char;
    } else result += { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t', '\r': '\\r' }[char] ?? char;
  }
  return result;
}
