/** Writes HCL2 for Packer: blocks and options whose texts come out as they went in. */

/** A value: a text is written as a literal; an expression as it stands. */
export type HclValue = string | boolean | readonly HclValue[] | { readonly expression: string };

/** A block, or with an empty head a file. */
export interface HclBlock {
  /** Such as `source "azure-arm" "image"`. */
  readonly head: string;
  /** Lines above it that explain it to people. */
  readonly comment?: readonly string[];
  /** In this order; undefined ones are left out. */
  readonly options?: Readonly<Record<string, HclValue | undefined>>;
  readonly blocks?: readonly HclBlock[];
}

/** The text of a file of blocks. */
export function formatHcl(blocks: readonly HclBlock[]): string {
  return `${blocks.map(block => formatBlock(block, '')).join('\n\n')}\n`;
}

function formatBlock({ head, comment = [], options = {}, blocks = [] }: HclBlock, indent: string): string {
  const inner = `${indent}  `;
  const given = Object.entries(options).filter(
    (entry): entry is [string, HclValue] => entry[1] !== undefined,
  );
  const width = Math.max(0, ...given.map(([name]) => name.length));
  const lines = given.map(([name, value]) => `${inner}${name.padEnd(width)} = ${formatValue(value, inner)}`);
  const parts = [
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...blocks.map(block => formatBlock(block, inner)),
  ];
  const above = comment.map(line => `${indent}# ${line}\n`).join('');
  return parts.length === 0
    ? `${above}${indent}${head} {}`
    : `${above}${indent}${head} {\n${parts.join('\n\n')}\n${indent}}`;
}

function formatValue(value: HclValue, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  if ('expression' in value) return value.expression;
  const items = value.map(each => formatValue(each, `${indent}  `));
  if (items.length < 2) return `[${items.join('')}]`;
  return `[\n${items.map(item => `${indent}  ${item},\n`).join('')}${indent}]`;
}

/** A text as an HCL literal in which HCL evaluates nothing. What stands between double braces Packer evaluates all the same, and how often differs. */
export function quote(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
  };
  const escaped = text.replace(
    // A dollar or per cent sign is written by its code where it could begin `${` or `%{`, also after one of its own kind.
    /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]|[$%](?=[$%{])/g,
    character => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** A value that Packer works out. */
export function expression(text: string): HclValue {
  return { expression: text };
}

/** The value of a variable. */
export function variable(name: string): HclValue {
  return expression(`var.${name}`);
}
