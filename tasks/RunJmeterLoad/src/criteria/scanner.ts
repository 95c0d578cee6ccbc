/** A place in a line that moves on, and mistakes with their place. */
import { singleLine } from '../../../../shared/core/text.js';

/** What is wrong at which place of a line. */
export class Mistake extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const shownBefore = 60;

/** The line and a mark below the place; of a long line the part around it. */
export function marked(line: string, at: number): string {
  const from = Math.max(0, at - shownBefore);
  const shown = line.slice(from, at + 40).replace(/[\x00-\x1f\x7f]/g, ' ');
  return `    ${shown}\n    ${' '.repeat(at - from)}^`;
}

/** A place in a line that moves on with what is read. */
export interface Scanner {
  /** Where the next token begins. */
  readonly at: number;
  /** Reads what the pattern finds here, without blanks before; undefined when it finds nothing. The pattern is sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  /** What stands here, for messages. */
  rest(): string;
}

/** Makes one at the beginning of a line. Blanks are whatever looks like one, as copied text has them. */
export function createScanner(line: string): Scanner {
  let at = 0;
  const skip = () => {
    while (/\s/.test(line.charAt(at))) at += 1;
  };
  skip();
  return {
    get at() {
      return at;
    },
    take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(line) ?? undefined;
      if (found !== undefined) {
        at += found[0].length;
        skip();
      }
      return found;
    },
    rest: () => {
      const rest = singleLine(line.slice(at), 40);
      return rest === '' ? 'the end of the line' : `'${rest}'`;
    },
  };
}
