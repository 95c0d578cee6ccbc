/** Multi-line inputs of `name=value` lines. */
import { ProblemsError } from './errors.js';
import { unsetVariable } from './unsetVariable.js';

/**
 * Reads `name=value` lines. Empty lines and lines that start with `#` are passed over; a value keeps its
 * own `=` signs and inner blanks; a value may be empty.
 * @param text the input's text
 * @param input the input's name, for messages
 * @throws ProblemsError naming every line that has no `=`, an empty name, a name given before, or a variable that does not exist for its value
 */
export function parseNameValues(text: string | undefined, input: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [index, raw] of (text ?? '').split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const name = line.slice(0, at).trim();
    const where = `line ${index + 1}`;
    if (at < 0) problems.push(`${where} has no '=' (expected name=value)`);
    else if (name === '') problems.push(`${where} has no name before its '='`);
    else if (values.has(name)) problems.push(`${where} gives '${name}' a second time`);
    else {
      const value = line.slice(at + 1).trim();
      const unset = unsetVariable(value);
      if (unset !== undefined) problems.push(`${where}: '${name}' ${unset}`);
      values.set(name, value);
    }
  }
  if (problems.length > 0)
    throw new ProblemsError(`Input '${input}' is no good list of name=value lines`, problems);
  return values;
}
