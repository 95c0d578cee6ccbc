/** Request bodies as ARM reads them: JSON with comments, trailing commas and what else clients send. */
import { parse, type ParseError } from 'jsonc-parser';

/** The value, or undefined when the text is no JSON even to a tolerant reader. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    return errors.length === 0 ? value : undefined;
  }
}
