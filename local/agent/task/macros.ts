/** `$(name)` in texts, and variables whose values speak of other variables. */

/** A variable of a job. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  readonly readOnly: boolean;
  /** Keeps the case of the name in the environment. */
  readonly preserveCase?: boolean;
}

/**
 * Puts values in the place of `$(name)`: one pass, unknown names stay as they are, and what was put in is not read again.
 * @param lookUp the value of a name, undefined when there is none
 */
export function expandMacros(text: string, lookUp: (name: string) => string | undefined): string {
  let result = '';
  let position = 0;
  for (;;) {
    const start = text.indexOf('$(', position);
    const end = start < 0 ? -1 : text.indexOf(')', start);
    if (end < 0) return result + text.slice(position);
    const value = lookUp(text.slice(start + 2, end));
    if (value === undefined) {
      // `$( $(x)`: the inner macro is still to be found.
      result += text.slice(position, start + 1);
      position = start + 1;
    } else {
      result += text.slice(position, start) + value;
      position = end + 1;
    }
  }
}

const deepest = 50;

/**
 * The variables with the macros in their values expanded, however deep; one that takes in a secret becomes secret.
 * @returns the variables, and a warning for each whose macros go in a circle (its value stays as written)
 */
export function expandVariables(variables: ReadonlyMap<string, Variable>): {
  readonly variables: Map<string, Variable>;
  readonly warnings: readonly string[];
} {
  const done = new Map<string, Variable>();
  const warnings: string[] = [];
  for (const [key, variable] of variables) {
    let secret = variable.secret;
    const circles: string[] = [];
    const expand = (text: string, trail: readonly string[]): string =>
      expandMacros(text, name => {
        const other = variables.get(name.toLowerCase());
        if (other === undefined) return undefined;
        if (trail.includes(name.toLowerCase()) || trail.length >= deepest) {
          circles.push(name);
          return undefined;
        }
        secret ||= other.secret;
        return expand(other.value, [...trail, name.toLowerCase()]);
      });
    const value = expand(variable.value, [key]);
    if (circles.length > 0) {
      warnings.push(
        `The variable '${variable.name}' refers to itself in a circle; its value stays as it is.`,
      );
      done.set(key, variable);
    } else done.set(key, { ...variable, value, secret });
  }
  return { variables: done, warnings };
}
