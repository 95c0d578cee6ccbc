/** Splits a command line into words without a shell. */
import { UserError } from './errors.js';

/**
 * Blanks and line ends separate words; single and double quotes keep them; inside double quotes `\"` and `\\` stand for
 * the character itself. Everywhere else a backslash is a backslash, so that Windows paths need no care.
 * @param input the input's name, for messages
 * @throws UserError when a quote is left open
 */
export function splitCommandLine(text: string, input: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (char === quote) {
      quote = undefined;
    } else if (quote === '"' && char === '\\' && /["\\]/.test(text.charAt(at + 1))) {
      at += 1;
      word = (word ?? '') + text.charAt(at);
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined)
    throw new UserError(`Input '${input}' has a ${quote} that is never closed: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Fills in `$NAME` and `${NAME}` of the given variables; what else looks like a variable stays as it is. */
export function fillVariables(word: string, variables: Readonly<Record<string, string>>): string {
  return word.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (found, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? '';
      return Object.hasOwn(variables, name) ? (variables[name] ?? found) : found;
    },
  );
}
