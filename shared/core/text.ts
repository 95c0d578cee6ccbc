/** Text from outside, made fit for a log, a message or a file. */

// CSI and OSC sequences, then any other two-byte escape (ECMA-48).

const ansi = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** Removes terminal colour and cursor sequences. */
export function stripAnsi(text: string): string {
  return text.replace(ansi, '');
}

/** One line without control characters, cut to `limit` characters. */
export function singleLine(text: string, limit = 300): string {
  const clean = stripAnsi(text)
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim();
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

/** Escapes text for XML content and attributes, and drops the characters that XML 1.0 cannot hold. */
export function escapeXml(text: string): string {
  return stripAnsi(text)
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '',
    )
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** Escapes text for a cell of a Markdown table: no pipe, no markup, no HTML, one line. */
export function escapeMarkdown(text: string, limit = 200): string {
  return singleLine(text, limit)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/([\\`*_{}[\]|#!~])/g, '\\$1');
}

/** `1 instance`, `2 instances`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[], conjunction = 'and'): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1) ?? ''}`;
}

/** The last `count` entries that say something. */
export function lastLines(lines: readonly string[], count = 20): string[] {
  return lines.filter(line => line.trim() !== '').slice(-count);
}
