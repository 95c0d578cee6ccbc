/** The variables of a running job: names without regard to case, once secret always secret. */

import { type Variable, expandVariables } from './macros.js';

export class Variables {
  readonly #entries = new Map<string, Variable>();

  /** @param onSecret told the value of every variable that is or becomes secret */
  constructor(private readonly onSecret: (value: string) => void = () => undefined) {}

  set(name: string, value: string, options: Partial<Omit<Variable, 'name' | 'value'>> = {}): void {
    const before = this.#entries.get(name.toLowerCase());
    const secret = (options.secret ?? false) || (before?.secret ?? false);
    if (secret) this.onSecret(value);
    this.#entries.set(name.toLowerCase(), {
      name: before?.name ?? name,
      value,
      secret,
      readOnly: (options.readOnly ?? false) || (before?.readOnly ?? false),
      ...(options.preserveCase === true && { preserveCase: true }),
    });
  }

  get(name: string): Variable | undefined {
    return this.#entries.get(name.toLowerCase());
  }

  values(): readonly Variable[] {
    return [...this.#entries.values()];
  }

  /** As a step sees them: macros in values expanded. Values that become secret by it are told to `onSecret`. */
  expanded(warn: (message: string) => void = () => undefined): Variables {
    const { variables, warnings } = expandVariables(this.#entries);
    warnings.forEach(warn);
    const result = new Variables();
    for (const [key, variable] of variables) {
      if (variable.secret) this.onSecret(variable.value);
      result.#entries.set(key, variable);
    }
    return result;
  }
}
