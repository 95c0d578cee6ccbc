/** Masking: every form in which a secret may come to light. */

/** The secrets of a run. */
export interface Secrets {
  /** Registers a value in all its forms; values of fewer than three characters would mask half the log and are left out. */
  add(value: string): void;
  /** Replaces every registered form by `***`. */
  mask(text: string): string;
}

/**
 * @param register tells the agent to mask one single-line form
 */
export function createSecrets(register: (form: string) => void): Secrets {
  const known = new Set<string>();
  /** The longest first: a secret may hold another one. */
  let ordered: readonly string[] = [];
  return {
    add(value) {
      for (const form of formsOf(value)) {
        if (known.has(form)) continue;
        known.add(form);
        register(form);
      }
      ordered = [...known].sort((a, b) => b.length - a.length);
    },
    mask(text) {
      let masked = text;
      for (const form of ordered) masked = masked.replaceAll(form, '***');
      return masked;
    },
  };
}

/**
 * The forms of a secret that a log can show: its lines (the agent masks no text with line ends), and each of them
 * as base64, as a URL component and as the inside of a JSON string. The agent adds base64 only for secrets it knew at the job's start.
 */
export function formsOf(value: string): string[] {
  const lines = value
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(line => line.length >= 3 && !/^-----(BEGIN|END) [A-Z ]+-----$/.test(line));
  const forms = lines.flatMap(line => [
    line,
    Buffer.from(line, 'utf8').toString('base64'),
    encodeURIComponent(line),
    JSON.stringify(line).slice(1, -1),
  ]);
  if (lines.length > 1) forms.push(Buffer.from(value, 'utf8').toString('base64'));
  return [...new Set(forms)];
}
