/** How programs end, in words. */
import type { ToolResult } from './agent.js';

/** How a program ended, as the verb of a sentence. */
export function describeEnd({ exitCode, signal }: Pick<ToolResult, 'exitCode' | 'signal'>): string {
  return exitCode === undefined ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
}
