/** A text in the language that its name, or itself, tells: its tree and its tokens. */
import { UserError } from '../../../shared/core/errors.js';
import { bicep } from './bicep.js';
import { json } from './json.js';
import { getNodeValue, type Node } from './jsonText.js';
import { lineCounter } from './lines.js';
import type { Syntax } from './syntax.js';
import { findTokens, shadowTokens, type TokenPattern, type TokenPlace } from './tokens.js';

/** A text that was read. */
export interface Document {
  /** Undefined for a text of no known language. */
  readonly syntax: Syntax | undefined;
  /** Undefined where there are no values to find: in such a text, and in a Bicep template. */
  readonly root: Node | undefined;
  readonly tokens: readonly TokenPlace[];
}

/**
 * Reads a text.
 * @param name the file's name
 * @throws UserError, a clause without the file's name, when the name promises JSON or Bicep parameters and the text is none
 */
export function readDocument(text: string, name: string, pattern: TokenPattern): Document {
  if (/\.bicep(\.|$)/i.test(name))
    return { syntax: bicep, root: undefined, tokens: findTokens(text, pattern, bicep) };
  const syntax = /\.bicepparam(\.|$)/i.test(name) ? bicep : json;
  const isPromised = syntax === bicep || /\.jsonc?(\.|$)/i.test(name);
  const tokens = findTokens(text, pattern, syntax);
  const parsed = syntax.parse(shadowTokens(text, tokens));
  if ('root' in parsed && (isPromised || parsed.root.type === 'object'))
    return { syntax, root: parsed.root, tokens };
  if ('root' in parsed || !isPromised)
    return { syntax: undefined, root: undefined, tokens: findTokens(text, pattern, undefined) };
  throw new UserError(
    `it is no ${syntax.name} (line ${lineCounter(text)(parsed.offset)}: ${parsed.problem})`,
  );
}

/** What a text holds; undefined when it is in no known language, or broken. */
export function contentOf(text: string, name: string, pattern: TokenPattern): unknown {
  try {
    const { root } = readDocument(text, name, pattern);
    return root === undefined ? undefined : (getNodeValue(root) as unknown);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
