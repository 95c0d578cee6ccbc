/** Request bodies as ARM reads them: JSON, or what its tolerant reader makes of what clients send. */
import { LooseJsonError, parseLooseJson } from './looseJson.js';

/** The value, or undefined when the text is no JSON even to a tolerant reader. */
export function parseBody(text: string): unknown {
  try {
    return readBody(text);
  } catch (error) {
    if (error instanceof LooseJsonError) return undefined;
    throw error;
  }
}

/**
 * The value of a body.
 * @throws LooseJsonError saying where it is no JSON even to a tolerant reader
 */
export function readBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return parseLooseJson(text);
  }
}
