/** What a language that values are written in must offer, so that only their bytes change. */
import type { Edit, NewValue, Node, Parsed } from './jsonText.js';

/** A stretch of literal text in a string. */
export interface StringRange {
  readonly start: number;
  readonly end: number;
  /** Nothing can be escaped in it. */
  readonly isRaw: boolean;
}

/** JSON with comments, or Bicep. */
export interface Syntax {
  readonly name: string;
  /** The tree of a text. */
  parse(text: string): Parsed;
  /** Where strings and comments are, each in the order of the text; as much as can be told where the text is broken. */
  ranges(text: string): {
    readonly strings: readonly StringRange[];
    readonly comments: readonly (readonly [start: number, end: number])[];
  };
  /**
   * A text as the inside of a string; undefined when this string cannot hold it.
   * @param before what stands before it in the string
   */
  escape(value: string, range: StringRange, before: string): string | undefined;
  /** Puts a value in the place of another. */
  replace(text: string, node: Node, value: NewValue): Edit;
  /** Adds a member to an object, in the manner of the text. */
  insert(text: string, object: Node, name: string, value: NewValue): Edit[];
  /** Puts a value in the place of an entry's reference. */
  replaceReference(text: string, reference: Node, value: NewValue): Edit;
}
