/** Tokens and what each becomes, escaped as the place where it stands asks. */
import { isTemplate } from './armTemplate.js';
import type { Document } from './document.js';
import { applyEdits, getNodeValue, pathAt, type Edit, type JSONPath } from './jsonText.js';
import { lineCounter } from './lines.js';
import type { TokenPattern, TokenPlace } from './tokens.js';

/** The values of tokens, and which of them nobody may see. */
export interface TokenValues {
  readonly tokens: ReadonlyMap<string, string>;
  readonly secretTokens: ReadonlySet<string>;
}

/** A token that has a value. */
export interface FilledToken {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  readonly path: JSONPath;
  readonly isSecret: boolean;
  /** It stands outside of strings, where its value is written as it is. */
  readonly isBare: boolean;
  readonly edit: Edit;
}

/** What becomes of a text's tokens. */
export interface Fill {
  readonly filled: readonly FilledToken[];
  /** Tokens without a value. */
  readonly left: readonly TokenPlace[];
  /** Values that the strings they belong in cannot hold. */
  readonly problems: readonly string[];
}

/**
 * Fills tokens.
 * @param places those of the document's tokens that are to be filled
 * @param isSecret whether what stands at a path must not be seen
 */
export function fillTokens(
  text: string,
  { syntax, root }: Document,
  places: readonly TokenPlace[],
  { tokens, secretTokens, pattern }: TokenValues & { readonly pattern: TokenPattern },
  isSecret: (path: JSONPath) => boolean,
): Fill {
  const lineOf = lineCounter(text);
  const hasExpressions = root !== undefined && isTemplate(getNodeValue(root));
  const filled: FilledToken[] = [];
  const left: TokenPlace[] = [];
  const problems: string[] = [];
  for (const place of places) {
    const { name, offset, length, string } = place;
    const value = tokens.get(name);
    if (value === undefined) {
      left.push(place);
      continue;
    }
    const line = lineOf(offset);
    const literal = hasExpressions && isInExpression(text, place) ? value.replaceAll("'", "''") : value;
    const written =
      syntax === undefined || string === undefined
        ? literal
        : syntax.escape(literal, string, text.slice(string.start, offset));
    if (written === undefined) {
      problems.push(
        `line ${line}: the value of ${pattern.show(name)} cannot stand in a string of three quotation marks, where nothing can be escaped. Write this string in single ones`,
      );
      continue;
    }
    const path = root === undefined ? [] : pathAt(root, offset);
    filled.push({
      name,
      value,
      line,
      path,
      isSecret: secretTokens.has(name) || isSecret(path),
      isBare: string === undefined,
      edit: { offset, length, text: written },
    });
  }
  if (syntax !== undefined && filled.every(token => !token.isBare)) {
    const result = applyEdits(
      text,
      filled.map(({ edit }) => edit),
    );
    const before = syntax.ranges(text).strings.length;
    const after = syntax.ranges(result).strings.length;
    if (after > before || (after === 0 && before > 0))
      problems.push(
        "a '$' before a token and a '{' after it would begin an expression; escape the '$' as '\\$'",
      );
  }
  return { filled, left, problems };
}

/** Whether a token stands between the single quotes of an expression such as `"[concat('@@NAME@@', '-vm')]"`. */
function isInExpression(text: string, { string, offset }: TokenPlace): boolean {
  if (string === undefined) return false;
  const content = text.slice(string.start + 1, string.end - 1);
  const before = text.slice(string.start + 1, offset);
  return /^\[(?!\[)[^]*\]$/.test(content) && before.split("'").length % 2 === 0;
}
